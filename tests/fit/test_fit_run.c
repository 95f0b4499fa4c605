/* fit's batches: those between which nobody looks on come to what all others come to.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/models.h"
#include "support/update_case.h"

static dlcore_callback_action_t count_batch(void *user, const dlcore_training_event_t *event)
{
    (void)event;
    ++*(size_t *)user;
    return DLCORE_CALLBACK_CONTINUE;
}

static dlcore_model_t *fitted(const update_data_t *data, bool small, size_t way,
                              const dlcore_fit_options_t *how, dlcore_history_t **history)
{
    dlcore_optimizer_t optimizer = update_way(way);
    dlcore_model_t *model = update_model(NULL, small, false, &optimizer);

    assert_accepted(model, dlcore_model_fit(model, data->x, data->y, how, history));
    return model;
}

static void assert_same_losses(const dlcore_history_t *a, const dlcore_history_t *b)
{
    assert_int_equal(dlcore_history_epoch_count(a), dlcore_history_epoch_count(b));
    for (size_t i = 0; i < dlcore_history_epoch_count(a); i++)
        assert_true(dlcore_history_value(a, "loss", i) == dlcore_history_value(b, "loss", i));
}

/* With and without a callback that sees each batch; batches of an epoch as `how` says. */
static void compare(bool small, size_t way, dlcore_fit_options_t how)
{
    update_data_t data = update_data(ROWS, small ? SMALL : INPUTS);
    size_t batches =
        how.steps_per_epoch > 0 ? how.steps_per_epoch : (ROWS - 1) / how.batch_size + 1;
    size_t calls = 0;
    dlcore_callback_t callback = {.user = &calls, .on_batch_end = count_batch};
    dlcore_history_t *histories[2];
    dlcore_model_t *unseen = fitted(&data, small, way, &how, &histories[0]), *seen;

    how.callbacks = &callback;
    how.callback_count = 1;
    seen = fitted(&data, small, way, &how, &histories[1]);
    assert_int_equal(calls, how.epochs * batches);
    assert_same_weights(unseen, seen);
    assert_same_losses(histories[0], histories[1]);
    for (size_t i = 0; i < 2; i++)
        dlcore_history_free(histories[i]);
    dlcore_model_free(unseen);
    dlcore_model_free(seen);
    update_data_free(&data);
}

static void test_fit_run_that_nobody_sees_has_the_bits_of_one_that_is_seen(void **state)
{
    static const size_t batch_sizes[] = {1, 7, 32}, steps[] = {0, 11, 40};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (size_t s = 0; s < 3; s++) {
            for (size_t way = 0; way < WAYS; way++) {
                dlcore_fit_options_t how = dlcore_fit_options_default();

                how.batch_size = batch_sizes[i];
                how.steps_per_epoch = steps[s];
                how.epochs = 3;
                how.shuffle = way % 2 == 0;
                compare(true, way, how);
                if (i == 2 && s < 2)
                    compare(false, way, how);
            }
        }
    }
}

typedef struct asking {
    dlcore_model_t *model;
    uint64_t stops; /* at which step */
    size_t calls;
} asking_t;

static double ask_to_stop(void *user, uint64_t step)
{
    asking_t *asking = user;

    asking->calls++;
    if (step == asking->stops)
        dlcore_model_request_stop(asking->model);
    return 0.01 + 0.001 * (double)step;
}

/* No callback sees the batch: its schedule asks. */
static void test_fit_run_that_is_asked_to_stop_ends_after_the_batch_and_resumes(void **state)
{
    update_data_t data = update_data(ROWS, SMALL);
    dlcore_fit_options_t how = dlcore_fit_options_default();
    dlcore_optimizer_t optimizer = dlcore_optimizer_sgd();
    asking_t whole = {.stops = UINT64_MAX}, parts = {.stops = ROWS + 30};
    dlcore_history_t *history = NULL;

    (void)state;
    how.batch_size = 1;
    how.epochs = 3;
    optimizer.schedule = dlcore_schedule_function(ask_to_stop, &whole);
    whole.model = update_model(NULL, true, false, &optimizer);
    assert_accepted(whole.model, dlcore_model_fit(whole.model, data.x, data.y, &how, NULL));
    assert_int_equal(whole.calls, 3 * ROWS);
    optimizer.schedule = dlcore_schedule_function(ask_to_stop, &parts);
    parts.model = update_model(NULL, true, false, &optimizer);
    assert_accepted(parts.model, dlcore_model_fit(parts.model, data.x, data.y, &how, &history));
    assert_true(dlcore_history_stopped(history));
    assert_int_equal(dlcore_history_epoch_count(history), 1);
    assert_int_equal(parts.calls, ROWS + 31);
    assert_other_weights(parts.model, whole.model);
    how.resume = true;
    assert_accepted(parts.model, dlcore_model_fit(parts.model, data.x, data.y, &how, NULL));
    assert_int_equal(parts.calls, 3 * ROWS);
    assert_same_weights(parts.model, whole.model);
    dlcore_history_free(history);
    dlcore_model_free(whole.model);
    dlcore_model_free(parts.model);
    update_data_free(&data);
}

/* Batches before it have moved the weights, it has not. */
static void test_fit_run_with_nan_in_a_later_batch_keeps_the_weights_before_it(void **state)
{
    (void)state;
    for (size_t small = 0; small < 2; small++) {
        update_data_t data = update_data(ROWS, small ? SMALL : INPUTS);
        dlcore_fit_options_t how = dlcore_fit_options_default();
        dlcore_optimizer_t optimizer = dlcore_optimizer_rmsprop();
        dlcore_model_t *until = update_model(NULL, small, false, &optimizer);
        dlcore_model_t *model = update_model(NULL, small, false, &optimizer);

        how.batch_size = 1;
        how.shuffle = false;
        how.steps_per_epoch = 17;
        assert_accepted(until, dlcore_model_fit(until, data.x, data.y, &how, NULL));
        ((float *)dlcore_tensor_data(data.x))[17 * (small ? SMALL : INPUTS)] = NAN;
        how.steps_per_epoch = 0;
        assert_int_equal(dlcore_model_fit(model, data.x, data.y, &how, NULL),
                         DLCORE_ERROR_NOT_FINITE);
        assert_non_null(strstr(dlcore_model_error(model),
                               "NaN in batch 17 of epoch 0, counted from 0, of 1 samples: number 0 "
                               "of sample 17 of x is NaN"));
        assert_same_weights(model, until);
        dlcore_model_free(until);
        dlcore_model_free(model);
        update_data_free(&data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit_run_that_nobody_sees_has_the_bits_of_one_that_is_seen),
        cmocka_unit_test(test_fit_run_that_is_asked_to_stop_ends_after_the_batch_and_resumes),
        cmocka_unit_test(test_fit_run_with_nan_in_a_later_batch_keeps_the_weights_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
