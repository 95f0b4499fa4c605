/* What callbacks get back when a run goes on: results, weights, numbers that lie.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/callback_case.h"

enum { EPOCHS = CASE_STOPPED_EPOCHS };

static void test_callback_state_with_nothing_left_to_do_shows_the_results(void **state)
{
    dlcore_early_stopping_t stopping[2] = {dlcore_early_stopping_default(),
                                           dlcore_early_stopping_default()};
    dlcore_reduce_lr_on_plateau_t reduce[2] = {dlcore_reduce_lr_on_plateau_default(),
                                               dlcore_reduce_lr_on_plateau_default()};
    dlcore_callback_t callbacks[2][2];
    dlcore_model_t *model;

    (void)state;
    for (int i = 0; i < 2; i++) {
        stopping[i].patience = EPOCHS;
        reduce[i].patience = 1;
        stopping[i].monitor = reduce[i].monitor = "loss";
        stopping[i].mode = reduce[i].mode = DLCORE_MONITOR_MODE_MAX;
        callbacks[i][0] = dlcore_early_stopping_callback(&stopping[i]);
        callbacks[i][1] = dlcore_reduce_lr_on_plateau_callback(&reduce[i]);
    }
    model = case_stopped(callbacks[0], 2, 3 * CASE_BATCHES);
    assert_int_equal(case_resume(model, callbacks[1], 2, 3), DLCORE_OK);
    assert_int_equal(stopping[1].wait, 2);
    assert_true(stopping[1].best == stopping[0].best);
    assert_int_equal(reduce[1].reductions, 2);
    assert_true(reduce[1].best == reduce[0].best);
    dlcore_model_free(model);
}

typedef struct saved {
    void *bytes;
    size_t size;
} saved_t;

static dlcore_callback_action_t save(void *user, const dlcore_training_event_t *event)
{
    saved_t *saved = user;

    assert_int_equal(dlcore_model_save_memory(event->model, NULL, &saved->bytes, &saved->size),
                     DLCORE_OK);
    return DLCORE_CALLBACK_CONTINUE;
}

/* As training begins, a callback of the list has not begun yet, and has the state of an earlier
 * fit.
 */
static void test_callback_state_of_an_earlier_fit_is_not_saved(void **state)
{
    (void)state;
    for (int restores = 0; restores < 2; restores++) {
        dlcore_early_stopping_t stopping = case_first_is_best(), again = case_first_is_best();
        saved_t saved = {.bytes = NULL};
        dlcore_callback_t callbacks[] = {{.user = &saved, .on_train_begin = save},
                                         dlcore_early_stopping_callback(&stopping)};
        dlcore_model_t *model = case_model(NULL, NULL, 0.1), *loaded = NULL;

        stopping.patience = again.patience = 2;
        stopping.restore_best_weights = again.restore_best_weights = restores == 1;
        assert_int_equal(case_run(model, callbacks + 1, 1, EPOCHS), DLCORE_OK);
        assert_int_equal(stopping.stopped_epoch, 2);
        assert_int_equal(case_run(model, callbacks, 2, EPOCHS), DLCORE_OK);
        assert_int_equal(stopping.stopped_epoch, 2);
        assert_int_equal(dlcore_model_load_memory(saved.bytes, saved.size, NULL, &loaded),
                         DLCORE_OK);
        callbacks[1] = dlcore_early_stopping_callback(&again);
        assert_int_equal(case_resume(loaded, callbacks + 1, 1, EPOCHS), DLCORE_OK);
        assert_int_equal(again.stopped_epoch, 2);
        assert_true(again.best == stopping.best);
        free(saved.bytes);
        dlcore_model_free(loaded);
        dlcore_model_free(model);
    }
}

/* Of two callbacks, one keeps weights and one does not: numbers would tell of what is not there. */
static void test_callback_state_with_weights_on_one_side_alone_is_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        dlcore_early_stopping_t first = case_first_is_best(), second = case_first_is_best();
        dlcore_callback_t callback = dlcore_early_stopping_callback(&first);
        dlcore_model_t *model;
        float before[CASE_WEIGHTS], after[CASE_WEIGHTS];

        first.restore_best_weights = i == 0;
        second.restore_best_weights = i == 1;
        model = case_stopped(&callback, 1, 10);
        case_weights(model, before);
        callback = dlcore_early_stopping_callback(&second);
        assert_int_equal(case_resume(model, &callback, 1, EPOCHS), DLCORE_ERROR_STATE);
        assert_non_null(strstr(dlcore_model_error(model), "\"early_stopping\" keeps"));
        case_weights(model, after);
        assert_memory_equal(before, after, sizeof before);
        second.restore_best_weights = i == 0; /* the run is still there */
        assert_int_equal(case_resume(model, &callback, 1, EPOCHS), DLCORE_OK);
        dlcore_model_free(model);
    }
}

/* Sets the 16 digits of number `index` behind the text `mark` of a file. */
static void lie(char *bytes, size_t size, const char *mark, size_t index, const char *digits)
{
    size_t length = strlen(mark);

    for (size_t i = 0; i + length + 16 * (index + 1) <= size; i++) {
        if (memcmp(bytes + i, mark, length) == 0) {
            memcpy(bytes + i + length + 16 * index, digits, 16);
            return;
        }
    }
    fail_msg("%s is not in the file", mark);
}

#define STATE_OF(name) "\\\"name\\\":\\\"" name "\\\",\\\"state\\\":[\\\""
#define COUNTS_MAX 3

/* A NaN, an infinity, -1, 0.5 and 1e300. */
static const char *const lies[] = {"7ff8000000000000", "7ff0000000000000", "bff0000000000000",
                                   "3fe0000000000000", "7e37e43c8800759c"};

static void test_callback_state_from_files_whose_counts_lie_is_refused(void **state)
{
    static const struct {
        const char *mark, *message;
        size_t indices[COUNTS_MAX], count;
    } hostile[] = {{STATE_OF("early_stopping"), "early_stopping: number", {0, 1, 2}, 3},
                   {STATE_OF("reduce_lr_on_plateau"), "reduce_lr_on_plateau: n", {0, 1, 4}, 3},
                   {STATE_OF("roll_back"), "roll_back: number", {0, 1, 3}, 3}};
    dlcore_early_stopping_t stopping = case_first_is_best();
    dlcore_reduce_lr_on_plateau_t reduce = dlcore_reduce_lr_on_plateau_default();
    dlcore_roll_back_t roll_back = dlcore_roll_back_default();
    dlcore_callback_t callbacks[] = {dlcore_early_stopping_callback(&stopping),
                                     dlcore_reduce_lr_on_plateau_callback(&reduce),
                                     dlcore_roll_back_callback(&roll_back)};
    dlcore_model_t *model = case_stopped(callbacks, 3, 10);
    float before[CASE_WEIGHTS], after[CASE_WEIGHTS];
    char *bytes, *copy;
    size_t size;

    (void)state;
    case_weights(model, before);
    assert_int_equal(dlcore_model_save_memory(model, NULL, (void **)&bytes, &size), DLCORE_OK);
    copy = malloc(size);
    assert_non_null(copy);
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        for (size_t j = 0; j < hostile[i].count * (sizeof lies / sizeof lies[0]); j++) {
            dlcore_model_t *loaded = NULL;

            memcpy(copy, bytes, size);
            lie(copy, size, hostile[i].mark, hostile[i].indices[j % hostile[i].count],
                lies[j / hostile[i].count]);
            assert_int_equal(dlcore_model_load_memory(copy, size, NULL, &loaded), DLCORE_OK);
            assert_int_equal(case_resume(loaded, callbacks, 3, EPOCHS), DLCORE_ERROR_FORMAT);
            if (strstr(dlcore_model_error(loaded), hostile[i].message) == NULL)
                fail_msg("\"%s\", not \"%s\"", dlcore_model_error(loaded), hostile[i].message);
            case_weights(loaded, after);
            assert_memory_equal(before, after, sizeof before);
            dlcore_model_free(loaded);
        }
    }
    free(copy);
    free(bytes);
    dlcore_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_callback_state_with_nothing_left_to_do_shows_the_results),
        cmocka_unit_test(test_callback_state_of_an_earlier_fit_is_not_saved),
        cmocka_unit_test(test_callback_state_with_weights_on_one_side_alone_is_refused),
        cmocka_unit_test(test_callback_state_from_files_whose_counts_lie_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
