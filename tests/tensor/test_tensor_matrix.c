/* Tensors as matrices: product and transpose.
 *
 * SPDX-License-Identifier: MIT */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dlcore/tensor.h"
#include "support/failing_allocator.h"
#include "support/host_blas.h"
#include "support/size_text.h"
#include "support/tensors.h"
#include "system/threads.h"

static void assert_product(const dlcore_tensor_t *a, const dlcore_tensor_t *b, const float *product)
{
    dlcore_tensor_t *out = NULL;

    assert_int_equal(dlcore_tensor_matmul(a, b, &out, NULL), DLCORE_OK);
    assert_floats(out, SHAPE(dlcore_tensor_length(a, 0), dlcore_tensor_length(b, 1)), product);
    dlcore_tensor_free(out);
}

static void test_tensor_matrix_matmul_of_small_integers_is_exact(void **state)
{
    dlcore_tensor_t *a = tensor_of_floats(SHAPE(2, 3), (float[]){1, 2, 3, 4, 5, 6});
    dlcore_tensor_t *b =
        tensor_of_floats(SHAPE(3, 4), (float[]){7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18});

    (void)state;
    assert_product(a, b, (float[]){74, 80, 86, 92, 173, 188, 203, 218});
    dlcore_tensor_free(a);
    dlcore_tensor_free(b);
}

static void test_tensor_matrix_matmul_follows_strides(void **state)
{
    float table_a[] = {1, 2, 3, -99, 4, 5, 6, -99};
    float table_b[] = {-99, 1, 0, -99, -99, 0, 1, -99, -99, 1, 1, -99};
    dlcore_tensor_t *a = strided_floats(2, 3, table_a, 4);
    dlcore_tensor_t *b = strided_floats(3, 2, table_b + 1, 4);

    (void)state;
    assert_product(a, b, (float[]){4, 5, 10, 11});
    dlcore_tensor_free(a);
    dlcore_tensor_free(b);
}

/* New memory holds small numbers here, which only zero does not swallow. */
static void test_tensor_matrix_matmul_does_not_read_its_unset_result(void **state)
{
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);
    dlcore_tensor_t *a = NULL;

    (void)state;
    failing_allocator_init(&memory);
    assert_int_equal(dlcore_tensor_create(&allocator, DLCORE_DTYPE_FLOAT32, SHAPE(2, 2), &a, NULL),
                     DLCORE_OK);
    assert_product(a, a, (float[4]){0});
    dlcore_tensor_free(a);
    failing_allocator_assert_clean(&memory);
}

/* A row stride that BLAS could not take, on a factor of which it takes one row. */
static void test_tensor_matrix_matmul_of_one_row_takes_any_stride(void **state)
{
    float row[] = {1, 2};
    dlcore_tensor_t *a = strided_floats(1, 2, row, SIZE_MAX);
    dlcore_tensor_t *b = tensor_of_floats(SHAPE(2, 1), (float[]){3, 4});

    (void)state;
    assert_product(a, b, (float[]){11});
    dlcore_tensor_free(a);
    dlcore_tensor_free(b);
}

static void test_tensor_matrix_matmul_without_terms_is_zero(void **state)
{
    dlcore_tensor_t *a = tensor_of_floats(SHAPE(2, 0), NULL);
    dlcore_tensor_t *b = tensor_of_floats(SHAPE(0, 3), NULL);
    dlcore_tensor_t *c = tensor_of_floats(SHAPE(3, 2), (float[6]){1});

    (void)state;
    assert_product(a, b, (float[6]){0});
    assert_product(b, c, NULL);
    assert_product(c, a, NULL);
    dlcore_tensor_free(a);
    dlcore_tensor_free(b);
    dlcore_tensor_free(c);
}

static void test_tensor_matrix_matmul_of_shapes_that_do_not_fit_names_them(void **state)
{
    dlcore_error_record_t error;
    dlcore_tensor_t *a = tensor_of_floats(SHAPE(2, 3), (float[6]){0});
    dlcore_tensor_t *b = tensor_of_floats(SHAPE(2, 4), (float[8]){0});
    dlcore_tensor_t *vector = tensor_of_floats(SHAPE(3), (float[3]){0});
    dlcore_tensor_t *bytes = tensor_of_bytes(SHAPE(3, 1), (uint8_t[3]){0});
    dlcore_tensor_t *out = a;

    (void)state;
    assert_failed(dlcore_tensor_matmul(a, b, &out, &error), DLCORE_ERROR_SHAPE, &error,
                  "matmul of (2, 3) and (2, 4): 3 columns, 2 rows");
    assert_null(out);
    assert_failed(dlcore_tensor_matmul(a, vector, &out, &error), DLCORE_ERROR_SHAPE, &error,
                  "ranks 2 and 1");
    assert_failed(dlcore_tensor_matmul(vector, a, &out, &error), DLCORE_ERROR_SHAPE, &error,
                  "ranks 1 and 2");
    assert_failed(dlcore_tensor_matmul(a, bytes, &out, &error), DLCORE_ERROR_DTYPE, &error,
                  "float32 and uint8");
    assert_failed(dlcore_tensor_matmul(bytes, a, &out, &error), DLCORE_ERROR_DTYPE, &error,
                  "uint8 and float32");
    assert_failed(dlcore_tensor_matmul(NULL, b, &out, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "a is NULL");
    assert_failed(dlcore_tensor_matmul(a, NULL, &out, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "b is NULL");
    assert_failed(dlcore_tensor_matmul(a, b, NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "out is NULL");
    dlcore_tensor_free(a);
    dlcore_tensor_free(b);
    dlcore_tensor_free(vector);
    dlcore_tensor_free(bytes);
}

/* BLAS counts in int. The views claim more than there is, which nothing reads. */
static void test_tensor_matrix_matmul_beyond_int_is_refused(void **state)
{
    const size_t large = (size_t)INT_MAX + 1;
    dlcore_error_record_t error;
    float two[2] = {1, 2};
    dlcore_tensor_t *a, *b, *apart, *row, *out;

    (void)state;
    if (BY_SIZE(false, true))
        skip(); /* no tensor is so large */
    a = strided_floats(large, 1, two, 0);
    b = strided_floats(1, 1, two, 0);
    apart = strided_floats(2, 1, two, large);
    row = strided_floats(1, large, two, 0);
    out = b;
    assert_failed(dlcore_tensor_matmul(a, b, &out, &error), DLCORE_ERROR_OVERFLOW, &error,
                  "matmul with a size of 2147483648, at most 2147483647");
    assert_null(out);
    assert_failed(dlcore_tensor_matmul(b, row, &out, &error), DLCORE_ERROR_OVERFLOW, &error,
                  "2147483648");
    assert_failed(dlcore_tensor_matmul(row, a, &out, &error), DLCORE_ERROR_OVERFLOW, &error,
                  "2147483648");
    assert_failed(dlcore_tensor_matmul(apart, b, &out, &error), DLCORE_ERROR_OVERFLOW, &error,
                  "2147483648");
    dlcore_tensor_free(a);
    dlcore_tensor_free(b);
    dlcore_tensor_free(apart);
    dlcore_tensor_free(row);
}

typedef struct watch {
    atomic_bool ends, was_one;
} watch_t;

static void watch_count(void *argument)
{
    watch_t *watch = argument;

    while (!watch->ends) {
        if (host_count() == 1)
            watch->was_one = true;
        dlcore_thread_yield();
    }
}

/* Which another thread sees, sooner or later, of a BLAS that has one count for the process. */
static void test_tensor_matrix_matmul_keeps_blas_to_one_thread(void **state)
{
    enum { SIDE = 256 };
    static float numbers[SIDE * SIDE];
    dlcore_tensor_t *a = strided_floats(SIDE, SIDE, numbers, SIDE), *out = NULL;
    dlcore_thread_t thread;
    watch_t watch = {.ends = false};
    int host = start_with_three();

    (void)state;
    if (host == 1 || !host_blas_is("openblas pthread") ||
        dlcore_thread_start(&thread, 0, watch_count, &watch) != 0) {
        dlcore_tensor_free(a);
        skip();
    }
    for (int i = 0; i < 10000 && !watch.was_one; i++) {
        assert_int_equal(dlcore_tensor_matmul(a, a, &out, NULL), DLCORE_OK);
        dlcore_tensor_free(out);
    }
    watch.ends = true;
    dlcore_thread_join(&thread);
    assert_true(watch.was_one);
    assert_int_equal(host_count(), host);
    dlcore_tensor_free(a);
}

static void assert_transposed(const dlcore_tensor_t *source)
{
    size_t rows = dlcore_tensor_length(source, 0);
    size_t columns = dlcore_tensor_length(source, 1);
    dlcore_tensor_t *out = NULL;

    assert_int_equal(dlcore_tensor_transpose(source, &out, NULL), DLCORE_OK);
    assert_int_equal(dlcore_tensor_dtype(out), dlcore_tensor_dtype(source));
    assert_int_equal(dlcore_tensor_length(out, 0), columns);
    assert_int_equal(dlcore_tensor_length(out, 1), rows);
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) {
            double before = -1;
            double after = -2;

            assert_int_equal(dlcore_tensor_get(source, (size_t[]){r, c}, &before, NULL), DLCORE_OK);
            assert_int_equal(dlcore_tensor_get(out, (size_t[]){c, r}, &after, NULL), DLCORE_OK);
            assert_true(before == after);
        }
    dlcore_tensor_free(out);
}

/* Sizes below, at and above one tile of 32, in every dtype. */
static void test_tensor_matrix_transpose_of_every_size_and_dtype(void **state)
{
    static const size_t sizes[] = {1, 2, 31, 32, 33, 70};
    static const dlcore_dtype_t dtypes[] = {DLCORE_DTYPE_FLOAT32, DLCORE_DTYPE_UINT8,
                                            DLCORE_DTYPE_INT32};

    (void)state;
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < 6; j++)
            for (size_t d = 0; d < 3; d++) {
                dlcore_tensor_t *source = NULL;

                assert_int_equal(
                    dlcore_tensor_create(NULL, dtypes[d], SHAPE(sizes[i], sizes[j]), &source, NULL),
                    DLCORE_OK);
                for (size_t n = 0; n < sizes[i] * sizes[j]; n++)
                    assert_int_equal(dlcore_tensor_set(source,
                                                       (size_t[]){n / sizes[j], n % sizes[j]},
                                                       (double)((n * 37 + 5) % 251), NULL),
                                     DLCORE_OK);
                assert_transposed(source);
                dlcore_tensor_free(source);
            }
}

static void test_tensor_matrix_transpose_follows_strides(void **state)
{
    float table[] = {1, 2, -9, 3, 4, -9, 5, 6, -9};
    dlcore_tensor_t *source = strided_floats(3, 2, table, 3);
    dlcore_tensor_t *out = NULL;

    (void)state;
    assert_int_equal(dlcore_tensor_transpose(source, &out, NULL), DLCORE_OK);
    assert_floats(out, SHAPE(2, 3), (float[]){1, 3, 5, 2, 4, 6});
    dlcore_tensor_free(out);
    dlcore_tensor_free(source);
}

static void test_tensor_matrix_transpose_of_nothing_swaps_the_lengths(void **state)
{
    dlcore_tensor_t *source = strided_floats(0, 3, NULL, 0);
    dlcore_tensor_t *out = NULL;

    (void)state;
    assert_int_equal(dlcore_tensor_transpose(source, &out, NULL), DLCORE_OK);
    assert_floats(out, SHAPE(3, 0), NULL);
    dlcore_tensor_free(out);
    dlcore_tensor_free(source);
}

static void test_tensor_matrix_transpose_refuses_other_ranks(void **state)
{
    dlcore_error_record_t error;
    dlcore_tensor_t *vector = tensor_of_floats(SHAPE(3), (float[3]){0});
    dlcore_tensor_t *cube = tensor_of_floats(SHAPE(1, 1, 1), (float[1]){0});
    dlcore_tensor_t *out = vector;

    (void)state;
    assert_failed(dlcore_tensor_transpose(vector, &out, &error), DLCORE_ERROR_SHAPE, &error,
                  "transpose of rank 1");
    assert_null(out);
    assert_failed(dlcore_tensor_transpose(cube, &out, &error), DLCORE_ERROR_SHAPE, &error,
                  "transpose of rank 3");
    assert_failed(dlcore_tensor_transpose(NULL, &out, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "source is NULL");
    assert_failed(dlcore_tensor_transpose(cube, NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "out is NULL");
    dlcore_tensor_free(vector);
    dlcore_tensor_free(cube);
}

static dlcore_status multiply(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_tensor_t *tensors[5] = {NULL};
    dlcore_status status;

    (void)context;
    status = dlcore_tensor_create(allocator, DLCORE_DTYPE_FLOAT32, SHAPE(2, 3), &tensors[0], NULL);
    if (status == DLCORE_OK)
        status = dlcore_tensor_transpose(tensors[0], &tensors[1], NULL);
    if (status == DLCORE_OK)
        status = dlcore_tensor_matmul(tensors[0], tensors[1], &tensors[2], NULL);
    if (status == DLCORE_OK)
        status = dlcore_tensor_slice(tensors[0], 0, 0, &tensors[3], NULL);
    if (status == DLCORE_OK)
        status = dlcore_tensor_matmul(tensors[3], tensors[1], &tensors[4], NULL);
    for (size_t i = 0; i < 5; i++)
        dlcore_tensor_free(tensors[i]);
    return status;
}

static void test_tensor_matrix_survives_every_failing_allocation(void **state)
{
    (void)state;
    assert_int_equal(failing_allocator_sweep(multiply, NULL), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensor_matrix_matmul_of_small_integers_is_exact),
        cmocka_unit_test(test_tensor_matrix_matmul_follows_strides),
        cmocka_unit_test(test_tensor_matrix_matmul_does_not_read_its_unset_result),
        cmocka_unit_test(test_tensor_matrix_matmul_of_one_row_takes_any_stride),
        cmocka_unit_test(test_tensor_matrix_matmul_without_terms_is_zero),
        cmocka_unit_test(test_tensor_matrix_matmul_of_shapes_that_do_not_fit_names_them),
        cmocka_unit_test(test_tensor_matrix_matmul_beyond_int_is_refused),
        cmocka_unit_test(test_tensor_matrix_matmul_keeps_blas_to_one_thread),
        cmocka_unit_test(test_tensor_matrix_transpose_of_every_size_and_dtype),
        cmocka_unit_test(test_tensor_matrix_transpose_follows_strides),
        cmocka_unit_test(test_tensor_matrix_transpose_of_nothing_swaps_the_lengths),
        cmocka_unit_test(test_tensor_matrix_transpose_refuses_other_ranks),
        cmocka_unit_test(test_tensor_matrix_survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
