/* Single elements: reading, writing, filling, and what fits a dtype.
 *
 * SPDX-License-Identifier: MIT */
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/size_text.h"
#include "support/tensors.h"
#include "tensor/tensor.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Sets a scalar of `dtype` and answers what is read back; the status must be as expected. */
static double stored(dlcore_dtype_t dtype, double value, dlcore_status expected)
{
    dlcore_tensor_t *tensor = NULL;
    double back = -77;

    assert_int_equal(dlcore_tensor_create(NULL, dtype, NO_SHAPE, &tensor, NULL), DLCORE_OK);
    assert_int_equal(dlcore_tensor_set(tensor, NULL, value, NULL), expected);
    assert_int_equal(dlcore_tensor_get(tensor, NULL, &back, NULL), DLCORE_OK);
    dlcore_tensor_free(tensor);
    return back;
}

static void test_tensor_elements_get_of_each_dtype_is_exact(void **state)
{
    dlcore_tensor_t *floats = tensor_of_floats(SHAPE(2), (float[]){0.1f, -FLT_MAX});
    dlcore_tensor_t *bytes = tensor_of_bytes(SHAPE(2), (uint8_t[]){0, 255});
    dlcore_tensor_t *ints = tensor_of_ints(SHAPE(2), (int32_t[]){INT32_MIN, INT32_MAX});
    const struct {
        dlcore_tensor_t *tensor;
        double values[2];
    } cases[] = {{floats, {(double)0.1f, -(double)FLT_MAX}},
                 {bytes, {0, 255}},
                 {ints, {INT32_MIN, INT32_MAX}}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (size_t j = 0; j < 2; j++) {
            double value = -77;

            assert_int_equal(dlcore_tensor_get(cases[i].tensor, &j, &value, NULL), DLCORE_OK);
            assert_true(value == cases[i].values[j]);
        }
        dlcore_tensor_free(cases[i].tensor);
    }
}

static void test_tensor_elements_set_reaches_every_index_of_rank_4(void **state)
{
    size_t shape[] = {2, 3, 4, 5};
    dlcore_tensor_t *tensor = NULL;
    double next = 0;

    (void)state;
    assert_int_equal(dlcore_tensor_create(NULL, DLCORE_DTYPE_INT32, 4, shape, &tensor, NULL),
                     DLCORE_OK);
    for (size_t a = 0; a < 2; a++)
        for (size_t b = 0; b < 3; b++)
            for (size_t c = 0; c < 4; c++)
                for (size_t d = 0; d < 5; d++)
                    assert_int_equal(
                        dlcore_tensor_set(tensor, (size_t[]){a, b, c, d}, next++, NULL), DLCORE_OK);
    for (int32_t i = 0; i < 120; i++)
        assert_int_equal(((const int32_t *)dlcore_tensor_data_const(tensor))[i], i);
    dlcore_tensor_free(tensor);
}

static void test_tensor_elements_set_of_integers_rounds_ties_to_even(void **state)
{
    const struct {
        double value, back;
    } cases[] = {{0.5, 0},
                 {1.5, 2},
                 {2.5, 2},
                 {-0.5, 0},
                 {-1.5, -2},
                 {-2.5, -2},
                 {3.49, 3},
                 {-3.51, -4},
                 {0.4999999999999999, 0},
                 {2147483646.5, 2147483646.0},
                 {2147483647.4999, 2147483647.0},
                 {-2147483648.5, -2147483648.0}};
    const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};

    (void)state;
    for (size_t mode = 0; mode < COUNT(modes); mode++) {
        fesetround(modes[mode]);
        for (size_t i = 0; i < COUNT(cases); i++) {
            double back = stored(DLCORE_DTYPE_INT32, cases[i].value, DLCORE_OK);

            if (back != cases[i].back)
                fail_msg("%.17g became %.17g in mode %d", cases[i].value, back, modes[mode]);
        }
        fesetround(FE_TONEAREST);
    }
    assert_true(stored(DLCORE_DTYPE_UINT8, 255.5 - 1e-9, DLCORE_OK) == 255);
    assert_true(stored(DLCORE_DTYPE_UINT8, -0.5, DLCORE_OK) == 0);
}

static void test_tensor_elements_set_of_what_does_not_fit_is_refused(void **state)
{
    const struct {
        dlcore_dtype_t dtype;
        double value;
    } cases[] = {
        {DLCORE_DTYPE_UINT8, 255.5},        {DLCORE_DTYPE_UINT8, 256},
        {DLCORE_DTYPE_UINT8, -0.51},        {DLCORE_DTYPE_UINT8, -1},
        {DLCORE_DTYPE_UINT8, (double)NAN},  {DLCORE_DTYPE_UINT8, (double)INFINITY},
        {DLCORE_DTYPE_INT32, 2147483647.5}, {DLCORE_DTYPE_INT32, -2147483648.51},
        {DLCORE_DTYPE_INT32, 1e300},        {DLCORE_DTYPE_INT32, -(double)INFINITY},
        {DLCORE_DTYPE_INT32, (double)NAN},  {DLCORE_DTYPE_FLOAT32, 1e39},
        {DLCORE_DTYPE_FLOAT32, -1e39},      {DLCORE_DTYPE_FLOAT32, DBL_MAX},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_true(stored(cases[i].dtype, cases[i].value, DLCORE_ERROR_RANGE) == 0);
}

static void test_tensor_elements_set_of_float_takes_special_values(void **state)
{
    (void)state;
    assert_true(isnan(stored(DLCORE_DTYPE_FLOAT32, (double)NAN, DLCORE_OK)));
    assert_true(isinf(stored(DLCORE_DTYPE_FLOAT32, -(double)INFINITY, DLCORE_OK)));
    assert_true(stored(DLCORE_DTYPE_FLOAT32, (double)FLT_MAX, DLCORE_OK) == (double)FLT_MAX);
    assert_true(stored(DLCORE_DTYPE_FLOAT32, 0.1, DLCORE_OK) == (double)0.1f);
}

static void test_tensor_elements_set_out_of_range_names_value_and_limits(void **state)
{
    dlcore_error_record_t error;
    dlcore_tensor_t *bytes = tensor_of_bytes(SHAPE(1), (uint8_t[]){9});
    dlcore_tensor_t *floats = tensor_of_floats(SHAPE(1), (float[]){9});

    (void)state;
    assert_failed(dlcore_tensor_set(bytes, (size_t[]){0}, 300.25, &error), DLCORE_ERROR_RANGE,
                  &error, "300.25 does not fit uint8, 0 to 255");
    assert_failed(dlcore_tensor_fill(bytes, -3, &error), DLCORE_ERROR_RANGE, &error,
                  "-3 does not fit uint8");
    assert_failed(dlcore_tensor_set(floats, (size_t[]){0}, 1e40, &error), DLCORE_ERROR_RANGE,
                  &error, "1e+40 does not fit float32, at most 3.40282e+38");
    assert_bytes(bytes, SHAPE(1), (uint8_t[]){9});
    assert_floats(floats, SHAPE(1), (float[]){9});
    dlcore_tensor_free(bytes);
    dlcore_tensor_free(floats);
}

static void test_tensor_elements_index_outside_names_axis_and_length(void **state)
{
    dlcore_error_record_t error;
    dlcore_tensor_t *tensor = tensor_of_floats(SHAPE(2, 3), (float[6]){0});
    double value = 0;

    (void)state;
    assert_failed(dlcore_tensor_get(tensor, (size_t[]){0, 3}, &value, &error), DLCORE_ERROR_RANGE,
                  &error, "index 3 on axis 1 of length 3");
    assert_failed(dlcore_tensor_set(tensor, (size_t[]){2, 0}, 1, &error), DLCORE_ERROR_RANGE,
                  &error, "index 2 on axis 0 of length 2");
    assert_failed(dlcore_tensor_get(tensor, (size_t[]){SIZE_MAX, 0}, &value, &error),
                  DLCORE_ERROR_RANGE, &error, "index " SIZE_MAX_TEXT " on axis 0");
    dlcore_tensor_free(tensor);
}

static void test_tensor_elements_element_null_arguments_are_refused(void **state)
{
    dlcore_error_record_t error;
    dlcore_tensor_t *tensor = tensor_of_floats(SHAPE(1), (float[]){5});
    size_t index = 0;
    double value = 0;

    (void)state;
    assert_failed(dlcore_tensor_get(NULL, &index, &value, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "tensor is NULL");
    assert_failed(dlcore_tensor_get(tensor, NULL, &value, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "index is NULL for a tensor of rank 1");
    assert_failed(dlcore_tensor_get(tensor, &index, NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "value is NULL");
    assert_failed(dlcore_tensor_set(NULL, &index, 1, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "tensor is NULL");
    assert_failed(dlcore_tensor_set(tensor, NULL, 1, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "index is NULL");
    assert_failed(dlcore_tensor_fill(NULL, 1, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "tensor is NULL");
    dlcore_tensor_free(tensor);
}

static void test_tensor_elements_fill_sets_every_element_of_each_dtype(void **state)
{
    dlcore_tensor_t *floats = tensor_of_floats(SHAPE(3), (float[3]){0});
    dlcore_tensor_t *bytes = tensor_of_bytes(SHAPE(3), (uint8_t[3]){0});
    dlcore_tensor_t *ints = tensor_of_ints(SHAPE(3), (int32_t[3]){0});

    (void)state;
    assert_int_equal(dlcore_tensor_fill(floats, -0.5, NULL), DLCORE_OK);
    assert_floats(floats, SHAPE(3), (float[]){-0.5f, -0.5f, -0.5f});
    assert_int_equal(dlcore_tensor_fill(bytes, 200.5, NULL), DLCORE_OK);
    assert_bytes(bytes, SHAPE(3), (uint8_t[]){200, 200, 200});
    assert_int_equal(dlcore_tensor_fill(ints, -70000, NULL), DLCORE_OK);
    assert_ints(ints, SHAPE(3), (int32_t[]){-70000, -70000, -70000});
    dlcore_tensor_free(floats);
    dlcore_tensor_free(bytes);
    dlcore_tensor_free(ints);
}

static void test_tensor_elements_fill_of_strided_rows_spares_what_lies_between(void **state)
{
    float table[12] = {0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23};
    const float after[12] = {0, 9, 9, 3, 10, 9, 9, 13, 20, 9, 9, 23};
    uint8_t column[5] = {1, 2, 3, 4, 5};
    dlcore_tensor_t *tensor = strided_floats(3, 2, table + 1, 4);
    dlcore_tensor_t *bytes = NULL;

    (void)state;
    assert_int_equal(dlcore_tensor_fill(tensor, 9, NULL), DLCORE_OK);
    assert_memory_equal(table, after, sizeof after);
    dlcore_tensor_free(tensor);

    assert_int_equal(
        dlcore_tensor_borrow(NULL, DLCORE_DTYPE_UINT8, SHAPE(3), column, 2, &bytes, NULL),
        DLCORE_OK);
    assert_int_equal(dlcore_tensor_fill(bytes, 8, NULL), DLCORE_OK);
    assert_memory_equal(column, ((uint8_t[]){8, 2, 8, 4, 8}), 5);
    dlcore_tensor_free(bytes);
}

static void test_tensor_elements_fill_of_nothing_succeeds(void **state)
{
    dlcore_tensor_t *tensor = strided_floats(0, 3, NULL, 0);

    (void)state;
    assert_int_equal(dlcore_tensor_fill(tensor, 1, NULL), DLCORE_OK);
    dlcore_tensor_free(tensor);
}

/* Against rint, which is the definition in the rounding mode that tests run in. */
static void test_tensor_elements_round_to_even_agrees_with_rint(void **state)
{
    const double edges[] = {0x1p51, 0x1p52, 0x1p53, 0x1p63, 1e300, DBL_MIN, 0.5, 1.5, 2.5};

    (void)state;
    for (size_t i = 0; i < COUNT(edges); i++) {
        double near[] = {edges[i], nextafter(edges[i], 0), nextafter(edges[i], (double)INFINITY),
                         edges[i] + 0.5};

        for (size_t j = 0; j < COUNT(near); j++) {
            assert_true(dlcore_round_to_even(near[j]) == rint(near[j]));
            assert_true(dlcore_round_to_even(-near[j]) == rint(-near[j]));
        }
    }
    assert_true(signbit(dlcore_round_to_even(-0.25)));
    assert_true(isnan(dlcore_round_to_even((double)NAN)));
    assert_true(isinf(dlcore_round_to_even((double)INFINITY)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensor_elements_get_of_each_dtype_is_exact),
        cmocka_unit_test(test_tensor_elements_set_reaches_every_index_of_rank_4),
        cmocka_unit_test(test_tensor_elements_set_of_integers_rounds_ties_to_even),
        cmocka_unit_test(test_tensor_elements_set_of_what_does_not_fit_is_refused),
        cmocka_unit_test(test_tensor_elements_set_of_float_takes_special_values),
        cmocka_unit_test(test_tensor_elements_set_out_of_range_names_value_and_limits),
        cmocka_unit_test(test_tensor_elements_index_outside_names_axis_and_length),
        cmocka_unit_test(test_tensor_elements_element_null_arguments_are_refused),
        cmocka_unit_test(test_tensor_elements_fill_sets_every_element_of_each_dtype),
        cmocka_unit_test(test_tensor_elements_fill_of_strided_rows_spares_what_lies_between),
        cmocka_unit_test(test_tensor_elements_fill_of_nothing_succeeds),
        cmocka_unit_test(test_tensor_elements_round_to_even_agrees_with_rint),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
