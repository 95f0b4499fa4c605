/* Counts and state in files where there is little of it: a model that is loaded goes on as the one
 * that was saved.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlcore.h>

#include "model/model.h"
#include "support/models.h"
#include "support/small_model.h"

static model_t *reload(const model_t *model)
{
    load_options_t how = load_options_default();
    load_report_t report;
    model_t *loaded = NULL;
    void *bytes = NULL;
    size_t size;

    how.report = &report;
    assert_int_equal(model_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    assert_int_equal(model_load_memory(bytes, size, &how, &loaded), DLCORE_OK);
    assert_true(report.training_state);
    free(bytes);
    return loaded;
}

static void assert_same_weights(const model_t *a, const model_t *b)
{
    assert_memory_equal(a->network.values, b->network.values,
                        a->network.value_floats * sizeof(float));
}

/* Compiling begins the optimizer's state anew, but shuffling and dropout go on from the counts of
 * epochs and steps. */
static void test_model_load_state_of_one_compiled_anew_goes_on_to_the_same_bits(void **state)
{
    optimizer_t adam = optimizer_adam();
    model_t *model = small_model(NULL, &adam), *loaded;

    (void)state;
    assert_non_null(model);
    assert_int_equal(small_model_fit(model, 0, 2), DLCORE_OK);
    assert_accepted(model, model_compile_with(model, &model->settings));
    loaded = reload(model);
    assert_int_equal(loaded->epochs_trained, 2);
    assert_int_equal(loaded->steps_trained, model->steps_trained);
    assert_int_equal(small_model_fit(model, 0, 1), DLCORE_OK);
    assert_int_equal(small_model_fit(loaded, 0, 1), DLCORE_OK);
    assert_same_weights(model, loaded);
    model_free(model);
    model_free(loaded);
}

static callback_action_t stop(void *user, const training_event_t *event)
{
    (void)user;
    (void)event;
    return CALLBACK_STOP;
}

/* Where nothing trains there is no state to lose: counts and the stopped run are kept. */
static void test_model_load_state_where_nothing_trains_keeps_counts_and_run(void **state)
{
    const float data[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    const callback_t stopper = {.on_epoch_end = stop};
    tensor_t *x = borrow_floats(data, 4, 2);
    optimizer_t adam = optimizer_adam();
    fit_options_t how = fit_options_default();
    model_t *model = NULL, *loaded;

    (void)state;
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_normalization()));
    assert_accepted(model, model_adapt(model, 0, x));
    assert_accepted(model, model_compile(model, &adam, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
    how.epochs = 3;
    how.callbacks = &stopper;
    how.callback_count = 1;
    assert_accepted(model, model_fit(model, x, x, &how, NULL));
    loaded = reload(model);
    assert_int_equal(loaded->epochs_trained, 1);
    how.resume = true;
    assert_accepted(loaded, model_fit(loaded, x, x, &how, NULL));
    assert_accepted(model, model_fit(model, x, x, &how, NULL));
    assert_int_equal(loaded->epochs_trained, model->epochs_trained);
    assert_int_equal(loaded->trainer.clock.iterations, model->trainer.clock.iterations);
    model_free(model);
    model_free(loaded);
    tensor_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_load_state_of_one_compiled_anew_goes_on_to_the_same_bits),
        cmocka_unit_test(test_model_load_state_where_nothing_trains_keeps_counts_and_run),
    };

    return cmocka_run_group_tests_name("model_load_state", tests, NULL, NULL);
}
