/* Matrices of SciPy: fixtures that save_npz wrote, and archives that only look like them.
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

#include "dlcore/npz.h"
#include "dlcore/sparse.h"
#include "support/failing_allocator.h"
#include "support/npy_bytes.h"
#include "support/tensors.h"
#include "support/zip_bytes.h"

static const float expected[4 * 7] = {
    0, 0.5f, 0, 0, 0, -2.25f, 0, 0, 0, 0, 0, 0, 0, 0, 1e-3f, 0, 0, 4, 0, 0, 1, 0, 0, 7, 0, 0, 0, 0,
};

static dlcore_tensor_t *load(const char *name)
{
    char path[512];
    dlcore_error_record_t error;
    dlcore_tensor_t *matrix = NULL;

    snprintf(path, sizeof path, "%s/%s", DLCORE_FIXTURES, name);
    if (dlcore_npz_load_sparse(path, NULL, &matrix, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    return matrix;
}

static void assert_numbers(dlcore_tensor_t *matrix, bool ones)
{
    dlcore_tensor_t *dense = NULL;
    const float *got;

    assert_int_equal(dlcore_sparse_to_dense(matrix, &dense, NULL), DLCORE_OK);
    assert_int_equal(dlcore_tensor_length(dense, 0), 4);
    assert_int_equal(dlcore_tensor_length(dense, 1), 7);
    got = dlcore_tensor_data_const(dense);
    for (size_t i = 0; i < 28; i++)
        assert_true(got[i] == (ones ? (float)(expected[i] != 0.0f) : expected[i]));
    dlcore_tensor_free(dense);
    dlcore_tensor_free(matrix);
}

static void test_npz_load_sparse_of_scipy_files_gives_their_matrix(void **state)
{
    dlcore_tensor_t *ones = load("sparse_ones.npz");

    (void)state;
    assert_numbers(load("sparse_float64.npz"), false);
    assert_numbers(load("sparse_text.npz"), false);
    assert_null(dlcore_sparse_of(ones)->values);
    assert_numbers(ones, true);
}

static void assert_refused(const char *name, dlcore_status expected_status, const char *text)
{
    char path[512];
    dlcore_error_record_t error;
    dlcore_tensor_t *matrix = NULL;

    snprintf(path, sizeof path, "%s/%s", DLCORE_FIXTURES, name);
    assert_failed(dlcore_npz_load_sparse(path, NULL, &matrix, &error), expected_status, &error,
                  text);
    assert_null(matrix);
}

static void test_npz_load_sparse_of_other_files_says_what_they_are(void **state)
{
    (void)state;
    assert_refused("sparse_csc.npz", DLCORE_ERROR_UNSUPPORTED, "\"csc\"; tocsr()");
    assert_refused("sparse_unsorted.npz", DLCORE_ERROR_ARGUMENT,
                   "row 0 is not sorted: index 1 comes after 5; call sort_indices()");
    assert_refused("deflated.npz", DLCORE_ERROR_FORMAT, "it has no array \"shape\"");
    assert_refused("none.npz", DLCORE_ERROR_IO, "none.npz");
}

/* ---- made by hand ---- */

typedef struct matrix_case {
    int64_t shape[2];
    int32_t starts[4];
    size_t start_count;
    int32_t indices[4];
    size_t index_count;
    float values[4];
    size_t value_count;
    dlcore_status status;
    const char *text;
} matrix_case_t;

static void add_array(bytes_t *file, const char *descr, const void *elements, size_t item,
                      size_t count)
{
    char shape[32];

    snprintf(shape, sizeof shape, "(%zu,)", count);
    npy_little(file, descr, shape, elements, item, count);
}

static void make_archive(const matrix_case_t *c, bytes_t *archive)
{
    static const char *const names[5] = {"indices.npy", "indptr.npy", "format.npy", "shape.npy",
                                         "data.npy"};
    bytes_t files[5] = {{0}};
    zip_case_t entries[5];

    add_array(&files[0], "<i4", c->indices, 4, c->index_count);
    add_array(&files[1], "<i4", c->starts, 4, c->start_count);
    npy_file(&files[2], 1, npy_dict("|S3", "False", "()"), "csr", 3);
    add_array(&files[3], "<i8", c->shape, 8, 2);
    add_array(&files[4], "<f4", c->values, 4, c->value_count);
    for (size_t i = 0; i < 5; i++)
        entries[i] = (zip_case_t){.name = names[i],
                                  .packed = files[i].data,
                                  .packed_size = files[i].size,
                                  .size = files[i].size,
                                  .checksum = zip_crc(files[i].data, files[i].size)};
    zip_bytes(archive, entries, 5);
    for (size_t i = 0; i < 5; i++)
        bytes_free(&files[i]);
}

static void check_case(const matrix_case_t *c)
{
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);
    dlcore_error_record_t error;
    dlcore_tensor_t *matrix = NULL;
    bytes_t archive = {0};
    dlcore_status status;

    failing_allocator_init(&memory);
    make_archive(c, &archive);
    status = dlcore_npz_parse_sparse(archive.data, archive.size, &allocator, &matrix, &error);
    if (c->status != DLCORE_OK)
        assert_failed(status, c->status, &error, c->text);
    else if (status != DLCORE_OK)
        fail_msg("%s", error.message);
    assert_true((matrix != NULL) == (c->status == DLCORE_OK));
    dlcore_tensor_free(matrix);
    failing_allocator_assert_clean(&memory);
    if (memory.peak_bytes > 100000)
        fail_msg("%zu bytes were taken", memory.peak_bytes);
    bytes_free(&archive);
}

static void test_npz_parse_sparse_of_arrays_that_lie_names_the_numbers(void **state)
{
    const matrix_case_t right = {{3, 5}, {0, 2, 2, 3}, 4, {0, 4, 2}, 3, {1, 2, 3},
                                 3,      DLCORE_OK,    ""};
    matrix_case_t c = right;

    (void)state;
    check_case(&c);
    c.indices[1] = 5;
    c.status = DLCORE_ERROR_RANGE;
    c.text = "index 5 in row 0 is outside 0 .. 4";
    check_case(&c);
    c = right;
    c.indices[1] = -1;
    c.status = DLCORE_ERROR_RANGE;
    c.text = "index -1 in row 0";
    check_case(&c);
    c = right;
    c.indices[1] = 0;
    c.status = DLCORE_ERROR_ARGUMENT;
    c.text = "row 0 has index 0 twice";
    check_case(&c);
    c = right;
    c.starts[1] = 1000000;
    c.status = DLCORE_ERROR_ARGUMENT;
    c.text = "row 0 has 1000000 entries, more than the 5 columns";
    check_case(&c);
    c.starts[1] = -2;
    c.text = "row 0 has";
    check_case(&c);
    c = right;
    c.starts[2] = 1;
    c.status = DLCORE_ERROR_ARGUMENT;
    c.text = "starts decrease: row 1 begins at 2, the next at 1";
    check_case(&c);
    c = right;
    c.starts[3] = 4;
    c.status = DLCORE_ERROR_FORMAT;
    c.text = "indptr goes from 0 to 4, but there are 3 indices";
    check_case(&c);
    c = right;
    c.shape[0] = 1000000000;
    c.status = DLCORE_ERROR_FORMAT;
    c.text = "indptr: 1000000001 numbers are expected, got rank 1 and 4";
    check_case(&c);
    c = right;
    c.shape[1] = -5;
    c.status = DLCORE_ERROR_FORMAT;
    c.text = "shape: (3, -5)";
    check_case(&c);
    c = right;
    c.shape[1] = (int64_t)1 << 40;
    c.status = DLCORE_ERROR_RANGE;
    c.text = "1099511627776";
    check_case(&c);
    c = right;
    c.value_count = 2;
    c.status = DLCORE_ERROR_FORMAT;
    c.text = "data: 3 numbers are expected";
    check_case(&c);
    c = right;
    memset(&c.values[2], 0xff, sizeof c.values[2]);
    c.status = DLCORE_ERROR_RANGE;
    c.text = "value 2 of row 2 is NaN";
    check_case(&c);
}

/* ---- arrays of another form ---- */

typedef struct odd_array {
    int which; /* of names in make_archive */
    const char *descr, *shape;
    const void *elements;
    size_t item, count;
    dlcore_status status;
    const char *text;
} odd_array_t;

/* A matrix of which one array is of that form. */
static void check_odd(const odd_array_t *odd)
{
    static const char *const names[5] = {"indices.npy", "indptr.npy", "format.npy", "shape.npy",
                                         "data.npy"};
    static const int32_t indices[3] = {0, 4, 2}, starts[4] = {0, 2, 2, 3};
    static const int64_t shape[2] = {3, 5};
    static const float values[3] = {1, 2, 3};
    bytes_t files[5] = {{0}}, archive = {0};
    dlcore_error_record_t error;
    dlcore_tensor_t *matrix = NULL;
    zip_case_t entries[5];

    add_array(&files[0], "<i4", indices, 4, 3);
    add_array(&files[1], "<i4", starts, 4, 4);
    npy_file(&files[2], 1, npy_dict("|S3", "False", "()"), "csr", 3);
    add_array(&files[3], "<i8", shape, 8, 2);
    add_array(&files[4], "<f4", values, 4, 3);
    bytes_free(&files[odd->which]);
    files[odd->which] = (bytes_t){0};
    if (odd->descr == NULL)
        bytes_add(&files[odd->which], odd->elements, odd->item);
    else if (odd->which == 2)
        npy_file(&files[2], 1, npy_dict(odd->descr, "False", "()"), odd->elements, odd->item);
    else
        npy_little(&files[odd->which], odd->descr, odd->shape, odd->elements, odd->item,
                   odd->count);
    for (size_t i = 0; i < 5; i++)
        entries[i] = (zip_case_t){.name = names[i],
                                  .packed = files[i].data,
                                  .packed_size = files[i].size,
                                  .size = files[i].size,
                                  .checksum = zip_crc(files[i].data, files[i].size)};
    if (odd->item == 0)
        entries[odd->which].flags = 1; /* encrypted */
    zip_bytes(&archive, entries, 5);
    assert_failed(dlcore_npz_parse_sparse(archive.data, archive.size, NULL, &matrix, &error),
                  odd->status, &error, odd->text);
    assert_null(matrix);
    for (size_t i = 0; i < 5; i++)
        bytes_free(&files[i]);
    bytes_free(&archive);
}

static void test_npz_parse_sparse_of_arrays_of_another_form_says_which(void **state)
{
    static const int64_t below[2] = {-1, 5}, most[2] = {INT64_MAX, 5}, least[2] = {INT64_MIN, 5};
    static const int32_t later[4] = {1, 2, 2, 3}, falling[4] = {0, 2, 2, -1},
                         square[4] = {0, 4, 2, 1};
    static const float numbers[4] = {3, 5, 2, 1};
    static const unsigned char zeros[300];
    static const odd_array_t odd[] = {
        {2, "|S3", "", "", 0, 0, DLCORE_ERROR_UNSUPPORTED, "is encrypted"},
        {2, NULL, "", zeros, 300, 0, DLCORE_ERROR_FORMAT, "no array of three letters, it has 300"},
        {2, NULL, "", zeros, 40, 0, DLCORE_ERROR_FORMAT, "no array of three letters, it has 40"},
        {2, NULL, "", zeros, 100, 0, DLCORE_ERROR_FORMAT, "no array of three letters, it has 100"},
        {2, "|S3", "", "cs", 3, 0, DLCORE_ERROR_UNSUPPORTED, "a matrix of the format \""},
        {2, "|S3", "", "\xFFsr", 3, 0, DLCORE_ERROR_UNSUPPORTED, "of the format \"?sr\""},
        {3, "<c8", "(2,)", below, 8, 2, DLCORE_ERROR_UNSUPPORTED, "<c8"},
        {3, "<i8", "(2, 1)", below, 8, 2, DLCORE_ERROR_FORMAT,
         "2 numbers are expected, got rank 2"},
        {3, "<f4", "(2,)", numbers, 4, 2, DLCORE_ERROR_FORMAT, "shape: integers are expected"},
        {3, "<i8", "(2,)", below, 8, 2, DLCORE_ERROR_FORMAT, "shape: (-1, 5)"},
        {3, "<i8", "(2,)", least, 8, 2, DLCORE_ERROR_RANGE,
         "-9223372036854775808 does not fit int32"},
        {3, "<i8", "(2,)", most, 8, 2, DLCORE_ERROR_RANGE,
         "9223372036854775807 does not fit int32"},
        {1, "<i4", "(4,)", later, 4, 4, DLCORE_ERROR_FORMAT, "indptr goes from 1 to 3"},
        {1, "<i4", "(4,)", falling, 4, 4, DLCORE_ERROR_FORMAT, "indptr goes from 0 to -1"},
        {0, "<i4", "(2, 2)", square, 4, 4, DLCORE_ERROR_FORMAT, "there are 0 indices"},
        {0, "<f4", "(3,)", numbers, 4, 3, DLCORE_ERROR_FORMAT, "indices: integers are expected"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        check_odd(&odd[i]);
}

static void test_npz_load_sparse_without_a_place_for_the_matrix_is_refused(void **state)
{
    char path[512];
    dlcore_error_record_t error;

    (void)state;
    snprintf(path, sizeof path, "%s/sparse_ones.npz", DLCORE_FIXTURES);
    assert_failed(dlcore_npz_load_sparse(path, NULL, NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "out is NULL");
    assert_failed(dlcore_npz_parse_sparse("", 0, NULL, NULL, &error), DLCORE_ERROR_FORMAT, &error,
                  "not a zip archive");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_npz_load_sparse_of_scipy_files_gives_their_matrix),
        cmocka_unit_test(test_npz_load_sparse_of_other_files_says_what_they_are),
        cmocka_unit_test(test_npz_parse_sparse_of_arrays_that_lie_names_the_numbers),
        cmocka_unit_test(test_npz_parse_sparse_of_arrays_of_another_form_says_which),
        cmocka_unit_test(test_npz_load_sparse_without_a_place_for_the_matrix_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
