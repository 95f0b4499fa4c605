/* Files that are replaced whole or not at all: every system call failing in turn, links,
 * permissions, and what is in the way.
 *
 * SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* POSIX, and setgroups */

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "files/output.h"
#include "support/failing_io.h"
#include "support/posix.h"
#include "support/tensors.h"

static char folder[] = "/tmp/dlcore-output-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

/* Visits the files of the folder; with `removes` they go. Answers how many there are. */
static size_t files(bool removes)
{
    DIR *directory = opendir(folder);
    struct dirent *entry;
    size_t count = 0;
    char path[512];

    assert_non_null(directory);
    while ((entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        count++;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (removes && remove(path) != 0)
            fail_msg("%s stays", path);
    }
    closedir(directory);
    return count;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)files(true);
    return rmdir(folder);
}

static const char *path_of(const char *name)
{
    static char path[512];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put_file(const char *name, const char *content)
{
    FILE *file = fopen(path_of(name), "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, strlen(content), file), strlen(content));
    assert_int_equal(fclose(file), 0);
}

static void assert_content(const char *name, const char *content)
{
    char text[64] = "";
    FILE *file = fopen(path_of(name), "rb");

    assert_non_null(file);
    assert_int_equal(fread(text, 1, sizeof text, file), strlen(content));
    assert_memory_equal(text, content, strlen(content));
    fclose(file);
}

/* Writes "new content" in two pieces. */
static dlcore_status save(failing_io_t *io, const char *path, bool sync,
                          dlcore_error_record_t *error)
{
    dlcore_system_t system = failing_io(io);
    dlcore_output_t output;
    dlcore_status status = dlcore_output_open(&output, &system, path, error);

    if (status != DLCORE_OK)
        return status;
    status = dlcore_output_write(&output, "new ", 4, error);
    if (status == DLCORE_OK)
        status = dlcore_output_write(&output, "content", 7, error);
    if (status == DLCORE_OK)
        status = dlcore_output_commit(&output, sync, error);
    dlcore_output_close(&output);
    return status;
}

static void test_output_makes_and_replaces_files(void **state)
{
    dlcore_error_record_t error;
    failing_io_t io;

    (void)state;
    for (int i = 0; i < 2; i++) {
        failing_io_init(&io);
        assert_int_equal(save(&io, path_of("plain"), i == 0, &error), DLCORE_OK);
        assert_content("plain", "new content");
        assert_int_equal(io.opened, io.closed);
        assert_int_equal(io.synced, i == 0 ? 2 : 0); /* the file, then its folder */
        put_file("plain", "old");
    }
    assert_int_equal(files(true), 1);
}

/* One call after the other fails, once or with all after it. */
static void check_every_failure(bool for_ever, bool there)
{
    bool done = false;

    for (size_t n = 1; !done; n++) {
        dlcore_error_record_t error = {0};
        dlcore_status status;
        failing_io_t io;
        bool replaced;

        if (there)
            put_file("file", "old");
        failing_io_init(&io);
        io.fail_at = n;
        io.fail_for_ever = for_ever;
        status = save(&io, path_of("file"), true, &error);
        done = io.failures == 0;
        assert_int_equal(io.opened, io.closed);
        assert_true(n < 40);
        /* an owner that cannot be kept is none of our business; a folder's close tells nothing */
        if (done || (!for_ever && strcmp(io.failed, "fchown") == 0) ||
            (strcmp(io.failed, "close") == 0 && status == DLCORE_OK)) {
            assert_int_equal(status, DLCORE_OK);
            assert_content("file", "new content");
            assert_int_equal(files(true), 1);
            continue;
        }
        if (status != DLCORE_ERROR_IO || strstr(error.message, strerror(EIO)) == NULL ||
            strstr(error.message, "/file: ") == NULL)
            fail_msg("call %zu, %s: status %d, \"%s\"", n, io.failed, status, error.message);
        if ((strstr(error.message, "cannot close") != NULL) != (strcmp(io.failed, "close") == 0) &&
            !for_ever)
            fail_msg("%s failed, and \"%s\" says otherwise", io.failed, error.message);
        /* only the folder's fsync comes after the replacing */
        replaced = strstr(error.message, "was written") != NULL;
        if (replaced || there)
            assert_content("file", replaced ? "new content" : "old");
        assert_int_equal(files(true), replaced || there ? 1 : 0);
    }
}

static void test_output_every_call_that_fails_leaves_the_old_file(void **state)
{
    (void)state;
    check_every_failure(false, true);
    check_every_failure(false, false);
    check_every_failure(true, true);
    check_every_failure(true, false);
}

static void test_output_goes_on_after_interrupts_and_short_writes(void **state)
{
    (void)state;
    for (size_t n = 1; n < 22; n++) {
        dlcore_error_record_t error = {0};
        failing_io_t io;

        failing_io_init(&io);
        io.fail_at = n;
        io.error = EINTR;
        io.most = 3;
        if (save(&io, path_of("file"), true, &error) == DLCORE_OK)
            assert_content("file", "new content");
        else /* POSIX knows no interrupted fstat, fstatat, readlink, dup or renameat */
            assert_non_null(strstr("fstatat readlink dup renameat", io.failed));
        (void)files(true);
    }
}

static void test_output_a_write_that_takes_nothing_is_a_full_disk(void **state)
{
    dlcore_error_record_t error;
    failing_io_t io;
    bool seen = false;

    (void)state;
    for (size_t n = 1; !seen; n++) {
        failing_io_init(&io);
        io.fail_at = n;
        io.error = 0;
        assert_true(n < 22);
        seen = save(&io, path_of("full"), true, &error) != DLCORE_OK &&
               strcmp(io.failed, "write") == 0;
    }
    assert_non_null(strstr(error.message, "cannot write at byte 0: No space left on device"));
    (void)files(true);
}

static void test_output_keeps_permissions(void **state)
{
    static const mode_t modes[] = {0600, 0644, 0640, 0755};
    dlcore_error_record_t error;
    struct stat info;
    failing_io_t io;
    mode_t mask;

    (void)state;
    if (!HAS_PERMISSIONS)
        skip();
    for (size_t i = 0; i < 4; i++) {
        put_file("file", "old");
        assert_int_equal(chmod(path_of("file"), modes[i]), 0);
        failing_io_init(&io);
        assert_int_equal(save(&io, path_of("file"), false, &error), DLCORE_OK);
        assert_int_equal(stat(path_of("file"), &info), 0);
        assert_int_equal(info.st_mode & 07777, modes[i]);
    }
    mask = umask(027); /* a new file has what the process gives */
    failing_io_init(&io);
    assert_int_equal(save(&io, path_of("new"), false, &error), DLCORE_OK);
    umask(mask);
    assert_int_equal(stat(path_of("new"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0640);
    (void)files(true);
}

static void test_output_follows_links_and_keeps_them(void **state)
{
    dlcore_error_record_t error;
    char target[600];
    struct stat info;
    failing_io_t io;

    (void)state;
    snprintf(target, sizeof target, "%s/real", folder);
    put_file("real", "old");
    assert_int_equal(symlink("real", path_of("near")), 0);
    assert_int_equal(symlink(target, path_of("far")), 0);
    assert_int_equal(symlink("near", path_of("twice")), 0);
    for (int i = 0; i < 3; i++) {
        static const char *const names[] = {"near", "far", "twice"};

        put_file("real", "old");
        failing_io_init(&io);
        assert_int_equal(save(&io, path_of(names[i]), false, &error), DLCORE_OK);
        assert_content("real", "new content");
        assert_int_equal(lstat(path_of(names[i]), &info), 0);
        assert_true(S_ISLNK(info.st_mode));
    }
    (void)remove(path_of("real")); /* a link to nothing: its target is made */
    failing_io_init(&io);
    assert_int_equal(save(&io, path_of("near"), false, &error), DLCORE_OK);
    assert_content("real", "new content");
    (void)files(true);

    assert_int_equal(symlink("b", path_of("a")), 0);
    assert_int_equal(symlink("a", path_of("b")), 0);
    failing_io_init(&io);
    assert_failed(save(&io, path_of("a"), false, &error), DLCORE_ERROR_IO, &error, strerror(ELOOP));
    (void)files(true);
}

static void test_output_refuses_what_cannot_be_replaced(void **state)
{
    dlcore_error_record_t error;
    char path[3000];
    failing_io_t io;

    (void)state;
    failing_io_init(&io);
    assert_failed(save(&io, folder, true, &error), DLCORE_ERROR_IO, &error, "Is a directory");
    assert_failed(save(&io, path_of(""), true, &error), DLCORE_ERROR_IO, &error, "Is a directory");
    assert_failed(save(&io, "", true, &error), DLCORE_ERROR_IO, &error,
                  "No such file or directory");
    assert_failed(save(&io, path_of("none/file"), true, &error), DLCORE_ERROR_IO, &error,
                  "No such file or directory");
    put_file("file", "old");
    assert_failed(save(&io, path_of("file/file"), true, &error), DLCORE_ERROR_IO, &error,
                  NOT_A_FOLDER);
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_failed(save(&io, path, true, &error), DLCORE_ERROR_IO, &error, strerror(ENAMETOOLONG));
    (void)files(true);
    assert_int_equal(mkfifo(path_of("pipe"), 0600), 0);
    assert_failed(save(&io, path_of("pipe"), true, &error), DLCORE_ERROR_IO, &error,
                  "not a regular file");
    assert_int_equal(io.opened, io.closed);
    (void)files(true);
}

/* A name that is too long for its temporary one is cut between characters. */
static void test_output_names_are_utf8(void **state)
{
    const size_t characters = 60, kept = 53; /* of 3 bytes, into 160 */
    char name[256] = "";
    dlcore_error_record_t error;
    dlcore_output_t output;

    (void)state;
    for (size_t i = 0; i < characters; i++)
        strcat(name, "\xe6\xa8\xa1");
    assert_int_equal(dlcore_output_open(&output, NULL, path_of(name), &error), DLCORE_OK);
    assert_memory_equal(output.temporary.name + 1 + 3 * kept, ".dlcore-0.tmp", 14);
    assert_int_equal(dlcore_output_write(&output, "new", 3, &error), DLCORE_OK);
    assert_int_equal(dlcore_output_commit(&output, false, &error), DLCORE_OK);
    dlcore_output_close(&output);
    assert_int_equal(files(false), 1);
    assert_int_equal(
        dlcore_system()->unlinkat(dlcore_system()->user, DLCORE_FILE_HERE, path_of(name)), 0);
}

#define TEMPORARY(n) ".file.dlcore-" #n ".tmp"

/* What a process left that was killed goes with the next save. */
static void test_output_removes_leftovers_of_dead_processes(void **state)
{
    dlcore_error_record_t error;
    failing_io_t io;

    (void)state;
    for (int i = 0; i < 3; i++) {
        put_file(TEMPORARY(0), "left");
        if (i == 1)
            assert_int_equal(chmod(path_of(TEMPORARY(0)), 0400), 0);
        failing_io_init(&io);
        assert_int_equal(save(&io, path_of("file"), true, &error), DLCORE_OK);
        assert_content("file", "new content");
        assert_int_equal(files(false), 1);
    }
    put_file(".other.dlcore-0.tmp", "another's");
    assert_int_equal(save(&io, path_of("file"), true, &error), DLCORE_OK);
    assert_int_equal(files(true), 2);
}

/* A writer at work holds his file; neither disturbs the other. */
static void test_output_leaves_files_of_living_writers(void **state)
{
    dlcore_error_record_t error;
    dlcore_output_t first, second;

    (void)state;
    assert_int_equal(dlcore_output_open(&first, NULL, path_of("file"), &error), DLCORE_OK);
    assert_int_equal(dlcore_output_open(&second, NULL, path_of("file"), &error), DLCORE_OK);
    assert_string_equal(first.temporary.name, TEMPORARY(0));
    assert_string_equal(second.temporary.name, TEMPORARY(1));
    assert_int_equal(dlcore_output_write(&first, "first", 5, &error), DLCORE_OK);
    assert_int_equal(dlcore_output_write(&second, "second", 6, &error), DLCORE_OK);
    assert_int_equal(dlcore_output_commit(&first, false, &error), DLCORE_OK);
    assert_content("file", "first");
    dlcore_output_close(&first);
    assert_int_equal(dlcore_output_commit(&second, false, &error), DLCORE_OK);
    assert_content("file", "second");
    dlcore_output_close(&second);
    assert_int_equal(files(true), 1);
}

/* What is in the way and is no file of ours is passed by. */
static void test_output_passes_by_what_it_cannot_tell(void **state)
{
    dlcore_error_record_t error;
    failing_io_t io;

    (void)state;
    put_file("precious", "old");
    assert_int_equal(symlink("precious", path_of(TEMPORARY(0))), 0);
    assert_int_equal(mkdir(path_of(TEMPORARY(1)), 0700), 0);
    assert_int_equal(mkfifo(path_of(TEMPORARY(2)), 0600), 0);
    failing_io_init(&io);
    assert_int_equal(save(&io, path_of("file"), true, &error), DLCORE_OK);
    assert_int_equal(io.opened, io.closed);
    assert_content("file", "new content");
    assert_content("precious", "old");
    assert_int_equal(files(true), 5);
}

/* Somebody's hands: what was put there instead does not get into the place. */
static void test_output_a_temporary_file_that_is_gone_is_an_error(void **state)
{
    dlcore_error_record_t error;
    dlcore_output_t output;

    (void)state;
    put_file("file", "old");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(dlcore_output_open(&output, NULL, path_of("file"), &error), DLCORE_OK);
        assert_int_equal(unlink(path_of(TEMPORARY(0))), 0);
        if (access(path_of(TEMPORARY(0)), F_OK) == 0) {
            dlcore_output_close(&output);
            (void)files(true);
            skip(); /* wine: the name stays until the file is closed */
        }
        if (i == 1)
            put_file(TEMPORARY(0), "another's");
        assert_failed(dlcore_output_commit(&output, true, &error), DLCORE_ERROR_IO, &error,
                      "the temporary file is gone: No such file or directory");
        dlcore_output_close(&output);
        assert_content("file", "old");
    }
    assert_content(TEMPORARY(0), "another's");
    (void)files(true);
}

/* Locks: another has it, there are none, it fails. */
static void test_output_locks_that_cannot_be_had(void **state)
{
    static const int none[] = {ENOLCK, ENOTSUP, ENOSYS, EINTR, EWOULDBLOCK};
    dlcore_error_record_t error;
    failing_io_t io;

    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        failing_io_init(&io);
        io.only = "lock";
        io.fail_at = 1;
        io.error = none[i];
        assert_int_equal(save(&io, path_of("file"), false, &error), DLCORE_OK);
        assert_int_equal(io.failures, 1);
        assert_content("file", "new content");
        /* whoever took it for a leftover would have removed it */
        assert_int_equal(files(true), none[i] == EWOULDBLOCK ? 2 : 1);
    }
    failing_io_init(&io); /* a file system without locks: leftovers are not told from others */
    io.only = "lock";
    io.fail_at = 1;
    io.fail_for_ever = true;
    io.error = ENOLCK;
    put_file(TEMPORARY(0), "left");
    assert_int_equal(save(&io, path_of("file"), false, &error), DLCORE_OK);
    assert_content(TEMPORARY(0), "left");
    assert_int_equal(files(true), 2);
}

/* Many processes, one path: each save succeeds, and what stays is one of them, whole. */
static void test_output_processes_may_save_to_one_path_at_once(void **state)
{
    enum { PROCESSES = 6, SAVES = 60 };
    dlcore_error_record_t error;
    pid_t children[PROCESSES];
    char content[12] = "";
    FILE *file;

    (void)state;
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            int failed = 0;

            for (int n = 0; n < SAVES && !failed; n++) {
                failing_io_t io;

                failing_io_init(&io);
                failed = save(&io, path_of("file"), false, &error) != DLCORE_OK;
            }
            if (failed)
                fprintf(stderr, "%s\n", error.message);
            _exit(failed);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;

        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    file = fopen(path_of("file"), "rb");
    assert_non_null(file);
    assert_int_equal(fread(content, 1, sizeof content, file), 11);
    assert_memory_equal(content, "new content", 11);
    fclose(file);
    assert_int_equal(files(true), 1);
}

/* One slow or short call of each kind. */
static void test_output_slow_and_short_calls_change_nothing(void **state)
{
    static const char *const calls[] = {"write", "fsync", "renameat", "openat"};
    dlcore_error_record_t error;
    failing_io_t io;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        failing_io_init(&io);
        io.only = calls[i];
        io.delay_at = io.shorten_at = 1;
        io.delay_ms = 10;
        assert_int_equal(save(&io, path_of("file"), true, &error), DLCORE_OK);
        assert_int_equal(io.delayed, 1);
        assert_int_equal(io.shortened, i == 0 ? 1 : 0);
        assert_content("file", "new content");
    }
    assert_int_equal(files(true), 1);
}

static void test_output_a_link_that_is_too_long_is_an_error(void **state)
{
    dlcore_error_record_t error;
    char target[3000];
    failing_io_t io;

    (void)state;
    memset(target, 'a', sizeof target - 1); /* "aaa/aaa/..." */
    for (size_t i = 3; i < sizeof target; i += 4)
        target[i] = '/';
    target[sizeof target - 1] = '\0';
    assert_int_equal(symlink(target, path_of("link")), 0);
    failing_io_init(&io);
    assert_failed(save(&io, path_of("link"), true, &error), DLCORE_ERROR_IO, &error,
                  "/link: a link to a path of more than 2047 bytes: ");
    assert_non_null(strstr(error.message, strerror(ENAMETOOLONG)));
    assert_int_equal(files(true), 1);
}

/* The permissions of a file of `mode` that this process, which may not give it to the old owner,
 * nor perhaps to the old group, has replaced. */
static mode_t mode_after(mode_t mode, size_t failures)
{
    dlcore_error_record_t error;
    struct stat info;
    failing_io_t io;

    put_file("file", "old");
    assert_int_equal(chmod(path_of("file"), mode), 0);
    failing_io_init(&io);
    io.only = "fchown";
    io.error = EPERM;
    io.fail_at = 1;
    io.fail_for_ever = failures > 1;
    assert_int_equal(save(&io, path_of("file"), false, &error), DLCORE_OK);
    assert_int_equal(io.failures, failures);
    assert_int_equal(stat(path_of("file"), &info), 0);
    return info.st_mode & 07777;
}

static void test_output_gives_no_permission_that_was_not_there(void **state)
{
    (void)state;
    if (!HAS_PERMISSIONS)
        skip();
    assert_int_equal(mode_after(0660, 1), 0660); /* the group alone could be kept */
    assert_int_equal(mode_after(06755, 1), 0755);
    assert_int_equal(mode_after(0660, 2), 0600); /* neither could */
    assert_int_equal(mode_after(0640, 2), 0600);
    assert_int_equal(mode_after(0604, 2), 0600); /* a group that may less than others */
    assert_int_equal(mode_after(0664, 2), 0644);
    assert_int_equal(mode_after(06777, 2), 0777);
    (void)files(true);
}

/* As root, who can become another. */
static void test_output_keeps_the_group_when_the_owner_is_another(void **state)
{
    dlcore_error_record_t error;
    struct stat info;
    failing_io_t io;

    (void)state;
    if (geteuid() != 0)
        skip();
    for (int member = 0; member <= 1; member++) {
        pid_t child;
        int status;

        put_file("file", "old");
        assert_int_equal(chmod(path_of("file"), 0660), 0);
        assert_int_equal(chown(path_of("file"), 1234, 2000), 0);
        assert_int_equal(chmod(folder, 0777), 0);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            const gid_t group = 2000;

            failing_io_init(&io);
            if (setgroups(member ? 1 : 0, &group) != 0 || setgid(3000) != 0 || setuid(4321) != 0)
                _exit(2);
            _exit(save(&io, path_of("file"), false, &error) != DLCORE_OK);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        assert_int_equal(stat(path_of("file"), &info), 0);
        assert_int_equal(info.st_uid, 4321);
        assert_int_equal(info.st_gid, member ? 2000 : 3000);
        assert_int_equal(info.st_mode & 07777, member ? 0660 : 0600);
        (void)files(true);
    }
}

static void test_output_works_in_the_current_folder(void **state)
{
    dlcore_error_record_t error;
    char before[512];
    failing_io_t io;

    (void)state;
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(folder), 0);
    failing_io_init(&io);
    assert_int_equal(save(&io, "here", true, &error), DLCORE_OK);
    assert_int_equal(chdir(before), 0);
    assert_content("here", "new content");
    (void)files(true);
}

/* Each call failing in turn, with an old file and without. */
static void test_output_probe_leaves_all_as_it_was(void **state)
{
    dlcore_error_record_t error;
    size_t failures = 0;

    (void)state;
    for (int there = 0; there <= 1; there++) {
        bool done = false;

        for (size_t n = 0; !done; n++) { /* at first none */
            failing_io_t io;
            dlcore_system_t system;
            dlcore_status status;

            if (there)
                put_file("file", "old");
            failing_io_init(&io);
            io.fail_at = n;
            system = failing_io(&io);
            status = dlcore_output_probe(&system, path_of("file"), &error);
            failures += status != DLCORE_OK;
            if (status != DLCORE_OK)
                assert_non_null(strstr(error.message, strerror(EIO)));
            if (there)
                assert_content("file", "old");
            assert_int_equal(io.opened, io.closed);
            assert_int_equal(files(true), there);
            done = n > 0 && io.failures == 0;
            assert_true(n < 30);
        }
    }
    assert_true(failures >= 12);
}

static void test_output_probe_of_what_cannot_be_replaced_says_why(void **state)
{
    dlcore_error_record_t error;
    dlcore_system_t system;
    failing_io_t io;

    (void)state;
    assert_failed(dlcore_output_probe(NULL, path_of("none/file"), &error), DLCORE_ERROR_IO, &error,
                  "cannot open its folder: No such file or directory");
    assert_failed(dlcore_output_probe(NULL, folder, &error), DLCORE_ERROR_IO, &error,
                  "Is a directory");
    failing_io_init(&io); /* a folder that files may only be added to */
    io.only = "unlinkat";
    io.fail_at = 1;
    io.error = EPERM;
    system = failing_io(&io);
    assert_failed(dlcore_output_probe(&system, path_of("file"), &error), DLCORE_ERROR_IO, &error,
                  "/file: cannot remove its temporary file: Operation not permitted");
    (void)files(true);
    failing_io_init(&io); /* another has removed it */
    io.only = "unlinkat";
    io.fail_at = 1;
    io.error = ENOENT;
    system = failing_io(&io);
    assert_int_equal(dlcore_output_probe(&system, path_of("file"), &error), DLCORE_OK);
    assert_int_equal(io.calls, 1);
    assert_int_equal(io.opened, io.closed);
    (void)files(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output_makes_and_replaces_files),
        cmocka_unit_test(test_output_every_call_that_fails_leaves_the_old_file),
        cmocka_unit_test(test_output_goes_on_after_interrupts_and_short_writes),
        cmocka_unit_test(test_output_a_write_that_takes_nothing_is_a_full_disk),
        cmocka_unit_test(test_output_keeps_permissions),
        cmocka_unit_test(test_output_follows_links_and_keeps_them),
        cmocka_unit_test(test_output_refuses_what_cannot_be_replaced),
        cmocka_unit_test(test_output_names_are_utf8),
        cmocka_unit_test(test_output_removes_leftovers_of_dead_processes),
        cmocka_unit_test(test_output_leaves_files_of_living_writers),
        cmocka_unit_test(test_output_passes_by_what_it_cannot_tell),
        cmocka_unit_test(test_output_a_temporary_file_that_is_gone_is_an_error),
        cmocka_unit_test(test_output_locks_that_cannot_be_had),
        cmocka_unit_test(test_output_processes_may_save_to_one_path_at_once),
        cmocka_unit_test(test_output_slow_and_short_calls_change_nothing),
        cmocka_unit_test(test_output_a_link_that_is_too_long_is_an_error),
        cmocka_unit_test(test_output_gives_no_permission_that_was_not_there),
        cmocka_unit_test(test_output_keeps_the_group_when_the_owner_is_another),
        cmocka_unit_test(test_output_works_in_the_current_folder),
        cmocka_unit_test(test_output_probe_leaves_all_as_it_was),
        cmocka_unit_test(test_output_probe_of_what_cannot_be_replaced_says_why),
    };

    return cmocka_run_group_tests_name("output", tests, make_folder, remove_folder);
}
