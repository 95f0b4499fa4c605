/* Weights from before the loss went astray.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/callback_case.h"

static void test_roll_back_after_nan_puts_the_last_finite_copy_back(void **state)
{
    dlcore_roll_back_t roll_back = dlcore_roll_back_default();
    case_witness_t seen = {.poison = 3};
    dlcore_callback_t callbacks[] = {case_witness(&seen), dlcore_roll_back_callback(&roll_back)};
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    float weights[CASE_WEIGHTS];

    (void)state;
    assert_int_equal(case_run(model, callbacks, 2, 8), DLCORE_ERROR_NOT_FINITE);
    assert_non_null(strstr(dlcore_model_error(model), "NaN"));
    /* those as epoch 3 began were NaN, so the copy of epoch 2 stands */
    case_weights(model, weights);
    assert_memory_equal(weights, seen.weights[1], sizeof weights);
    assert_true(roll_back.rolled_back);
    assert_int_equal(roll_back.epoch, 2);
    assert_int_equal(roll_back.batch, 0);
    assert_null(roll_back.weights);
    assert_null(roll_back.next);
    dlcore_model_free(model);
}

/* Blows the weights up by the update of one batch of the run, from 1, which leaves them finite;
 * writes down what each batch begins with. */
typedef struct bomb {
    size_t at, batches;
    float weights[16][CASE_WEIGHTS];
} bomb_t;

static dlcore_callback_action_t light(void *user, const dlcore_training_event_t *event)
{
    bomb_t *bomb = user;

    assert_true(bomb->batches < 16);
    case_weights(event->model, bomb->weights[bomb->batches]);
    if (++bomb->batches == bomb->at)
        assert_int_equal(dlcore_model_set_learning_rate(event->model, 1e30), DLCORE_OK);
    return DLCORE_CALLBACK_CONTINUE;
}

/* The copy that is put back: that many batches of that epoch. */
static void check_explosion(size_t save_freq, size_t at, size_t epoch, size_t batch)
{
    dlcore_roll_back_t roll_back = dlcore_roll_back_default();
    bomb_t bomb = {.at = at};
    dlcore_callback_t callbacks[] = {dlcore_roll_back_callback(&roll_back),
                                     {.user = &bomb, .on_batch_begin = light}};
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    float weights[CASE_WEIGHTS];

    roll_back.save_freq = save_freq;
    assert_int_equal(case_run(model, callbacks, 2, 8), DLCORE_ERROR_NOT_FINITE);
    assert_int_equal(bomb.batches, at + 1); /* noticed by the next batch */
    for (int i = 0; i < CASE_WEIGHTS; i++)
        assert_true(isfinite(bomb.weights[at][i]));
    case_weights(model, weights);
    assert_true(roll_back.rolled_back);
    assert_int_equal(roll_back.epoch, epoch);
    assert_int_equal(roll_back.batch, batch);
    assert_memory_equal(weights, bomb.weights[epoch * CASE_BATCHES + batch], sizeof weights);
    dlcore_model_free(model);
}

static void test_roll_back_by_batches_never_keeps_what_an_update_blew_up(void **state)
{
    (void)state;
    for (size_t at = 2; at < 12; at++)
        check_explosion(1, at, (at - 1) / CASE_BATCHES, (at - 1) % CASE_BATCHES);
    check_explosion(3, 9, 2, 0);
    check_explosion(3, 10, 2, 1); /* the tenth batch began with the copy after the ninth */
    check_explosion(3, 7, 1, 2);
    check_explosion(3, 6, 1, 0);
}

static void test_roll_back_of_an_epoch_whose_last_update_blew_up_begins_before_it(void **state)
{
    (void)state;
    check_explosion(0, CASE_BATCHES, 0, 0);
    check_explosion(0, 3 * CASE_BATCHES, 2, 0);
    check_explosion(0, 3 * CASE_BATCHES - 1, 2, 0);
}

static void test_roll_back_of_a_first_batch_that_is_not_finite_has_nothing_to_put_back(void **state)
{
    dlcore_roll_back_t roll_back = dlcore_roll_back_default();
    dlcore_callback_t callback = dlcore_roll_back_callback(&roll_back);
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    float huge[CASE_WEIGHTS], weights[CASE_WEIGHTS];

    (void)state;
    for (int i = 0; i < CASE_WEIGHTS; i++)
        huge[i] = 1e30f;
    assert_int_equal(dlcore_model_set_weights(model, huge, CASE_WEIGHTS), DLCORE_OK);
    assert_int_equal(case_run(model, &callback, 1, 2), DLCORE_ERROR_NOT_FINITE);
    case_weights(model, weights);
    assert_memory_equal(weights, huge, sizeof huge);
    assert_false(roll_back.rolled_back);
    dlcore_model_free(model);
}

/* Stopped between a copy and the batch that shows that it is good. */
static void test_roll_back_of_a_resumed_run_keeps_what_a_whole_one_keeps(void **state)
{
    (void)state;
    for (size_t stop = 1; stop < 7; stop++) {
        dlcore_roll_back_t roll_back = dlcore_roll_back_default();
        bomb_t bomb = {.at = 7};
        case_witness_t stops = {.stop_batch = stop};
        dlcore_callback_t callbacks[] = {dlcore_roll_back_callback(&roll_back),
                                         {.user = &bomb, .on_batch_begin = light},
                                         case_witness(&stops)};
        dlcore_model_t *model = case_model(NULL, NULL, 0.1);
        float weights[CASE_WEIGHTS];

        roll_back.save_freq = 2;
        assert_int_equal(case_run(model, callbacks, 3, 8), DLCORE_OK);
        assert_int_equal(case_resume(model, callbacks, 3, 8), DLCORE_ERROR_NOT_FINITE);
        case_weights(model, weights);
        assert_int_equal(roll_back.epoch, 1);
        assert_int_equal(roll_back.batch, 2);
        assert_memory_equal(weights, bomb.weights[6], sizeof weights);
        dlcore_model_free(model);
    }
}

static void test_roll_back_of_a_fit_that_goes_on_with_nan_is_refused(void **state)
{
    dlcore_roll_back_t roll_back = dlcore_roll_back_default();
    dlcore_callback_t callback = dlcore_roll_back_callback(&roll_back);
    dlcore_fit_options_t options = case_options(&callback, 1, 2);
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);

    (void)state;
    options.stop_on_not_finite = false;
    assert_int_equal(case_fit(model, &options, NULL), DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(dlcore_model_error(model), "roll_back: fit's stop_on_not_finite"));
    dlcore_model_free(model);
}

static void test_roll_back_of_a_run_that_ends_well_changes_nothing(void **state)
{
    dlcore_roll_back_t roll_back = dlcore_roll_back_default();
    case_witness_t seen = {.epochs = 0};
    dlcore_callback_t callbacks[] = {dlcore_roll_back_callback(&roll_back), case_witness(&seen)};
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    float weights[CASE_WEIGHTS];

    (void)state;
    assert_int_equal(case_run(model, callbacks, 2, 3), DLCORE_OK);
    case_weights(model, weights);
    assert_memory_equal(weights, seen.weights[2], sizeof weights);
    assert_false(roll_back.rolled_back);
    dlcore_model_free(model);
}

static void test_roll_back_of_a_zeroed_struct_is_refused(void **state)
{
    dlcore_roll_back_t roll_back = {0};
    dlcore_callback_t callback = dlcore_roll_back_callback(&roll_back);

    (void)state;
    case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "roll_back");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roll_back_after_nan_puts_the_last_finite_copy_back),
        cmocka_unit_test(test_roll_back_by_batches_never_keeps_what_an_update_blew_up),
        cmocka_unit_test(test_roll_back_of_an_epoch_whose_last_update_blew_up_begins_before_it),
        cmocka_unit_test(
            test_roll_back_of_a_first_batch_that_is_not_finite_has_nothing_to_put_back),
        cmocka_unit_test(test_roll_back_of_a_resumed_run_keeps_what_a_whole_one_keeps),
        cmocka_unit_test(test_roll_back_of_a_fit_that_goes_on_with_nan_is_refused),
        cmocka_unit_test(test_roll_back_of_a_run_that_ends_well_changes_nothing),
        cmocka_unit_test(test_roll_back_of_a_zeroed_struct_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
