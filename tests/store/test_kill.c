/* SIGKILL at any moment of checkpointing: the file is always whole, and never older than the last
 * one that was seen. DLCORE_KILLS sets how often; the default keeps the test short.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "dlcore/file.h"
#include "model/model.h"
#include "support/classifier.h"
#include "support/folder.h"

enum { ROWS = 512, BATCH = 32, INPUTS = 200, CLASSES = 10, KILLS = 40, LONGEST_MS = 25 };

#define FILE_NAME "model"

static dlcore_callback_action_t save(void *user, const dlcore_training_event_t *event)
{
    (void)user;
    if (dlcore_model_save(event->model, folder_path(FILE_NAME), NULL) != DLCORE_OK)
        return DLCORE_CALLBACK_FAIL;
    return DLCORE_CALLBACK_CONTINUE;
}

/* In the child: goes on from the file, saving after each batch, until it is killed. */
static void train_for_ever(samples_t samples)
{
    dlcore_model_t *model = NULL;
    dlcore_callback_t callback = {.on_batch_end = save};
    dlcore_fit_options_t options = batches_of(BATCH);

    options.epochs = 1000000;
    options.callbacks = &callback;
    options.callback_count = 1;
    options.resume = true;
    if (dlcore_model_load(folder_path(FILE_NAME), NULL, &model) == DLCORE_OK)
        (void)dlcore_model_fit(model, samples.x, samples.y, &options, NULL);
    _exit(1);
}

static dlcore_callback_action_t save_and_stop(void *user, const dlcore_training_event_t *event)
{
    return save(user, event) == DLCORE_CALLBACK_CONTINUE ? DLCORE_CALLBACK_STOP
                                                         : DLCORE_CALLBACK_FAIL;
}

/* The first file, after one batch. */
static void begin(samples_t samples)
{
    static const size_t widths[] = {INPUTS, 64, CLASSES, 0};
    dlcore_model_options_t engine = dlcore_model_options_default();
    dlcore_callback_t callback = {.on_batch_end = save_and_stop};
    dlcore_fit_options_t options = batches_of(BATCH);
    dlcore_model_t *model;

    engine.threads = 1;
    model = classifier(&engine, widths, dlcore_optimizer_rmsprop());
    options.epochs = 1000000;
    options.callbacks = &callback;
    options.callback_count = 1;
    assert_int_equal(dlcore_model_fit(model, samples.x, samples.y, &options, NULL), DLCORE_OK);
    dlcore_model_free(model);
}

/* Any time up to that. */
static void wait_up_to(long milliseconds)
{
    static uint32_t number = 1;
    struct timespec time = {0};

    number = number * 1664525u + 1013904223u;
    time.tv_nsec = (long)(number >> 8) % (milliseconds * 1000) * 1000;
    nanosleep(&time, NULL);
}

/* The steps that the model in the file has been trained for. */
static uint64_t steps_in_file(void)
{
    dlcore_load_options_t options = dlcore_load_options_default();
    dlcore_error_record_t error = {0};
    dlcore_model_t *model = NULL;
    uint64_t steps;

    options.require_checksum = true;
    options.error = &error;
    if (dlcore_model_load(folder_path(FILE_NAME), &options, &model) != DLCORE_OK)
        fail_msg("%s", error.message);
    steps = model->steps_trained;
    assert_non_null(model->stopped);
    dlcore_model_free(model);
    return steps;
}

/* What killed writers could not remove goes with the folder. */
static void test_kill_at_any_moment_leaves_a_whole_file(void **state)
{
    const char *wanted = getenv("DLCORE_KILLS");
    long kills = wanted != NULL ? strtol(wanted, NULL, 10) : KILLS;
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    uint64_t steps = 0, first, enough;
    long count = 0, longest = LONGEST_MS;

    (void)state;
    begin(samples);
    first = steps = steps_in_file();
    enough = first + (uint64_t)kills / 4;
    /* on a busy machine: more and later ones, until it has got on between them */
    for (; count < kills || (steps <= enough && count < 20 * kills); count++) {
        pid_t child = fork();
        int status;
        uint64_t now;

        if (child == 0)
            train_for_ever(samples);
        assert_true(child > 0);
        longest += count >= kills && longest < 900 ? 5 : 0;
        wait_up_to(longest);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        now = steps_in_file();
        assert_true(now >= steps);
        steps = now;
    }
    assert_true(steps > enough);
    print_message("%ld kills, %ju saved steps\n", count, (uintmax_t)(steps - first));
    samples_free(samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kill_at_any_moment_leaves_a_whole_file),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
