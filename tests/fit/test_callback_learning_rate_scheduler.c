/* Learning rates from a function of the host's.
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

/* Halves it from epoch 2 on; -1 in epoch *user. */
static double rate_of(void *user, size_t epoch, double learning_rate)
{
    if (epoch == *(const size_t *)user)
        return -1.0;
    return epoch < 2 ? learning_rate : learning_rate / 2.0;
}

static void test_learning_rate_scheduler_sets_what_the_function_says(void **state)
{
    size_t never = 100;
    dlcore_learning_rate_scheduler_t scheduler =
        dlcore_learning_rate_scheduler_default(rate_of, &never);
    case_witness_t seen = {.epochs = 0};
    dlcore_callback_t callbacks[] = {dlcore_learning_rate_scheduler_callback(&scheduler),
                                     case_witness(&seen)};
    dlcore_model_t *model = case_model(NULL, NULL, 0.5);

    (void)state;
    assert_int_equal(case_run(model, callbacks, 2, 4), DLCORE_OK);
    assert_true(seen.rates[0] == 0.5 && seen.rates[1] == 0.5);
    assert_true(seen.rates[2] == 0.25 && seen.rates[3] == 0.125);
    dlcore_model_free(model);
}

static void test_learning_rate_scheduler_of_a_bad_rate_names_epoch_and_rate(void **state)
{
    size_t bad = 1;
    dlcore_learning_rate_scheduler_t scheduler =
        dlcore_learning_rate_scheduler_default(rate_of, &bad);
    dlcore_callback_t callback = dlcore_learning_rate_scheduler_callback(&scheduler);
    dlcore_model_t *model = case_model(NULL, NULL, 0.5);

    (void)state;
    assert_int_equal(case_run(model, &callback, 1, 4), DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(dlcore_model_error(model), "learning_rate_scheduler: epoch 1: "));
    assert_non_null(strstr(dlcore_model_error(model), "-1"));
    assert_true(dlcore_model_learning_rate(model) == 0.5);
    dlcore_model_free(model);
}

static void
test_learning_rate_scheduler_without_a_function_or_beside_a_schedule_is_refused(void **state)
{
    dlcore_learning_rate_scheduler_t scheduler = dlcore_learning_rate_scheduler_default(NULL, NULL);
    dlcore_callback_t callback = dlcore_learning_rate_scheduler_callback(&scheduler);
    dlcore_optimizer_t scheduled = dlcore_optimizer_sgd();
    dlcore_model_t *model;
    size_t never = 100;

    (void)state;
    case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "rate is NULL");
    scheduler = dlcore_learning_rate_scheduler_default(rate_of, &never);
    scheduled.schedule = dlcore_schedule_exponential_decay(0.1, 100, 0.9);
    model = case_model(NULL, &scheduled, 0.1);
    assert_int_equal(case_run(model, &callback, 1, 2), DLCORE_ERROR_STATE);
    assert_non_null(strstr(dlcore_model_error(model), "has a schedule"));
    dlcore_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learning_rate_scheduler_sets_what_the_function_says),
        cmocka_unit_test(test_learning_rate_scheduler_of_a_bad_rate_names_epoch_and_rate),
        cmocka_unit_test(
            test_learning_rate_scheduler_without_a_function_or_beside_a_schedule_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
