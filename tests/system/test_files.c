/* The table of file calls: what it knows of files, how it opens them, and that it keeps errno's
 * promises.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "support/folder.h"
#include "support/posix.h"
#include "system/files.h"

static const dlcore_system_t *files;
static void *user;

static int set_up(void **state)
{
    files = dlcore_system();
    user = files->user;
    return folder_make(state);
}

static void close_file(dlcore_file_t file)
{
    assert_true(dlcore_file_is_open(file));
    assert_int_equal(files->close(user, file), 0);
}

static void test_files_open_makes_only_what_is_new(void **state)
{
    const int how = DLCORE_FILE_WRITE | DLCORE_FILE_CREATE | DLCORE_FILE_NEW;
    const char *path = folder_path("new");
    dlcore_file_info_t info;

    (void)state;
    assert_false(dlcore_file_is_open(files->open(user, path, DLCORE_FILE_READ, 0)));
    assert_int_equal(errno, ENOENT);
    close_file(files->open(user, path, how, 0640));
    assert_false(dlcore_file_is_open(files->open(user, path, how, 0640)));
    assert_int_equal(errno, EEXIST);
    assert_int_equal(files->fstatat(user, DLCORE_FILE_HERE, path, &info), 0);
    assert_int_equal(info.kind, DLCORE_FILE_IS_REGULAR);
    assert_int_equal(HAS_PERMISSIONS ? info.permissions & ~0640u : 0, 0);
    assert_int_equal(info.size, 0);
    assert_int_equal(info.names, 1);
}

static void test_files_append_writes_behind_what_is_there(void **state)
{
    dlcore_file_t file;
    char text[8] = "";

    (void)state;
    folder_write("log", "one");
    file = files->open(user, folder_path("log"), DLCORE_FILE_WRITE | DLCORE_FILE_APPEND, 0);
    assert_int_equal(files->write(user, file, "two", 3), 3);
    assert_int_equal(files->pread(user, file, text, 1, 0), -1); /* only for writing */
    close_file(file);
    file = files->open(user, folder_path("log"), DLCORE_FILE_READ | DLCORE_FILE_WRITE, 0);
    assert_int_equal(files->pread(user, file, text, 7, 1), 5);
    assert_memory_equal(text, "netwo", 5);
    assert_int_equal(files->ftruncate(user, file, 2), 0);
    assert_int_equal(files->pread(user, file, text, 7, 2), 0);
    close_file(file);
}

static void test_files_links_are_told_and_refused(void **state)
{
    dlcore_file_info_t info, of_file;
    char target[64];

    (void)state;
    folder_write("target", "x");
    assert_int_equal(symlink("target", folder_path("link")), 0);
    assert_int_equal(files->fstatat(user, DLCORE_FILE_HERE, folder_path("link"), &info), 0);
    assert_int_equal(info.kind, DLCORE_FILE_IS_OTHER);
    assert_int_equal(files->fstatat(user, DLCORE_FILE_HERE, folder_path("target"), &of_file), 0);
    assert_true(info.number != of_file.number);
    assert_int_equal(files->readlink(user, folder_path("link"), target, sizeof target), 6);
    assert_memory_equal(target, "target", 6);
    assert_int_equal(files->readlink(user, folder_path("target"), target, sizeof target), -1);
    assert_int_equal(errno, EINVAL);
    assert_false(dlcore_file_is_open(
        files->open(user, folder_path("link"), DLCORE_FILE_READ | DLCORE_FILE_NO_LINK, 0)));
    close_file(files->open(user, folder_path("link"), DLCORE_FILE_READ, 0));
}

static void test_files_folders_are_opened_and_renamed_within(void **state)
{
    const int how = DLCORE_FILE_READ | DLCORE_FILE_FOLDER;
    dlcore_file_info_t info;
    dlcore_file_t folder;

    (void)state;
    folder_write("from", "x");
    assert_false(dlcore_file_is_open(files->open(user, folder_path("from"), how, 0)));
    folder = files->open(user, folder_path("."), how, 0);
    assert_int_equal(files->fstat(user, folder, &info), 0);
    assert_int_equal(info.kind, DLCORE_FILE_IS_FOLDER);
    assert_int_equal(files->renameat(user, folder, "from", "to"), 0);
    close_file(files->openat(user, folder, "to", DLCORE_FILE_READ, 0));
    assert_int_equal(files->unlinkat(user, folder, "to"), 0);
    assert_int_equal(files->unlinkat(user, folder, "to"), -1);
    assert_int_equal(errno, ENOENT);
    close_file(folder);
}

static void test_files_lock_is_one_and_goes_with_its_copies(void **state)
{
    dlcore_file_t first, second, copy;

    (void)state;
    folder_write("locked", "x");
    first = files->open(user, folder_path("locked"), DLCORE_FILE_WRITE, 0);
    second = files->open(user, folder_path("locked"), DLCORE_FILE_WRITE, 0);
    copy = files->dup(user, first);
    assert_int_equal(files->lock(user, first), 0);
    assert_int_equal(files->lock(user, second), -1);
    assert_int_equal(errno, EWOULDBLOCK);
    close_file(first);
    assert_int_equal(files->lock(user, second), -1); /* the copy holds it */
    close_file(copy);
    assert_int_equal(files->lock(user, second), 0);
    close_file(second);
}

static void test_files_without_waiting_a_pipe_opens_at_once(void **state)
{
    dlcore_file_t file;
    dlcore_file_info_t info;

    (void)state;
    assert_int_equal(mkfifo(folder_path("pipe"), 0600), 0);
    file = files->open(user, folder_path("pipe"), DLCORE_FILE_READ | DLCORE_FILE_NO_WAITING, 0);
    assert_int_equal(files->fstat(user, file, &info), 0);
    assert_int_equal(info.kind, DLCORE_FILE_IS_OTHER);
    close_file(file);
}

/* Beyond the code page of any system, and beyond 16 bits. */
static void test_files_names_are_utf8(void **state)
{
    static const char name[] = "gr\xc3\xb6\xc3\x9f"
                               "e-\xe6\xa8\xa1-\xf0\x9f\x98\x80";
    const int how = DLCORE_FILE_WRITE | DLCORE_FILE_CREATE | DLCORE_FILE_NEW;
    dlcore_file_t folder = files->open(user, folder_path("."), DLCORE_FILE_FOLDER, 0);
    dlcore_file_info_t by_path, by_name;

    (void)state;
    close_file(files->openat(user, folder, name, how, 0600));
    assert_int_equal(files->fstatat(user, DLCORE_FILE_HERE, folder_path(name), &by_path), 0);
    assert_int_equal(files->fstatat(user, folder, name, &by_name), 0);
    assert_true(by_path.number == by_name.number && by_path.volume == by_name.volume);
    assert_int_equal(files->renameat(user, folder, name, "plain"), 0);
    assert_int_equal(files->renameat(user, folder, "plain", name), 0);
    assert_int_equal(files->unlinkat(user, folder, name), 0);
    close_file(folder);
}

/* The old file is there until the new one is, also while somebody reads it. */
static void test_files_rename_replaces_what_is_open(void **state)
{
    dlcore_file_t folder, reader;
    char text[4] = "";

    (void)state;
    folder_write("old", "old");
    folder_write("new", "new");
    folder = files->open(user, folder_path("."), DLCORE_FILE_READ | DLCORE_FILE_FOLDER, 0);
    reader = files->open(user, folder_path("old"), DLCORE_FILE_READ, 0);
    if (files->renameat(user, folder, "new", "old") != 0) { /* Windows before 10, and wine */
        assert_false(HAS_PERMISSIONS);
        assert_int_equal(errno, EACCES);
        assert_string_equal(folder_text("old"), "old");
        close_file(reader);
        assert_int_equal(files->renameat(user, folder, "new", "old"), 0);
    } else {
        assert_int_equal(files->pread(user, reader, text, 3, 0), 3);
        assert_string_equal(text, "old");
        close_file(reader);
    }
    assert_string_equal(folder_text("old"), "new");
    assert_false(folder_has("new"));
    close_file(folder);
}

/* Of devices, and those that paths could not name. */
static void test_files_names_that_windows_does_not_have_are_refused(void **state)
{
    static const char *const names[] = {"nul", "COM1", "point.", "space ", ""};
    const int how = DLCORE_FILE_WRITE | DLCORE_FILE_CREATE;
    dlcore_file_t folder = files->open(user, folder_path("."), DLCORE_FILE_FOLDER, 0);
    size_t before = folder_files(false);

    (void)state;
    if (HAS_PERMISSIONS)
        skip();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_false(dlcore_file_is_open(files->openat(user, folder, names[i], how, 0600)));
        assert_int_equal(errno, EINVAL);
    }
    assert_false(dlcore_file_is_open(files->openat(user, folder, "\xff", how, 0600)));
    assert_int_equal(errno, EILSEQ);
    assert_int_equal(folder_files(false), before);
    close_file(folder);
}

/* Seconds since 1970 have 32 bits by default where pointers have. */
static void test_files_of_later_than_2038_are_read(void **state)
{
    dlcore_file_info_t info;
    dlcore_file_t file;

    (void)state;
    folder_write("late", "1234");
#if defined(_WIN32)
    skip();
#else
    struct timespec times[2] = {{.tv_sec = 2208988800}, {.tv_sec = 2208988800}}; /* 2040 */

    assert_int_equal(utimensat(AT_FDCWD, folder_path("late"), times, 0), 0);
#endif
    assert_int_equal(files->fstatat(user, DLCORE_FILE_HERE, folder_path("late"), &info), 0);
    assert_int_equal(info.size, 4);
    file = files->open(user, folder_path("late"), DLCORE_FILE_READ, 0);
    assert_int_equal(files->fstat(user, file, &info), 0);
    assert_int_equal(info.size, 4);
    close_file(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_open_makes_only_what_is_new),
        cmocka_unit_test(test_files_append_writes_behind_what_is_there),
        cmocka_unit_test(test_files_links_are_told_and_refused),
        cmocka_unit_test(test_files_folders_are_opened_and_renamed_within),
        cmocka_unit_test(test_files_lock_is_one_and_goes_with_its_copies),
        cmocka_unit_test(test_files_without_waiting_a_pipe_opens_at_once),
        cmocka_unit_test(test_files_names_are_utf8),
        cmocka_unit_test(test_files_rename_replaces_what_is_open),
        cmocka_unit_test(test_files_names_that_windows_does_not_have_are_refused),
        cmocka_unit_test(test_files_of_later_than_2038_are_read),
    };

    return cmocka_run_group_tests(tests, set_up, folder_remove);
}
