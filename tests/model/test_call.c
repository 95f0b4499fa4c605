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
#include "support/failing_allocator.h"
#include "support/left_calls.h"
#include "support/models.h"
#include "system/threads.h"

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

/* An allocator that calls the model which it gives memory to, on its thread and on another. */
typedef struct caller {
    failing_allocator_t memory;
    dlcore_allocator_t plain;
    dlcore_model_t *model;
    size_t calls;
    dlcore_status within, abandoned;
    char here[256], there[256];
} caller_t;

static void ask_there(void *user)
{
    caller_t *caller = user;

    strncpy(caller->there, dlcore_model_error(caller->model), sizeof caller->there - 1);
}

static void *allocate_and_call(void *user, size_t size)
{
    caller_t *caller = user;
    dlcore_thread_t thread;

    if (caller->model != NULL && caller->calls++ == 0) {
        caller->within = dlcore_model_build(caller->model, 0);
        caller->abandoned = dlcore_model_abandon_call(caller->model);
        strncpy(caller->here, dlcore_model_error(caller->model), sizeof caller->here - 1);
        if (dlcore_thread_start(&thread, 0, ask_there, caller) == 0)
            dlcore_thread_join(&thread);
    }
    return caller->plain.allocate(caller->plain.user, size);
}

static void release_as_plain(void *user, void *block)
{
    caller_t *caller = user;

    caller->plain.release(caller->plain.user, block);
}

static void test_call_within_an_allocator_is_busy_and_cannot_be_abandoned(void **state)
{
    static caller_t caller;
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_model_t *model = NULL;

    (void)state;
    failing_allocator_init(&caller.memory);
    caller.plain = failing_allocator(&caller.memory);
    options.allocator = (dlcore_allocator_t){
        .user = &caller, .allocate = allocate_and_call, .release = release_as_plain};
    options.threads = 1;
    assert_int_equal(dlcore_model_create(&options, &model), DLCORE_OK);
    assert_accepted(model,
                    dlcore_model_add(model, dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR)));
    caller.model = model;
    assert_accepted(model, dlcore_model_build(model, 2));
    assert_true(caller.calls > 0);
    assert_int_equal(caller.within, DLCORE_ERROR_BUSY);
    assert_int_equal(caller.abandoned, DLCORE_ERROR_BUSY);
    assert_string_equal(caller.here, "model: is in use by another call");
    if (DLCORE_HAS_THREADS)
        assert_string_equal(caller.there, "model: is in use by a call on another thread");
    dlcore_model_free(model);
    failing_allocator_assert_clean(&caller.memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_call_left_by_longjmp_is_busy_until_abandoned_and_leaks_nothing),
        cmocka_unit_test(test_call_abandon_without_a_call_does_nothing),
        cmocka_unit_test(test_call_within_a_callback_is_busy_and_says_why),
        cmocka_unit_test(test_call_within_an_allocator_is_busy_and_cannot_be_abandoned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
