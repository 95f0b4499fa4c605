/* Means and deviations, constant columns, and applying them.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dlcore/data.h"
#include "support/failing_allocator.h"
#include "support/tensors.h"

static void test_standardize_means_and_deviations(void **state)
{
    float table[] = {1, 0.1F, 4, 99, 3, 0.1F, 8, 99, 5, 0.1F, 6, 99};
    dlcore_tensor_t *x = strided_floats(3, 3, table, 4);
    dlcore_tensor_t *expected = tensor_of_floats(
        SHAPE(3, 3), (float[]){-1.2247449F, 0, -1.2247449F, 0, 0, 1.2247449F, 1.2247449F, 0, 0});
    dlcore_tensor_t *means, *deviations, *out;

    (void)state;
    assert_int_equal(dlcore_standardize_fit(x, &means, &deviations, NULL), DLCORE_OK);
    assert_floats(means, SHAPE(3), (float[]){3, 0.1F, 6});
    assert_floats(deviations, SHAPE(3), (float[]){1.6329932F, 1, 1.6329932F});
    assert_int_equal(dlcore_standardize_apply(x, means, deviations, &out, NULL), DLCORE_OK);
    assert_true(dlcore_tensor_equal(out, expected, 1e-7));
    assert_int_equal(dlcore_standardize_in_place(x, means, deviations, NULL), DLCORE_OK);
    assert_true(dlcore_tensor_equal(x, out, 0));
    assert_true(table[3] == 99 && table[11] == 99);
    dlcore_tensor_free(expected);
    dlcore_tensor_free(out);
    dlcore_tensor_free(means);
    dlcore_tensor_free(deviations);
    dlcore_tensor_free(x);
}

/* A large mean takes no digits from a small deviation. */
static void test_standardize_large_means_cancel_nothing(void **state)
{
    dlcore_tensor_t *x =
        tensor_of_ints(SHAPE(4, 1), (int32_t[]){2000000001, 2000000003, 2000000001, 2000000003});
    dlcore_tensor_t *means, *deviations;

    (void)state;
    assert_int_equal(dlcore_standardize_fit(x, &means, &deviations, NULL), DLCORE_OK);
    assert_floats(means, SHAPE(1), (float[]){2000000002.0F});
    assert_floats(deviations, SHAPE(1), (float[]){1});
    dlcore_tensor_free(means);
    dlcore_tensor_free(deviations);
    dlcore_tensor_free(x);
}

static void test_standardize_images_and_vectors(void **state)
{
    dlcore_tensor_t *images = tensor_of_bytes(SHAPE(2, 1, 2), (uint8_t[]){0, 10, 4, 10});
    dlcore_tensor_t *vector = tensor_of_floats(SHAPE(2), (float[]){1, 5});
    dlcore_tensor_t *means, *deviations, *out;

    (void)state;
    assert_int_equal(dlcore_standardize_fit(images, &means, &deviations, NULL), DLCORE_OK);
    assert_floats(means, SHAPE(1, 2), (float[]){2, 10});
    assert_floats(deviations, SHAPE(1, 2), (float[]){2, 1});
    assert_int_equal(dlcore_standardize_apply(images, means, deviations, &out, NULL), DLCORE_OK);
    assert_floats(out, SHAPE(2, 1, 2), (float[]){-1, 0, 1, 0});
    dlcore_tensor_free(out);
    dlcore_tensor_free(means);
    dlcore_tensor_free(deviations);
    assert_int_equal(dlcore_standardize_fit(vector, &means, &deviations, NULL), DLCORE_OK);
    assert_floats(means, SHAPE(1), (float[]){3});
    assert_floats(deviations, SHAPE(1), (float[]){2});
    dlcore_tensor_free(means);
    dlcore_tensor_free(deviations);
    dlcore_tensor_free(images);
    dlcore_tensor_free(vector);
}

static void test_standardize_bad_arguments_are_refused(void **state)
{
    dlcore_tensor_t *x = tensor_of_floats(SHAPE(2, 2), (float[]){1, 2, 3, 4});
    dlcore_tensor_t *bytes = tensor_of_bytes(SHAPE(1, 2), (uint8_t[]){1, 2});
    dlcore_tensor_t *empty = tensor_of_floats(SHAPE(0, 2), NULL);
    dlcore_tensor_t *scalar = tensor_of_floats(NO_SHAPE, (float[]){1});
    dlcore_tensor_t *means, *deviations, *out, *view;
    dlcore_error_record_t error;

    (void)state;
    assert_failed(dlcore_standardize_fit(x, NULL, &deviations, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "means or deviations is NULL");
    assert_failed(dlcore_standardize_fit(NULL, &means, &deviations, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "x is NULL");
    assert_failed(dlcore_standardize_fit(scalar, &means, &deviations, &error), DLCORE_ERROR_SHAPE,
                  &error, "rank 0");
    assert_failed(dlcore_standardize_fit(empty, &means, &deviations, &error), DLCORE_ERROR_SHAPE,
                  &error, "0 samples");
    assert_null(means);
    assert_int_equal(dlcore_standardize_fit(x, &means, &deviations, &error), DLCORE_OK);
    assert_failed(dlcore_standardize_apply(x, means, deviations, NULL, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "out is NULL");
    assert_failed(dlcore_standardize_apply(x, NULL, deviations, &out, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "means is NULL");
    assert_failed(dlcore_standardize_apply(x, means, bytes, &out, &error), DLCORE_ERROR_DTYPE,
                  &error, "deviations must be float32, got uint8");
    assert_failed(dlcore_standardize_in_place(x, means, scalar, &error), DLCORE_ERROR_SHAPE, &error,
                  "deviations has 1 numbers, a sample 2");
    assert_failed(dlcore_standardize_in_place(bytes, means, deviations, &error), DLCORE_ERROR_DTYPE,
                  &error, "got uint8");
    dlcore_tensor_slice_const(x, 0, 1, &view, NULL);
    assert_failed(dlcore_standardize_in_place(view, means, deviations, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "x is read-only");
    dlcore_tensor_free(view);
    assert_int_equal(dlcore_standardize_apply(empty, means, deviations, &out, &error), DLCORE_OK);
    dlcore_tensor_free(out);
    dlcore_tensor_free(means);
    dlcore_tensor_free(deviations);
    dlcore_tensor_free(x);
    dlcore_tensor_free(bytes);
    dlcore_tensor_free(empty);
    dlcore_tensor_free(scalar);
}

static void test_standardize_fit_of_numbers_that_are_not_finite_names_the_first(void **state)
{
    dlcore_tensor_t *x = tensor_of_floats(SHAPE(3, 2), (float[]){1, 2, 3, NAN, INFINITY, 6});
    dlcore_tensor_t *opposed = tensor_of_floats(SHAPE(2), (float[]){-INFINITY, INFINITY});
    dlcore_tensor_t *large = tensor_of_floats(SHAPE(2), (float[]){-FLT_MAX, FLT_MAX});
    dlcore_tensor_t *means, *deviations;
    dlcore_error_record_t error = {0};

    (void)state;
    assert_failed(dlcore_standardize_fit(x, &means, &deviations, &error), DLCORE_ERROR_RANGE,
                  &error, "standardize: number 1 of sample 1 is NaN");
    assert_null(means);
    assert_null(deviations);
    assert_failed(dlcore_standardize_fit(opposed, &means, &deviations, &error), DLCORE_ERROR_RANGE,
                  &error, "standardize: number 0 of sample 0 is infinite");
    assert_int_equal(dlcore_standardize_fit(large, &means, &deviations, &error), DLCORE_OK);
    dlcore_tensor_free(means);
    dlcore_tensor_free(deviations);
    dlcore_tensor_free(x);
    dlcore_tensor_free(opposed);
    dlcore_tensor_free(large);
}

static dlcore_status standardize_with(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_tensor_t *x = NULL, *means = NULL, *deviations = NULL, *out = NULL;
    dlcore_status status =
        dlcore_tensor_create(allocator, DLCORE_DTYPE_FLOAT32, SHAPE(4, 2), &x, NULL);

    (void)context;
    if (status == DLCORE_OK)
        status = dlcore_standardize_fit(x, &means, &deviations, NULL);
    if (status == DLCORE_OK)
        status = dlcore_standardize_apply(x, means, deviations, &out, NULL);
    dlcore_tensor_free(out);
    dlcore_tensor_free(means);
    dlcore_tensor_free(deviations);
    dlcore_tensor_free(x);
    return status;
}

static void test_standardize_survives_every_failing_allocation(void **state)
{
    (void)state;
    assert_int_equal(failing_allocator_sweep(standardize_with, NULL), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_standardize_means_and_deviations),
        cmocka_unit_test(test_standardize_large_means_cancel_nothing),
        cmocka_unit_test(test_standardize_images_and_vectors),
        cmocka_unit_test(test_standardize_bad_arguments_are_refused),
        cmocka_unit_test(test_standardize_fit_of_numbers_that_are_not_finite_names_the_first),
        cmocka_unit_test(test_standardize_survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
