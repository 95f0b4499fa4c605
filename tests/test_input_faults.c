/* Every read of a file failing in turn: this program's own pread and fstat stand in for the
 * system's.
 *
 * SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700    /* POSIX 2008, and S_IFREG */
#define _FILE_OFFSET_BITS 64 /* as in input.c, so that the two names mean the same functions */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cmocka.h>

#include "dlcore/data.h"
#include "support/failing_allocator.h"
#include "support/idx_bytes.h"
#include "support/tensors.h"

static struct {
    size_t reads;    /* that were asked for */
    size_t fault_at; /* the read of this number, from 1, does not go as asked; 0: none */
    int fault;       /* its errno; 0: it finds the file's end */
    size_t most;     /* bytes that one read gives; 0: as many as asked for */
    size_t stats;
    int stat_fault;
    off_t stat_size; /* the size to tell; 0: the real one */
} faults;

ssize_t pread(int descriptor, void *to, size_t size, off_t offset)
{
    faults.reads++;
    if (faults.reads == faults.fault_at) {
        errno = faults.fault;
        return faults.fault == 0 ? 0 : -1;
    }
    if (faults.most != 0 && size > faults.most)
        size = faults.most;
    if (lseek(descriptor, offset, SEEK_SET) != offset)
        return -1;
    return read(descriptor, to, size);
}

int fstat(int descriptor, struct stat *info)
{
    off_t end = lseek(descriptor, 0, SEEK_END);

    faults.stats++;
    if (faults.stat_fault != 0) {
        errno = faults.stat_fault;
        return -1;
    }
    *info = (struct stat){.st_mode = S_IFREG | S_IRUSR, .st_size = end};
    if (faults.stat_size != 0)
        info->st_size = faults.stat_size;
    return 0;
}

/* A plain and a gzip file with the same tensor. */
static size_t files(const char *const **names)
{
    static const char *const both[] = {"plain", "packed"};
    unsigned char content[268];

    gzip_seed_content(content);
    scratch_file("plain", content, sizeof content);
    scratch_file("packed", gzip_seed, gzip_seed_size);
    *names = both;
    return dlcore_idx_reads_gzip() ? 2 : 1;
}

/* Loads without losing memory; a tensor that comes out must be the right one. */
static dlcore_status load(const char *name, dlcore_error_record_t *error)
{
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);
    dlcore_tensor_t *tensor = NULL;
    unsigned char content[268];
    dlcore_status status;

    failing_allocator_init(&memory);
    faults.reads = 0;
    status = dlcore_idx_load(scratch_path(name), &allocator, &tensor, error);
    gzip_seed_content(content);
    if (status == DLCORE_OK)
        assert_bytes(tensor, SHAPE(16, 16), content + 12);
    else
        assert_null(tensor);
    dlcore_tensor_free(tensor);
    failing_allocator_assert_clean(&memory);
    return status;
}

/* Answers how many reads an undisturbed load needs. */
static size_t reads_of(const char *name)
{
    faults.fault_at = 0;
    assert_int_equal(load(name, NULL), DLCORE_OK);
    assert_in_range(faults.reads, 2, 1000);
    return faults.reads;
}

static int reset(void **state)
{
    (void)state;
    faults.fault_at = 0;
    faults.most = 0;
    faults.stat_fault = 0;
    faults.stat_size = 0;
    return 0;
}

static void test_input_faults_each_failed_read_is_an_io_error(void **state)
{
    const char *const *names;
    size_t count = files(&names);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        size_t reads = reads_of(names[i]);

        for (faults.fault_at = 1; faults.fault_at <= reads; faults.fault_at++) {
            dlcore_error_record_t error;

            faults.fault = EIO;
            assert_failed(load(names[i], &error), DLCORE_ERROR_IO, &error, strerror(EIO));
        }
    }
}

static void test_input_faults_interrupted_reads_go_on(void **state)
{
    const char *const *names;
    size_t count = files(&names);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        size_t reads = reads_of(names[i]);

        for (faults.fault_at = 1; faults.fault_at <= reads; faults.fault_at++) {
            faults.fault = EINTR;
            assert_int_equal(load(names[i], NULL), DLCORE_OK);
            assert_int_equal(faults.reads, reads + 1);
        }
    }
}

static void test_input_faults_short_reads_go_on(void **state)
{
    const char *const *names;
    size_t count = files(&names);

    (void)state;
    for (size_t i = 0; i < count; i++)
        for (faults.most = 1; faults.most < 20; faults.most += 6)
            assert_int_equal(load(names[i], NULL), DLCORE_OK);
}

/* Between asking for the size and reading, somebody else cut the file. */
static void test_input_faults_file_that_shrinks_is_an_io_error(void **state)
{
    const char *const *names;
    size_t count = files(&names);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        size_t reads;

        faults.most = 40;
        reads = reads_of(names[i]);
        for (faults.fault_at = 1; faults.fault_at <= reads; faults.fault_at++) {
            dlcore_error_record_t error;
            char text[80];

            faults.fault = 0;
            snprintf(text, sizeof text, ", had %zu when it was opened",
                     i == 0 ? (size_t)268 : gzip_seed_size);
            assert_failed(load(names[i], &error), DLCORE_ERROR_IO, &error, text);
        }
    }
}

static void test_input_faults_size_that_cannot_be_asked_for_is_an_io_error(void **state)
{
    const char *const *names;
    dlcore_error_record_t error;
    char text[100];

    (void)state;
    files(&names);
    snprintf(text, sizeof text, "plain: cannot ask for the size: %s", strerror(EIO));
    faults.stats = 0;
    faults.stat_fault = EIO;
    if (load("plain", &error) == DLCORE_OK && faults.stats == 0)
        skip(); /* a C library whose fstat has another name inside */
    assert_failed(load("plain", &error), DLCORE_ERROR_IO, &error, text);
    assert_int_equal(faults.reads, 0);
    faults.stat_fault = 0;
    faults.stat_size = -1;
    assert_failed(load("plain", &error), DLCORE_ERROR_OVERFLOW, &error, "-1 bytes are too many");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_input_faults_each_failed_read_is_an_io_error, reset),
        cmocka_unit_test_teardown(test_input_faults_interrupted_reads_go_on, reset),
        cmocka_unit_test_teardown(test_input_faults_short_reads_go_on, reset),
        cmocka_unit_test_teardown(test_input_faults_file_that_shrinks_is_an_io_error, reset),
        cmocka_unit_test_teardown(test_input_faults_size_that_cannot_be_asked_for_is_an_io_error,
                                  reset),
    };

    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
