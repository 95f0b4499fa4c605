/* Splitting samples: sizes, views, shuffled copies, and what cannot be split.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "dlcore/data.h"
#include "support/failing_allocator.h"
#include "support/tensors.h"

static void test_split_views_borrow_in_order(void **state)
{
    dlcore_tensor_t *x = tensor_of_floats(SHAPE(5, 2), (float[]){0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    dlcore_tensor_t *y = tensor_of_ints(SHAPE(5), (int32_t[]){10, 11, 12, 13, 14});
    dlcore_split_options_t options = dlcore_split_options_default();
    dlcore_split_t split;

    (void)state;
    options.test_fraction = 0.3;
    options.shuffle = false;
    assert_int_equal(dlcore_train_test_split(x, y, &options, &split, NULL), DLCORE_OK);
    assert_floats(split.train_x, SHAPE(3, 2), (float[]){0, 1, 2, 3, 4, 5});
    assert_floats(split.test_x, SHAPE(2, 2), (float[]){6, 7, 8, 9});
    assert_ints(split.train_y, SHAPE(3), (int32_t[]){10, 11, 12});
    assert_ints(split.test_y, SHAPE(2), (int32_t[]){13, 14});
    assert_ptr_equal(dlcore_tensor_data_const(split.train_x), dlcore_tensor_data_const(x));
    assert_null(dlcore_tensor_data(split.train_x));
    dlcore_split_free(&split);
    assert_null(split.train_x);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

/* Every sample comes once, with its own label, and the same seed gives the same split. */
static void test_split_shuffled_keeps_samples_and_labels_together(void **state)
{
    enum { ROWS = 100 };
    float table[ROWS * 3];
    uint8_t labels[ROWS];
    dlcore_tensor_t *x, *y;
    dlcore_split_options_t options = dlcore_split_options_default();
    dlcore_split_t a, b, c;
    int seen[ROWS] = {0};

    (void)state;
    for (int i = 0; i < ROWS; i++) {
        labels[i] = (uint8_t)i;
        table[3 * i] = (float)i;
        table[3 * i + 1] = (float)-i;
        table[3 * i + 2] = 777; /* beside the strided rows */
    }
    x = strided_floats(ROWS, 2, table, 3);
    y = tensor_of_bytes(SHAPE(ROWS), labels);
    assert_int_equal(dlcore_train_test_split(x, y, NULL, &a, NULL), DLCORE_OK);
    assert_int_equal(dlcore_train_test_split(x, y, &options, &b, NULL), DLCORE_OK);
    options.seed = 1;
    assert_int_equal(dlcore_train_test_split(x, y, &options, &c, NULL), DLCORE_OK);
    assert_int_equal(dlcore_tensor_length(a.train_x, 0), 75);
    assert_int_equal(dlcore_tensor_length(a.test_x, 0), 25);
    assert_true(dlcore_tensor_equal(a.train_x, b.train_x, 0));
    assert_true(dlcore_tensor_equal(a.test_y, b.test_y, 0));
    assert_false(dlcore_tensor_equal(a.train_x, c.train_x, 0));
    for (int part = 0; part < 2; part++) {
        const float *rows = dlcore_tensor_data_const(part == 0 ? a.train_x : a.test_x);
        const uint8_t *classes = dlcore_tensor_data_const(part == 0 ? a.train_y : a.test_y);

        for (int i = 0; i < (part == 0 ? 75 : 25); i++) {
            assert_true(rows[2 * i] == (float)classes[i] && rows[2 * i + 1] == -rows[2 * i]);
            assert_int_equal(seen[classes[i]]++, 0);
        }
    }
    dlcore_split_free(&a);
    dlcore_split_free(&b);
    dlcore_split_free(&c);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

static void test_split_bad_arguments_are_refused(void **state)
{
    static const double fractions[] = {0, 1, -0.5, 2, (double)NAN};
    dlcore_tensor_t *x = tensor_of_floats(SHAPE(2), (float[]){1, 2});
    dlcore_tensor_t *y = tensor_of_floats(SHAPE(3), (float[]){1, 2, 3});
    dlcore_tensor_t *one = tensor_of_floats(SHAPE(1), (float[]){1});
    dlcore_tensor_t *scalar = tensor_of_floats(NO_SHAPE, (float[]){1});
    dlcore_split_options_t options = dlcore_split_options_default();
    dlcore_error_record_t error;
    dlcore_split_t split;

    (void)state;
    assert_failed(dlcore_train_test_split(x, NULL, &(dlcore_split_options_t){0}, &split, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "split");
    assert_failed(dlcore_train_test_split(x, NULL, NULL, NULL, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "out is NULL");
    assert_failed(dlcore_train_test_split(NULL, NULL, NULL, &split, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "x is NULL");
    assert_failed(dlcore_train_test_split(x, y, NULL, &split, &error), DLCORE_ERROR_SHAPE, &error,
                  "x has 2 samples, y has 3");
    assert_failed(dlcore_train_test_split(scalar, NULL, NULL, &split, &error), DLCORE_ERROR_SHAPE,
                  &error, "x has rank 0");
    assert_failed(dlcore_train_test_split(x, scalar, NULL, &split, &error), DLCORE_ERROR_SHAPE,
                  &error, "y has rank 0");
    assert_failed(dlcore_train_test_split(one, NULL, NULL, &split, &error), DLCORE_ERROR_SHAPE,
                  &error,
                  "train_test_split: test_fraction 0.25 of 1 samples leaves none to train with");
    for (size_t i = 0; i < 5; i++) {
        options.test_fraction = fractions[i];
        assert_failed(dlcore_train_test_split(x, NULL, &options, &split, &error),
                      DLCORE_ERROR_ARGUMENT, &error,
                      "train_test_split: test_fraction must lie above 0 and below 1, got ");
    }
    options.test_fraction = 0.9;
    assert_failed(dlcore_train_test_split(x, NULL, &options, &split, &error), DLCORE_ERROR_SHAPE,
                  &error, "test_fraction 0.9 of 2 samples leaves none to train with");
    options.test_fraction = 0.01;
    assert_int_equal(dlcore_train_test_split(x, NULL, &options, &split, &error), DLCORE_OK);
    assert_int_equal(dlcore_tensor_length(split.test_x, 0), 1);
    assert_null(split.train_y);
    dlcore_split_free(&split);
    dlcore_split_free(NULL);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_tensor_free(one);
    dlcore_tensor_free(scalar);
}

static dlcore_status split_with(const dlcore_allocator_t *allocator, void *context)
{
    static const float elements[8] = {0};
    dlcore_split_options_t options = dlcore_split_options_default();
    dlcore_tensor_t *x = NULL;
    dlcore_split_t split = {0};
    dlcore_status status = dlcore_tensor_borrow_const(allocator, DLCORE_DTYPE_FLOAT32, SHAPE(4, 2),
                                                      elements, 0, &x, NULL);

    options.test_fraction = 0.5;
    options.shuffle = *(bool *)context;
    if (status == DLCORE_OK)
        status = dlcore_train_test_split(x, x, &options, &split, NULL);
    if (status != DLCORE_OK)
        assert_null(split.train_x);
    dlcore_split_free(&split);
    dlcore_tensor_free(x);
    return status;
}

static void test_split_survives_every_failing_allocation(void **state)
{
    bool shuffle = false;

    (void)state;
    assert_int_equal(failing_allocator_sweep(split_with, &shuffle), 5);
    shuffle = true;
    assert_int_equal(failing_allocator_sweep(split_with, &shuffle), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split_views_borrow_in_order),
        cmocka_unit_test(test_split_shuffled_keeps_samples_and_labels_together),
        cmocka_unit_test(test_split_bad_arguments_are_refused),
        cmocka_unit_test(test_split_survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
