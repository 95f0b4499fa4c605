/* Penalties of outputs: what they add to the loss, with every engine and number of threads, and in
 * files. test_gradients.c has their gradients, test_keras_updates.c what Keras makes of them.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/file.h"
#include "dlcore/model.h"
#include "support/classifier.h"
#include "support/models.h"
#include "support/tensors.h"

enum { INPUTS = 70, HIDDEN = 50, CLASSES = 10, ROWS = 100, BATCH = 32 };

/* Two penalized layers, the first behind a dropout's in-place gradient. */
static dlcore_model_t *penalized(dlcore_engine_t engine, size_t threads)
{
    dlcore_model_options_t options = engine_options(engine, threads);
    dlcore_layer_t hidden = dlcore_layer_dense(HIDDEN, DLCORE_ACTIVATION_TANH);
    dlcore_layer_t last = dlcore_layer_dense(CLASSES, DLCORE_ACTIVATION_SOFTMAX);
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_model_t *model = NULL;

    hidden.activity_regularizer = dlcore_regularizer_l1_l2(1e-3, 1e-2);
    last.activity_regularizer = dlcore_regularizer_l2(0.1);
    assert_int_equal(dlcore_model_create(&options, &model), DLCORE_OK);
    assert_accepted(model, dlcore_model_add(model, hidden));
    assert_accepted(model, dlcore_model_add(model, dlcore_layer_dropout(0.25)));
    assert_accepted(model, dlcore_model_add(model, last));
    assert_accepted(model, dlcore_model_build(model, INPUTS));
    assert_accepted(model,
                    dlcore_model_compile(model, &sgd, DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
                                         DLCORE_METRIC_NONE));
    return model;
}

/* y = (1, -2) or (3, 0) of an identity; the labels are y, so that only the penalty is left. */
static void test_activity_adds_the_mean_of_its_rows(void **state)
{
    const float rows[3][2] = {{1, -2}, {3, 0}, {3, 0}}, identity[4] = {1, 0, 0, 1};
    const double expected = ((0.5 * 3 + 0.25 * 5) + 2 * (0.5 * 3 + 0.25 * 9)) / 3;
    dlcore_tensor_t *x = tensor_of_floats(SHAPE(3, 2), &rows[0][0]);
    dlcore_evaluate_options_t how = dlcore_evaluate_options_default();
    dlcore_layer_t layer = dlcore_layer_dense(2, DLCORE_ACTIVATION_LINEAR);
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();

    (void)state;
    layer.use_bias = false;
    layer.activity_regularizer = dlcore_regularizer_l1_l2(0.5, 0.25);
    for (size_t e = 0; e < ENGINES; e++) {
        dlcore_model_options_t options = engine_options(engines[e], 1);
        dlcore_evaluation_t result;
        dlcore_model_t *model = NULL;

        if (!engine_is_here(engines[e]))
            continue;
        assert_int_equal(dlcore_model_create(&options, &model), DLCORE_OK);
        assert_accepted(model, dlcore_model_add(model, layer));
        assert_accepted(model, dlcore_model_build(model, 2));
        assert_accepted(model, dlcore_model_set_weights(model, identity, 4));
        assert_accepted(model, dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR,
                                                    DLCORE_METRIC_MEAN_SQUARED_ERROR));
        for (how.batch_size = 1; how.batch_size <= 4; how.batch_size++) {
            assert_accepted(model, dlcore_model_evaluate(model, x, x, &how, &result));
            assert_true(fabs(result.loss - expected) < 1e-12);
            assert_true(result.metrics[0].value == 0.0);
        }
        assert_accepted(model, dlcore_model_train_on_batch(model, x, x, &result));
        assert_true(fabs(result.loss - expected) < 1e-12);
        dlcore_model_free(model);
    }
    dlcore_tensor_free(x);
}

static void test_activity_bits_do_not_depend_on_threads(void **state)
{
    static const size_t threads[] = {2, 3, 4, 8};
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    dlcore_fit_options_t how = batches_of(BATCH);

    (void)state;
    how.epochs = 3;
    for (size_t e = 0; e < ENGINES; e++) {
        dlcore_model_t *alone, *untrained;

        if (!engine_is_here(engines[e]))
            continue;
        alone = penalized(engines[e], 1);
        untrained = penalized(engines[e], 1);
        assert_accepted(alone, dlcore_model_fit(alone, samples.x, samples.y, &how, NULL));
        assert_false(same_weights(alone, untrained));
        for (size_t t = 0; t < sizeof threads / sizeof threads[0]; t++) {
            dlcore_model_t *model = penalized(engines[e], threads[t]);

            assert_accepted(model, dlcore_model_fit(model, samples.x, samples.y, &how, NULL));
            assert_true(same_weights(alone, model));
            dlcore_model_free(model);
        }
        dlcore_model_free(untrained);
        dlcore_model_free(alone);
    }
    samples_free(samples);
}

static void test_activity_is_saved_with_the_model(void **state)
{
    dlcore_model_t *model = penalized(DLCORE_ENGINE_AUTO, 1), *loaded = NULL;
    const dlcore_regularizer_t *first, *last;
    void *bytes;
    size_t size;

    (void)state;
    assert_int_equal(dlcore_model_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    assert_int_equal(dlcore_model_load_memory(bytes, size, NULL, &loaded), DLCORE_OK);
    first = &dlcore_model_layer(loaded, 0)->activity_regularizer;
    last = &dlcore_model_layer(loaded, 2)->activity_regularizer;
    assert_true(first->l1 == 1e-3 && first->l2 == 1e-2);
    assert_true(last->l1 == 0.0 && last->l2 == 0.1);
    free(bytes);
    dlcore_model_free(loaded);
    dlcore_model_free(model);
}

static void test_activity_bad_values_are_named(void **state)
{
    static const double bad[] = {-1.0, (double)NAN, (double)INFINITY};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        dlcore_layer_t layer = dlcore_layer_dense(3, DLCORE_ACTIVATION_LINEAR);
        dlcore_model_t *model = NULL;

        layer.activity_regularizer.l2 = bad[i];
        assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
        assert_int_equal(dlcore_model_add(model, layer), DLCORE_ERROR_ARGUMENT);
        assert_non_null(
            strstr(dlcore_model_error(model), "dense: activity_regularizer: l2 must lie in 0 .. "));
        dlcore_model_free(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_activity_adds_the_mean_of_its_rows),
        cmocka_unit_test(test_activity_bits_do_not_depend_on_threads),
        cmocka_unit_test(test_activity_is_saved_with_the_model),
        cmocka_unit_test(test_activity_bad_values_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
