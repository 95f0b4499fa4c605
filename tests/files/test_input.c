/* Reading regular files and memory alike.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "files/file_path.h"
#include "files/input.h"
#include "support/idx_bytes.h"
#include "support/posix.h"
#include "support/tensors.h"

static void assert_reads(dlcore_input_t *input, size_t want, const char *expected)
{
    char text[64];
    size_t got = 99;

    memset(text, 0, sizeof text);
    assert_int_equal(dlcore_input_read(input, text, want, &got, NULL), DLCORE_OK);
    assert_int_equal(got, strlen(expected));
    assert_string_equal(text, expected);
}

static void assert_reads_alphabet(dlcore_input_t *input)
{
    assert_int_equal(input->size, 26);
    assert_reads(input, 3, "abc");
    assert_reads(input, 0, "");
    assert_reads(input, 2, "de");
    input->position = 1;
    assert_reads(input, 3, "bcd");
    assert_reads(input, 60, "efghijklmnopqrstuvwxyz");
    assert_reads(input, 60, "");
    dlcore_input_close(input);
    dlcore_input_close(input);
}

static void test_input_reads_files_and_memory_alike(void **state)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz";
    dlcore_input_t input;

    (void)state;
    dlcore_input_from_memory(&input, alphabet, 26, "letters");
    assert_string_equal(input.name, "letters");
    assert_reads_alphabet(&input);
    assert_int_equal(dlcore_input_open(&input, scratch_file("letters", alphabet, 26), NULL),
                     DLCORE_OK);
    assert_reads_alphabet(&input);
}

static void test_input_beside_a_file_is_a_plain_name_and_no_link(void **state)
{
    static const char *const names[] = {"", ".", "..", "a/b", "/etc/passwd", "a\\b", "c:d"};
    const char *letters = scratch_file("letters", "abc", 3);
    char link[512];
    dlcore_error_record_t error = {.message = ""};
    dlcore_input_t input;

    (void)state;
    memset(&input, 0xA5, sizeof input); /* as new memory may be */
    assert_int_equal(dlcore_input_open_beside(&input, letters, "letters", &error), DLCORE_OK);
    assert_reads(&input, 3, "abc");
    dlcore_input_close(&input);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_failed(dlcore_input_open_beside(&input, letters, names[i], &error),
                      DLCORE_ERROR_UNSUPPORTED, &error, "plain name");
    assert_failed(dlcore_input_open_beside(&input, letters, "nothing", &error), DLCORE_ERROR_IO,
                  &error, "nothing: cannot open");
    assert_failed(dlcore_input_open_beside(&input, "no folder/letters", "letters", &error),
                  DLCORE_ERROR_IO, &error, "no folder");
    snprintf(link, sizeof link, "%s.link", letters);
    assert_int_equal(symlink(letters, link), 0);
    assert_failed(dlcore_input_open_beside(&input, letters, strrchr(link, '/') + 1, &error),
                  DLCORE_ERROR_IO, &error, "is a link");
    assert_int_equal(unlink(link), 0);
}

/* A path without a folder is one in the current folder. */
static void test_input_beside_any_path_is_in_its_folder(void **state)
{
    char path[DLCORE_PATH_SIZE + 8];
    dlcore_error_record_t error = {.message = ""};
    dlcore_input_t input;

    (void)state;
    assert_failed(dlcore_input_open_beside(&input, "letters", "no such file", &error),
                  DLCORE_ERROR_IO, &error, "no such file: cannot open");
    memset(path, 'a', DLCORE_PATH_SIZE);
    strcpy(path + DLCORE_PATH_SIZE, "/b");
    assert_failed(dlcore_input_open_beside(&input, path, "letters", &error),
                  DLCORE_ERROR_UNSUPPORTED, &error, "a path of 2049 bytes is too long");
}

static void test_input_of_an_empty_path_says_so(void **state)
{
    dlcore_error_record_t error = {0};
    dlcore_input_t input;

    (void)state;
    assert_int_equal(dlcore_input_open(&input, "", &error), DLCORE_ERROR_IO);
    assert_non_null(strstr(error.message, "the path is empty: cannot open"));
}

static void test_input_follows_links_to_files(void **state)
{
    char target[512];
    dlcore_input_t input;

    (void)state;
    strcpy(target, scratch_file("target", "text", 4));
    assert_int_equal(symlink(target, scratch_path("link")), 0);
    assert_int_equal(dlcore_input_open(&input, scratch_path("link"), NULL), DLCORE_OK);
    assert_reads(&input, 10, "text");
    dlcore_input_close(&input);
}

static void test_input_does_not_read_what_a_file_grows_by(void **state)
{
    dlcore_input_t input;

    (void)state;
    assert_int_equal(dlcore_input_open(&input, scratch_file("growing", "one", 3), NULL), DLCORE_OK);
    scratch_file("growing", "one two", 7);
    assert_reads(&input, 10, "one");
    dlcore_input_close(&input);
}

static void test_input_of_a_file_that_shrinks_is_an_io_error(void **state)
{
    dlcore_error_record_t error;
    char text[8] = "";
    size_t got;
    const char *path = scratch_file("shrinking", "one two", 7);
    dlcore_input_t input;

    (void)state;
    assert_int_equal(dlcore_input_open(&input, path, NULL), DLCORE_OK);
    assert_int_equal(truncate(path, 3), 0);
    assert_failed(dlcore_input_read(&input, text, 7, &got, &error), DLCORE_ERROR_IO, &error,
                  "shrinking: ends at byte 3, had 7 when it was opened");
    assert_int_equal(got, 3);
    dlcore_input_close(&input);
}

static void test_input_failing_to_read_names_the_place(void **state)
{
    dlcore_error_record_t error;
    dlcore_input_t input;
    char text[8];
    size_t got;

    (void)state;
    assert_int_equal(dlcore_input_open(&input, scratch_file("closed", "one two", 7), NULL),
                     DLCORE_OK);
    assert_reads(&input, 4, "one ");
    assert_int_equal(dlcore_system()->close(dlcore_system()->user, input.file), 0);
    assert_failed(dlcore_input_read(&input, text, 3, &got, &error), DLCORE_ERROR_IO, &error,
                  "cannot read at byte 4: Bad file descriptor");
    assert_int_equal(got, 0);
    input.file = DLCORE_FILE_NONE;
    assert_failed(dlcore_input_read(&input, text, 3, &got, NULL), DLCORE_ERROR_IO,
                  &(dlcore_error_record_t){.status = DLCORE_ERROR_IO}, "");
}

static void test_input_that_cannot_be_opened_says_why(void **state)
{
    dlcore_error_record_t error;
    dlcore_input_t input;

    (void)state;
    assert_failed(dlcore_input_open(&input, "/no/such/file.idx", &error), DLCORE_ERROR_IO, &error,
                  "/no/such/file.idx: cannot open: No such file or directory");
    assert_false(dlcore_file_is_open(input.file));
    assert_failed(dlcore_input_open(&input, "", &error), DLCORE_ERROR_IO, &error,
                  "No such file or directory");
    assert_failed(dlcore_input_open(&input, "/", &error), DLCORE_ERROR_IO, &error,
                  "/: cannot read: Is a directory");
    assert_false(dlcore_file_is_open(input.file));
}

/* Neither waits for a writer nor reads without end. */
static void test_input_refuses_pipes_and_devices(void **state)
{
    const char *pipe = scratch_path("pipe");
    dlcore_error_record_t error;
    dlcore_input_t input;

    (void)state;
    assert_int_equal(mkfifo(pipe, 0600), 0);
    assert_failed(dlcore_input_open(&input, pipe, &error), DLCORE_ERROR_IO, &error,
                  "pipe: not a regular file");
    assert_failed(dlcore_input_open(&input, "/dev/zero", &error), DLCORE_ERROR_IO, &error,
                  "/dev/zero: not a regular file");
    assert_false(dlcore_file_is_open(input.file));
}

static void test_input_without_permission_says_so(void **state)
{
    const char *path = scratch_file("secret", "text", 4);
    dlcore_error_record_t error;
    dlcore_input_t input;

    (void)state;
    assert_int_equal(chmod(path, 0), 0);
    if (!HAS_PERMISSIONS || geteuid() == 0)
        skip(); /* nothing is forbidden */
    assert_failed(dlcore_input_open(&input, path, &error), DLCORE_ERROR_IO, &error,
                  "Permission denied");
}

/* The reason stays in the message, and the end of the path, which tells more than its start. */
static void test_input_long_path_keeps_its_end_and_the_reason(void **state)
{
    char path[600];
    dlcore_error_record_t error;
    dlcore_input_t input;

    (void)state;
    memset(path, 'x', sizeof path);
    for (size_t i = 0; i < sizeof path; i += 50)
        path[i] = '/';
    strcpy(path + sizeof path - 9, "last.idx");
    assert_failed(dlcore_input_open(&input, path, &error), DLCORE_ERROR_IO, &error,
                  "xlast.idx: cannot open: No such file or directory");
    assert_int_equal(strlen(input.name), DLCORE_SHOWN_PATH_SIZE - 1);
    assert_memory_equal(error.message, "...", 3);
    assert_string_equal(input.name + 3, path + strlen(path) - (DLCORE_SHOWN_PATH_SIZE - 4));

    /* one that just fits is whole */
    path[DLCORE_SHOWN_PATH_SIZE - 1] = '\0';
    dlcore_input_from_memory(&input, path, 1, path);
    assert_string_equal(input.name, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_input_reads_files_and_memory_alike),
        cmocka_unit_test(test_input_beside_a_file_is_a_plain_name_and_no_link),
        cmocka_unit_test(test_input_beside_any_path_is_in_its_folder),
        cmocka_unit_test(test_input_of_an_empty_path_says_so),
        cmocka_unit_test(test_input_follows_links_to_files),
        cmocka_unit_test(test_input_does_not_read_what_a_file_grows_by),
        cmocka_unit_test(test_input_of_a_file_that_shrinks_is_an_io_error),
        cmocka_unit_test(test_input_failing_to_read_names_the_place),
        cmocka_unit_test(test_input_that_cannot_be_opened_says_why),
        cmocka_unit_test(test_input_refuses_pipes_and_devices),
        cmocka_unit_test(test_input_without_permission_says_so),
        cmocka_unit_test(test_input_long_path_keeps_its_end_and_the_reason),
    };

    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
