/* The record of fit: growth, look-up by name, memory, and the values of an event.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/allocator.h"
#include "fit/history.h"
#include "support/failing_allocator.h"

static const char *const names[] = {"loss", "accuracy", "val_loss"};

static void test_history_grows_and_keeps_every_row(void **state)
{
    dlcore_allocator_t allocator = dlcore_allocator_default();
    dlcore_history_t *history = dlcore_history_create(&allocator, names, 3, 1000);

    (void)state;
    assert_non_null(history);
    assert_int_equal(dlcore_history_epoch_count(history), 0);
    for (int i = 0; i < 300; i++)
        assert_true(dlcore_history_append(history, (double[]){i, i + 0.25, -i}));
    assert_int_equal(dlcore_history_epoch_count(history), 300);
    assert_int_equal(dlcore_history_value_count(history), 3);
    for (size_t i = 0; i < 300; i++) {
        assert_true(dlcore_history_value(history, "loss", i) == (double)i);
        assert_true(dlcore_history_value(history, "accuracy", i) == (double)i + 0.25);
        assert_true(dlcore_history_value(history, "val_loss", i) == -(double)i);
    }
    assert_int_equal(dlcore_history_first_epoch(history), 0);
    history->first_epoch = 9;
    assert_int_equal(dlcore_history_first_epoch(history), 9);
    dlcore_history_free(history);
}

static void test_history_answers_what_is_not_there_with_nothing(void **state)
{
    dlcore_allocator_t allocator = dlcore_allocator_default();
    dlcore_history_t *history = dlcore_history_create(&allocator, names, 3, 0);

    (void)state;
    assert_true(isnan(dlcore_history_value(history, "loss", 0)));
    assert_true(dlcore_history_append(history, (double[]){1.0, 2.0, 3.0}));
    assert_true(isnan(dlcore_history_value(history, "loss", 1)));
    assert_true(isnan(dlcore_history_value(history, "val_accuracy", 0)));
    assert_true(isnan(dlcore_history_value(history, NULL, 0)));
    assert_string_equal(dlcore_history_name(history, 2), "val_loss");
    assert_null(dlcore_history_name(history, 3));
    assert_false(dlcore_history_stopped(history));
    history->stopped = true;
    assert_true(dlcore_history_stopped(history));
    dlcore_history_free(history);
}

static void test_history_null_is_an_empty_record(void **state)
{
    (void)state;
    assert_int_equal(dlcore_history_epoch_count(NULL), 0);
    assert_int_equal(dlcore_history_first_epoch(NULL), 0);
    assert_int_equal(dlcore_history_value_count(NULL), 0);
    assert_null(dlcore_history_name(NULL, 0));
    assert_true(isnan(dlcore_history_value(NULL, "loss", 0)));
    assert_false(dlcore_history_stopped(NULL));
    dlcore_history_free(NULL);
}

static void test_history_without_memory_keeps_its_rows_and_leaks_nothing(void **state)
{
    failing_allocator_t memory;
    dlcore_allocator_t allocator;
    dlcore_history_t *history;

    (void)state;
    for (size_t at = 1; at <= 2; at++) {
        failing_allocator_init(&memory);
        memory.fail_at = at;
        allocator = failing_allocator(&memory);
        assert_null(dlcore_history_create(&allocator, names, 3, 1));
        failing_allocator_assert_clean(&memory);
    }
    failing_allocator_init(&memory);
    memory.fail_at = 3; /* growing from one row to two */
    allocator = failing_allocator(&memory);
    history = dlcore_history_create(&allocator, names, 3, 1);
    assert_true(dlcore_history_append(history, (double[]){1.0, 2.0, 3.0}));
    assert_false(dlcore_history_append(history, (double[]){4.0, 5.0, 6.0}));
    assert_int_equal(dlcore_history_epoch_count(history), 1);
    assert_true(dlcore_history_value(history, "val_loss", 0) == 3.0);
    assert_true(dlcore_history_append(history, (double[]){7.0, 8.0, 9.0}));
    assert_true(dlcore_history_value(history, "accuracy", 1) == 8.0);
    dlcore_history_free(history);
    failing_allocator_assert_clean(&memory);
}

static void test_history_training_value_finds_names_of_an_event(void **state)
{
    const double values[] = {0.5, 0.75, 0.25};
    dlcore_training_event_t event = {.value_count = 2, .names = names, .values = values};

    (void)state;
    assert_true(dlcore_training_value(&event, "accuracy") == 0.75);
    assert_true(isnan(dlcore_training_value(&event, "val_loss"))); /* beyond the count */
    assert_true(isnan(dlcore_training_value(&event, NULL)));
    assert_true(isnan(dlcore_training_value(NULL, "loss")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_history_grows_and_keeps_every_row),
        cmocka_unit_test(test_history_answers_what_is_not_there_with_nothing),
        cmocka_unit_test(test_history_null_is_an_empty_record),
        cmocka_unit_test(test_history_without_memory_keeps_its_rows_and_leaks_nothing),
        cmocka_unit_test(test_history_training_value_finds_names_of_an_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
