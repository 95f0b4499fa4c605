/* Calls that the host's code leaves by longjmp, and who has a model meanwhile.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore.h"
#include "support/left_calls.h"
#include "support/models.h"

static jmp_buf back;

static void leave(void)
{
    longjmp(back, 1);
}

static bool attempt(void (*call)(void *), void *argument)
{
    if (setjmp(back) != 0)
        return true;
    call(argument);
    return false;
}

static void test_call_left_by_longjmp_is_busy_until_abandoned_and_leaks_nothing(void **state)
{
    static const left_calls_t by = {.leave = leave, .attempt = attempt};

    (void)state;
    assert_true(left_calls_check(&by) > 30);
}

static void test_call_abandon_without_a_call_does_nothing(void **state)
{
    dlcore_model_t *model = NULL;

    (void)state;
    assert_int_equal(dlcore_model_abandon_call(NULL), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    assert_int_equal(dlcore_model_abandon_call(model), DLCORE_OK);
    assert_accepted(model, dlcore_model_add(model, dlcore_layer_flatten()));
    dlcore_model_free(model);
}

/* The call within, and what it says on the callback's thread, where nothing was left. */
static dlcore_callback_action_t fit_within(void *user, const dlcore_training_event_t *event)
{
    char *text = user;

    assert_int_equal(dlcore_model_build(event->model, 0), DLCORE_ERROR_BUSY);
    strncpy(text, dlcore_model_error(event->model), 255);
    return DLCORE_CALLBACK_CONTINUE;
}

static void test_call_within_a_callback_is_busy_and_says_why(void **state)
{
    static const float x[4] = {0.0f, 1.0f, 2.0f, 3.0f};
    char text[256] = "";
    dlcore_callback_t callback = {.user = text, .on_batch_end = fit_within};
    dlcore_fit_options_t how = dlcore_fit_options_default();
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_tensor_t *samples = borrow_floats(x, 4, 1);
    dlcore_model_t *model = NULL;

    (void)state;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model,
                    dlcore_model_add(model, dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR)));
    assert_accepted(model, dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR,
                                                DLCORE_METRIC_NONE));
    how.callbacks = &callback;
    how.callback_count = 1;
    assert_accepted(model, dlcore_model_fit(model, samples, samples, &how, NULL));
    assert_string_equal(text, "model: is in use by the call that runs on_batch_end on this thread; "
                              "if an exception or longjmp left it, call model_abandon_call first");
    assert_string_equal(dlcore_model_error(model), "");
    dlcore_model_free(model);
    dlcore_tensor_free(samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_call_left_by_longjmp_is_busy_until_abandoned_and_leaks_nothing),
        cmocka_unit_test(test_call_abandon_without_a_call_does_nothing),
        cmocka_unit_test(test_call_within_a_callback_is_busy_and_says_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
