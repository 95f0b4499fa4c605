/* Ways of updating: the same bits at any number of threads, decay, groups of steps; and without
 * memory.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dlcore.h"
#include "engine/update.h"
#include "support/classifier.h"
#include "support/failing_allocator.h"
#include "support/models.h"
#include "support/update_case.h"

static void check_threads(dlcore_engine_t engine)
{
    static const size_t threads[] = {1, 2, 3, 4, 8};
    update_data_t data = update_data(ROWS, INPUTS);

    for (size_t i = 0; i < WAYS; i++) {
        dlcore_optimizer_t optimizer = update_way(i);
        dlcore_model_t *alone = NULL;

        for (size_t t = 0; t < sizeof threads / sizeof threads[0]; t++) {
            dlcore_model_options_t options = dlcore_model_options_default();
            dlcore_model_t *model;

            options.engine = engine;
            options.threads = threads[t];
            model = update_model(&options, false, true, &optimizer);
            if (model == NULL)
                break;
            update_fit(model, &data, 2);
            if (alone != NULL)
                assert_same_weights(alone, model);
            if (t > 0)
                dlcore_model_free(model);
            else
                alone = model;
        }
        dlcore_model_free(alone);
    }
    update_data_free(&data);
}

static void test_update_bits_are_the_same_at_any_number_of_threads(void **state)
{
    (void)state;
    check_threads(DLCORE_ENGINE_BLAS);
    check_threads(DLCORE_ENGINE_NATIVE);
}

static void test_update_decay_may_leave_biases_out(void **state)
{
    update_data_t data = update_data(ROWS, SMALL);
    dlcore_optimizer_t with = dlcore_optimizer_sgd(), without;
    dlcore_model_t *a, *b;
    float *x, *y;
    size_t last;

    (void)state;
    with.weight_decay = 0.5;
    without = with;
    without.weight_decay_excludes_bias = true;
    a = update_model(NULL, true, false, &with);
    b = update_model(NULL, true, false, &without);
    x = weights_of(a);
    last = dlcore_model_parameter_count(a) - 1;
    x[last] = 1.0f;
    assert_accepted(a, dlcore_model_set_weights(a, x, last + 1));
    assert_accepted(b, dlcore_model_set_weights(b, x, last + 1));
    free(x);
    assert_accepted(a, dlcore_model_train_on_batch(a, data.x, data.y, NULL));
    assert_accepted(b, dlcore_model_train_on_batch(b, data.x, data.y, NULL));
    x = weights_of(a);
    y = weights_of(b);
    assert_memory_equal(x, y, SMALL * 6 * sizeof *x);
    assert_true(fabs((double)y[last] - (double)x[last] - 0.005) < 1e-6);
    free(x);
    free(y);
    dlcore_model_free(a);
    dlcore_model_free(b);
    update_data_free(&data);
}

/* Where no gradient moves them, weights shrink by learning_rate * weight_decay; but for ftrl, which
 * makes them anew from its sums of gradients. */
static void test_update_decay_of_every_optimizer_shrinks_weights_by_the_rate(void **state)
{
    update_data_t data = update_data(ROWS, SMALL);
    dlcore_tensor_t *still = NULL;

    (void)state;
    assert_int_equal(dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2, (size_t[]){ROWS, CLASSES},
                                          &still, NULL),
                     DLCORE_OK);
    for (int kind = DLCORE_OPTIMIZER_SGD; kind < DLCORE_OPTIMIZER_FTRL; kind++) {
        dlcore_optimizer_t optimizer =
            dlcore_optimizer_from_name(dlcore_optimizer_name((dlcore_optimizer_kind_t)kind));
        dlcore_model_t *model;
        float *before, *after;

        optimizer.learning_rate = 0.125;
        optimizer.weight_decay = 0.5;
        model = update_model(NULL, true, false, &optimizer);
        before = weights_of(model);
        assert_accepted(model, dlcore_model_train_on_gradient(model, data.x, still));
        after = weights_of(model);
        for (size_t i = 0; i < dlcore_model_parameter_count(model); i++)
            if (fabsf(after[i] - before[i] * 0.9375f) > 1e-6f * fabsf(before[i]))
                fail_msg("%s: weight %zu: %g became %g", dlcore_optimizer_name(optimizer.kind), i,
                         (double)before[i], (double)after[i]);
        free(before);
        free(after);
        dlcore_model_free(model);
    }
    dlcore_tensor_free(still);
    update_data_free(&data);
}

/* ---- groups of steps ---- */

static void test_update_incomplete_group_waits_for_the_next_call(void **state)
{
    (void)state;
    for (size_t small = 0; small < 2; small++) {
        update_data_t data = update_data(ROWS, small ? SMALL : INPUTS);
        dlcore_optimizer_t optimizer = update_way(4);
        dlcore_model_t *once = update_model(NULL, small, true, &optimizer);
        dlcore_model_t *twice = update_model(NULL, small, true, &optimizer);
        dlcore_model_t *start = NULL;

        update_fit(once, &data, 3);
        update_fit(twice, &data, 1);
        assert_int_equal(dlcore_model_clone(twice, &start), DLCORE_OK);
        update_fit(twice, &data, 2);
        assert_same_weights(once, twice);
        assert_other_weights(start, twice);
        dlcore_model_free(start);
        dlcore_model_free(once);
        dlcore_model_free(twice);
        update_data_free(&data);
    }
}

/* ---- memory ---- */

static dlcore_status train(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_optimizer_t optimizer = update_way(2);
    dlcore_layer_t layer = dlcore_layer_dense(CLASSES, DLCORE_ACTIVATION_SOFTMAX);
    update_data_t *data = context;
    dlcore_model_t *model = NULL;
    dlcore_status status;

    options.allocator = *allocator;
    options.threads = 1;
    layer.kernel_regularizer = dlcore_regularizer_l2(0.1);
    status = dlcore_model_create(&options, &model);
    if (status == DLCORE_OK)
        status = dlcore_model_add(model, layer);
    if (status == DLCORE_OK)
        status = dlcore_model_compile(
            model, &optimizer, DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, DLCORE_METRIC_NONE);
    if (status == DLCORE_OK)
        status = dlcore_model_train_on_batch(model, data->x, data->y, NULL);
    dlcore_model_free(model);
    return status;
}

static void test_update_without_memory_is_an_error_at_every_place(void **state)
{
    update_data_t data = update_data(ROWS, SMALL);

    (void)state;
    assert_true(failing_allocator_sweep(train, &data) >= 8);
    update_data_free(&data);
}

/* What pads the last parameter belongs to no span, whatever lies in memory behind the last one. */
static void test_update_of_more_than_the_last_span_stays_in_it(void **state)
{
    enum { COUNT = 48, KERNEL = 32 };
    static float values[COUNT], gradient[COUNT];
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_update_span_t spans[2] = {{.offset = 0, .floats = KERNEL, .decays = true},
                                     {.offset = KERNEL, .floats = COUNT - KERNEL, .decays = true}};
    dlcore_update_plan_t plan = {.span_count = 1, .spans = spans, .adjusts = true};
    dlcore_optimizer_clock_t clock = {.iterations = 0};
    dlcore_network_t network = {.values = values, .value_floats = COUNT};
    dlcore_update_sink_t update;

    (void)state;
    sgd.weight_decay = 0.5;
    for (size_t i = 0; i < COUNT; i++)
        values[i] = gradient[i] = 1.0f;
    dlcore_update_sink_begin(&update, &network, &sgd, &plan,
                             dlcore_training_kernels(dlcore_kernels()), NULL);
    dlcore_update_renew(&update, &clock, 0.125);
    update.sink.take(&update.sink, 0, gradient, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        assert_true(values[i] == (i < KERNEL ? 1.0f - 0.0625f - 0.125f : 1.0f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_update_bits_are_the_same_at_any_number_of_threads),
        cmocka_unit_test(test_update_decay_may_leave_biases_out),
        cmocka_unit_test(test_update_decay_of_every_optimizer_shrinks_weights_by_the_rate),
        cmocka_unit_test(test_update_incomplete_group_waits_for_the_next_call),
        cmocka_unit_test(test_update_without_memory_is_an_error_at_every_place),
        cmocka_unit_test(test_update_of_more_than_the_last_span_stays_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
