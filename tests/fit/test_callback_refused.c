/* Callbacks that fit refuses, or that end it: their names, the values that they watch, memory.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/model.h"
#include "support/callback_case.h"
#include "support/failing_allocator.h"

static void assert_message(const char *message, const char *text)
{
    if (strstr(message, text) == NULL)
        fail_msg("not \"%s\" in \"%s\"", text, message);
}

static void refuse(const dlcore_callback_t *callbacks, size_t count, const char *text)
{
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);

    assert_int_equal(case_run(model, callbacks, count, 1), DLCORE_ERROR_ARGUMENT);
    assert_message(dlcore_model_error(model), text);
    dlcore_model_free(model);
}

static void test_callback_refused_names_that_no_file_could_have(void **state)
{
    static char names[65][8], longest[70];
    dlcore_callback_t callbacks[65] = {{.name = NULL}};

    (void)state;
    memset(longest, 'n', sizeof longest - 1);
    callbacks[0].name = "a/b";
    refuse(callbacks, 1, "callback 0: the name \"a/b\" must have 1 to 63 bytes, without a slash");
    callbacks[0].name = "";
    refuse(callbacks, 1, "callback 0: the name \"\" must have 1 to 63 bytes");
    callbacks[0].name = longest;
    refuse(callbacks, 1, "must have 1 to 63 bytes");
    callbacks[0].name = callbacks[1].name = "same";
    refuse(callbacks, 2, "two callbacks are named \"same\"");
    callbacks[0].state_count = 2;
    refuse(callbacks, 1, "callback \"same\": state is NULL, but state_count is 2");
    callbacks[0].state_count = 0;
    for (size_t i = 0; i < 65; i++) {
        snprintf(names[i], sizeof names[i], "c%zu", i);
        callbacks[i].name = names[i];
    }
    refuse(callbacks, 65, "65 callbacks, of which more than 64 have a name");
}

/* An event by hand: outside of a fit a name is only looked for when its value is needed. */
static dlcore_callback_action_t feed(dlcore_callback_function_t function, void *user,
                                     dlcore_model_t *model, const char *name,
                                     dlcore_error_record_t *error)
{
    const double value = 0.5;
    dlcore_training_event_t event = {.model = model,
                                     .epoch = 1,
                                     .epochs = 3,
                                     .value_count = 1,
                                     .names = &name,
                                     .values = &value,
                                     .error = error};

    return function(user, &event);
}

static void test_callback_refused_values_that_are_not_there(void **state)
{
    dlcore_early_stopping_t stopping = dlcore_early_stopping_default();
    dlcore_reduce_lr_on_plateau_t reduce = dlcore_reduce_lr_on_plateau_default();
    dlcore_callback_t stop = dlcore_early_stopping_callback(&stopping);
    dlcore_callback_t lower = dlcore_reduce_lr_on_plateau_callback(&reduce);
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    dlcore_error_record_t error = {0};

    (void)state;
    stopping.monitor = reduce.monitor = "loss";
    assert_int_equal(feed(stop.on_train_begin, stop.user, model, "loss", &error),
                     DLCORE_CALLBACK_CONTINUE);
    assert_int_equal(feed(stop.on_epoch_end, stop.user, model, "other", &error),
                     DLCORE_CALLBACK_FAIL);
    assert_message(error.message, "early_stopping: ");
    assert_int_equal(feed(lower.on_train_begin, lower.user, model, "loss", &error),
                     DLCORE_CALLBACK_CONTINUE);
    assert_int_equal(feed(lower.on_epoch_end, lower.user, model, "other", &error),
                     DLCORE_CALLBACK_FAIL);
    assert_message(error.message, "reduce_lr_on_plateau: ");
    stopping.monitor = "other";
    assert_int_equal(feed(stop.on_train_begin, stop.user, model, "other", &error),
                     DLCORE_CALLBACK_FAIL);
    assert_message(error.message, "\"other\" is not a metric of the model, so mode auto cannot "
                                  "tell whether it is to fall or to rise");
    dlcore_model_free(model);
}

/* The rate is one that a schedule makes by the time it is to be lowered. */
static void test_callback_refused_rate_of_a_schedule_ends_the_run(void **state)
{
    dlcore_reduce_lr_on_plateau_t reduce = dlcore_reduce_lr_on_plateau_default();
    dlcore_callback_t lower = dlcore_reduce_lr_on_plateau_callback(&reduce);
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_error_record_t error = {0};

    (void)state;
    reduce.monitor = "loss";
    reduce.patience = 0;
    assert_int_equal(feed(lower.on_train_begin, lower.user, model, "loss", &error),
                     DLCORE_CALLBACK_CONTINUE);
    assert_int_equal(feed(lower.on_epoch_end, lower.user, model, "loss", &error),
                     DLCORE_CALLBACK_CONTINUE);
    sgd.schedule = dlcore_schedule_exponential_decay(0.1, 10, 0.5);
    assert_int_equal(
        dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR, DLCORE_METRIC_NONE),
        DLCORE_OK);
    assert_int_equal(feed(lower.on_epoch_end, lower.user, model, "loss", &error),
                     DLCORE_CALLBACK_FAIL);
    assert_message(error.message, "reduce_lr_on_plateau: ");
    assert_message(error.message, "schedule");
    dlcore_model_free(model);
}

static void test_callback_refused_run_of_other_values_is_not_resumed(void **state)
{
    dlcore_model_t *model = case_stopped(NULL, 0, 6);
    dlcore_fit_options_t how = case_options(NULL, 0, CASE_STOPPED_EPOCHS);

    (void)state;
    how.resume = true;
    how.validation_split = 0;
    assert_int_equal(case_fit(model, &how, NULL), DLCORE_ERROR_STATE);
    assert_message(dlcore_model_error(model), "resume: ");
    dlcore_model_free(model);
}

/* A history has room for 64 epochs at first. */
static dlcore_status fit_long(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_model_t *model = case_model(allocator, NULL, 0.01);
    dlcore_status status;

    (void)context;
    if (model == NULL)
        return DLCORE_ERROR_MEMORY;
    status = case_run(model, NULL, 0, 65);
    dlcore_model_free(model);
    return status;
}

static void test_callback_refused_history_without_memory_leaks_nothing(void **state)
{
    (void)state;
    assert_true(failing_allocator_sweep(fit_long, NULL) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_callback_refused_names_that_no_file_could_have),
        cmocka_unit_test(test_callback_refused_values_that_are_not_there),
        cmocka_unit_test(test_callback_refused_rate_of_a_schedule_ends_the_run),
        cmocka_unit_test(test_callback_refused_run_of_other_values_is_not_resumed),
        cmocka_unit_test(test_callback_refused_history_without_memory_leaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
