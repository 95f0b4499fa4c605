/* Where a run stands, through JSON and back: at the limits, and from texts that lie.
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

#include "dlcore/tensor.h"
#include "store/run_state_json.h"
#include "support/size_text.h"

/* The text of a record, or with `text` that text, read. */
static dlcore_status read_text(const char *text, size_t size, dlcore_run_state_t **read,
                               dlcore_error_record_t *error)
{
    dlcore_allocator_t allocator = dlcore_allocator_default();
    dlcore_json_problem_t problem;
    dlcore_json_t whole, run;

    assert_true(dlcore_json_check(text, size, &whole, &problem));
    assert_true(dlcore_json_member(&whole, "run", &run));
    return dlcore_run_state_read(&run, "file", &allocator, read, error);
}

static dlcore_run_state_t *round_trip(const dlcore_run_state_t *state)
{
    char text[4096];
    dlcore_json_writer_t writer = dlcore_json_writer(text, sizeof text);
    dlcore_error_record_t error = {0};
    dlcore_run_state_t *read = NULL;

    dlcore_json_open(&writer, NULL, '{');
    dlcore_run_state_put(&writer, state);
    dlcore_json_close(&writer, '}');
    assert_true(writer.size <= sizeof text);
    if (read_text(text, writer.size, &read, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    assert_non_null(read);
    return read;
}

static void test_run_state_json_of_the_largest_sizes_comes_back(void **state)
{
    dlcore_allocator_t allocator = dlcore_allocator_default();
    double sums[] = {NAN, BY_SIZE(0x1p53, 0x1p31), -0.0};
    float weight = 0.0f;
    dlcore_run_state_t run = {.position = {.epoch = SIZE_MAX - 6,
                                           .batch = SIZE_MAX - 1,
                                           .begun = true,
                                           .pass = SIZE_MAX - 2,
                                           .pass_batch = SIZE_MAX - 3,
                                           .pass_begun = true,
                                           .samples = SIZE_MAX - 4,
                                           .batch_size = SIZE_MAX - 5},
                              .sums = sums,
                              .sum_count = 3,
                              .value_count = SIZE_MAX,
                              .weights = &weight};
    dlcore_run_state_t *read = round_trip(&run);

    (void)state;
    assert_int_equal(read->position.epoch, SIZE_MAX - 6);
    assert_int_equal(read->position.batch, SIZE_MAX - 1);
    assert_int_equal(read->position.pass, SIZE_MAX - 2);
    assert_int_equal(read->position.pass_batch, SIZE_MAX - 3);
    assert_int_equal(read->position.samples, SIZE_MAX - 4);
    assert_int_equal(read->position.batch_size, SIZE_MAX - 5);
    assert_true(read->position.begun && read->position.pass_begun);
    assert_memory_equal(read->sums, sums, sizeof sums);
    assert_int_equal(read->value_count, SIZE_MAX);
    assert_int_equal(read->rows, 0);
    assert_true(read->has_weights);
    assert_null(read->weights);
    dlcore_run_state_free(&allocator, read);
}

static void test_run_state_json_of_callbacks_comes_back_to_the_bit(void **state)
{
    dlcore_allocator_t allocator = dlcore_allocator_default();
    double sums[] = {1.0, 8.0}, history[] = {0.1, NAN, 1e-310, -INFINITY}, numbers[40];
    float weight = 0.0f;
    dlcore_callback_state_t callbacks[] = {
        {.name = "many", .numbers = numbers, .count = 40, .weights = &weight},
        {.name = "none", .count = 0}};
    dlcore_run_state_t run = {.sums = sums,
                              .sum_count = 2,
                              .history = history,
                              .rows = 2,
                              .value_count = 2,
                              .callbacks = callbacks,
                              .callback_count = 2};
    dlcore_run_state_t *read;

    (void)state;
    for (int i = 0; i < 40; i++)
        numbers[i] = (double)i / 7.0;
    read = round_trip(&run);
    assert_int_equal(read->rows, 2);
    assert_memory_equal(read->history, history, sizeof history);
    assert_int_equal(read->callback_count, 2);
    assert_string_equal(read->callbacks[0].name, "many");
    assert_int_equal(read->callbacks[0].count, 40);
    assert_memory_equal(read->callbacks[0].numbers, numbers, sizeof numbers);
    assert_true(read->callbacks[0].has_weights && !read->callbacks[1].has_weights);
    assert_false(read->has_weights); /* the model's are the run's */
    dlcore_run_state_free(&allocator, read);
}

#define RUN(members) "{\"run\":{" members "}}"
#define NUMBERS                                                        \
    "\"sums\":[\"00000000000000000000000000000000\"],\"values\":\"1\"" \
    ",\"history\":[],\"begun\":false,\"pass_begun\":false"

static void test_run_state_json_that_lies_is_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } hostile[] = {
        {RUN(NUMBERS ",\"epoch\":\"18446744073709551616\""), "epoch is not a whole number up to"},
        {RUN(NUMBERS ",\"batch_size\":\"-1\""), "batch_size is not a whole number"},
        {RUN(NUMBERS ",\"weights\":1"), "a truth value is missing"},
        {RUN(NUMBERS ",\"weights\":true,\"weights\":true"), "there twice"},
        {RUN(NUMBERS ",\"callbacks\":[{\"name\":\"a\",\"state\":[\"0\"],\"weights\":false}]"),
         "the state of a callback is malformed"},
        {RUN("\"values\":\"0\",\"sums\":[],\"history\":[]"), "the numbers of the run"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        dlcore_error_record_t error = {0};
        dlcore_run_state_t *read = NULL;

        assert_int_equal(read_text(hostile[i].text, strlen(hostile[i].text), &read, &error),
                         DLCORE_ERROR_FORMAT);
        if (strstr(error.message, hostile[i].message) == NULL)
            fail_msg("\"%s\", not \"%s\"", error.message, hostile[i].message);
        assert_null(read);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run_state_json_of_the_largest_sizes_comes_back),
        cmocka_unit_test(test_run_state_json_of_callbacks_comes_back_to_the_bit),
        cmocka_unit_test(test_run_state_json_that_lies_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
