/* The number of entries that a zip archive claims, seen before libzip looks at it.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/allocator.h"
#include "exchange/zip.h"
#include "exchange/zip_claim.h"
#include "exchange/zip_writer.h"
#include "support/tensors.h"
#include "support/zip_bytes.h"

static dlcore_status add_to(void *to, const void *bytes, size_t size, dlcore_error_record_t *error)
{
    (void)error;
    bytes_add(to, bytes, size);
    return DLCORE_OK;
}

static void write_entries(bytes_t *archive, int count)
{
    dlcore_allocator_t memory = dlcore_allocator_default();
    dlcore_zip_writer_t writer;

    dlcore_zip_writer_begin(&writer, add_to, archive, &memory);
    for (int i = 0; i < count; i++) {
        char name[12];

        snprintf(name, sizeof name, "%d", i);
        assert_int_equal(dlcore_zip_writer_add(&writer, name, "", 0, NULL), DLCORE_OK);
    }
    assert_int_equal(dlcore_zip_writer_finish(&writer, NULL), DLCORE_OK);
    dlcore_zip_writer_end(&writer);
}

static uint64_t claim_of(const bytes_t *archive)
{
    dlcore_allocator_t memory = dlcore_allocator_default();
    dlcore_input_t input;
    uint64_t count = 77;

    dlcore_input_from_memory(&input, archive->data, archive->size, "the.zip");
    assert_int_equal(dlcore_zip_claim(&input, &memory, &count, NULL), DLCORE_OK);
    return count;
}

static dlcore_status open_most(const bytes_t *archive, size_t most, dlcore_error_record_t *error)
{
    dlcore_allocator_t memory = dlcore_allocator_default();
    dlcore_input_t input;
    dlcore_zip_t *zip;
    dlcore_status status;

    dlcore_input_from_memory(&input, archive->data, archive->size, "the.zip");
    status = dlcore_zip_open(&input, most, &memory, &zip, error);
    dlcore_zip_close(zip);
    return status;
}

static void test_zip_claim_is_the_number_of_entries(void **state)
{
    const int counts[] = {0, 1, 3, 65534, 65535, 65536};

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        bytes_t archive = {0};

        write_entries(&archive, counts[i]);
        assert_int_equal(claim_of(&archive), counts[i]);
        bytes_free(&archive);
    }
}

static void test_zip_claim_more_entries_than_wanted_are_refused(void **state)
{
    dlcore_error_record_t error = {.message = ""};
    bytes_t archive = {0};

    (void)state;
    write_entries(&archive, 4);
    assert_int_equal(open_most(&archive, 4, &error), DLCORE_OK);
    assert_failed(open_most(&archive, 3, &error), DLCORE_ERROR_UNSUPPORTED, &error,
                  "the.zip: 4 entries: more than 3");
    bytes_free(&archive);
    write_entries(&archive, 65536); /* with the records of zip64 */
    assert_failed(open_most(&archive, 1024, &error), DLCORE_ERROR_UNSUPPORTED, &error,
                  "the.zip: 65536 entries: more than 1024");
    bytes_free(&archive);
}

/* libzip would look at both records. */
static void test_zip_claim_counts_a_record_in_a_comment(void **state)
{
    bytes_t archive = {0}, inner = {0};
    size_t end;

    (void)state;
    write_entries(&archive, 2);
    write_entries(&inner, 5);
    end = archive.size;
    bytes_add(&archive, inner.data, inner.size);
    archive.data[end - 2] = (unsigned char)(inner.size & 0xFF);
    archive.data[end - 1] = (unsigned char)(inner.size >> 8);
    assert_int_equal(claim_of(&archive), 5);
    bytes_free(&inner);
    bytes_free(&archive);
}

static void test_zip_claim_looks_no_further_than_a_comment_may_reach(void **state)
{
    bytes_t archive = {0};

    (void)state;
    write_entries(&archive, 2);
    bytes_add_zeros(&archive, 65535);
    assert_int_equal(claim_of(&archive), 2);
    bytes_add_zeros(&archive, 100);
    assert_int_equal(claim_of(&archive), 0);
    bytes_free(&archive);
}

/* Cut at every byte, and with every byte of its records changed. */
static void test_zip_claim_of_damaged_records_reads_nothing_outside(void **state)
{
    bytes_t archive = {0};
    size_t whole;

    (void)state;
    write_entries(&archive, 65535);
    whole = archive.size;
    for (archive.size = whole; archive.size > whole - 120; archive.size--)
        (void)claim_of(&archive);
    archive.size = whole;
    for (size_t i = whole - 98; i < whole; i++) {
        unsigned char kept = archive.data[i];

        archive.data[i] = (unsigned char)(kept ^ 0xFF);
        (void)claim_of(&archive);
        archive.data[i] = kept;
    }
    assert_int_equal(claim_of(&archive), 65535);
    archive.size = 0;
    assert_int_equal(claim_of(&archive), 0);
    archive.size = whole;
    bytes_free(&archive);
}

/* A record that says where zip64's is: before the beginning, beyond the end, at no such record. */
static void test_zip_claim_of_zip64_elsewhere_is_that_of_the_old_record(void **state)
{
    static const unsigned char locator[] = {'P', 'K', 6, 7}, end[] = {'P', 'K', 5, 6};
    static const unsigned char places[] = {0, 1, 200};
    static const unsigned char three[] = {3, 0, 3, 0};

    (void)state;
    for (size_t before = 0; before <= 100; before += 100) {
        for (size_t i = 0; i < sizeof places; i++) {
            bytes_t archive = {0};

            bytes_add_zeros(&archive, before);
            bytes_add(&archive, locator, 4);
            bytes_add_zeros(&archive, 4);
            bytes_add(&archive, &places[i], 1);
            bytes_add_zeros(&archive, 11);
            bytes_add(&archive, end, 4);
            bytes_add_zeros(&archive, 4);
            bytes_add(&archive, three, 4);
            bytes_add_zeros(&archive, 10);
            assert_int_equal(claim_of(&archive), 3);
            bytes_free(&archive);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zip_claim_of_zip64_elsewhere_is_that_of_the_old_record),
        cmocka_unit_test(test_zip_claim_is_the_number_of_entries),
        cmocka_unit_test(test_zip_claim_more_entries_than_wanted_are_refused),
        cmocka_unit_test(test_zip_claim_counts_a_record_in_a_comment),
        cmocka_unit_test(test_zip_claim_looks_no_further_than_a_comment_may_reach),
        cmocka_unit_test(test_zip_claim_of_damaged_records_reads_nothing_outside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
