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

static void test_roll_back_by_batches_keeps_a_later_copy(void **state)
{
    dlcore_roll_back_t roll_back = dlcore_roll_back_default();
    case_witness_t seen = {.poison = 3};
    dlcore_callback_t callbacks[] = {dlcore_roll_back_callback(&roll_back), case_witness(&seen)};
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    float weights[CASE_WEIGHTS];

    (void)state;
    roll_back.save_freq = CASE_BATCHES;
    assert_int_equal(case_run(model, callbacks, 2, 8), DLCORE_ERROR_NOT_FINITE);
    case_weights(model, weights);
    assert_memory_equal(weights, seen.weights[2], sizeof weights);
    assert_int_equal(roll_back.epoch, 2);
    assert_int_equal(roll_back.batch, CASE_BATCHES);
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
        cmocka_unit_test(test_roll_back_by_batches_keeps_a_later_copy),
        cmocka_unit_test(test_roll_back_of_a_run_that_ends_well_changes_nothing),
        cmocka_unit_test(test_roll_back_of_a_zeroed_struct_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
