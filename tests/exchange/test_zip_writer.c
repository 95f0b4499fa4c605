/* Zip archives, written: checksums, bytes, and the records of zip64.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/allocator.h"
#include "base/error.h"
#include "exchange/zip.h"
#include "exchange/zip_writer.h"
#include "support/failing_allocator.h"
#include "support/idx_bytes.h"
#include "support/tensors.h"
#include "support/zip_bytes.h"

static dlcore_status add_bytes(void *to, const void *bytes, size_t size,
                               dlcore_error_record_t *error)
{
    (void)error;
    bytes_add(to, bytes, size);
    return DLCORE_OK;
}

static void test_zip_writer_checksums_are_crc_32(void **state)
{
    unsigned char bytes[1000];
    uint32_t checksum = 0;

    (void)state;
    assert_int_equal(dlcore_zip_checksum(0, "123456789", 9), 0xCBF43926); /* its check value */
    assert_int_equal(dlcore_zip_checksum(0, "", 0), 0);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * i + i / 7);
    for (size_t i = 0; i < sizeof bytes; i += 37)
        checksum =
            dlcore_zip_checksum(checksum, bytes + i, sizeof bytes - i < 37 ? sizeof bytes - i : 37);
    assert_int_equal(checksum, zip_crc(bytes, sizeof bytes));
}

static dlcore_status write_two(const dlcore_allocator_t *allocator, bytes_t *bytes)
{
    dlcore_zip_writer_t writer;
    dlcore_status status;

    dlcore_zip_writer_begin(&writer, add_bytes, bytes, allocator);
    status = dlcore_zip_writer_add(&writer, "config.json", "{}", 2, NULL);
    if (status == DLCORE_OK)
        status = dlcore_zip_writer_start(&writer, "b", 5, zip_crc("three", 5), NULL);
    if (status == DLCORE_OK)
        status = dlcore_zip_writer_bytes(&writer, "th", 2, NULL);
    if (status == DLCORE_OK)
        status = dlcore_zip_writer_bytes(&writer, "ree", 3, NULL);
    if (status == DLCORE_OK)
        status = dlcore_zip_writer_finish(&writer, NULL);
    dlcore_zip_writer_end(&writer);
    return status;
}

static void test_zip_writer_entries_are_read_back(void **state)
{
    static const char *const names[] = {"config.json", "b"};
    static const char *const texts[] = {"{}", "three"};
    dlcore_allocator_t memory = dlcore_allocator_default();
    bytes_t archive = {0};
    dlcore_input_t input;
    dlcore_zip_t *zip;

    (void)state;
    assert_int_equal(write_two(&memory, &archive), DLCORE_OK);
    dlcore_input_from_memory(&input, archive.data, archive.size, "the.zip");
    assert_int_equal(dlcore_zip_open(&input, 65536, &memory, &zip, NULL), DLCORE_OK);
    assert_int_equal(dlcore_zip_count(zip), 2);
    for (size_t i = 0; i < 2; i++) {
        void *bytes;
        size_t size;

        assert_string_equal(dlcore_zip_entry(zip, i).name, names[i]);
        assert_int_equal(dlcore_zip_read(zip, i, 100, &bytes, &size, NULL), DLCORE_OK);
        assert_int_equal(size, strlen(texts[i]));
        assert_memory_equal(bytes, texts[i], size);
        dlcore_release(&memory, bytes);
    }
    dlcore_zip_close(zip);
    bytes_free(&archive);
}

/* The archive of the tests' own, but for the version that wrote it and UTF-8 names. */
static void test_zip_writer_bytes_are_those_of_the_format(void **state)
{
    dlcore_allocator_t memory = dlcore_allocator_default();
    zip_case_t cases[] = {{"config.json", "{}", 2, 2, zip_crc("{}", 2), 0, 0x0800},
                          {"b", "three", 5, 5, zip_crc("three", 5), 0, 0x0800}};
    bytes_t archive = {0}, expected = {0};

    (void)state;
    assert_int_equal(write_two(&memory, &archive), DLCORE_OK);
    zip_bytes(&expected, cases, 2);
    assert_int_equal(archive.size, expected.size);
    for (size_t i = 0; i + 6 < archive.size; i++)
        if (memcmp(expected.data + i, "PK\1\2", 4) == 0)
            expected.data[i + 4] = 45;
    assert_memory_equal(archive.data, expected.data, archive.size);
    bytes_free(&archive);
    bytes_free(&expected);
}

/* A sink that holds what is not zero: an entry of 5 GiB takes no memory. */
typedef struct sparse {
    uint64_t size;
    bytes_t end; /* from `end_at` on */
    uint64_t end_at;
} sparse_t;

static dlcore_status add_sparse(void *to, const void *bytes, size_t size,
                                dlcore_error_record_t *error)
{
    sparse_t *sparse = to;

    (void)error;
    if (sparse->size >= sparse->end_at)
        bytes_add(&sparse->end, bytes, size);
    sparse->size += size;
    return DLCORE_OK;
}

static uint64_t number_at(const unsigned char *bytes, int width)
{
    uint64_t number = 0;

    for (int i = width; i-- > 0;)
        number = number << 8 | bytes[i];
    return number;
}

static void test_zip_writer_what_is_large_is_zip64(void **state)
{
    static const unsigned char zeros[1 << 20];
    const uint64_t size = UINT64_C(5) << 30;
    const uint64_t local = 30 + 1 + 20;
    dlcore_allocator_t memory = dlcore_allocator_default();
    sparse_t sparse = {.end_at = local + size};
    dlcore_zip_writer_t writer;
    const unsigned char *at;

    (void)state;
    dlcore_zip_writer_begin(&writer, add_sparse, &sparse, &memory);
    assert_int_equal(dlcore_zip_writer_start(&writer, "l", size, 0x12345678, NULL), DLCORE_OK);
    for (uint64_t done = 0; done < size; done += sizeof zeros)
        assert_int_equal(dlcore_zip_writer_bytes(&writer, zeros, sizeof zeros, NULL), DLCORE_OK);
    assert_int_equal(dlcore_zip_writer_add(&writer, "f", "far", 3, NULL), DLCORE_OK);
    assert_int_equal(dlcore_zip_writer_finish(&writer, NULL), DLCORE_OK);
    dlcore_zip_writer_end(&writer);
    at = sparse.end.data + 30 + 1 + 3; /* the list, behind the second entry */
    assert_memory_equal(at, "PK\1\2", 4);
    assert_int_equal(number_at(at + 20, 4), UINT32_MAX);
    assert_int_equal(number_at(at + 42, 4), 0); /* its place, which is near */
    assert_int_equal(number_at(at + 47, 2), 1);
    assert_int_equal(number_at(at + 49, 2), 16);
    assert_true(number_at(at + 51, 8) == size && number_at(at + 59, 8) == size);
    at += 46 + 1 + 20;
    assert_memory_equal(at, "PK\1\2", 4);
    assert_int_equal(number_at(at + 20, 4), 3);
    assert_int_equal(number_at(at + 42, 4), UINT32_MAX);
    assert_int_equal(number_at(at + 49, 2), 8);
    assert_true(number_at(at + 51, 8) == local + size);
    at += 46 + 1 + 12;
    assert_memory_equal(at, "PK\6\6", 4);
    assert_int_equal(number_at(at + 24, 8), 2);
    assert_int_equal(number_at(at + 40, 8), 46 + 1 + 20 + 46 + 1 + 12);
    assert_true(number_at(at + 48, 8) == local + size + 34);
    at += 56;
    assert_memory_equal(at, "PK\6\7", 4);
    assert_true(number_at(at + 8, 8) == local + size + 34 + 126);
    at += 20;
    assert_memory_equal(at, "PK\5\6", 4);
    assert_int_equal(number_at(at + 10, 2), 2);
    assert_int_equal(number_at(at + 16, 4), UINT32_MAX);
    assert_ptr_equal(at + 22, sparse.end.data + sparse.end.size);
    bytes_free(&sparse.end);
}

/* An entry of that many bytes, which nobody reads, one of three behind it, and what follows. */
static void write_large(sparse_t *sparse, uint64_t size, bool followed)
{
    static const unsigned char none;
    dlcore_allocator_t memory = dlcore_allocator_default();
    dlcore_zip_writer_t writer;

    *sparse = (sparse_t){.end_at = 30 + 1 + size + (size < UINT32_MAX ? 0 : 20)};
    dlcore_zip_writer_begin(&writer, add_sparse, sparse, &memory);
    assert_int_equal(dlcore_zip_writer_start(&writer, "l", size, 0x12345678, NULL), DLCORE_OK);
    assert_int_equal(dlcore_zip_writer_bytes(&writer, &none, (size_t)size, NULL), DLCORE_OK);
    if (followed)
        assert_int_equal(dlcore_zip_writer_add(&writer, "f", "far", 3, NULL), DLCORE_OK);
    assert_int_equal(dlcore_zip_writer_finish(&writer, NULL), DLCORE_OK);
    dlcore_zip_writer_end(&writer);
}

/* The greatest number of 32 bits says that the true one stands in the field of zip64. */
static void test_zip_writer_zip64_begins_at_the_greatest_of_32_bits(void **state)
{
    (void)state;
    for (uint64_t number = UINT32_MAX - 1; number <= UINT32_MAX; number++) {
        bool zip64 = number == UINT32_MAX;
        const unsigned char *at;
        sparse_t sparse;

        write_large(&sparse, number, false); /* as a size */
        at = sparse.end.data;
        assert_memory_equal(at, "PK\1\2", 4);
        assert_int_equal(number_at(at + 6, 2), zip64 ? 45 : 20);
        assert_true(number_at(at + 20, 4) == number && number_at(at + 24, 4) == number);
        assert_int_equal(number_at(at + 30, 2), zip64 ? 20 : 0);
        assert_true(!zip64 || number_at(at + 51, 8) == number);
        bytes_free(&sparse.end);

        write_large(&sparse, number - 31, true); /* as an entry's place */
        at = sparse.end.data + 34 + 47;
        assert_memory_equal(at, "PK\1\2", 4);
        assert_true(number_at(at + 42, 4) == number);
        assert_int_equal(number_at(at + 30, 2), zip64 ? 12 : 0);
        assert_true(!zip64 || number_at(at + 51, 8) == number);
        bytes_free(&sparse.end);

        write_large(&sparse, number - 31, false); /* as the list's place */
        at = sparse.end.data + 47;
        assert_memory_equal(at, zip64 ? "PK\6\6" : "PK\5\6", 4);
        at += zip64 ? 76 : 0;
        assert_memory_equal(at, "PK\5\6", 4);
        assert_true(number_at(at + 16, 4) == number);
        bytes_free(&sparse.end);
    }
}

static void test_zip_writer_many_entries_are_listed(void **state)
{
    dlcore_allocator_t memory = dlcore_allocator_default();
    bytes_t archive = {0};
    dlcore_zip_writer_t writer;
    dlcore_input_t input;
    dlcore_zip_t *zip;

    (void)state;
    dlcore_zip_writer_begin(&writer, add_bytes, &archive, &memory);
    for (int i = 0; i < 65536; i++) {
        char name[12];

        snprintf(name, sizeof name, "%d", i);
        assert_int_equal(dlcore_zip_writer_add(&writer, name, "", 0, NULL), DLCORE_OK);
    }
    assert_int_equal(dlcore_zip_writer_finish(&writer, NULL), DLCORE_OK);
    dlcore_zip_writer_end(&writer);
    dlcore_input_from_memory(&input, archive.data, archive.size, "the.zip");
    assert_int_equal(dlcore_zip_open(&input, 65536, &memory, &zip, NULL), DLCORE_OK);
    assert_int_equal(dlcore_zip_count(zip), 65536);
    assert_string_equal(dlcore_zip_entry(zip, 65535).name, "65535");
    dlcore_zip_close(zip);
    bytes_free(&archive);
}

static dlcore_status write_scenario(const dlcore_allocator_t *allocator, void *context)
{
    bytes_t archive = {0};
    dlcore_status status = write_two(allocator, &archive);

    (void)context;
    bytes_free(&archive);
    return status;
}

static dlcore_status refuse(void *to, const void *bytes, size_t size, dlcore_error_record_t *error)
{
    int *left = to;

    (void)bytes;
    (void)size;
    if ((*left)-- > 0)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_IO, "full");
}

static void test_zip_writer_failures_end_the_writing(void **state)
{
    dlcore_allocator_t memory = dlcore_allocator_default();

    (void)state;
    assert_true(failing_allocator_sweep(write_scenario, NULL) >= 1);
    for (int calls = 0; calls < 5; calls++) {
        dlcore_error_record_t error = {.message = ""};
        dlcore_zip_writer_t writer;
        int left = calls;
        dlcore_status status;

        dlcore_zip_writer_begin(&writer, refuse, &left, &memory);
        status = dlcore_zip_writer_add(&writer, "a", "bytes", 5, &error);
        if (status == DLCORE_OK)
            status = dlcore_zip_writer_finish(&writer, &error);
        dlcore_zip_writer_end(&writer);
        assert_failed(status, DLCORE_ERROR_IO, &error, "full");
        assert_int_equal(left, -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zip_writer_checksums_are_crc_32),
        cmocka_unit_test(test_zip_writer_entries_are_read_back),
        cmocka_unit_test(test_zip_writer_bytes_are_those_of_the_format),
        cmocka_unit_test(test_zip_writer_what_is_large_is_zip64),
        cmocka_unit_test(test_zip_writer_zip64_begins_at_the_greatest_of_32_bits),
        cmocka_unit_test(test_zip_writer_many_entries_are_listed),
        cmocka_unit_test(test_zip_writer_failures_end_the_writing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
