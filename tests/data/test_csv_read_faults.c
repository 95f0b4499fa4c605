/* CSV files of more than a block: each read failing in turn, wherever it comes; and bytes that
 * change while they are read.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/data.h"
#include "support/failing_read.h"
#include "support/idx_bytes.h"
#include "support/tensors.h"

enum { ROOM = 600 * 1024, LARGE = 300 * 1024 };

typedef struct text {
    char *text;
    size_t used;
} text_t;

static void add(text_t *text, const char *more)
{
    size_t length = strlen(more);

    assert_true(text->used + length < ROOM);
    memcpy(text->text + text->used, more, length + 1);
    text->used += length;
}

static void add_many(text_t *text, const char *more, size_t up_to)
{
    while (text->used < up_to)
        add(text, more);
}

/* Reads that one with each of its reads failing. Undisturbed it is read with that status. */
static void fail_each(const text_t *text, const dlcore_csv_options_t *options, dlcore_status whole)
{
    scratch_file("faults.csv", text->text, text->used);
    for (size_t at = 1;; at++) {
        dlcore_error_record_t error = {.message = ""};
        dlcore_csv_t *csv = NULL;
        dlcore_status status;

        read_faults = (read_faults_t){.fault_at = at, .fault = EIO};
        status = dlcore_csv_load(scratch_path("faults.csv"), options, NULL, &csv, &error);
        dlcore_csv_free(csv);
        if (read_faults.reads < at) {
            if (status != whole)
                fail_msg("%s", error.message);
            assert_in_range(at, 3, 60);
            break;
        }
        assert_failed(status, DLCORE_ERROR_IO, &error, "cannot read at byte");
    }
    read_faults = (read_faults_t){0};
}

static int make_text(void **state)
{
    text_t *text = malloc(sizeof *text);

    assert_non_null(text);
    *text = (text_t){.text = malloc(ROOM)};
    assert_non_null(text->text);
    *state = text;
    return 0;
}

static int free_text(void **state)
{
    text_t *text = *state;

    read_faults = (read_faults_t){0};
    free(text->text);
    free(text);
    return 0;
}

/* Rows are read until one has the label that may be a class. */
static void test_csv_each_failed_read_of_a_search_for_a_label_is_an_io_error(void **state)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();
    text_t *text = *state;

    options.label_kind = DLCORE_CSV_LABEL_CLASSES;
    add(text, "2019,2020,2021,2022,2023,label\n");
    add_many(text, "2.5,3.5,4.5,5.5,6.5,up\n1,2,3,4,5,down\n", LARGE);
    fail_each(text, &options, DLCORE_OK);
}

static void test_csv_each_failed_read_of_a_long_comment_is_an_io_error(void **state)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();
    text_t *text = *state;

    options.comment = '#';
    add(text, "#");
    add_many(text, " comment", LARGE / 2);
    add(text, "\n1,2 #");
    add_many(text, " comment", LARGE);
    add(text, "\n3,4\n");
    fail_each(text, &options, DLCORE_OK);
}

static void test_csv_each_failed_read_of_a_long_header_is_an_io_error(void **state)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();
    text_t *text = *state;
    size_t columns = 0;

    options.header = DLCORE_CSV_HEADER_YES;
    for (; text->used < LARGE; columns++)
        add(text, columns > 0 ? ",a name that is long" : "a name");
    add(text, "\n");
    for (size_t i = 0; i < columns; i++)
        add(text, i > 0 ? ",1" : "1");
    fail_each(text, &options, DLCORE_OK);
}

/* The file is read again for what is said of it. */
static void test_csv_each_failed_read_of_a_refusal_is_an_io_error(void **state)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();
    text_t *text = *state;

    options.label_kind = DLCORE_CSV_LABEL_CLASSES;
    add(text, "a;b\n1;2\n");
    fail_each(text, &options, DLCORE_ERROR_FORMAT);
}

/* ---- bytes that change ---- */

/* Its n-th allocation changes the bytes. */
typedef struct changer {
    size_t calls, at, live;
    char *bytes;
    const char *after;
} changer_t;

static void *allocate_and_change(void *user, size_t size)
{
    changer_t *changer = user;

    if (++changer->calls == changer->at)
        memcpy(changer->bytes, changer->after, strlen(changer->after));
    changer->live++;
    return malloc(size);
}

static void release_one(void *user, void *block)
{
    changer_t *changer = user;

    changer->live -= block != NULL;
    free(block);
}

/* Whenever it happens: right for one of the two, or an error that says so. */
static void test_csv_bytes_that_change_while_they_are_read_are_an_io_error(void **state)
{
    static const struct {
        const char *before, *after;
    } changes[] = {
        {"a,b\n1,2\n3,4\n", "abcd,2\n3,4\n\n"},    /* a longer name */
        {"a,b\n1,2\n3,4\n", "a,b\n1,2\n\n\n\n\n"}, /* fewer rows */
        {"a,b\n1,2\n\n\n\n\n", "a,b\n1,2\n3,4\n"}, /* more */
        {"a,b\n11,22\n", "a,b\n1,2\n3\n"},         /* fewer fields */
    };

    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        size_t changed = 0;

        for (size_t at = 1; at < 12; at++) {
            char bytes[32];
            changer_t changer = {.at = at, .bytes = bytes, .after = changes[i].after};
            dlcore_allocator_t allocator = {allocate_and_change, release_one, &changer};
            dlcore_csv_options_t options = dlcore_csv_options_default();
            dlcore_error_record_t error = {.message = ""};
            dlcore_csv_t *csv = NULL;
            dlcore_status status;

            options.header = DLCORE_CSV_HEADER_YES;
            assert_int_equal(strlen(changes[i].before), strlen(changes[i].after));
            memcpy(bytes, changes[i].before, strlen(changes[i].before));
            status = dlcore_csv_parse(bytes, strlen(changes[i].before), &options, &allocator, &csv,
                                      &error);
            changed += status == DLCORE_ERROR_IO;
            if (status == DLCORE_ERROR_IO)
                assert_failed(status, DLCORE_ERROR_IO, &error, "changed while it was read");
            else if (status != DLCORE_OK)
                assert_failed(status, DLCORE_ERROR_FORMAT, &error, "line 3");
            dlcore_csv_free(csv);
            assert_int_equal(changer.live, 0);
        }
        assert_true(changed > 0 || i == 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_csv_each_failed_read_of_a_search_for_a_label_is_an_io_error, make_text, free_text),
        cmocka_unit_test_setup_teardown(test_csv_each_failed_read_of_a_long_comment_is_an_io_error,
                                        make_text, free_text),
        cmocka_unit_test_setup_teardown(test_csv_each_failed_read_of_a_long_header_is_an_io_error,
                                        make_text, free_text),
        cmocka_unit_test_setup_teardown(test_csv_each_failed_read_of_a_refusal_is_an_io_error,
                                        make_text, free_text),
        cmocka_unit_test(test_csv_bytes_that_change_while_they_are_read_are_an_io_error),
    };

    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
