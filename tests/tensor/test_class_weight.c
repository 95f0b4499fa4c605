/* Balanced weights of classes.
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
#include "support/fixture.h"
#include "support/tensors.h"

enum { CLASSES_MAX = 8 };

static void test_class_weight_balanced_is_that_of_scikit_learn(void **state)
{
    fixture_t *fixture = fixture_load("splits.txt");
    size_t position = 0, cases = 0;
    const char *name;

    (void)state;
    while ((name = fixture_next(fixture, "folds", &position)) != NULL) {
        const fixture_array_t *expected = fixture_find(fixture, name, "weights");
        dlcore_tensor_t *y = fixture_tensor(fixture_array(fixture, name, "labels"));
        float weights[CLASSES_MAX];

        if (expected != NULL) {
            assert_int_equal(dlcore_class_weight_balanced(y, expected->size, weights, NULL),
                             DLCORE_OK);
            for (size_t i = 0; i < expected->size; i++)
                assert_true(weights[i] == fixture_floats(expected)[i]);
            cases++;
        }
        dlcore_tensor_free(y);
    }
    assert_int_equal(cases, 3);
    fixture_free(fixture);
}

/* One-hot rows, floats 0 and 1, bytes: the classes are the same. A class that does not occur has
 * weight 1. */
static void test_class_weight_balanced_takes_every_form_of_labels(void **state)
{
    dlcore_tensor_t *forms[3] = {
        tensor_of_floats(SHAPE(4, 3), (float[]){1, 0, 0, 0, 1, 0, .2f, .7f, .1f, 0, 1, 0}),
        tensor_of_floats(SHAPE(4, 1), (float[]){0, 1, 1, 1}),
        tensor_of_bytes(SHAPE(4), (uint8_t[]){0, 1, 1, 1}),
    };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        float weights[3] = {0};

        assert_int_equal(dlcore_class_weight_balanced(forms[i], 3, weights, NULL), DLCORE_OK);
        assert_true(weights[0] == 2.0f && weights[1] == 4.0f / 6.0f && weights[2] == 1.0f);
        dlcore_tensor_free(forms[i]);
    }
}

static void test_class_weight_balanced_refuses_what_is_no_class(void **state)
{
    dlcore_tensor_t *values = tensor_of_floats(SHAPE(3), (float[]){0, 1, 0.5f});
    dlcore_tensor_t *high = tensor_of_ints(SHAPE(3), (int32_t[]){0, 1, 7});
    dlcore_tensor_t *low = tensor_of_ints(SHAPE(3), (int32_t[]){0, -1, 1});
    dlcore_error_record_t error = {0};
    float weights[3] = {9, 9, 9};

    (void)state;
    assert_failed(dlcore_class_weight_balanced(values, 3, weights, &error), DLCORE_ERROR_RANGE,
                  &error, "label 0.5 of sample 2 is no class");
    assert_failed(dlcore_class_weight_balanced(high, 3, weights, &error), DLCORE_ERROR_RANGE,
                  &error, "class 7 of sample 2 is not in 0 .. 2");
    assert_failed(dlcore_class_weight_balanced(low, 3, weights, &error), DLCORE_ERROR_RANGE, &error,
                  "class -1 of sample 1");
    assert_failed(dlcore_class_weight_balanced(high, 0, weights, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "class_weight_balanced: class_count is 0");
    assert_true(weights[0] == 9.0f);
    dlcore_tensor_free(values);
    dlcore_tensor_free(high);
    dlcore_tensor_free(low);
}

/* Rows of no numbers have no first one, which may not even be memory. */
static void test_class_weight_balanced_of_labels_without_numbers_is_refused(void **state)
{
    dlcore_tensor_t *forms[2] = {tensor_of_floats(SHAPE(3, 0), NULL),
                                 tensor_of_ints(SHAPE(3, 2, 0), NULL)};
    dlcore_error_record_t error = {0};
    float weights[3] = {9, 9, 9};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_failed(dlcore_class_weight_balanced(forms[i], 3, weights, &error),
                      DLCORE_ERROR_SHAPE, &error,
                      "class_weight_balanced: each of the 3 labels has 0 numbers, at least 1");
        dlcore_tensor_free(forms[i]);
    }
    assert_true(weights[0] == 9.0f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_class_weight_balanced_is_that_of_scikit_learn),
        cmocka_unit_test(test_class_weight_balanced_takes_every_form_of_labels),
        cmocka_unit_test(test_class_weight_balanced_refuses_what_is_no_class),
        cmocka_unit_test(test_class_weight_balanced_of_labels_without_numbers_is_refused),
    };

    return cmocka_run_group_tests_name("class_weight", tests, NULL, NULL);
}
