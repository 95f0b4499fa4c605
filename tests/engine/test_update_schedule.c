/* Learning rates that change: set between steps, by schedules and by functions.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore.h"
#include "support/models.h"
#include "support/update_case.h"

static dlcore_callback_action_t stop_learning(void *user, const dlcore_training_event_t *event)
{
    (void)user;
    assert_int_equal(dlcore_model_set_learning_rate(event->model, 0.0), DLCORE_OK);
    return DLCORE_CALLBACK_CONTINUE;
}

static void test_update_learning_rate_set_by_a_callback_counts_from_the_next_step(void **state)
{
    (void)state;
    for (size_t small = 0; small < 2; small++) {
        update_data_t data = update_data(ROWS, small ? SMALL : INPUTS);
        dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
        dlcore_model_t *a = update_model(NULL, small, false, &sgd);
        dlcore_model_t *b = update_model(NULL, small, false, &sgd);
        dlcore_callback_t callback = {.on_batch_end = stop_learning};
        dlcore_fit_options_t how = dlcore_fit_options_default();

        how.shuffle = false;
        how.batch_size = ROWS;
        assert_accepted(a, dlcore_model_fit(a, data.x, data.y, &how, NULL));
        how.epochs = 3;
        how.callbacks = &callback;
        how.callback_count = 1;
        assert_accepted(b, dlcore_model_fit(b, data.x, data.y, &how, NULL));
        assert_same_weights(a, b);
        assert_true(dlcore_model_learning_rate(b) == 0.0);
        assert_accepted(b, dlcore_model_set_learning_rate(b, 0.5));
        assert_true(dlcore_model_learning_rate(b) == 0.5);
        assert_accepted(b, dlcore_model_train_on_batch(b, data.x, data.y, NULL));
        assert_other_weights(a, b);
        dlcore_model_free(a);
        dlcore_model_free(b);
        update_data_free(&data);
    }
}

static void test_update_learning_rate_misuse_is_refused(void **state)
{
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_model_t *model = NULL;

    (void)state;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    assert_true(isnan(dlcore_model_learning_rate(model)));
    assert_true(isnan(dlcore_model_learning_rate(NULL)));
    assert_int_equal(dlcore_model_set_learning_rate(model, 0.1), DLCORE_ERROR_STATE);
    assert_int_equal(dlcore_model_set_learning_rate(NULL, 0.1), DLCORE_ERROR_ARGUMENT);
    dlcore_model_free(model);
    model = update_model(NULL, true, false, &sgd);
    assert_int_equal(dlcore_model_set_learning_rate(model, -1.0), DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(dlcore_model_error(model), "learning_rate must lie in 0 .. "));
    assert_non_null(strstr(dlcore_model_error(model), "got -1"));
    assert_true(dlcore_model_learning_rate(model) == 0.01);
    dlcore_model_free(model);
    sgd.schedule = dlcore_schedule_exponential_decay(0.5, 1, 0.5);
    model = update_model(NULL, true, false, &sgd);
    assert_int_equal(dlcore_model_set_learning_rate(model, 0.1), DLCORE_ERROR_STATE);
    assert_non_null(strstr(dlcore_model_error(model), "has a schedule"));
    dlcore_model_free(model);
}

static void test_update_schedule_counts_steps_until_compiled_again(void **state)
{
    update_data_t data = update_data(ROWS, SMALL);
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_model_t *model;
    float *x = dlcore_tensor_data(data.x);

    (void)state;
    sgd.schedule = dlcore_schedule_exponential_decay(0.5, 1, 0.5);
    model = update_model(NULL, true, false, &sgd);
    assert_true(dlcore_model_learning_rate(model) == 0.5);
    update_fit(model, &data, 1);
    assert_accepted(model, dlcore_model_train_on_batch(model, data.x, data.y, NULL));
    assert_true(dlcore_model_learning_rate(model) == 0.0625);
    x[0] = (float)NAN; /* a step that does not come to its end does not count */
    assert_int_equal(dlcore_model_train_on_batch(model, data.x, data.y, NULL),
                     DLCORE_ERROR_NOT_FINITE);
    assert_true(dlcore_model_learning_rate(model) == 0.0625);
    assert_accepted(model,
                    dlcore_model_compile(model, &sgd, DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
                                         DLCORE_METRIC_NONE));
    assert_true(dlcore_model_learning_rate(model) == 0.5);
    dlcore_model_free(model);
    update_data_free(&data);
}

typedef struct asked {
    uint64_t next;
    uint64_t bad; /* at which step the rate is no rate */
} asked_t;

static double ask(void *user, uint64_t step)
{
    asked_t *asked = user;

    assert_int_equal(step, asked->next);
    asked->next++;
    return step == asked->bad ? (double)NAN : 0.01 * (double)(step + 1);
}

static void test_update_function_is_asked_once_a_step_and_may_fail(void **state)
{
    update_data_t data = update_data(ROWS, SMALL);
    asked_t asked = {.bad = 3};
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_fit_options_t how = dlcore_fit_options_default();
    dlcore_model_t *model, *same;

    (void)state;
    sgd.schedule = dlcore_schedule_function(ask, &asked);
    model = update_model(NULL, true, false, &sgd);
    how.batch_size = ROWS / 2;
    how.shuffle = false;
    how.epochs = 2;
    assert_int_equal(dlcore_model_fit(model, data.x, data.y, &how, NULL), DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(dlcore_model_error(model), "got nan for step 3"));
    assert_int_equal(asked.next, 4);
    /* three steps were made */
    sgd.schedule = dlcore_schedule_piecewise_constant_decay((uint64_t[]){0, 1, 2},
                                                            (double[]){0.01, 0.02, 0.03, 0.0}, 3);
    same = update_model(NULL, true, false, &sgd);
    assert_accepted(same, dlcore_model_fit(same, data.x, data.y, &how, NULL));
    assert_same_weights(model, same);
    dlcore_model_free(same);
    dlcore_model_free(model);
    update_data_free(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_update_learning_rate_set_by_a_callback_counts_from_the_next_step),
        cmocka_unit_test(test_update_learning_rate_misuse_is_refused),
        cmocka_unit_test(test_update_schedule_counts_steps_until_compiled_again),
        cmocka_unit_test(test_update_function_is_asked_once_a_step_and_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
