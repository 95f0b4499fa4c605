/* Paths: names, ends for messages, and what links mean.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "files/file_path.h"
#include "support/folder.h"
#include "support/posix.h"

static void test_file_path_name_is_what_follows_the_last_slash(void **state)
{
    (void)state;
    assert_string_equal(dlcore_path_name("a/b/c.txt"), "c.txt");
    assert_string_equal(dlcore_path_name("c.txt"), "c.txt");
    assert_string_equal(dlcore_path_name("a/"), "");
    assert_string_equal(dlcore_path_name(""), "");
}

static void expect(const char *path, const char *expected)
{
    char resolved[DLCORE_PATH_SIZE];
    dlcore_error_record_t error = {0};

    assert_int_equal(dlcore_path_resolve(dlcore_system(), path, resolved, &error), DLCORE_OK);
    assert_string_equal(resolved, expected);
}

static void make_link(const char *target, const char *name)
{
    assert_int_equal(symlink(target, folder_path(name)), 0);
}

static void test_file_path_resolve_without_a_link_is_the_same(void **state)
{
    (void)state;
    folder_write("plain", "x");
    expect(folder_path("plain"), folder_path("plain"));
    expect(folder_path("not there"), folder_path("not there"));
}

static void test_file_path_resolve_follows_links_in_their_folder(void **state)
{
    (void)state;
    make_link("second", "first");
    make_link("end", "second");
    expect(folder_path("first"), folder_path("end"));
    make_link("/absolute/place", "away");
    expect(folder_path("away"), "/absolute/place");
}

static void test_file_path_resolve_links_in_a_circle_are_an_error(void **state)
{
    char resolved[DLCORE_PATH_SIZE];
    dlcore_error_record_t error = {0};

    (void)state;
    make_link("pong", "ping");
    make_link("ping", "pong");
    assert_int_equal(dlcore_path_resolve(dlcore_system(), folder_path("ping"), resolved, &error),
                     DLCORE_ERROR_IO);
    assert_non_null(strstr(error.message, "ping: cannot write: "));
}

static void test_file_path_resolve_too_long_is_an_error(void **state)
{
    char path[DLCORE_PATH_SIZE + 1], resolved[DLCORE_PATH_SIZE];
    dlcore_error_record_t error = {0};

    (void)state;
    memset(path, 'a', DLCORE_PATH_SIZE);
    path[DLCORE_PATH_SIZE] = '\0';
    assert_int_equal(dlcore_path_resolve(dlcore_system(), path, resolved, &error), DLCORE_ERROR_IO);
    assert_non_null(strstr(error.message, "cannot write: "));
}

static void test_file_path_resolve_of_an_empty_path_says_so(void **state)
{
    char resolved[DLCORE_PATH_SIZE];
    dlcore_error_record_t error = {0};

    (void)state;
    assert_int_equal(dlcore_path_resolve(dlcore_system(), "", resolved, &error), DLCORE_ERROR_IO);
    assert_non_null(strstr(error.message, "the path is empty: cannot write"));
}

static void test_file_path_resolve_a_link_to_what_is_too_long_is_an_error(void **state)
{
    char target[DLCORE_PATH_SIZE - 1], resolved[DLCORE_PATH_SIZE];
    dlcore_error_record_t error = {0};

    (void)state;
    memset(target, 'a', sizeof target - 1);
    target[sizeof target - 1] = '\0';
    make_link(target, "long");
    assert_int_equal(dlcore_path_resolve(dlcore_system(), folder_path("long"), resolved, &error),
                     DLCORE_ERROR_IO);
    assert_non_null(strstr(error.message, "cannot follow the link: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_path_name_is_what_follows_the_last_slash),
        cmocka_unit_test(test_file_path_resolve_without_a_link_is_the_same),
        cmocka_unit_test(test_file_path_resolve_follows_links_in_their_folder),
        cmocka_unit_test(test_file_path_resolve_links_in_a_circle_are_an_error),
        cmocka_unit_test(test_file_path_resolve_too_long_is_an_error),
        cmocka_unit_test(test_file_path_resolve_of_an_empty_path_says_so),
        cmocka_unit_test(test_file_path_resolve_a_link_to_what_is_too_long_is_an_error),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
