/* Temporary files: told from others by what the system says of them, leftovers that cannot be
 * removed, and names of any bytes.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "files/output.h"
#include "support/failing_io.h"
#include "support/folder.h"
#include "support/tensors.h"

#define LEFTOVER ".file.dlcore-0.tmp"

static int clean(void **state)
{
    (void)state;
    (void)folder_files(true);
    return 0;
}

/* ---- another file under its name ---- */

static void assert_gone(dlcore_output_t *output)
{
    dlcore_error_record_t error = {.message = ""};

    assert_failed(dlcore_output_commit(output, false, &error), DLCORE_ERROR_IO, &error,
                  "the temporary file is gone");
    dlcore_output_close(output);
    assert_false(folder_has("file"));
}

/* What was moved away still has a name, but another has its own. */
static void test_temporary_file_that_was_moved_away_is_gone(void **state)
{
    dlcore_output_t output;

    (void)state;
    assert_int_equal(dlcore_output_open(&output, NULL, folder_path("file"), NULL), DLCORE_OK);
    assert_int_equal(rename(folder_path(LEFTOVER), folder_path("moved")), 0);
    folder_write(LEFTOVER, "another's");
    assert_gone(&output);
    assert_string_equal(folder_text(LEFTOVER), "another's");
}

static int fstatat_elsewhere(void *user, dlcore_file_t folder, const char *name,
                             dlcore_file_info_t *info)
{
    int result = dlcore_system()->fstatat(NULL, folder, name, info);

    (void)user;
    info->volume++;
    return result;
}

/* Numbers of files are those of a volume. */
static void test_temporary_file_of_another_volume_is_another(void **state)
{
    dlcore_system_t system = *dlcore_system();
    dlcore_output_t output;

    (void)state;
    system.fstatat = fstatat_elsewhere;
    assert_int_equal(dlcore_output_open(&output, &system, folder_path("file"), NULL), DLCORE_OK);
    assert_gone(&output);
}

/* ---- leftovers ---- */

static dlcore_file_t openat_read_only(void *user, dlcore_file_t folder, const char *name, int how,
                                      unsigned permissions)
{
    (void)user;
    if ((how & DLCORE_FILE_WRITE) != 0 && (how & DLCORE_FILE_CREATE) == 0) {
        errno = EACCES;
        return DLCORE_FILE_NONE;
    }
    return dlcore_system()->openat(NULL, folder, name, how, permissions);
}

/* A leftover without permission to write, as another than root sees it. */
static void test_temporary_leftovers_that_can_only_be_read_are_removed(void **state)
{
    dlcore_system_t system = *dlcore_system();
    dlcore_output_t output;

    (void)state;
    system.openat = openat_read_only;
    folder_write(LEFTOVER, "left");
    assert_int_equal(dlcore_output_open(&output, &system, folder_path("file"), NULL), DLCORE_OK);
    assert_string_equal(output.temporary.name, LEFTOVER);
    dlcore_output_close(&output);
    assert_int_equal(folder_files(false), 0);
}

static void test_temporary_leftovers_that_cannot_be_removed_are_passed_by(void **state)
{
    dlcore_system_t system;
    dlcore_output_t output;
    failing_io_t io;

    (void)state;
    failing_io_init(&io);
    io.only = "unlinkat";
    io.fail_at = 1;
    io.error = EPERM;
    system = failing_io(&io);
    folder_write(LEFTOVER, "left");
    assert_int_equal(dlcore_output_open(&output, &system, folder_path("file"), NULL), DLCORE_OK);
    assert_string_equal(output.temporary.name, ".file.dlcore-1.tmp");
    dlcore_output_close(&output);
    assert_int_equal(io.failures, 1);
    assert_string_equal(folder_text(LEFTOVER), "left");
}

/* ---- names ---- */

/* Bytes that begin no character are cut as they come. */
static void test_temporary_names_that_are_no_utf8_are_cut_all_the_same(void **state)
{
    char name[201], expected[201];
    dlcore_output_t output;

    (void)state;
    memset(name, 'a', 100);
    memset(name + 100, '\x80', 100);
    name[200] = '\0';
    snprintf(expected, sizeof expected, ".%.156s.dlcore-0.tmp", name);
    if (dlcore_output_open(&output, NULL, folder_path(name), NULL) != DLCORE_OK)
        skip(); /* a file system of characters */
    assert_string_equal(output.temporary.name, expected);
    dlcore_output_close(&output);
}

/* ---- folders that cannot be flushed ---- */

static void test_output_of_a_folder_that_has_nothing_to_flush_is_written(void **state)
{
    static const int numbers[] = {EINVAL, ENOTSUP, EIO};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        dlcore_error_record_t error = {.message = ""};
        dlcore_system_t system;
        dlcore_output_t output;
        failing_io_t io;
        dlcore_status status;

        failing_io_init(&io);
        io.only = "fsync";
        io.fail_at = 2;
        io.error = numbers[i];
        system = failing_io(&io);
        assert_int_equal(dlcore_output_open(&output, &system, folder_path("file"), NULL),
                         DLCORE_OK);
        assert_int_equal(dlcore_output_write(&output, "new", 3, NULL), DLCORE_OK);
        status = dlcore_output_commit(&output, true, &error);
        if (numbers[i] == EIO)
            assert_failed(status, DLCORE_ERROR_IO, &error, "its folder could not be flushed");
        else
            assert_int_equal(status, DLCORE_OK);
        dlcore_output_close(&output);
        assert_int_equal(io.failures, 1);
        assert_string_equal(folder_text("file"), "new");
        (void)folder_files(true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_temporary_file_that_was_moved_away_is_gone, clean),
        cmocka_unit_test_teardown(test_temporary_file_of_another_volume_is_another, clean),
        cmocka_unit_test_teardown(test_temporary_leftovers_that_can_only_be_read_are_removed,
                                  clean),
        cmocka_unit_test_teardown(test_temporary_leftovers_that_cannot_be_removed_are_passed_by,
                                  clean),
        cmocka_unit_test_teardown(test_temporary_names_that_are_no_utf8_are_cut_all_the_same,
                                  clean),
        cmocka_unit_test_teardown(test_output_of_a_folder_that_has_nothing_to_flush_is_written,
                                  clean),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
