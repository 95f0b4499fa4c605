/* .npy files, read: versions, types, orders of bytes and axes, ranks, and failing allocations. The
 * files are made by hand, so that the tests need no NumPy.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/data.h"
#include "support/failing_allocator.h"
#include "support/idx_bytes.h"
#include "support/npy_bytes.h"
#include "support/tensors.h"

static dlcore_tensor_t *parse(const bytes_t *file)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_tensor_t *tensor = NULL;

    if (dlcore_npy_parse(file->data, file->size, NULL, &tensor, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    return tensor;
}

static void test_npy_each_type_of_a_tensor_is_read_from_memory_and_file(void **state)
{
    static const float floats[] = {1.5F, -2, 0, 3e38F, 1e-45F, -0.0F};
    static const uint8_t small[] = {0, 1, 2, 253, 254, 255};
    static const int32_t ints[] = {0, 1, -1, INT32_MAX, INT32_MIN, 77};
    bytes_t file = {0};
    dlcore_tensor_t *tensor;

    (void)state;
    npy_little(&file, "<f4", "(2, 3)", floats, 4, 6);
    tensor = parse(&file);
    assert_floats(tensor, SHAPE(2, 3), floats);
    dlcore_tensor_free(tensor);
    assert_int_equal(
        dlcore_npy_load(scratch_file("f4.npy", file.data, file.size), NULL, &tensor, NULL),
        DLCORE_OK);
    assert_floats(tensor, SHAPE(2, 3), floats);
    dlcore_tensor_free(tensor);
    bytes_free(&file);
    npy_little(&file, "|u1", "(3, 2)", small, 1, 6);
    tensor = parse(&file);
    assert_bytes(tensor, SHAPE(3, 2), small);
    dlcore_tensor_free(tensor);
    bytes_free(&file);
    npy_little(&file, "<i4", "(6,)", ints, 4, 6);
    tensor = parse(&file);
    assert_ints(tensor, SHAPE(6), ints);
    dlcore_tensor_free(tensor);
    bytes_free(&file);
}

static void test_npy_big_endian_elements_are_turned_round(void **state)
{
    static const unsigned char four[] = {0x3F, 0xC0, 0, 0, 0xC0, 0, 0, 0};
    static const unsigned char eight[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE,
                                          0,    0,    0,    0,    0,    1,    2,    3};
    static const unsigned char wide[] = {0xBF, 0xF8, 0, 0, 0, 0, 0, 0};
    bytes_t file = {0};
    dlcore_tensor_t *tensor;

    (void)state;
    npy_file(&file, 1, npy_dict(">f4", "False", "(2,)"), four, sizeof four);
    tensor = parse(&file);
    assert_floats(tensor, SHAPE(2), (float[]){1.5F, -2});
    dlcore_tensor_free(tensor);
    bytes_free(&file);
    npy_file(&file, 1, npy_dict(">i8", "False", "(2,)"), eight, sizeof eight);
    tensor = parse(&file);
    assert_ints(tensor, SHAPE(2), (int32_t[]){-2, 66051});
    dlcore_tensor_free(tensor);
    bytes_free(&file);
    npy_file(&file, 1, npy_dict(">f8", "False", "()"), wide, sizeof wide);
    tensor = parse(&file);
    assert_floats(tensor, NO_SHAPE, (float[]){-1.5F});
    dlcore_tensor_free(tensor);
    bytes_free(&file);
}

static void test_npy_versions_2_and_3_are_read(void **state)
{
    static const uint8_t elements[] = {7, 8};

    (void)state;
    for (unsigned char version = 1; version <= 3; version++) {
        bytes_t file = {0};
        dlcore_tensor_t *tensor;

        npy_file(&file, version, npy_dict("|u1", "False", "(2,)"), elements, 2);
        tensor = parse(&file);
        assert_bytes(tensor, SHAPE(2), elements);
        dlcore_tensor_free(tensor);
        bytes_free(&file);
    }
}

static void test_npy_fortran_order_of_every_rank_becomes_row_major(void **state)
{
    static const size_t lengths[8] = {3, 2, 5, 1, 2, 3, 1, 2};

    (void)state;
    for (size_t rank = 0; rank <= 8; rank++) {
        uint8_t expected[360], content[360];
        char shape[64] = "(";
        size_t size = 1;
        bytes_t file = {0};
        dlcore_tensor_t *tensor;

        for (size_t axis = 0; axis < rank; axis++) {
            size *= lengths[axis];
            snprintf(shape + strlen(shape), 8, "%zu,", lengths[axis]);
        }
        strcat(shape, ")");
        for (size_t i = 0; i < size; i++) { /* the place of row-major element i in the file */
            size_t rest = i, at = 0, index[8];

            for (size_t axis = rank; axis-- > 0; rest /= lengths[axis])
                index[axis] = rest % lengths[axis];
            for (size_t axis = rank; axis-- > 0;)
                at = at * lengths[axis] + index[axis];
            expected[i] = (uint8_t)(i * 7 + 1);
            content[at] = expected[i];
        }
        npy_file(&file, 1, npy_dict("|u1", "True", shape), content, size);
        tensor = parse(&file);
        assert_bytes(tensor, rank, lengths, expected);
        dlcore_tensor_free(tensor);
        bytes_free(&file);
    }
}

static void test_npy_fortran_matrix_larger_than_a_tile(void **state)
{
    enum { ROWS = 37, COLUMNS = 50 };
    static double content[ROWS * COLUMNS];
    static float expected[ROWS * COLUMNS];
    bytes_t file = {0};
    dlcore_tensor_t *tensor;

    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < COLUMNS; j++) {
            expected[i * COLUMNS + j] = (float)(i * 100 + j);
            content[j * ROWS + i] = (double)(i * 100 + j);
        }
    npy_little_order(&file, "<f8", "True", "(37, 50)", content, 8, ROWS * COLUMNS);
    tensor = parse(&file);
    assert_floats(tensor, SHAPE(ROWS, COLUMNS), expected);
    dlcore_tensor_free(tensor);
    bytes_free(&file);
}

static void test_npy_zero_length_axes_give_no_elements(void **state)
{
    static const char *const orders[] = {"False", "True"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        bytes_t file = {0};
        dlcore_tensor_t *tensor;

        npy_file(&file, 1, npy_dict("<i8", orders[i], "(3, 0, 2)"), NULL, 0);
        tensor = parse(&file);
        assert_ints(tensor, SHAPE(3, 0, 2), NULL);
        dlcore_tensor_free(tensor);
        bytes_free(&file);
    }
}

/* A plain file takes its tensor in one block; Fortran order a second one for the time being. */
static void test_npy_takes_no_more_memory_than_it_needs(void **state)
{
    static const struct {
        const char *descr;
        size_t item;
    } types[] = {{"<f4", 4}, {"|i1", 1}, {"<f2", 2}, {">u8", 8}};
    const size_t tensor_bytes = 400000;

    (void)state;
    for (size_t i = 0; i < 2 * sizeof types / sizeof types[0]; i++) {
        bool fortran = i % 2 != 0;
        failing_allocator_t memory;
        dlcore_allocator_t allocator = failing_allocator(&memory);
        dlcore_tensor_t *tensor = NULL;
        bytes_t file = {0}, zeros = {0};

        failing_allocator_init(&memory);
        bytes_add_zeros(&zeros, 100000 * types[i / 2].item);
        npy_file(&file, 1, npy_dict(types[i / 2].descr, fortran ? "True" : "False", "(1000, 100)"),
                 zeros.data, zeros.size);
        assert_int_equal(dlcore_npy_load(scratch_file("large.npy", file.data, file.size),
                                         &allocator, &tensor, NULL),
                         DLCORE_OK);
        dlcore_tensor_free(tensor);
        assert_int_equal(memory.calls, fortran ? 3 : 2); /* the header's text, too */
        assert_in_range(memory.peak_bytes, (fortran ? 2 : 1) * tensor_bytes,
                        (fortran ? 2 : 1) * tensor_bytes + 1000);
        failing_allocator_assert_clean(&memory);
        bytes_free(&file);
        bytes_free(&zeros);
    }
}

static void test_npy_bad_arguments_and_files_are_refused(void **state)
{
    dlcore_error_record_t error;
    dlcore_tensor_t *tensor = (dlcore_tensor_t *)(void *)&error;

    (void)state;
    assert_failed(dlcore_npy_load(NULL, NULL, &tensor, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "path is NULL");
    assert_null(tensor);
    assert_failed(dlcore_npy_load("x", NULL, NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "out is NULL");
    tensor = (dlcore_tensor_t *)(void *)&error;
    assert_failed(dlcore_npy_parse(NULL, 5, NULL, &tensor, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "bytes is NULL");
    assert_null(tensor);
    assert_failed(dlcore_npy_parse("", 0, NULL, NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "out is NULL");
    assert_failed(dlcore_npy_load("/no/such/file.npy", NULL, &tensor, &error), DLCORE_ERROR_IO,
                  &error, "/no/such/file.npy: cannot open: No such file or directory");
    assert_failed(dlcore_npy_load(scratch_file("three", "abc", 3), NULL, &tensor, &error),
                  DLCORE_ERROR_FORMAT, &error, "/three: 3 bytes, cut within its header");
}

static dlcore_status load_with(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_tensor_t *tensor = (dlcore_tensor_t *)context;
    dlcore_status status = dlcore_npy_load(scratch_path("oom.npy"), allocator, &tensor, NULL);

    if (status != DLCORE_OK)
        assert_null(tensor);
    dlcore_tensor_free(tensor);
    return status;
}

static void test_npy_load_survives_every_failing_allocation(void **state)
{
    static const uint8_t elements[6] = {0};
    bytes_t file = {0};

    (void)state;
    npy_file(&file, 1, npy_dict("|b1", "True", "(2, 3)"), elements, 6);
    scratch_file("oom.npy", file.data, file.size);
    assert_int_equal(failing_allocator_sweep(load_with, &file), 3);
    bytes_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_npy_each_type_of_a_tensor_is_read_from_memory_and_file),
        cmocka_unit_test(test_npy_big_endian_elements_are_turned_round),
        cmocka_unit_test(test_npy_versions_2_and_3_are_read),
        cmocka_unit_test(test_npy_fortran_order_of_every_rank_becomes_row_major),
        cmocka_unit_test(test_npy_fortran_matrix_larger_than_a_tile),
        cmocka_unit_test(test_npy_zero_length_axes_give_no_elements),
        cmocka_unit_test(test_npy_takes_no_more_memory_than_it_needs),
        cmocka_unit_test(test_npy_bad_arguments_and_files_are_refused),
        cmocka_unit_test(test_npy_load_survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
