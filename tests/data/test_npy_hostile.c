/* .npy files that are broken, by chance or on purpose: every truncation and every change of one
 * byte, and a collection of crafted ones. Whatever happens, no memory is lost and none is taken
 * that the file does not justify.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/data.h"
#include "support/failing_allocator.h"
#include "support/npy_bytes.h"
#include "support/size_text.h"
#include "support/tensors.h"

static size_t larger(size_t size, const dlcore_tensor_t *tensor)
{
    size_t tensor_bytes = 4 * dlcore_tensor_size(tensor);

    return tensor_bytes > size ? tensor_bytes : size;
}

/* Parses a copy that ends where its bytes end, so that a sanitizer sees reads beyond. */
static dlcore_status parse(const unsigned char *bytes, size_t size, dlcore_error_record_t *error)
{
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);
    unsigned char *copy = malloc(size > 0 ? size : 1);
    dlcore_tensor_t *tensor = NULL;
    dlcore_status status;

    assert_non_null(copy);
    memcpy(copy, bytes, size);
    failing_allocator_init(&memory);
    status = dlcore_npy_parse(copy, size, &allocator, &tensor, error);
    free(copy);
    if (memory.peak_bytes > 2 * larger(size, tensor) + 1000)
        fail_msg("%zu bytes taken for a file of %zu", memory.peak_bytes, size);
    if (status != DLCORE_OK) {
        assert_null(tensor);
        assert_int_equal(error->status, status);
        assert_true(error->message[0] != '\0');
    }
    dlcore_tensor_free(tensor);
    failing_allocator_assert_clean(&memory);
    return status;
}

enum { SEEDS = 5 };

static void seeds(bytes_t files[SEEDS])
{
    static const double doubles[] = {1.5, -2, 1e10, 0, 5, 6};
    static const int64_t ints[] = {1, -2, 3, INT32_MAX, INT32_MIN, 6};
    static const float floats[] = {1, 2, 3, 4, 5, 6};
    static const uint16_t shorts[] = {1, 0x3C00, 0x7C01, 4, 0xFFFF, 6};
    static const int8_t bytes[100] = {-128, 127};

    npy_little(&files[0], "<f4", "(2, 3)", floats, 4, 6);
    npy_little_order(&files[1], "<i8", "True", "(2, 3)", ints, 8, 6);
    npy_little(&files[2], "<f8", "(1, 6)", doubles, 8, 6);
    npy_little_order(&files[3], "|i1", "True", "(20, 5)", bytes, 1, 100);
    npy_little(&files[4], "<u2", "(2, 3)", shorts, 2, 6);
}

static void test_npy_hostile_every_truncation_is_refused(void **state)
{
    bytes_t files[SEEDS] = {{0}};

    (void)state;
    seeds(files);
    for (size_t i = 0; i < SEEDS; i++) {
        for (size_t size = 0; size < files[i].size; size++) {
            dlcore_error_record_t error;

            assert_int_equal(parse(files[i].data, size, &error), DLCORE_ERROR_FORMAT);
        }
        bytes_free(&files[i]);
    }
}

static void test_npy_hostile_every_changed_byte(void **state)
{
    bytes_t files[SEEDS] = {{0}};

    (void)state;
    seeds(files);
    for (size_t i = 0; i < SEEDS; i++) {
        for (size_t at = 0; at < files[i].size; at++)
            for (unsigned change = 1; change < 256; change++) {
                dlcore_error_record_t error;

                files[i].data[at] ^= (unsigned char)change;
                if (at < 10) /* magic, version, length */
                    assert_int_not_equal(parse(files[i].data, files[i].size, &error), DLCORE_OK);
                else
                    parse(files[i].data, files[i].size, &error);
                files[i].data[at] ^= (unsigned char)change;
            }
        bytes_free(&files[i]);
    }
}

#define DICT(descr, order, shape) \
    "{'descr': '" descr "', 'fortran_order': " order ", 'shape': " shape ", }"

static void test_npy_hostile_crafted_headers_are_refused(void **state)
{
    static const struct {
        const char *dict;
        size_t elements; /* bytes that follow */
        dlcore_status status;
    } cases[] = {
        {DICT("<f4", "False", "(2, 3)"), 23, DLCORE_ERROR_FORMAT},
        {DICT("<f4", "False", "(2, 3)"), 25, DLCORE_ERROR_FORMAT},
        {DICT("<f4", "False", "(2, 3)"), 0, DLCORE_ERROR_FORMAT},
        {DICT("<f4", "False", "()"), 3, DLCORE_ERROR_FORMAT},
        {DICT("<f8", "False", "(3,)"), 12, DLCORE_ERROR_FORMAT},
        {DICT("|u1", "True", "(0, 5)"), 1, DLCORE_ERROR_FORMAT},
        {DICT("|u1", "False", "(4000000000,)"), 4,
         BY_SIZE(DLCORE_ERROR_FORMAT, DLCORE_ERROR_OVERFLOW)},
        {DICT("<f4", "False", "(4611686018427387904,)"), 0, DLCORE_ERROR_OVERFLOW},
        {DICT("<f4", "False", "(18446744073709551615,)"), 0, DLCORE_ERROR_OVERFLOW},
        {DICT("<f4", "False", "(18446744073709551616,)"), 0, DLCORE_ERROR_OVERFLOW},
        {DICT("<f4", "False", "(18446744073709551617,)"), 4, DLCORE_ERROR_OVERFLOW},
        {DICT("|u1", "False", "(4294967296, 4294967296)"), 0, DLCORE_ERROR_OVERFLOW},
        {DICT("|u1", "False", "(3, 6148914691236517206)"), 2, DLCORE_ERROR_OVERFLOW},
        {DICT("<f8", "False", "(2305843009213693952,)"), 0, DLCORE_ERROR_OVERFLOW},
        {DICT("<i8", "False", "(0, 9223372036854775807, 9)"), 0, DLCORE_ERROR_OVERFLOW},
        {DICT("<f4", "False", "(1,1,1,1,1,1,1,1,1)"), 4, DLCORE_ERROR_UNSUPPORTED},
        {DICT("<f4", "False", "(-2, -3)"), 24, DLCORE_ERROR_FORMAT},
        {DICT("<f4", "False", "(0x2,)"), 8, DLCORE_ERROR_FORMAT},
        {DICT("<f4", "False", "((2,), 3)"), 24, DLCORE_ERROR_FORMAT},
        {DICT("<f4", "False", "(True,)"), 4, DLCORE_ERROR_FORMAT},
        {DICT("<f4", "None", "(2,)"), 8, DLCORE_ERROR_FORMAT},
        {DICT("<c8", "False", "(2,)"), 16, DLCORE_ERROR_UNSUPPORTED},
        {DICT("<f16", "False", "(2,)"), 32, DLCORE_ERROR_UNSUPPORTED},
        {DICT("|f2", "False", "(2,)"), 4, DLCORE_ERROR_UNSUPPORTED},
        {DICT("<i3", "False", "(2,)"), 6, DLCORE_ERROR_UNSUPPORTED},
        {DICT("<f2", "False", "(3,)"), 5, DLCORE_ERROR_FORMAT},
        {DICT("|i1", "False", "(3,)"), 12, DLCORE_ERROR_FORMAT},
        {DICT("|i1", "True", "(2305843009213693952,)"), 0, DLCORE_ERROR_OVERFLOW},
        {DICT(">u8", "False", "(1152921504606846976,)"), 0,
         BY_SIZE(DLCORE_ERROR_FORMAT, DLCORE_ERROR_OVERFLOW)},
        {DICT(">u8", "False", "(2305843009213693952,)"), 0, DLCORE_ERROR_OVERFLOW},
        {DICT("|O", "False", "(2,)"), 8, DLCORE_ERROR_UNSUPPORTED},
        {DICT("", "False", "(2,)"), 8, DLCORE_ERROR_UNSUPPORTED},
        {DICT("%s%n", "False", "(2,)"), 8, DLCORE_ERROR_UNSUPPORTED},
        {"{'descr': __import__('os'), 'fortran_order': False, 'shape': (2,)}", 8,
         DLCORE_ERROR_FORMAT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)", 8, DLCORE_ERROR_FORMAT},
        {"{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{", 8, DLCORE_ERROR_FORMAT},
        {"", 8, DLCORE_ERROR_FORMAT},
    };

    (void)state;
    assert_true(sizeof cases / sizeof cases[0] >= 20);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (unsigned char version = 1; version <= 3; version++) {
            dlcore_error_record_t error = {.message = ""};
            bytes_t file = {0}, zeros = {0};

            bytes_add_zeros(&zeros, cases[i].elements);
            npy_file(&file, version, cases[i].dict, zeros.data, zeros.size);
            assert_failed(parse(file.data, file.size, &error), cases[i].status, &error,
                          ".npy data");
            bytes_free(&zeros);
            bytes_free(&file);
        }
}

static void test_npy_hostile_crafted_starts_are_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        dlcore_status status;
        const char *text;
    } cases[] = {
        {"\x93NUMPY\x00\x00\x00\x00", 10, DLCORE_ERROR_UNSUPPORTED, "version 0.0"},
        {"\x93NUMPY\x01\x01\x00\x00", 10, DLCORE_ERROR_UNSUPPORTED, "version 1.1"},
        {"\x93NUMPY\x04\x00\x00\x00\x00\x00", 12, DLCORE_ERROR_UNSUPPORTED, "version 4.0"},
        {"\x93NUMPY\x01\x00\x00\x00", 10, DLCORE_ERROR_FORMAT, "newline"},
        {"\x93NUMPY\x01\x00\xFF\xFF", 10, DLCORE_ERROR_FORMAT, "a header of 65535 does not fit"},
        {"\x93NUMPY\x02\x00\xFF\xFF\xFF\xFF", 12, DLCORE_ERROR_FORMAT, "4294967295 does not fit"},
        {"\x93NUMPY\x02\x00\x01\x00", 10, DLCORE_ERROR_FORMAT, "cut within its header"},
        {"\x93numpy\x01\x00\x00\x00", 10, DLCORE_ERROR_FORMAT, "not a .npy file"},
        {"PK\x03\x04 an .npz file", 16, DLCORE_ERROR_FORMAT, "not a .npy file"},
        {"\x1F\x8B\x08 a gzip file", 14, DLCORE_ERROR_FORMAT, "not a .npy file"},
    };
    dlcore_error_record_t error = {.message = ""};
    bytes_t file = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_failed(parse((const unsigned char *)cases[i].bytes, cases[i].size, &error),
                      cases[i].status, &error, cases[i].text);
    bytes_add(&file, "\x93NUMPY\x02\x00\x11\x27\x00\x00", 12); /* 10001 */
    bytes_add_zeros(&file, 10001);
    assert_failed(parse(file.data, file.size, &error), DLCORE_ERROR_UNSUPPORTED, &error,
                  "a header of 10001 bytes");
    bytes_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_npy_hostile_every_truncation_is_refused),
        cmocka_unit_test(test_npy_hostile_every_changed_byte),
        cmocka_unit_test(test_npy_hostile_crafted_headers_are_refused),
        cmocka_unit_test(test_npy_hostile_crafted_starts_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
