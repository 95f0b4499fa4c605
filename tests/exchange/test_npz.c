/* .npz files that NumPy wrote: names, headers, arrays of all types and orders.
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
#include "support/idx_bytes.h"
#include "support/npy_bytes.h"
#include "support/tensors.h"
#include "support/zip_bytes.h"

#define STORED DLCORE_FIXTURES "/stored.npz"
#define DEFLATED DLCORE_FIXTURES "/deflated.npz"

/* The arrays of stored.npz, as make_npz.py has them. */
static const struct {
    const char *name;
    dlcore_dtype_t dtype;
    size_t item, rank;
    size_t shape[3];
} arrays[] = {
    {"f4", DLCORE_DTYPE_FLOAT32, 4, 2, {2, 3}},
    {"f8", DLCORE_DTYPE_FLOAT32, 8, 1, {4}},
    {"f2", DLCORE_DTYPE_FLOAT32, 2, 1, {5}},
    {"u1", DLCORE_DTYPE_UINT8, 1, 3, {3, 2, 2}},
    {"i1", DLCORE_DTYPE_INT32, 1, 1, {7}},
    {"i2_big", DLCORE_DTYPE_INT32, 2, 2, {2, 2}},
    {"i8", DLCORE_DTYPE_INT32, 8, 1, {3}},
    {"b1", DLCORE_DTYPE_UINT8, 1, 1, {4}},
    {"f4_big", DLCORE_DTYPE_FLOAT32, 4, 1, {3}},
    {"f4_fortran", DLCORE_DTYPE_FLOAT32, 4, 2, {3, 4}},
    {"scalar", DLCORE_DTYPE_INT32, 4, 0, {0}},
    {"empty", DLCORE_DTYPE_FLOAT32, 4, 2, {0, 3}},
    {"names/gr\303\266\303\237e", DLCORE_DTYPE_UINT8, 1, 1, {2}},
};
#define ARRAYS (sizeof arrays / sizeof arrays[0])

static void assert_elements(const dlcore_tensor_t *tensor, bool is_bool)
{
    bool is_unsigned = dlcore_tensor_dtype(tensor) == DLCORE_DTYPE_UINT8;

    for (size_t i = 0; i < dlcore_tensor_size(tensor); i++) {
        int value = 3 * (int)i - 7;
        double got = is_unsigned ? ((const uint8_t *)dlcore_tensor_data_const(tensor))[i]
                     : dlcore_tensor_dtype(tensor) == DLCORE_DTYPE_INT32
                         ? ((const int32_t *)dlcore_tensor_data_const(tensor))[i]
                         : (double)((const float *)dlcore_tensor_data_const(tensor))[i];

        if (is_bool)
            value = value % 2 != 0;
        else if (is_unsigned)
            value = abs(value);
        assert_true(got == value);
    }
}

static void test_npz_each_array_is_loaded_by_its_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAYS; i++) {
        dlcore_error_record_t error = {.message = ""};
        dlcore_tensor_t *tensor;

        if (dlcore_npz_load(STORED, arrays[i].name, NULL, &tensor, &error) != DLCORE_OK)
            fail_msg("%s", error.message);
        assert_int_equal(dlcore_tensor_dtype(tensor), arrays[i].dtype);
        assert_int_equal(dlcore_tensor_rank(tensor), arrays[i].rank);
        for (size_t axis = 0; axis < arrays[i].rank; axis++)
            assert_int_equal(dlcore_tensor_length(tensor, axis), arrays[i].shape[axis]);
        assert_elements(tensor, strcmp(arrays[i].name, "b1") == 0);
        dlcore_tensor_free(tensor);
    }
}

static void test_npz_names_and_headers_are_told_in_order(void **state)
{
    dlcore_npz_array_t array;
    dlcore_npz_t *npz;

    (void)state;
    assert_int_equal(dlcore_npz_open(STORED, NULL, &npz, NULL), DLCORE_OK);
    assert_int_equal(dlcore_npz_count(npz), ARRAYS);
    for (size_t i = 0; i < ARRAYS; i++) {
        assert_string_equal(dlcore_npz_name(npz, i), arrays[i].name);
        assert_int_equal(dlcore_npz_inspect(npz, i, &array, NULL), DLCORE_OK);
        assert_int_equal(array.dtype, arrays[i].dtype);
        assert_int_equal(array.item_size, arrays[i].item);
        assert_int_equal(array.rank, arrays[i].rank);
        assert_memory_equal(array.shape, arrays[i].shape,
                            arrays[i].rank * sizeof arrays[i].shape[0]);
        assert_int_equal(array.big_endian, strstr(arrays[i].name, "big") != NULL);
        assert_int_equal(array.fortran_order, strstr(arrays[i].name, "fortran") != NULL);
        assert_false(array.compressed);
    }
    assert_null(dlcore_npz_name(npz, ARRAYS));
    assert_int_equal(dlcore_npz_inspect(npz, ARRAYS, &array, NULL), DLCORE_ERROR_RANGE);
    dlcore_npz_free(npz);
}

static void test_npz_deflated_arrays_are_read_from_file_and_memory(void **state)
{
    dlcore_npz_array_t array;
    dlcore_tensor_t *tensor;
    bytes_t bytes = {0};
    dlcore_npz_t *npz;

    (void)state;
    fixture_bytes(&bytes, "deflated.npz");
    assert_int_equal(dlcore_npz_open_memory(bytes.data, bytes.size, NULL, &npz, NULL), DLCORE_OK);
    assert_int_equal(dlcore_npz_inspect(npz, 0, &array, NULL), DLCORE_OK);
    assert_true(array.compressed);
    assert_int_equal(dlcore_npz_read(npz, "long_fortran", &tensor, NULL), DLCORE_OK);
    assert_int_equal(dlcore_tensor_length(tensor, 1), 20);
    assert_elements(tensor, false);
    dlcore_tensor_free(tensor);
    assert_int_equal(dlcore_npz_read(npz, "long", &tensor, NULL), DLCORE_OK);
    assert_int_equal(dlcore_tensor_size(tensor), 300);
    assert_elements(tensor, false);
    dlcore_tensor_free(tensor);
    dlcore_npz_free(npz);
    assert_int_equal(dlcore_npz_parse(bytes.data, bytes.size, "long", NULL, &tensor, NULL),
                     DLCORE_OK);
    assert_elements(tensor, false);
    dlcore_tensor_free(tensor);
    bytes_free(&bytes);
}

/* The others of the file stay readable. */
static void test_npz_types_that_are_not_read_are_named(void **state)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_npz_array_t array;
    dlcore_tensor_t *tensor;
    dlcore_npz_t *npz;

    (void)state;
    assert_int_equal(dlcore_npz_open(DEFLATED, NULL, &npz, NULL), DLCORE_OK);
    assert_failed(dlcore_npz_inspect(npz, 2, &array, &error), DLCORE_ERROR_UNSUPPORTED, &error,
                  "deflated.npz: complex: type '<c8'");
    assert_failed(dlcore_npz_read(npz, "text", &tensor, &error), DLCORE_ERROR_UNSUPPORTED, &error,
                  "deflated.npz: text: type '<U2'");
    assert_null(tensor);
    dlcore_npz_free(npz);
}

/* One array of a file that also has what is none. */
static void only_one(bytes_t *archive)
{
    static const float floats[] = {-7, -4};
    zip_case_t cases[] = {{"readme.txt", "text", 4, 4, zip_crc("text", 4), 0, 0},
                          {"folder/", "", 0, 0, 0, 0, 0},
                          {"w.npy", NULL, 0, 0, 0, 0, 0}};
    bytes_t npy = {0};

    npy_little(&npy, "<f4", "(2,)", floats, 4, 2);
    cases[2].packed = npy.data;
    cases[2].packed_size = cases[2].size = npy.size;
    cases[2].checksum = zip_crc(npy.data, npy.size);
    zip_bytes(archive, cases, 3);
    bytes_free(&npy);
}

static void test_npz_the_only_array_needs_no_name(void **state)
{
    dlcore_tensor_t *tensor;
    bytes_t archive = {0};

    (void)state;
    only_one(&archive);
    assert_int_equal(dlcore_npz_load(scratch_file("w.npz", archive.data, archive.size), NULL, NULL,
                                     &tensor, NULL),
                     DLCORE_OK);
    assert_floats(tensor, SHAPE(2), (float[]){-7, -4});
    dlcore_tensor_free(tensor);
    bytes_free(&archive);
}

static void test_npz_unknown_names_are_refused_with_those_there_are(void **state)
{
    static const zip_case_t other = {"notes.txt", "", 0, 0, 0, 0, 0};
    dlcore_error_record_t error = {.message = ""};
    dlcore_tensor_t *tensor;
    bytes_t archive = {0};

    (void)state;
    assert_failed(dlcore_npz_load(STORED, "f5", NULL, &tensor, &error), DLCORE_ERROR_NAME, &error,
                  "has no array \"f5\", but \"f4\", \"f8\", \"f2\"");
    assert_failed(dlcore_npz_load(STORED, NULL, NULL, &tensor, &error), DLCORE_ERROR_NAME, &error,
                  "has 13 arrays, name one of \"f4\", \"f8\"");
    assert_null(tensor);
    zip_bytes(&archive, &other, 1);
    assert_failed(dlcore_npz_parse(archive.data, archive.size, NULL, NULL, &tensor, &error),
                  DLCORE_ERROR_NAME, &error, ".npz data: has no arrays");
    bytes_free(&archive);
}

/* Names of old archives, which are no UTF-8. */
static void test_npz_names_in_the_letters_of_dos_are_read(void **state)
{
    const zip_case_t entries[2] = {{.name = "\x81.npy", .packed = ""},
                                   {.name = "\x82.npy", .packed = ""}};
    dlcore_error_record_t error = {.message = ""};
    dlcore_npz_t *npz = NULL;
    bytes_t archive = {0};

    (void)state;
    zip_bytes(&archive, entries, 2);
    if (dlcore_npz_open_memory(archive.data, archive.size, NULL, &npz, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    assert_int_equal(dlcore_npz_count(npz), 2);
    assert_string_equal(dlcore_npz_name(npz, 0), "\303\274");
    dlcore_npz_free(npz);
    bytes_free(&archive);
}

/* Of entries whose names are as short as a suffix, and of as many as a message can show. */
static void test_npz_unknown_names_among_many_are_refused(void **state)
{
    enum { COUNT = 200 };
    static char names[COUNT][16];
    zip_case_t entries[COUNT + 1] = {{.name = "a", .packed = ""}};
    dlcore_error_record_t error;
    dlcore_tensor_t *tensor;
    bytes_t archive = {0};

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof names[i], "array%zu.npy", i);
        entries[i + 1] = (zip_case_t){.name = names[i], .packed = ""};
    }
    zip_bytes(&archive, entries, COUNT + 1);
    assert_failed(dlcore_npz_parse(archive.data, archive.size, "b", NULL, &tensor, &error),
                  DLCORE_ERROR_NAME, &error, "has no array \"b\", but \"array0\", \"array1\"");
    bytes_free(&archive);
}

static void test_npz_misuse_is_refused(void **state)
{
    dlcore_allocator_t half = {.allocate = NULL};
    dlcore_error_record_t error = {.message = ""};
    dlcore_npz_array_t array;
    dlcore_tensor_t *tensor;
    dlcore_npz_t *npz;

    (void)state;
    assert_failed(dlcore_npz_load(NULL, "a", NULL, &tensor, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "path is NULL");
    assert_failed(dlcore_npz_load("a", "a", NULL, NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "out is NULL");
    assert_failed(dlcore_npz_parse(NULL, 0, "a", NULL, &tensor, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "bytes is NULL");
    assert_failed(dlcore_npz_load(STORED, "f4", &half, &tensor, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "allocator");
    assert_failed(dlcore_npz_load(scratch_path("nothing.npz"), "a", NULL, &tensor, &error),
                  DLCORE_ERROR_IO, &error, "nothing.npz: cannot open");
    assert_failed(dlcore_npz_open(NULL, NULL, &npz, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "path is NULL");
    assert_null(npz);
    assert_failed(dlcore_npz_open(STORED, NULL, NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "out is NULL");
    assert_int_equal(dlcore_npz_open(STORED, NULL, &npz, &error), DLCORE_OK);
    assert_failed(dlcore_npz_inspect(npz, 0, NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "array is NULL");
    assert_failed(dlcore_npz_read(npz, "f4", NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "out is NULL");
    dlcore_npz_free(npz);
    assert_failed(dlcore_npz_inspect(NULL, 0, &array, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "npz is NULL");
    assert_failed(dlcore_npz_read(NULL, NULL, &tensor, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "npz is NULL");
    assert_int_equal(dlcore_npz_count(NULL), 0);
    assert_null(dlcore_npz_name(NULL, 0));
    dlcore_npz_free(NULL);
}

static dlcore_status load_scenario(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_tensor_t *tensor = NULL;
    dlcore_status status = dlcore_npz_load(DEFLATED, context, allocator, &tensor, NULL);

    assert_true((status == DLCORE_OK) == (tensor != NULL));
    dlcore_tensor_free(tensor);
    return status;
}

static dlcore_status inspect_scenario(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_npz_array_t array;
    dlcore_npz_t *npz = NULL;
    dlcore_status status = dlcore_npz_open(DEFLATED, allocator, &npz, NULL);

    (void)context;
    if (status == DLCORE_OK)
        status = dlcore_npz_inspect(npz, 1, &array, NULL);
    dlcore_npz_free(npz);
    return status;
}

static void test_npz_failing_allocations(void **state)
{
    (void)state;
    assert_true(failing_allocator_sweep(load_scenario, "long_fortran") >= 6);
    assert_true(failing_allocator_sweep(inspect_scenario, NULL) >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_npz_each_array_is_loaded_by_its_name),
        cmocka_unit_test(test_npz_names_and_headers_are_told_in_order),
        cmocka_unit_test(test_npz_deflated_arrays_are_read_from_file_and_memory),
        cmocka_unit_test(test_npz_types_that_are_not_read_are_named),
        cmocka_unit_test(test_npz_the_only_array_needs_no_name),
        cmocka_unit_test(test_npz_unknown_names_are_refused_with_those_there_are),
        cmocka_unit_test(test_npz_unknown_names_among_many_are_refused),
        cmocka_unit_test(test_npz_names_in_the_letters_of_dos_are_read),
        cmocka_unit_test(test_npz_misuse_is_refused),
        cmocka_unit_test(test_npz_failing_allocations),
    };

    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
