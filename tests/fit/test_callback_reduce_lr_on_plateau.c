/* Smaller learning rates on plateaus, in real fits; test_callback_series.c compares the decisions
 * with Keras.
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

static void test_reduce_lr_on_plateau_in_a_fit_lowers_the_rate_from_the_next_epoch(void **state)
{
    dlcore_reduce_lr_on_plateau_t reduce = dlcore_reduce_lr_on_plateau_default();
    case_witness_t seen = {.epochs = 0};
    dlcore_callback_t callbacks[] = {case_witness(&seen),
                                     dlcore_reduce_lr_on_plateau_callback(&reduce)};
    dlcore_model_t *model = case_model(NULL, NULL, 0.5);

    (void)state;
    reduce.min_delta = 100.0; /* nothing is ever better */
    reduce.patience = 2;
    reduce.factor = 0.5;
    reduce.min_lr = 0.2;
    assert_int_equal(case_run(model, callbacks, 2, 7), DLCORE_OK);
    assert_true(seen.rates[2] == 0.5 && seen.rates[3] == 0.25);
    assert_true(seen.rates[4] == 0.25 && seen.rates[5] == 0.2 && seen.rates[6] == 0.2);
    assert_int_equal(reduce.reductions, 2);
    assert_true(dlcore_model_learning_rate(model) == 0.2);
    dlcore_model_free(model);
}

static void test_reduce_lr_on_plateau_of_bad_settings_is_refused_with_the_numbers(void **state)
{
    dlcore_reduce_lr_on_plateau_t reduce = dlcore_reduce_lr_on_plateau_default();
    dlcore_callback_t callback = dlcore_reduce_lr_on_plateau_callback(&reduce);

    (void)state;
    reduce.factor = 1.0;
    case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "factor must be at least 0 and below 1");
    reduce.factor = NAN;
    case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "got nan");
    reduce.factor = 0.5;
    reduce.min_lr = -1.0;
    case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "got -1");
    reduce.min_lr = 0.0;
    reduce.monitor = "accuracy";
    case_assert_refused(&callback, DLCORE_ERROR_NAME, "reduce_lr_on_plateau: there is no value");
}

static void test_reduce_lr_on_plateau_beside_a_schedule_is_refused(void **state)
{
    dlcore_reduce_lr_on_plateau_t reduce = dlcore_reduce_lr_on_plateau_default();
    dlcore_callback_t callback = dlcore_reduce_lr_on_plateau_callback(&reduce);
    dlcore_optimizer_t scheduled = dlcore_optimizer_sgd();
    dlcore_model_t *model;

    (void)state;
    scheduled.schedule = dlcore_schedule_exponential_decay(0.1, 100, 0.9);
    model = case_model(NULL, &scheduled, 0.1);
    assert_non_null(model);
    assert_int_equal(case_run(model, &callback, 1, 2), DLCORE_ERROR_STATE);
    assert_non_null(strstr(dlcore_model_error(model), "has a schedule"));
    dlcore_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reduce_lr_on_plateau_in_a_fit_lowers_the_rate_from_the_next_epoch),
        cmocka_unit_test(test_reduce_lr_on_plateau_of_bad_settings_is_refused_with_the_numbers),
        cmocka_unit_test(test_reduce_lr_on_plateau_beside_a_schedule_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
