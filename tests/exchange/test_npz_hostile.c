/* .npz files that are cut, changed, or made to be a nuisance.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/npz.h"
#include "support/failing_allocator.h"
#include "support/npy_bytes.h"
#include "support/tensors.h"
#include "support/zip_bytes.h"

/* Opens a copy that ends where its bytes end, and inspects and reads each array. Fails the test
 * when memory is lost or errors lack a message. Answers whether all was right. */
static bool read_all(const unsigned char *bytes, size_t size)
{
    failing_allocator_t memory;
    dlcore_allocator_t allocator;
    dlcore_error_record_t error = {.message = ""};
    unsigned char *copy = malloc(size > 0 ? size : 1);
    dlcore_npz_t *npz = NULL;
    dlcore_status status;
    bool right;

    assert_non_null(copy);
    memcpy(copy, bytes, size);
    failing_allocator_init(&memory);
    allocator = failing_allocator(&memory);
    status = dlcore_npz_open_memory(copy, size, &allocator, &npz, &error);
    right = status == DLCORE_OK;
    assert_true(right == (npz != NULL) && right == (error.message[0] == '\0'));
    for (size_t i = 0; i < dlcore_npz_count(npz); i++) {
        dlcore_npz_array_t array;
        dlcore_tensor_t *tensor;

        error.message[0] = '\0';
        status = dlcore_npz_inspect(npz, i, &array, &error);
        assert_true((status == DLCORE_OK) == (error.message[0] == '\0'));
        right = right && status == DLCORE_OK;
        error.message[0] = '\0';
        status = dlcore_npz_read(npz, dlcore_npz_name(npz, i), &tensor, &error);
        assert_true((status == DLCORE_OK) == (error.message[0] == '\0'));
        right = right && status == DLCORE_OK;
        dlcore_tensor_free(tensor);
    }
    dlcore_npz_free(npz);
    free(copy);
    failing_allocator_assert_clean(&memory);
    assert_true(memory.peak_bytes < (1 << 20));
    return right;
}

static void test_npz_hostile_every_truncation_is_refused(void **state)
{
    static const char *const files[] = {"stored.npz", "deflated.npz"};

    (void)state;
    for (size_t file = 0; file < 2; file++) {
        bytes_t bytes = {0};

        fixture_bytes(&bytes, files[file]);
        for (size_t size = 0; size < bytes.size; size++)
            assert_false(read_all(bytes.data, size));
        bytes_free(&bytes);
    }
}

static void test_npz_hostile_every_changed_byte(void **state)
{
    static const char *const files[] = {"stored.npz", "deflated.npz"};
    static const unsigned char changes[] = {0x01, 0x80, 0xFF};

    (void)state;
    for (size_t file = 0; file < 2; file++) {
        bytes_t bytes = {0};

        fixture_bytes(&bytes, files[file]);
        for (size_t i = 0; i < bytes.size; i++)
            for (size_t change = 0; change < 3; change++) {
                bytes.data[i] ^= changes[change];
                (void)read_all(bytes.data, bytes.size);
                bytes.data[i] ^= changes[change];
            }
        bytes_free(&bytes);
    }
}

static void assert_all_refused(const zip_case_t *cases, size_t count, dlcore_status expected,
                               const char *text)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_tensor_t *tensor;
    bytes_t archive = {0};

    zip_bytes(&archive, cases, count);
    assert_failed(dlcore_npz_parse(archive.data, archive.size, "x", NULL, &tensor, &error),
                  expected, &error, text);
    assert_null(tensor);
    bytes_free(&archive);
}

static zip_case_t npy_entry(const bytes_t *npy)
{
    return (zip_case_t){.name = "x.npy",
                        .packed = npy->data,
                        .packed_size = npy->size,
                        .size = npy->size,
                        .checksum = zip_crc(npy->data, npy->size)};
}

static void test_npz_hostile_crafted_arrays_are_refused(void **state)
{
    static const float floats[] = {1, 2, 3};
    bytes_t npy = {0};
    zip_case_t cases[2];

    (void)state;
    npy_little(&npy, "<f4", "(3,)", floats, 4, 3);
    cases[0] = cases[1] = npy_entry(&npy);
    assert_all_refused(cases, 2, DLCORE_ERROR_FORMAT, "two entries are called \"x.npy\"");
    cases[0].flags = 1;
    assert_all_refused(cases, 1, DLCORE_ERROR_UNSUPPORTED, "x.npy is encrypted");
    bytes_free(&npy);
    npy_little(&npy, "<f4", "(4,)", floats, 4, 3);
    cases[0] = npy_entry(&npy);
    assert_all_refused(cases, 1, DLCORE_ERROR_FORMAT,
                       ".npz data: x: 12 bytes of elements, the header says 16");
    bytes_free(&npy);
    npy_little(&npy, "<f4", "(4611686018427387904, 4)", floats, 4, 3);
    cases[0] = npy_entry(&npy);
    assert_all_refused(cases, 1, DLCORE_ERROR_OVERFLOW, ".npz data: x: ");
    bytes_free(&npy);
    bytes_add(&npy, "PK\3\4 not an array", 18);
    cases[0] = npy_entry(&npy);
    assert_all_refused(cases, 1, DLCORE_ERROR_FORMAT, "x: not a .npy file");
    bytes_free(&npy);
}

/* 10 MB of zeros in 64 KB: as large as it says, and a limit stops it. */
static void test_npz_hostile_a_bomb_is_stopped_by_the_allocator(void **state)
{
    const size_t zeros = 10000000;
    dlcore_error_record_t error = {.message = ""};
    failing_allocator_t memory;
    dlcore_allocator_t allocator;
    bytes_t head = {0}, packed = {0}, content = {0}, archive = {0};
    zip_case_t bomb = {.name = "x.npy", .method = 8};
    dlcore_tensor_t *tensor;

    (void)state;
    npy_file(&head, 1, npy_dict("|u1", "False", "(10000000,)"), "", 0);
    gzip_zeros(&packed, head.data, head.size, zeros);
    bytes_add(&content, head.data, head.size);
    bytes_add_zeros(&content, zeros);
    bomb.packed = packed.data + 10;
    bomb.packed_size = packed.size - 18;
    bomb.size = content.size;
    bomb.checksum = zip_crc(content.data, content.size);
    zip_bytes(&archive, &bomb, 1);
    assert_int_equal(dlcore_npz_parse(archive.data, archive.size, NULL, NULL, &tensor, NULL),
                     DLCORE_OK);
    assert_int_equal(dlcore_tensor_size(tensor), zeros);
    dlcore_tensor_free(tensor);
    failing_allocator_init(&memory);
    memory.live_limit = 1 << 20;
    allocator = failing_allocator(&memory);
    assert_failed(dlcore_npz_parse(archive.data, archive.size, NULL, &allocator, &tensor, &error),
                  DLCORE_ERROR_MEMORY, &error, "no memory for 10000128 bytes");
    failing_allocator_assert_clean(&memory);
    bytes_free(&head);
    bytes_free(&packed);
    bytes_free(&content);
    bytes_free(&archive);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_npz_hostile_every_truncation_is_refused),
        cmocka_unit_test(test_npz_hostile_every_changed_byte),
        cmocka_unit_test(test_npz_hostile_crafted_arrays_are_refused),
        cmocka_unit_test(test_npz_hostile_a_bomb_is_stopped_by_the_allocator),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
