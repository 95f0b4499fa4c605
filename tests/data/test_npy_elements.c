/* Elements of .npy files that tensors have no dtype for: float64, int64 and bool.
 *
 * SPDX-License-Identifier: MIT */
#include <fenv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "dlcore/data.h"
#include "support/npy_bytes.h"
#include "support/tensors.h"

static dlcore_status parse(bytes_t *file, dlcore_tensor_t **tensor, dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_npy_parse(file->data, file->size, NULL, tensor, error);

    bytes_free(file);
    return status;
}

static void test_npy_elements_doubles_are_rounded_to_nearest(void **state)
{
    static const double doubles[] = {0.1,      1e300, -1e300, 1e-300,       0x1.000001p0,
                                     0x1p-149, 3e-45, -0.0,   0x1.000003p0, 16777217};
    static const float floats[] = {0.1F,   INFINITY, -INFINITY,     0,       1, 0x1p-149F,
                                   3e-45F, -0.0F,    0x1.000004p0F, 16777216};
    static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_TOWARDZERO};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        dlcore_tensor_t *tensor = NULL;
        bytes_t file = {0};
        dlcore_status status;

        npy_little(&file, "<f8", "(10,)", doubles, 8, 10);
        fesetround(modes[i]);
        status = parse(&file, &tensor, NULL);
        assert_int_equal(fegetround(), modes[i]);
        fesetround(FE_TONEAREST);
        assert_int_equal(status, DLCORE_OK);
        assert_floats(tensor, SHAPE(10), floats);
        dlcore_tensor_free(tensor);
    }
}

/* More than a block at a time, so that the second one is placed right. */
static void test_npy_elements_long_arrays_are_whole(void **state)
{
    enum { COUNT = 5000 };
    static int64_t wide[COUNT];
    static int32_t narrow[COUNT];
    dlcore_tensor_t *tensor = NULL;
    bytes_t file = {0};

    (void)state;
    for (int i = 0; i < COUNT; i++)
        wide[i] = narrow[i] = i % 2 == 0 ? INT32_MAX - i : INT32_MIN + i;
    npy_little(&file, "<i8", "(5000,)", wide, 8, COUNT);
    assert_int_equal(parse(&file, &tensor, NULL), DLCORE_OK);
    assert_ints(tensor, SHAPE(COUNT), narrow);
    dlcore_tensor_free(tensor);
}

static void test_npy_elements_int64_that_do_not_fit_are_named(void **state)
{
    static const struct {
        int64_t value;
        const char *order;
        size_t at;
        const char *text;
    } cases[] = {
        {(int64_t)INT32_MAX + 1, "False", 5, ".npy data: row 2: 2147483648 does not fit int32"},
        {(int64_t)INT32_MIN - 1, "False", 0, "row 0: -2147483649 does not fit int32"},
        {INT64_MIN, "True", 4, "row 1: -9223372036854775808 does not fit int32"},
        {INT64_MAX, "True", 2, "row 2: 9223372036854775807 does not fit int32"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t elements[6] = {0, 1, 2, 3, 4, 5};
        dlcore_error_record_t error;
        dlcore_tensor_t *tensor;
        bytes_t file = {0};

        elements[cases[i].at] = cases[i].value;
        npy_little_order(&file, "<i8", cases[i].order, "(3, 2)", elements, 8, 6);
        assert_failed(parse(&file, &tensor, &error), DLCORE_ERROR_RANGE, &error, cases[i].text);
        assert_null(tensor);
    }
}

static void test_npy_elements_bools_are_0_and_1(void **state)
{
    static const uint8_t good[] = {0, 1, 1, 0}, bad[] = {0, 1, 1, 2};
    dlcore_error_record_t error;
    dlcore_tensor_t *tensor;
    bytes_t file = {0};

    (void)state;
    npy_little(&file, "|b1", "(2, 2)", good, 1, 4);
    assert_int_equal(parse(&file, &tensor, NULL), DLCORE_OK);
    assert_bytes(tensor, SHAPE(2, 2), good);
    dlcore_tensor_free(tensor);
    npy_little(&file, "|b1", "(2, 2)", bad, 1, 4);
    assert_failed(parse(&file, &tensor, &error), DLCORE_ERROR_FORMAT, &error,
                  "row 1: 2 is no bool");
    npy_little(&file, "|b1", "()", bad + 3, 1, 1);
    assert_failed(parse(&file, &tensor, &error), DLCORE_ERROR_FORMAT, &error,
                  "row 0: 2 is no bool");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_npy_elements_doubles_are_rounded_to_nearest),
        cmocka_unit_test(test_npy_elements_long_arrays_are_whole),
        cmocka_unit_test(test_npy_elements_int64_that_do_not_fit_are_named),
        cmocka_unit_test(test_npy_elements_bools_are_0_and_1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
