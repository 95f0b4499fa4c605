/* The progress line, letter by letter, off a terminal and on one.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "model/progress.h"

#define CELLS_5 "━━━━━"
#define CELLS_10 CELLS_5 CELLS_5

static char written[8192];
static size_t written_length;

static void collect(void *user, const char *text, size_t length)
{
    assert_ptr_equal(user, written);
    assert_true(written_length + length < sizeof written);
    memcpy(written + written_length, text, length);
    written_length += length;
    written[written_length] = '\0';
}

static dlcore_progress_t start(int verbose, bool terminal)
{
    dlcore_sink_t sink = {.write = collect, .user = written, .terminal = terminal};

    written_length = 0;
    written[0] = '\0';
    return dlcore_progress_start(&sink, verbose);
}

static const char *const names[] = {"loss", "accuracy"};
static const double values[] = {0.29634, 0.91339};

/* The last line of an epoch of `batches` that began that many seconds ago. */
static void end_after(double seconds, size_t batches)
{
    dlcore_progress_t progress = start(1, false);

    dlcore_progress_begin(&progress, 0, 0, batches);
    progress.began -= seconds;
    dlcore_progress_end(&progress, NULL, NULL, 0);
}

static void test_progress_off_a_terminal_writes_two_plain_lines(void **state)
{
    dlcore_progress_t progress = start(1, false);

    (void)state;
    dlcore_progress_begin(&progress, 2, 5, 500);
    progress.began -= 1.01;
    for (size_t done = 1; done <= 500; done++)
        dlcore_progress_batch(&progress, done, names, values, 2);
    dlcore_progress_end(&progress, names, values, 2);
    assert_string_equal(written, "Epoch 3/5\n500/500 " CELLS_10 CELLS_10
                                 " 1s 2ms/step - accuracy: 0.9134 - loss: 0.2963\n");
}

static void test_progress_on_a_terminal_redraws_in_colour(void **state)
{
    dlcore_progress_t progress = start(1, true);

    (void)state;
    dlcore_progress_begin(&progress, 0, 0, 100);
    progress.began -= 5.01;
    dlcore_progress_batch(&progress, 25, names, values, 1);
    assert_string_equal(written, "\r\x1b[2K\x1b[1m 25/100\x1b[0m \x1b[32m" CELLS_5
                                 "\x1b[0m\x1b[37m" CELLS_10 CELLS_5
                                 "\x1b[0m \x1b[1m15s\x1b[0m 200ms/step - loss: 0.2963");
    progress.drawn += 3600.0; /* just drawn: no redraw now */
    written_length = 0;
    written[0] = '\0';
    dlcore_progress_batch(&progress, 26, names, values, 1);
    assert_string_equal(written, "");
    dlcore_progress_end(&progress, names, values, 1);
    assert_string_equal(written, "\r\x1b[2K\x1b[1m100/100\x1b[0m \x1b[32m" CELLS_10 CELLS_10
                                 "\x1b[0m \x1b[1m5s\x1b[0m 50ms/step - loss: 0.2963\n");
}

static void test_progress_verbose_2_writes_one_line_per_epoch(void **state)
{
    dlcore_progress_t progress = start(2, true);

    (void)state;
    progress.sink.terminal = false;
    dlcore_progress_begin(&progress, 0, 1, 10);
    progress.began -= 30.1;
    dlcore_progress_batch(&progress, 5, names, values, 2);
    dlcore_progress_end(&progress, names, values, 2);
    assert_string_equal(written,
                        "Epoch 1/1\n10/10 - 30s - 3s/step - accuracy: 0.9134 - loss: 0.2963\n");
}

static void test_progress_verbose_0_writes_nothing(void **state)
{
    dlcore_progress_t progress = start(0, true);

    (void)state;
    dlcore_progress_begin(&progress, 0, 1, 10);
    dlcore_progress_batch(&progress, 5, names, values, 2);
    dlcore_progress_end(&progress, names, values, 2);
    assert_string_equal(written, "");
}

static void test_progress_durations_are_in_keras_units(void **state)
{
    (void)state;
    end_after(65.2, 10);
    assert_non_null(strstr(written, " 1:05 7s/step\n"));
    end_after(3661.2, 10);
    assert_non_null(strstr(written, " 1:01:01 366s/step\n"));
    end_after(5.05, 10000);
    assert_non_null(strstr(written, "us/step\n"));
}

static void test_progress_small_values_and_nan_are_written_as_keras_does(void **state)
{
    static const char *const four[] = {"d", "c", "b", "a"};
    static const double small[] = {0.001, -1.5e-7, 0.0, 0.0};
    double values_of[4];
    dlcore_progress_t progress = start(1, false);

    (void)state;
    memcpy(values_of, small, sizeof small);
    values_of[3] = fabs((double)NAN);
    dlcore_progress_begin(&progress, 0, 0, 1);
    dlcore_progress_end(&progress, four, values_of, 4);
    assert_non_null(strstr(written, " - a: nan - b: 0.0000 - c: -1.5000e-07 - d: 1.0000e-03\n"));
}

/* A dataset may have more batches than it said, or say more than there can be. */
static void test_progress_of_a_wrong_number_of_batches_tells_a_time(void **state)
{
    dlcore_progress_t progress = start(1, true);

    (void)state;
    dlcore_progress_begin(&progress, 0, 0, 3);
    progress.began -= 10.0;
    dlcore_progress_batch(&progress, 5, names, values, 2);
    assert_non_null(strstr(written, "5/5"));
    assert_non_null(strstr(written, "\x1b[1m0s\x1b[0m"));
    progress = start(1, true);
    dlcore_progress_begin(&progress, 0, 0, SIZE_MAX);
    progress.began -= 10.0;
    dlcore_progress_batch(&progress, 1, names, values, 2);
    assert_non_null(strstr(written, "277777:46:40"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_progress_off_a_terminal_writes_two_plain_lines),
        cmocka_unit_test(test_progress_on_a_terminal_redraws_in_colour),
        cmocka_unit_test(test_progress_verbose_2_writes_one_line_per_epoch),
        cmocka_unit_test(test_progress_verbose_0_writes_nothing),
        cmocka_unit_test(test_progress_durations_are_in_keras_units),
        cmocka_unit_test(test_progress_small_values_and_nan_are_written_as_keras_does),
        cmocka_unit_test(test_progress_of_a_wrong_number_of_batches_tells_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
