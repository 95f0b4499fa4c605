/* The engines against each other and against the double reference, and weights in Keras's layout
 * whichever multiplies.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dlcore/model.h"
#include "support/agreement.h"
#include "support/classifier.h"
#include "support/random_network.h"
#include "support/random_numbers.h"
#include "support/reference.h"
#include "support/tensors.h"

/* Several tiles of every product, and a last batch of 8. */
enum { INPUTS = 300, CLASSES = 10, ROWS = 200, BATCH = 64 };
static const size_t wide[] = {INPUTS, 200, 100, CLASSES, 0};
static const size_t small[] = {INPUTS, 16, 15, CLASSES, 0};
static const size_t tiny[] = {12, 16, 15, CLASSES, 0};

static dlcore_optimizer_t momentum(void)
{
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();

    sgd.momentum = 0.9;
    return sgd;
}

static dlcore_model_t *made(dlcore_engine_t engine, const size_t *widths,
                            dlcore_optimizer_t optimizer)
{
    dlcore_model_options_t options = engine_options(engine, 2);
    dlcore_model_t *model = classifier(&options, widths, optimizer);

    assert_non_null(model);
    return model;
}

static dlcore_model_t *trained(dlcore_engine_t engine, const size_t *widths,
                               dlcore_optimizer_t optimizer, samples_t samples)
{
    dlcore_model_t *model = made(engine, widths, optimizer);
    dlcore_fit_options_t options = batches_of(BATCH);

    assert_int_equal(dlcore_model_fit(model, samples.x, samples.y, &options, NULL), DLCORE_OK);
    return model;
}

/* --- agreement ----------------------------------------------------------------------------------
 */

static void compare_engines(agreement_t *table, const char *name, const size_t *widths,
                            dlcore_optimizer_t optimizer, samples_t samples)
{
    dlcore_model_t *before = made(DLCORE_ENGINE_BLAS, widths, optimizer);
    dlcore_model_t *blas = trained(DLCORE_ENGINE_BLAS, widths, optimizer, samples);
    dlcore_model_t *native = trained(DLCORE_ENGINE_NATIVE, widths, optimizer, samples);
    size_t count = dlcore_model_parameter_count(blas);
    float *of_before = weights_of(before), *of_blas = weights_of(blas),
          *of_native = weights_of(native);

    agreement_add(table, name, "weights", agreement_norm(of_native, of_blas, count), 1e-5);
    for (size_t i = 0; i < count; i++) {
        of_blas[i] -= of_before[i];
        of_native[i] -= of_before[i];
    }
    agreement_add(table, name, "change", agreement_norm(of_native, of_blas, count), 1e-5);
    free(of_before);
    free(of_blas);
    free(of_native);
    dlcore_model_free(before);
    dlcore_model_free(blas);
    dlcore_model_free(native);
}

static void test_engine_agreement_native_and_blas_agree_after_some_steps(void **state)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    agreement_t table;

    (void)state;
    if (!engine_is_here(DLCORE_ENGINE_NATIVE)) {
        samples_free(samples);
        skip();
    }
    table = agreement_begin("native against BLAS after an epoch of 4 steps", "of the norm");
    compare_engines(&table, "sgd", wide, momentum(), samples);
    compare_engines(&table, "rmsprop", wide, dlcore_optimizer_rmsprop(), samples);
    samples_blank_margins(samples, 70);
    compare_engines(&table, "sgd, margins", wide, momentum(), samples);
    compare_engines(&table, "rmsprop, margins", wide, dlcore_optimizer_rmsprop(), samples);
    compare_engines(&table, "sgd, small", small, momentum(), samples);
    samples_free(samples);
    samples = samples_of_floats(ROWS, tiny[0], CLASSES);
    compare_engines(&table, "sgd, tiny", tiny, momentum(), samples);
    compare_engines(&table, "rmsprop, tiny", tiny, dlcore_optimizer_rmsprop(), samples);
    samples_free(samples);
    agreement_end(&table);
}

static void test_engine_agreement_initial_weights_are_the_same_bits_in_both(void **state)
{
    dlcore_model_t *blas = made(DLCORE_ENGINE_BLAS, wide, dlcore_optimizer_sgd());
    dlcore_model_t *native;

    (void)state;
    if (!engine_is_here(DLCORE_ENGINE_NATIVE)) {
        dlcore_model_free(blas);
        skip();
    }
    native = made(DLCORE_ENGINE_NATIVE, wide, dlcore_optimizer_sgd());
    assert_string_not_equal(dlcore_model_engine(blas), dlcore_model_engine(native));
    assert_true(same_weights(blas, native));
    dlcore_model_free(blas);
    dlcore_model_free(native);
}

/* Every weight another number, so that none can take another's place. */
static void test_engine_agreement_weights_set_and_got_are_the_same_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < ENGINES; i++) {
        dlcore_model_t *model;
        float *numbers, *got;
        size_t count;

        if (!engine_is_here(engines[i]))
            continue;
        model = made(engines[i], wide, dlcore_optimizer_sgd());
        count = dlcore_model_parameter_count(model);
        numbers = weights_of(model);
        for (size_t w = 0; w < count; w++)
            numbers[w] = (float)w + 0.5f;
        assert_int_equal(dlcore_model_set_weights(model, numbers, count), DLCORE_OK);
        got = weights_of(model);
        assert_memory_equal(got, numbers, count * sizeof *got);
        free(numbers);
        free(got);
        dlcore_model_free(model);
    }
}

/* --- the double reference -----------------------------------------------------------------------
 */

static dlcore_tensor_t *rounded(const double *values, size_t rows, size_t width)
{
    static float floats[REFERENCE_ROWS * REFERENCE_WIDTH];

    for (size_t i = 0; i < rows * width; i++)
        floats[i] = (float)values[i];
    return tensor_of_floats(SHAPE(rows, width), floats);
}

static void engine_gradients(dlcore_engine_t engine, const reference_t *net, float *gradients)
{
    static float weights[REFERENCE_PARAMETERS];
    dlcore_model_options_t options = engine_options(engine, 2);
    dlcore_compile_options_t settings = dlcore_compile_options_default();
    size_t count = net->offsets[net->layer_count];
    dlcore_tensor_t *x = rounded(net->x, net->rows, net->widths[0]);
    dlcore_tensor_t *y = rounded(net->y, net->rows, net->widths[net->layer_count]);
    dlcore_model_t *model = NULL;

    for (size_t i = 0; i < count; i++)
        weights[i] = (float)net->weights[i];
    settings.loss = net->loss;
    assert_int_equal(dlcore_model_create(&options, &model), DLCORE_OK);
    for (size_t i = 0; i < net->layer_count; i++)
        assert_int_equal(dlcore_model_add(model, net->layers[i]), DLCORE_OK);
    assert_int_equal(dlcore_model_build(model, net->widths[0]), DLCORE_OK);
    assert_int_equal(dlcore_model_compile_with(model, &settings), DLCORE_OK);
    assert_int_equal(dlcore_model_set_weights(model, weights, count), DLCORE_OK);
    assert_int_equal(dlcore_model_gradients(model, x, y, gradients, count, NULL), DLCORE_OK);
    dlcore_model_free(model);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

static void test_engine_agreement_gradients_agree_with_the_double_reference(void **state)
{
    static reference_t net;
    static double exact[REFERENCE_PARAMETERS];
    static float rounded_exact[REFERENCE_PARAMETERS], gradients[REFERENCE_PARAMETERS];
    const dlcore_loss_t loss = {.kind = DLCORE_LOSS_CATEGORICAL_CROSSENTROPY};
    agreement_t table = agreement_begin("gradients against the double reference", "of the norm");

    (void)state;
    random_seed(3);
    for (int draw = 0; draw < 20; draw++) {
        char name[16];
        size_t count;

        snprintf(name, sizeof name, "network %d", draw);
        random_network(&net, DLCORE_ACTIVATION_SOFTMAX, loss, false);
        count = net.offsets[net.layer_count];
        reference_gradients(&net, exact);
        for (size_t i = 0; i < count; i++)
            rounded_exact[i] = (float)exact[i];
        for (size_t i = 0; i < ENGINES; i++) {
            if (!engine_is_here(engines[i]))
                continue;
            engine_gradients(engines[i], &net, gradients);
            agreement_add(&table, name, engine_name(engines[i]),
                          agreement_norm(gradients, rounded_exact, count), 1e-5);
        }
    }
    agreement_end(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine_agreement_native_and_blas_agree_after_some_steps),
        cmocka_unit_test(test_engine_agreement_initial_weights_are_the_same_bits_in_both),
        cmocka_unit_test(test_engine_agreement_weights_set_and_got_are_the_same_bits),
        cmocka_unit_test(test_engine_agreement_gradients_agree_with_the_double_reference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
