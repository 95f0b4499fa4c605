/* Callbacks of fit: which, when, in what order, and what their answers do; which epochs and samples
 * are validated.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fenv.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/model.h"
#include "support/classifier.h"

enum { ROWS = 40, BATCH = 16, INPUTS = 5, CLASSES = 3 };

static dlcore_model_t *model_of(void)
{
    static const size_t widths[] = {INPUTS, 20, CLASSES, 0};
    dlcore_model_options_t options = dlcore_model_options_default();

    return classifier(&options, widths, dlcore_optimizer_rmsprop());
}

/* Writes a letter for each call; answers with `answer` at the call of that number. */
typedef struct diary {
    char *text;
    char letter; /* before each entry; 0: none */
    size_t calls, at;
    dlcore_callback_action_t answer;
    const char *message;
    bool stopping_seen;
    dlcore_status status;
} diary_t;

static dlcore_callback_action_t note(diary_t *diary, const char *entry,
                                     const dlcore_training_event_t *event)
{
    size_t length = strlen(diary->text);

    snprintf(diary->text + length, 200 - length, "%.*s%s ", diary->letter != 0, &diary->letter,
             entry);
    diary->stopping_seen |= event->stopping;
    diary->status = event->status;
    if (++diary->calls != diary->at)
        return DLCORE_CALLBACK_CONTINUE;
    if (diary->message != NULL) {
        event->error->status = DLCORE_ERROR_IO;
        snprintf(event->error->message, sizeof event->error->message, "%s", diary->message);
    }
    return diary->answer;
}

#define NOTE(name, entry)                                                                  \
    static dlcore_callback_action_t name(void *user, const dlcore_training_event_t *event) \
    {                                                                                      \
        return note(user, entry, event);                                                   \
    }

NOTE(train_begin, "(")
NOTE(train_end, ")")
NOTE(epoch_begin, "[")
NOTE(epoch_end, "]")
NOTE(batch_begin, "<")
NOTE(batch_end, ">")

static dlcore_callback_t callback_of(diary_t *diary)
{
    return (dlcore_callback_t){.user = diary,
                               .on_train_begin = train_begin,
                               .on_train_end = train_end,
                               .on_epoch_begin = epoch_begin,
                               .on_epoch_end = epoch_end,
                               .on_batch_begin = batch_begin,
                               .on_batch_end = batch_end};
}

static dlcore_status fit(dlcore_model_t *model, const dlcore_callback_t *callbacks, size_t count,
                         dlcore_history_t **history)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    dlcore_fit_options_t options = batches_of(BATCH);
    dlcore_status status;

    options.epochs = 2;
    options.callbacks = callbacks;
    options.callback_count = count;
    status = dlcore_model_fit(model, samples.x, samples.y, &options, history);
    samples_free(samples);
    return status;
}

static void test_fit_callbacks_are_called_at_every_seam(void **state)
{
    char text[200] = "";
    diary_t diary = {.text = text};
    dlcore_callback_t callback = callback_of(&diary);
    dlcore_model_t *model = model_of();

    (void)state;
    assert_int_equal(fit(model, &callback, 1, NULL), DLCORE_OK);
    assert_string_equal(text, "( [ < > < > < > ] [ < > < > < > ] ) ");
    dlcore_model_free(model);
}

static void test_fit_callbacks_that_run_last_come_after_the_others(void **state)
{
    char text[200] = "";
    diary_t diaries[3] = {{.text = text, .letter = 'a'},
                          {.text = text, .letter = 'b'},
                          {.text = text, .letter = 'c'}};
    dlcore_callback_t callbacks[3] = {{0}};
    dlcore_model_t *model = model_of();

    (void)state;
    for (int i = 0; i < 3; i++) {
        callbacks[i].user = &diaries[i];
        callbacks[i].on_epoch_end = epoch_end;
    }
    callbacks[0].runs_last = true;
    assert_int_equal(fit(model, callbacks, 3, NULL), DLCORE_OK);
    assert_string_equal(text, "b] c] a] b] c] a] ");
    dlcore_model_free(model);
}

/* The others still hear of that moment, and that there will be no other. */
static void test_fit_callbacks_stop_after_the_batch(void **state)
{
    char text[2][200] = {"", ""};
    diary_t stopper = {.text = text[0], .at = 4, .answer = DLCORE_CALLBACK_STOP};
    diary_t other = {.text = text[1]};
    dlcore_callback_t callbacks[2] = {callback_of(&stopper), callback_of(&other)};
    dlcore_model_t *model = model_of();
    dlcore_history_t *history = NULL;

    (void)state;
    assert_int_equal(fit(model, callbacks, 2, &history), DLCORE_OK);
    assert_string_equal(text[1], "( [ < > ) ");
    assert_true(other.stopping_seen);
    assert_true(dlcore_history_stopped(history));
    assert_int_equal(dlcore_history_epoch_count(history), 0);
    dlcore_history_free(history);
    dlcore_model_free(model);
}

static void test_fit_callbacks_that_stop_at_the_beginning_train_nothing(void **state)
{
    char text[200] = "";
    diary_t diary = {.text = text, .at = 1, .answer = DLCORE_CALLBACK_STOP};
    dlcore_callback_t callback = callback_of(&diary);
    dlcore_model_t *a = model_of(), *b = model_of();

    (void)state;
    assert_int_equal(fit(a, &callback, 1, NULL), DLCORE_OK);
    assert_string_equal(text, "( ) ");
    assert_true(same_weights(a, b));
    dlcore_model_free(a);
    dlcore_model_free(b);
}

/* At every moment: fit ends with the callback's error, after the last on_train_end. */
static void test_fit_callbacks_that_fail_end_fit_with_their_error(void **state)
{
    (void)state;
    for (size_t at = 1; at <= 18; at++) {
        char text[200] = "";
        diary_t diary = {
            .text = text, .at = at, .answer = DLCORE_CALLBACK_FAIL, .message = "log.csv: no space"};
        dlcore_callback_t callback = callback_of(&diary);
        dlcore_model_t *model = model_of();

        assert_int_equal(fit(model, &callback, 1, NULL), DLCORE_ERROR_IO);
        assert_string_equal(dlcore_model_error(model), "log.csv: no space");
        assert_string_equal(text + strlen(text) - 2, ") ");
        assert_int_equal(diary.calls, at < 18 ? at + 1 : at);
        assert_int_equal(diary.status, at < 18 ? DLCORE_ERROR_IO : DLCORE_OK);
        dlcore_model_free(model);
    }
}

static void test_fit_callbacks_that_fail_without_a_word_are_state_errors(void **state)
{
    char text[200] = "";
    diary_t diary = {.text = text, .at = 2, .answer = DLCORE_CALLBACK_FAIL};
    dlcore_callback_t callback = callback_of(&diary);
    dlcore_model_t *model = model_of();

    (void)state;
    assert_int_equal(fit(model, &callback, 1, NULL), DLCORE_ERROR_STATE);
    assert_non_null(strstr(dlcore_model_error(model), "fit: callback 0 ("));
    assert_non_null(strstr(dlcore_model_error(model), ") failed in on_"));
    dlcore_model_free(model);
}

static dlcore_callback_action_t answer_with(void *user, const dlcore_training_event_t *event)
{
    *event->error = *(const dlcore_error_record_t *)user;
    return DLCORE_CALLBACK_FAIL;
}

/* A status alone is enough; what is no status is told; a message need not end. */
static void test_fit_callbacks_may_leave_half_an_error(void **state)
{
    static dlcore_error_record_t endless = {.status = DLCORE_ERROR_IO};
    static const struct {
        dlcore_error_record_t error;
        dlcore_status expected;
        const char *message;
    } cases[] = {
        {{.status = DLCORE_ERROR_IO},
         DLCORE_ERROR_IO,
         "fit: callback 0 (disk): on_epoch_end: input or output failed"},
        {{.status = (dlcore_status)5},
         DLCORE_ERROR_ARGUMENT,
         "fit: callback 0 (disk): on_epoch_end: returned 5, which is not a dlcore_status"},
        {{.status = (dlcore_status)5, .message = "full"},
         DLCORE_ERROR_ARGUMENT,
         "fit: callback 0 (disk): on_epoch_end: returned 5, which is not a dlcore_status"},
        {{.message = "full"}, DLCORE_ERROR_STATE, "full"},
        {{.message = ""}, DLCORE_ERROR_STATE, "fit: callback 0 (disk) failed in on_epoch_end"},
    };
    dlcore_model_t *model = model_of();
    dlcore_callback_t callback = {.name = "disk", .on_epoch_end = answer_with};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        callback.user = (void *)&cases[i].error;
        assert_int_equal(fit(model, &callback, 1, NULL), cases[i].expected);
        assert_string_equal(dlcore_model_error(model), cases[i].message);
    }
    memset(endless.message, 'm', sizeof endless.message);
    callback.user = &endless;
    assert_int_equal(fit(model, &callback, 1, NULL), DLCORE_ERROR_IO);
    assert_int_equal(strlen(dlcore_model_error(model)), sizeof endless.message - 1);
    dlcore_model_free(model);
}

static dlcore_callback_action_t return_number(void *user, const dlcore_training_event_t *event)
{
    (void)event;
    return (dlcore_callback_action_t) * (const int *)user;
}

static void test_fit_callbacks_that_return_no_action_are_refused(void **state)
{
    static const int numbers[] = {-1, 3, DLCORE_ERROR_IO};
    dlcore_model_t *model = model_of();

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        dlcore_callback_t callbacks[] = {
            {.name = "disk", .user = (void *)&numbers[i], .on_epoch_end = return_number},
            {.user = (void *)&numbers[i], .on_train_end = return_number}};
        char expected[160];

        snprintf(expected, sizeof expected,
                 "fit: callback 0 (disk): on_epoch_end returned %d, which is not a "
                 "dlcore_callback_action: return CONTINUE (0), STOP (1) or FAIL (2)",
                 numbers[i]);
        assert_int_equal(fit(model, &callbacks[0], 1, NULL), DLCORE_ERROR_ARGUMENT);
        assert_string_equal(dlcore_model_error(model), expected);
        assert_int_equal(fit(model, &callbacks[1], 1, NULL), DLCORE_ERROR_ARGUMENT);
        assert_non_null(strstr(dlcore_model_error(model), "(no name): on_train_end returned"));
    }
    dlcore_model_free(model);
}

/* Calls that a callback may make leave its thread as it was. */
static dlcore_callback_action_t set_all(void *user, const dlcore_training_event_t *event)
{
    float *weights = user;
    size_t count = dlcore_model_parameter_count(event->model);

    (void)feclearexcept(FE_ALL_EXCEPT);
    errno = EILSEQ;
    assert_int_equal(dlcore_model_set_learning_rate(event->model, (double)NAN),
                     DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_set_learning_rate(event->model, 1e-50), DLCORE_OK);
    assert_int_equal(dlcore_model_set_weights(event->model, weights, count - 1),
                     DLCORE_ERROR_SHAPE);
    assert_int_equal(dlcore_model_set_weights(event->model, weights, count), DLCORE_OK);
    assert_int_equal(dlcore_model_set_weight(event->model, 0, weights, 1), DLCORE_ERROR_SHAPE);
    assert_int_equal(fetestexcept(FE_ALL_EXCEPT), 0);
    assert_int_equal(errno, EILSEQ);
    return DLCORE_CALLBACK_CONTINUE;
}

static void test_fit_callbacks_that_set_leave_their_thread_as_it_was(void **state)
{
    static float weights[1000];
    dlcore_callback_t callback = {.user = weights, .on_batch_end = set_all};
    dlcore_model_t *model = model_of();

    (void)state;
    assert_in_range(dlcore_model_parameter_count(model), 1, 1000);
    assert_int_equal(fit(model, &callback, 1, NULL), DLCORE_OK);
    dlcore_model_free(model);
}

static dlcore_callback_action_t change_rate(void *user, const dlcore_training_event_t *event)
{
    double *rate = user;

    *rate = dlcore_model_learning_rate(event->model);
    return dlcore_model_set_learning_rate(event->model, *rate) == DLCORE_OK
               ? DLCORE_CALLBACK_CONTINUE
               : DLCORE_CALLBACK_FAIL;
}

/* Whatever callbacks after it call, and whether these fail, too. */
static void test_fit_callbacks_that_fail_at_the_end_keep_the_first_message(void **state)
{
    char text[2][200] = {"", ""};
    diary_t diaries[2] = {
        {.text = text[0], .at = 1, .answer = DLCORE_CALLBACK_FAIL, .message = "first"},
        {.text = text[1], .at = 1, .answer = DLCORE_CALLBACK_FAIL, .message = "second"}};
    double rate = 0.0;
    dlcore_callback_t callbacks[] = {{.user = &diaries[0], .on_train_end = train_end},
                                     {.user = &rate, .on_train_end = change_rate},
                                     {.user = &diaries[1], .on_train_end = train_end}};
    dlcore_model_t *model = model_of();

    (void)state;
    assert_int_equal(fit(model, callbacks, 3, NULL), DLCORE_ERROR_IO);
    assert_string_equal(dlcore_model_error(model), "first");
    assert_true(rate > 0.0);
    assert_int_equal(diaries[1].calls, 1);
    assert_int_equal(diaries[1].status, DLCORE_ERROR_IO); /* it is told */
    dlcore_model_free(model);
}

static dlcore_callback_action_t misuse(void *user, const dlcore_training_event_t *event)
{
    (void)user;
    (void)dlcore_model_set_learning_rate(event->model, -1.0);
    return DLCORE_CALLBACK_CONTINUE;
}

static void test_fit_callbacks_that_get_over_an_error_leave_no_message(void **state)
{
    dlcore_callback_t callback = {.on_train_end = misuse};
    dlcore_model_t *model = model_of();

    (void)state;
    assert_int_equal(fit(model, &callback, 1, NULL), DLCORE_OK);
    assert_string_equal(dlcore_model_error(model), "");
    dlcore_model_free(model);
}

/* The one whose beginning failed can clean up; the one after it has nothing to. */
static void test_fit_callbacks_that_never_began_do_not_end(void **state)
{
    char text[200] = "";
    diary_t diaries[3] = {{.text = text, .letter = 'a'},
                          {.text = text, .letter = 'b', .at = 1, .answer = DLCORE_CALLBACK_FAIL},
                          {.text = text, .letter = 'c'}};
    dlcore_callback_t callbacks[3];
    dlcore_model_t *model = model_of();

    (void)state;
    for (int i = 0; i < 3; i++)
        callbacks[i] = callback_of(&diaries[i]);
    assert_int_equal(fit(model, callbacks, 3, NULL), DLCORE_ERROR_STATE);
    assert_string_equal(text, "a( b( a) b) ");
    dlcore_model_free(model);
}

static void *set_weight_elsewhere(void *model)
{
    static dlcore_status statuses[3];
    float values[CLASSES] = {0};

    statuses[0] = dlcore_model_set_weight(model, 3, values, CLASSES);
    statuses[1] = dlcore_model_set_weights(model, values, CLASSES);
    statuses[2] = dlcore_model_set_learning_rate(model, 0.5);
    return statuses;
}

static dlcore_callback_action_t let_another_set(void *user, const dlcore_training_event_t *event)
{
    float values[CLASSES] = {0};
    pthread_t thread;
    void *answered;

    assert_int_equal(pthread_create(&thread, NULL, set_weight_elsewhere, event->model), 0);
    assert_int_equal(pthread_join(thread, &answered), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(((dlcore_status *)answered)[i], DLCORE_ERROR_BUSY);
    assert_int_equal(dlcore_model_set_weight(event->model, 3, values, CLASSES), DLCORE_OK);
    ++*(size_t *)user;
    return DLCORE_CALLBACK_CONTINUE;
}

static void test_fit_callbacks_may_set_weights_and_other_threads_may_not(void **state)
{
    size_t calls = 0;
    dlcore_callback_t callback = {.user = &calls, .on_batch_end = let_another_set};
    dlcore_model_t *model = model_of();
    dlcore_status *after;

    (void)state;
    assert_int_equal(fit(model, &callback, 1, NULL), DLCORE_OK);
    assert_int_equal(calls, 6);
    after = set_weight_elsewhere(model);
    assert_int_equal(after[0], DLCORE_OK);
    assert_int_equal(after[1], DLCORE_ERROR_SHAPE);
    assert_int_equal(after[2], DLCORE_OK);
    dlcore_model_free(model);
}

static void test_fit_callbacks_with_bad_state_are_refused(void **state)
{
    double number = 0;
    dlcore_callback_t callbacks[2] = {{.name = "one", .state = &number, .state_count = 1},
                                      {.name = "one"}};
    dlcore_model_t *model = model_of();

    (void)state;
    assert_int_equal(fit(model, callbacks, 2, NULL), DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(dlcore_model_error(model), "two callbacks are named \"one\""));
    callbacks[1].name = "a/b";
    assert_int_equal(fit(model, callbacks, 2, NULL), DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(dlcore_model_error(model), "without a slash"));
    callbacks[1].name = "two";
    callbacks[1].state_count = 3;
    assert_int_equal(fit(model, callbacks, 2, NULL), DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(dlcore_model_error(model), "state is NULL, but state_count is 3"));
    dlcore_model_free(model);
}

/* ---- validation ---- */

static void test_fit_validation_freq_leaves_the_other_epochs_without_values(void **state)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    dlcore_fit_options_t options = batches_of(BATCH);
    dlcore_model_t *model = model_of();
    dlcore_history_t *history = NULL;

    (void)state;
    options.epochs = 5;
    options.validation_split = 0.25;
    options.validation_freq = 2;
    assert_int_equal(dlcore_model_fit(model, samples.x, samples.y, &options, &history), DLCORE_OK);
    for (size_t epoch = 0; epoch < 5; epoch++) {
        bool is_validated = !isnan(dlcore_history_value(history, "val_loss", epoch));
        bool is_trained = !isnan(dlcore_history_value(history, "loss", epoch));

        assert_true(is_validated == (epoch % 2 == 1));
        assert_true(is_trained);
    }
    dlcore_history_free(history);
    options.validation_freq = 0;
    assert_int_equal(dlcore_model_fit(model, samples.x, samples.y, &options, NULL),
                     DLCORE_ERROR_ARGUMENT);
    assert_non_null(
        strstr(dlcore_model_error(model), "fit: validation_freq must be 1 or more, got 0"));
    dlcore_model_free(model);
    samples_free(samples);
}

/* Samples sorted by class: the last quarter is of one class alone, unless it is drawn at random. */
static void test_fit_shuffle_before_split_validates_a_random_share(void **state)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    dlcore_fit_options_t options = batches_of(BATCH);
    double losses[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        dlcore_model_t *model = model_of();
        dlcore_history_t *history = NULL;

        options.validation_split = 0.25;
        options.shuffle_before_split = i == 1;
        assert_int_equal(dlcore_model_fit(model, samples.x, samples.y, &options, &history),
                         DLCORE_OK);
        losses[i] = dlcore_history_value(history, "val_loss", 0);
        dlcore_history_free(history);
        dlcore_model_free(model);
    }
    assert_true(losses[0] != losses[1]);
    samples_free(samples);
}

/* Says something, and goes on. */
static dlcore_callback_action_t mutter(void *user, const dlcore_training_event_t *event)
{
    (void)user;
    event->error->status = DLCORE_ERROR_IO;
    snprintf(event->error->message, sizeof event->error->message, "never mind");
    return DLCORE_CALLBACK_CONTINUE;
}

static dlcore_callback_action_t fail_silently(void *user, const dlcore_training_event_t *event)
{
    (void)user;
    (void)event;
    return DLCORE_CALLBACK_FAIL;
}

static void test_fit_callbacks_are_named_by_their_place_in_the_list(void **state)
{
    dlcore_callback_t callbacks[] = {{.on_epoch_begin = mutter, .runs_last = true},
                                     {.on_epoch_begin = mutter},
                                     {.on_epoch_begin = fail_silently}};
    dlcore_fit_options_t options = dlcore_fit_options_default();
    samples_t samples = samples_of_floats(8, INPUTS, CLASSES);
    dlcore_model_t *model = model_of();

    (void)state;
    options.callbacks = callbacks;
    options.callback_count = 3;
    assert_int_equal(dlcore_model_fit(model, samples.x, samples.y, &options, NULL),
                     DLCORE_ERROR_STATE);
    assert_string_equal(dlcore_model_error(model),
                        "fit: callback 2 (no name) failed in on_epoch_begin");
    callbacks[0].name = "a/b";
    assert_int_equal(dlcore_model_fit(model, samples.x, samples.y, &options, NULL),
                     DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(dlcore_model_error(model), "fit: callback 0: the name \"a/b\""));
    dlcore_model_free(model);
    samples_free(samples);
}

static void test_fit_callbacks_message_is_not_the_next_callbacks(void **state)
{
    dlcore_callback_t callbacks[] = {{.on_epoch_begin = mutter}, {.on_epoch_begin = fail_silently}};
    dlcore_fit_options_t options = dlcore_fit_options_default();
    samples_t samples = samples_of_floats(8, INPUTS, CLASSES);
    dlcore_model_t *model = model_of();

    (void)state;
    options.callbacks = callbacks;
    options.callback_count = 2;
    assert_int_equal(dlcore_model_fit(model, samples.x, samples.y, &options, NULL),
                     DLCORE_ERROR_STATE);
    assert_string_equal(dlcore_model_error(model),
                        "fit: callback 1 (no name) failed in on_epoch_begin");
    dlcore_model_free(model);
    samples_free(samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit_callbacks_are_called_at_every_seam),
        cmocka_unit_test(test_fit_callbacks_that_run_last_come_after_the_others),
        cmocka_unit_test(test_fit_callbacks_stop_after_the_batch),
        cmocka_unit_test(test_fit_callbacks_that_stop_at_the_beginning_train_nothing),
        cmocka_unit_test(test_fit_callbacks_that_fail_end_fit_with_their_error),
        cmocka_unit_test(test_fit_callbacks_that_fail_without_a_word_are_state_errors),
        cmocka_unit_test(test_fit_callbacks_may_leave_half_an_error),
        cmocka_unit_test(test_fit_callbacks_that_return_no_action_are_refused),
        cmocka_unit_test(test_fit_callbacks_that_set_leave_their_thread_as_it_was),
        cmocka_unit_test(test_fit_callbacks_that_fail_at_the_end_keep_the_first_message),
        cmocka_unit_test(test_fit_callbacks_that_get_over_an_error_leave_no_message),
        cmocka_unit_test(test_fit_callbacks_that_never_began_do_not_end),
        cmocka_unit_test(test_fit_callbacks_may_set_weights_and_other_threads_may_not),
        cmocka_unit_test(test_fit_callbacks_with_bad_state_are_refused),
        cmocka_unit_test(test_fit_validation_freq_leaves_the_other_epochs_without_values),
        cmocka_unit_test(test_fit_shuffle_before_split_validates_a_random_share),
        cmocka_unit_test(test_fit_callbacks_are_named_by_their_place_in_the_list),
        cmocka_unit_test(test_fit_callbacks_message_is_not_the_next_callbacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
