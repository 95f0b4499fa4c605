/* Zip archives, read: the list, whole entries and their starts, limits, and what is refused.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/allocator.h"
#include "exchange/zip.h"
#include "support/failing_allocator.h"
#include "support/failing_read.h"
#include "support/idx_bytes.h"
#include "support/tensors.h"
#include "support/zip_bytes.h"

#define TEXT "nine and one"
#define TEXT_SIZE (sizeof TEXT - 1)

static zip_case_t stored(const char *name)
{
    return (zip_case_t){.name = name,
                        .packed = TEXT,
                        .packed_size = TEXT_SIZE,
                        .size = TEXT_SIZE,
                        .checksum = zip_crc(TEXT, TEXT_SIZE)};
}

/* `zeros` zeros behind `head`, deflated; `held` keeps the bytes. */
static zip_case_t deflated(const char *name, bytes_t *held, size_t zeros)
{
    bytes_t content = {0};
    zip_case_t one = {.name = name, .method = 8};

    bytes_add_zeros(&content, zeros);
    gzip_zeros(held, "", 0, zeros);
    one.packed = held->data + 10;
    one.packed_size = held->size - 18;
    one.size = zeros;
    one.checksum = zip_crc(content.data, zeros);
    bytes_free(&content);
    return one;
}

/* Opens the archive, reads its first entry, closes it. */
static dlcore_status read_first(const bytes_t *archive, size_t limit, bytes_t *content,
                                const dlcore_allocator_t *allocator, dlcore_error_record_t *error)
{
    dlcore_allocator_t memory = dlcore_allocator_or_default(allocator);
    dlcore_zip_t *zip = NULL;
    dlcore_input_t input;
    void *bytes;
    size_t size;
    dlcore_status status;

    dlcore_input_from_memory(&input, archive->data, archive->size, "the.zip");
    status = dlcore_zip_open(&input, 1000, &memory, &zip, error);
    if (status == DLCORE_OK) {
        status = dlcore_zip_read(zip, 0, limit, &bytes, &size, error);
        assert_true((status == DLCORE_OK) == (bytes != NULL));
        if (status == DLCORE_OK)
            bytes_add(content, bytes, size);
        dlcore_release(&memory, bytes);
    } else {
        assert_null(zip);
    }
    dlcore_zip_close(zip);
    return status;
}

static void assert_refused(const zip_case_t *cases, size_t count, size_t limit,
                           dlcore_status status, const char *text)
{
    dlcore_error_record_t error = {.message = ""};
    bytes_t archive = {0}, content = {0};

    zip_bytes(&archive, cases, count);
    assert_failed(read_first(&archive, limit, &content, NULL, &error), status, &error, text);
    bytes_free(&archive);
    bytes_free(&content);
}

static void test_zip_lists_entries_in_order(void **state)
{
    dlcore_allocator_t memory = dlcore_allocator_default();
    bytes_t archive = {0}, held = {0};
    zip_case_t cases[] = {stored("config.json"), stored("folder/"),
                          deflated("gr\303\266\303\237e", &held, 5000), stored("../../etc/passwd")};
    dlcore_zip_t *zip;
    dlcore_zip_entry_t entry;
    dlcore_input_t input;
    size_t index;

    (void)state;
    cases[2].flags = 0x0800;
    cases[3].flags = 1;
    zip_bytes(&archive, cases, 4);
    dlcore_input_from_memory(&input, archive.data, archive.size, "the.zip");
    assert_int_equal(dlcore_zip_open(&input, 1000, &memory, &zip, NULL), DLCORE_OK);
    assert_int_equal(dlcore_zip_count(zip), 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(dlcore_zip_entry(zip, i).name, cases[i].name);
    entry = dlcore_zip_entry(zip, 2);
    assert_int_equal(entry.size, 5000);
    assert_int_equal(entry.packed, held.size - 18);
    assert_true(entry.compressed && !entry.encrypted);
    assert_false(dlcore_zip_entry(zip, 0).compressed);
    assert_true(dlcore_zip_entry(zip, 3).encrypted);
    assert_true(dlcore_zip_find(zip, "folder/", &index));
    assert_int_equal(index, 1);
    assert_false(dlcore_zip_find(zip, "folder", &index));
    dlcore_zip_close(zip);
    dlcore_zip_close(NULL);
    bytes_free(&held);
    bytes_free(&archive);
}

static void test_zip_entries_are_read_whole(void **state)
{
    bytes_t archive = {0}, content = {0}, held = {0};
    zip_case_t one = stored("a");

    (void)state;
    zip_bytes(&archive, &one, 1);
    assert_int_equal(read_first(&archive, TEXT_SIZE, &content, NULL, NULL), DLCORE_OK);
    assert_int_equal(content.size, TEXT_SIZE);
    assert_memory_equal(content.data, TEXT, TEXT_SIZE);
    bytes_free(&archive);
    bytes_free(&content);
    one = deflated("a", &held, 100000);
    zip_bytes(&archive, &one, 1);
    assert_int_equal(read_first(&archive, DLCORE_ZIP_NO_LIMIT, &content, NULL, NULL), DLCORE_OK);
    assert_int_equal(content.size, 100000);
    for (size_t i = 0; i < content.size; i++)
        assert_int_equal(content.data[i], 0);
    bytes_free(&archive);
    bytes_free(&content);
    bytes_free(&held);
    one = (zip_case_t){.name = "nothing", .packed = ""};
    zip_bytes(&archive, &one, 1);
    assert_int_equal(read_first(&archive, 0, &content, NULL, NULL), DLCORE_OK);
    assert_int_equal(content.size, 0);
    bytes_free(&archive);
}

static void test_zip_the_start_of_an_entry_is_read(void **state)
{
    dlcore_allocator_t memory = dlcore_allocator_default();
    bytes_t archive = {0};
    zip_case_t one = stored("a");
    char start[100];
    dlcore_zip_t *zip;
    dlcore_input_t input;
    size_t got;

    (void)state;
    zip_bytes(&archive, &one, 1);
    dlcore_input_from_memory(&input, archive.data, archive.size, "the.zip");
    assert_int_equal(dlcore_zip_open(&input, 1000, &memory, &zip, NULL), DLCORE_OK);
    assert_int_equal(dlcore_zip_read_start(zip, 0, start, 4, &got, NULL), DLCORE_OK);
    assert_int_equal(got, 4);
    assert_memory_equal(start, "nine", 4);
    assert_int_equal(dlcore_zip_read_start(zip, 0, start, sizeof start, &got, NULL), DLCORE_OK);
    assert_int_equal(got, TEXT_SIZE);
    dlcore_zip_close(zip);
    bytes_free(&archive);
}

static void test_zip_more_bytes_than_the_limit_are_refused_unread(void **state)
{
    bytes_t held = {0};
    zip_case_t one = stored("a");

    (void)state;
    assert_refused(&one, 1, TEXT_SIZE - 1, DLCORE_ERROR_OVERFLOW, "a has 12 bytes: more than 11");
    one = deflated("bomb", &held, 1 << 20);
    assert_refused(&one, 1, 1 << 16, DLCORE_ERROR_OVERFLOW, "bomb has 1048576 bytes");
    bytes_free(&held);
}

static void test_zip_wrong_sizes_and_checksums_are_refused(void **state)
{
    bytes_t held = {0};
    zip_case_t one = stored("a");

    (void)state;
    one.size = TEXT_SIZE + 1;
    assert_refused(&one, 1, 100, DLCORE_ERROR_FORMAT, "declares 13 bytes, which 12 packed");
    one = stored("a");
    one.checksum ^= 1;
    assert_refused(&one, 1, 100, DLCORE_ERROR_FORMAT, "CRC");
    one = deflated("a", &held, 5000);
    one.size = 4999;
    assert_refused(&one, 1, DLCORE_ZIP_NO_LIMIT, DLCORE_ERROR_FORMAT, "more than the 4999 bytes");
    one.size = 5001;
    assert_refused(&one, 1, DLCORE_ZIP_NO_LIMIT, DLCORE_ERROR_FORMAT, "a");
    one.size = 4000000000u; /* more than deflate can hold in that few bytes */
    assert_refused(&one, 1, DLCORE_ZIP_NO_LIMIT, DLCORE_ERROR_FORMAT, "declares 4000000000 bytes");
    bytes_free(&held);
}

static void test_zip_encrypted_and_unknown_entries_are_refused_by_name(void **state)
{
    zip_case_t one = stored("secret");

    (void)state;
    one.flags = 1;
    assert_refused(&one, 1, 100, DLCORE_ERROR_UNSUPPORTED, "secret is encrypted");
    one = stored("x");
    one.method = 12;
    assert_refused(&one, 1, 100, DLCORE_ERROR_UNSUPPORTED, "x: compression method 12");
    one.method = 93;
    assert_refused(&one, 1, 100, DLCORE_ERROR_UNSUPPORTED, "x: compression method 93");
}

static void test_zip_two_entries_of_one_name_are_refused(void **state)
{
    zip_case_t cases[] = {stored("a"), stored("b"), stored("a")};

    (void)state;
    assert_refused(cases, 3, 100, DLCORE_ERROR_FORMAT, "two entries are called \"a\"");
}

static void test_zip_what_is_no_archive_is_refused(void **state)
{
    dlcore_error_record_t error = {.message = ""};
    bytes_t nothing = {0}, content = {0};

    (void)state;
    bytes_add(&nothing, "\x93NUMPY and more bytes than an archive has at least", 50);
    assert_failed(read_first(&nothing, 100, &content, NULL, &error), DLCORE_ERROR_FORMAT, &error,
                  "the.zip: not a zip archive");
    nothing.size = 21;
    assert_failed(read_first(&nothing, 100, &content, NULL, &error), DLCORE_ERROR_FORMAT, &error,
                  "the.zip: not a zip archive: 21 bytes");
    nothing.size = 0;
    assert_failed(read_first(&nothing, 100, &content, NULL, &error), DLCORE_ERROR_FORMAT, &error,
                  "the.zip: not a zip archive: 0 bytes");
    bytes_free(&nothing);
}

/* An archive whose list says that the entry before it is 4 GiB long. */
static void test_zip_an_entry_longer_than_the_file_is_refused(void **state)
{
    dlcore_error_record_t error = {.message = ""};
    zip_case_t one = stored("a");
    bytes_t archive = {0}, content = {0};
    unsigned char *list;

    (void)state;
    zip_bytes(&archive, &one, 1);
    list = archive.data + archive.size - 22 - 47;
    memset(list + 20, 0xFE, 4);
    memset(list + 24, 0xFE, 4);
    assert_failed(read_first(&archive, DLCORE_ZIP_NO_LIMIT, &content, NULL, &error),
                  DLCORE_ERROR_FORMAT, &error, "the.zip: ");
    bytes_free(&archive);
    bytes_free(&content);
}

static dlcore_status read_scenario(const dlcore_allocator_t *allocator, void *context)
{
    bytes_t content = {0};
    dlcore_status status = read_first(context, 100, &content, allocator, NULL);

    bytes_free(&content);
    return status;
}

static void test_zip_failing_allocations(void **state)
{
    zip_case_t one = stored("a");
    bytes_t archive = {0};

    (void)state;
    zip_bytes(&archive, &one, 1);
    assert_int_equal(failing_allocator_sweep(read_scenario, &archive), 3);
    bytes_free(&archive);
}

/* The system's message, not libzip's. */
static void test_zip_reading_errors_of_the_system_are_told(void **state)
{
    dlcore_allocator_t memory = dlcore_allocator_default();
    zip_case_t one = stored("a");
    bytes_t archive = {0};
    size_t faults = 0;

    (void)state;
    zip_bytes(&archive, &one, 1);
    for (size_t fault_at = 1;; fault_at++) {
        dlcore_error_record_t error = {.message = ""};
        dlcore_zip_t *zip = NULL;
        dlcore_input_t input;
        void *bytes = NULL;
        size_t size;
        dlcore_status status;

        assert_int_equal(
            dlcore_input_open(&input, scratch_file("a.zip", archive.data, archive.size), NULL),
            DLCORE_OK);
        read_faults.reads = 0;
        read_faults.fault_at = fault_at;
        read_faults.fault = 5; /* EIO */
        status = dlcore_zip_open(&input, 1000, &memory, &zip, &error);
        if (status == DLCORE_OK)
            status = dlcore_zip_read(zip, 0, 100, &bytes, &size, &error);
        read_faults.fault_at = 0;
        dlcore_zip_close(zip);
        dlcore_release(&memory, bytes);
        dlcore_input_close(&input);
        if (read_faults.reads < fault_at) {
            assert_int_equal(status, DLCORE_OK);
            break;
        }
        faults++;
        assert_failed(status, DLCORE_ERROR_IO, &error, "a.zip: cannot read at byte");
    }
    assert_true(faults >= 3);
    bytes_free(&archive);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zip_lists_entries_in_order),
        cmocka_unit_test(test_zip_entries_are_read_whole),
        cmocka_unit_test(test_zip_the_start_of_an_entry_is_read),
        cmocka_unit_test(test_zip_more_bytes_than_the_limit_are_refused_unread),
        cmocka_unit_test(test_zip_wrong_sizes_and_checksums_are_refused),
        cmocka_unit_test(test_zip_encrypted_and_unknown_entries_are_refused_by_name),
        cmocka_unit_test(test_zip_two_entries_of_one_name_are_refused),
        cmocka_unit_test(test_zip_what_is_no_archive_is_refused),
        cmocka_unit_test(test_zip_an_entry_longer_than_the_file_is_refused),
        cmocka_unit_test(test_zip_failing_allocations),
        cmocka_unit_test(test_zip_reading_errors_of_the_system_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
