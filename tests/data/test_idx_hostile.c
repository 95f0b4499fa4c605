/* IDX files that are broken, by chance or on purpose: every truncation and every change of one byte
 * of a plain and a gzip file, and a collection of crafted ones. Whatever happens, no memory is lost
 * and none is taken that the file does not justify.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/data.h"
#include "support/failing_allocator.h"
#include "support/idx_bytes.h"
#include "support/size_text.h"
#include "support/tensors.h"

#define MB ((size_t)1 << 20)

/* float32 (2, 3), so that a length, the type or the rank in error never fits by accident */
static const unsigned char plain_seed[] = {
    0, 0, 0x0D, 2,    0, 0, 0,    2,    0, 0, 0,    3,    0x3F, 0x80, 0,    0,    0x40, 0,
    0, 0, 0x40, 0x40, 0, 0, 0x40, 0x80, 0, 0, 0x40, 0xA0, 0,    0,    0x40, 0xC0, 0,    0,
};
#define PLAIN_HEADER 12

/* Parses a copy that ends where its bytes end, so that a sanitizer sees reads beyond. */
static dlcore_status parse(const unsigned char *bytes, size_t size, size_t limit,
                           failing_allocator_t *memory, dlcore_tensor_t **tensor,
                           dlcore_error_record_t *error)
{
    dlcore_allocator_t allocator = failing_allocator(memory);
    unsigned char *copy = malloc(size > 0 ? size : 1);
    dlcore_status status;

    assert_non_null(copy);
    memcpy(copy, bytes, size);
    failing_allocator_init(memory);
    status = dlcore_idx_parse(copy, size, &allocator, tensor, error);
    free(copy);
    if (memory->peak_bytes > limit)
        fail_msg("%zu bytes taken for a file of %zu", memory->peak_bytes, size);
    if (status != DLCORE_OK) {
        assert_null(*tensor);
        assert_int_equal(error->status, status);
        assert_true(error->message[0] != '\0');
    }
    return status;
}

static void test_idx_hostile_every_truncation_of_a_plain_file_is_refused(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof plain_seed; size++) {
        failing_allocator_t memory;
        dlcore_error_record_t error;
        dlcore_tensor_t *tensor;
        char text[80];

        assert_int_equal(parse(plain_seed, size, 0, &memory, &tensor, &error), DLCORE_ERROR_FORMAT);
        if (size < 4)
            snprintf(text, sizeof text, "%zu bytes, an IDX file has at least 4", size);
        else if (size < PLAIN_HEADER)
            snprintf(text, sizeof text, "%zu bytes, the header alone has 12 at rank 2", size);
        else
            snprintf(text, sizeof text, "%zu bytes of elements, the header says 24",
                     size - PLAIN_HEADER);
        assert_non_null(strstr(error.message, text));

        assert_failed(dlcore_idx_load(scratch_file("cut", plain_seed, size), NULL, &tensor, &error),
                      DLCORE_ERROR_FORMAT, &error, text);
        assert_null(tensor);
    }
}

/* A changed header never fits; a changed element is read as it stands. */
static void test_idx_hostile_every_changed_byte_of_a_plain_file(void **state)
{
    dlcore_tensor_t *seed = NULL;

    (void)state;
    assert_int_equal(dlcore_idx_parse(plain_seed, sizeof plain_seed, NULL, &seed, NULL), DLCORE_OK);
    for (size_t at = 0; at < sizeof plain_seed; at++)
        for (unsigned change = 1; change < 256; change++) {
            unsigned char bytes[sizeof plain_seed];
            failing_allocator_t memory;
            dlcore_error_record_t error;
            dlcore_tensor_t *tensor;
            dlcore_status status;

            memcpy(bytes, plain_seed, sizeof bytes);
            bytes[at] ^= (unsigned char)change;
            status = parse(bytes, sizeof bytes, 1000, &memory, &tensor, &error);
            /* int32 is as long as float32 */
            if (at >= PLAIN_HEADER || (at == 2 && bytes[at] == IDX_INT32)) {
                assert_int_equal(status, DLCORE_OK);
                assert_int_equal(dlcore_tensor_size(tensor), 6);
                assert_false(dlcore_tensor_equal(tensor, seed, 0));
            } else {
                assert_int_not_equal(status, DLCORE_OK);
                assert_int_equal(memory.calls, 0);
            }
            dlcore_tensor_free(tensor);
            failing_allocator_assert_clean(&memory);
        }
    dlcore_tensor_free(seed);
}

static void test_idx_hostile_every_truncation_of_a_gzip_file_is_refused(void **state)
{
    (void)state;
    if (!dlcore_idx_reads_gzip())
        skip();
    for (size_t size = 0; size < gzip_seed_size; size++) {
        failing_allocator_t memory;
        dlcore_error_record_t error;
        dlcore_tensor_t *tensor;

        assert_int_equal(parse(gzip_seed, size, MB, &memory, &tensor, &error), DLCORE_ERROR_FORMAT);
        failing_allocator_assert_clean(&memory);
        assert_int_equal(
            dlcore_idx_load(scratch_file("cut.gz", gzip_seed, size), NULL, &tensor, NULL),
            DLCORE_ERROR_FORMAT);
    }
}

/* What comes out is what gzip packed, or an error: only time, name and system are not checked. */
static void test_idx_hostile_every_changed_byte_of_a_gzip_file(void **state)
{
    unsigned char content[268];
    size_t accepted = 0;

    (void)state;
    if (!dlcore_idx_reads_gzip())
        skip();
    gzip_seed_content(content);
    for (size_t at = 0; at < gzip_seed_size; at++)
        for (unsigned change = 1; change < 256; change++) {
            unsigned char bytes[256];
            failing_allocator_t memory;
            dlcore_error_record_t error;
            dlcore_tensor_t *tensor;

            assert_in_range(gzip_seed_size, 1, sizeof bytes);
            memcpy(bytes, gzip_seed, gzip_seed_size);
            bytes[at] ^= (unsigned char)change;
            if (parse(bytes, gzip_seed_size, 2 * sizeof content + MB, &memory, &tensor, &error) ==
                DLCORE_OK) {
                assert_in_range(at, 3, 18);
                assert_bytes(tensor, SHAPE(16, 16), content + 12);
                accepted++;
            }
            dlcore_tensor_free(tensor);
            failing_allocator_assert_clean(&memory);
        }
    assert_in_range(accepted, 6 * 255, 16 * 255);
}

/* Headers and what follows them: type, rank, lengths, bytes of elements. */
static void test_idx_hostile_crafted_files_are_refused(void **state)
{
    static const uint32_t most = UINT32_MAX;
    const struct {
        unsigned char type;
        unsigned char rank;
        uint32_t lengths[8];
        size_t elements;
        dlcore_status status;
        const char *text;
    } cases[] = {
        {0x00, 1, {1}, 1, DLCORE_ERROR_FORMAT, "unknown type 0x00"},
        {0x07, 1, {1}, 1, DLCORE_ERROR_FORMAT, "unknown type 0x07"},
        {0x0A, 1, {1}, 1, DLCORE_ERROR_FORMAT, "unknown type 0x0a"},
        {0x0F, 1, {1}, 8, DLCORE_ERROR_FORMAT, "unknown type 0x0f"},
        {0xFF, 1, {1}, 1, DLCORE_ERROR_FORMAT, "unknown type 0xff"},
        {0x0E, 0, {0}, 4, DLCORE_ERROR_FORMAT, "4 bytes of elements, the header says 8"},
        {0x08, 9, {1, 1, 1, 1, 1, 1, 1, 1}, 5, DLCORE_ERROR_UNSUPPORTED, "rank 9 is more than 8"},
        {0x08, 255, {1}, 2000, DLCORE_ERROR_UNSUPPORTED, "rank 255 is more than 8"},
        /* one byte too few or too many, of each dtype */
        {0x08, 0, {0}, 0, DLCORE_ERROR_FORMAT, "0 bytes of elements, the header says 1"},
        {0x08, 0, {0}, 2, DLCORE_ERROR_FORMAT, "2 bytes of elements, the header says 1"},
        {0x0C, 0, {0}, 3, DLCORE_ERROR_FORMAT, "3 bytes of elements, the header says 4"},
        {0x09, 1, {3}, 12, DLCORE_ERROR_FORMAT, "12 bytes of elements, the header says 3"},
        {0x0B, 1, {3}, 5, DLCORE_ERROR_FORMAT, "5 bytes of elements, the header says 6"},
        {0x0B, 1, {3}, 7, DLCORE_ERROR_FORMAT, "7 bytes of elements, the header says 6"},
        {0x0E, 1, {2}, 15, DLCORE_ERROR_FORMAT, "15 bytes of elements, the header says 16"},
        {0x0D, 1, {2}, 9, DLCORE_ERROR_FORMAT, "9 bytes of elements, the header says 8"},
        {0x08, 1, {100}, 99, DLCORE_ERROR_FORMAT, "99 bytes of elements, the header says 100"},
        {0x08, 3, {2, 0, 3}, 1, DLCORE_ERROR_FORMAT, "1 bytes of elements, the header says 0"},
        /* elements that are counted instead of bytes */
        {0x0C, 1, {100}, 100, DLCORE_ERROR_FORMAT, "100 bytes of elements, the header says 400"},
        /* lengths in the wrong order of bytes, negative, far too large */
        {0x08, 1, {0x02000000}, 2, DLCORE_ERROR_FORMAT, "the header says 33554432"},
        {0x08,
         1,
         {most},
         7,
         BY_SIZE(DLCORE_ERROR_FORMAT, DLCORE_ERROR_OVERFLOW),
         BY_SIZE("7 bytes of elements, the header says 4294967295", "(4294967295) is too large")},
        {0x0D,
         1,
         {most},
         0,
         BY_SIZE(DLCORE_ERROR_FORMAT, DLCORE_ERROR_OVERFLOW),
         BY_SIZE("the header says 17179869180", "too large")},
        {0x08,
         2,
         {1u << 31, 1u << 31},
         0,
         BY_SIZE(DLCORE_ERROR_FORMAT, DLCORE_ERROR_OVERFLOW),
         BY_SIZE("4611686018427387904", "too large")},
        /* products that pass PTRDIFF_MAX, come out as 0 in 64 bits, or as 4: as little as is there
         */
        {0x08, 2, {most, most}, 0, DLCORE_ERROR_OVERFLOW, "(4294967295, 4294967295) is too large"},
        {0x0C, 2, {1u << 31, 1u << 30}, 0, DLCORE_ERROR_OVERFLOW, "too large"},
        {0x09, 2, {1u << 31, 1u << 30}, 0, DLCORE_ERROR_OVERFLOW, "too large"}, /* as int32 */
        {0x0E, 2, {1u << 31, 1u << 30}, 0, DLCORE_ERROR_OVERFLOW, "too large"},
        {0x08, 4, {1u << 16, 1u << 16, 1u << 16, 1u << 16}, 0, DLCORE_ERROR_OVERFLOW, "too large"},
        {0x0D, 4, {1u << 16, 1u << 16, 1u << 16, 1u << 14}, 0, DLCORE_ERROR_OVERFLOW, "too large"},
        {0x0C, 3, {3, 0xAAAAAAAB, 0x80000001}, 4, DLCORE_ERROR_OVERFLOW, "too large"},
        {0x08,
         8,
         {most, most, most, most, most, most, most, most},
         0,
         DLCORE_ERROR_OVERFLOW,
         "IDX data: shape (4294967295, "},
        /* no elements, but lengths that overflow without the zero */
        {0x08, 3, {most, most, 0}, 0, DLCORE_ERROR_OVERFLOW, "too large"},
        {0x08, 3, {0, most, most}, 0, DLCORE_ERROR_OVERFLOW, "too large"},
    };

    (void)state;
    assert_true(sizeof cases / sizeof cases[0] >= 20);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int packed = 0; packed <= (dlcore_idx_reads_gzip() ? 1 : 0); packed++) {
            failing_allocator_t memory;
            dlcore_error_record_t error;
            dlcore_tensor_t *tensor = NULL;
            bytes_t plain = {0};
            bytes_t file = {0};
            dlcore_status status;

            idx_header(&plain, cases[i].type, cases[i].rank > 8 ? 8 : cases[i].rank,
                       cases[i].lengths);
            plain.data[3] = cases[i].rank;
            bytes_add_zeros(&plain, cases[i].elements);
            if (packed)
                gzip_stored(&file, plain.data, plain.size);
            else
                bytes_add(&file, plain.data, plain.size);
            status = parse(file.data, file.size, packed ? 2 * plain.size + MB : 0, &memory, &tensor,
                           &error);
            if (packed && cases[i].status == DLCORE_ERROR_FORMAT)
                assert_int_equal(status, DLCORE_ERROR_FORMAT);
            else
                assert_failed(status, cases[i].status, &error, cases[i].text);
            failing_allocator_assert_clean(&memory);

            assert_int_equal(
                dlcore_idx_load(scratch_file("crafted", file.data, file.size), NULL, &tensor, NULL),
                cases[i].status);
            assert_null(tensor);
            bytes_free(&plain);
            bytes_free(&file);
        }
}

/* Files of other kinds, as users hand them in by mistake. */
static void test_idx_hostile_files_of_other_kinds_are_refused(void **state)
{
    static const struct {
        const char *start;
        size_t size;
        const char *text;
    } cases[] = {
        {"\x89PNG\r\n\x1a\n", 8, "starts with bytes 0x89 0x50"},
        {"\x93NUMPY\x01\x00", 8, "starts with bytes 0x93 0x4e"},
        {"PK\x03\x04....", 8, "starts with bytes 0x50 0x4b"},
        {"label,pixel0,pixel1\n", 20, "starts with bytes 0x6c 0x61"},
        {"<!DOCTYPE html><html>", 21, "starts with bytes 0x3c 0x21"},
        {"\x03\x08\x00\x00\x00\x00\x00\x00", 8, "starts with bytes 0x03 0x08"}, /* little-endian */
        {"\x00\x01\x08\x01\x00\x00\x00\x00", 8, "starts with bytes 0x00 0x01"},
        {"\x00\x00\x00\x00\x00\x00\x00\x00", 8, "unknown type 0x00"},
        {"\x1f\x8b", 1, "1 bytes, an IDX file has at least 4"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dlcore_error_record_t error;
        dlcore_tensor_t *tensor = NULL;

        assert_failed(dlcore_idx_load(scratch_file("other", cases[i].start, cases[i].size), NULL,
                                      &tensor, &error),
                      DLCORE_ERROR_FORMAT, &error, cases[i].text);
        assert_null(tensor);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idx_hostile_every_truncation_of_a_plain_file_is_refused),
        cmocka_unit_test(test_idx_hostile_every_changed_byte_of_a_plain_file),
        cmocka_unit_test(test_idx_hostile_every_truncation_of_a_gzip_file_is_refused),
        cmocka_unit_test(test_idx_hostile_every_changed_byte_of_a_gzip_file),
        cmocka_unit_test(test_idx_hostile_crafted_files_are_refused),
        cmocka_unit_test(test_idx_hostile_files_of_other_kinds_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
