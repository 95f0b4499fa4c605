/* Folds: each sample is tested once, sizes differ by one at most, and a seed gives the same again.
 *
 * SPDX-License-Identifier: MIT */
#include <fenv.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/data.h"
#include "support/failing_allocator.h"
#include "support/tensors.h"

enum { SAMPLES = 10 };

static dlcore_status make(const dlcore_allocator_t *allocator, dlcore_tensor_t **x,
                          dlcore_tensor_t **y)
{
    const size_t x_shape[2] = {SAMPLES, 2}, y_shape[1] = {SAMPLES};
    dlcore_status status =
        dlcore_tensor_create(allocator, DLCORE_DTYPE_FLOAT32, 2, x_shape, x, NULL);

    *y = NULL;
    if (status == DLCORE_OK)
        status = dlcore_tensor_create(allocator, DLCORE_DTYPE_INT32, 1, y_shape, y, NULL);
    for (int i = 0; status == DLCORE_OK && i < SAMPLES; i++) {
        ((float *)dlcore_tensor_data(*x))[2 * i + 1] = (float)i;
        ((int32_t *)dlcore_tensor_data(*y))[i] = i;
    }
    return status;
}

/* The labels of a part are what text lists, and x is theirs. */
static void assert_part(const dlcore_tensor_t *x, const dlcore_tensor_t *y, const char *text)
{
    char got[128] = "";
    size_t used = 0;

    for (size_t i = 0; i < dlcore_tensor_length(y, 0); i++) {
        int32_t label = ((const int32_t *)dlcore_tensor_data_const(y))[i];

        used += (size_t)snprintf(got + used, sizeof got - used, "%s%d", i > 0 ? " " : "", label);
        assert_true(((const float *)dlcore_tensor_data_const(x))[2 * i + 1] == (float)label);
    }
    assert_string_equal(got, text);
}

/* sklearn.model_selection.KFold(n_splits=4).split(range(10)) */
static void test_k_fold_without_shuffle_is_that_of_sklearn(void **state)
{
    static const char *const tests[] = {"0 1 2", "3 4 5", "6 7", "8 9"};
    static const char *const trains[] = {"3 4 5 6 7 8 9", "0 1 2 6 7 8 9", "0 1 2 3 4 5 8 9",
                                         "0 1 2 3 4 5 6 7"};
    dlcore_k_fold_options_t options = dlcore_k_fold_options_default();
    dlcore_tensor_t *x, *y;
    dlcore_split_t parts;

    (void)state;
    assert_int_equal(make(NULL, &x, &y), DLCORE_OK);
    options.folds = 4;
    for (size_t fold = 0; fold < 4; fold++) {
        assert_int_equal(dlcore_k_fold(x, y, &options, fold, &parts, NULL), DLCORE_OK);
        assert_part(parts.test_x, parts.test_y, tests[fold]);
        assert_part(parts.train_x, parts.train_y, trains[fold]);
        dlcore_split_free(&parts);
    }
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

static void test_k_fold_shuffled_tests_each_sample_once_by_the_seed(void **state)
{
    dlcore_k_fold_options_t options = dlcore_k_fold_options_default();
    size_t tested[2][SAMPLES] = {{0}}, changed = 0;
    dlcore_tensor_t *x, *y;
    dlcore_split_t parts;

    (void)state;
    assert_int_equal(make(NULL, &x, &y), DLCORE_OK);
    options.folds = 3;
    options.shuffle = true;
    for (size_t seed = 0; seed < 2; seed++) {
        for (size_t fold = 0; fold < 3; fold++) {
            options.seed = seed;
            assert_int_equal(dlcore_k_fold(x, y, &options, fold, &parts, NULL), DLCORE_OK);
            assert_int_equal(dlcore_tensor_length(parts.test_y, 0), fold == 0 ? 4 : 3);
            assert_int_equal(dlcore_tensor_length(parts.train_y, 0), fold == 0 ? 6 : 7);
            for (size_t i = 0; i < dlcore_tensor_length(parts.test_y, 0); i++) {
                int32_t label = ((const int32_t *)dlcore_tensor_data_const(parts.test_y))[i];

                assert_int_equal(tested[seed][label], 0);
                tested[seed][label] = fold + 1;
            }
            dlcore_split_free(&parts);
        }
    }
    for (size_t i = 0; i < SAMPLES; i++) {
        assert_true(tested[0][i] > 0 && tested[1][i] > 0);
        changed += tested[0][i] != tested[1][i];
    }
    assert_true(changed > 0);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

static void test_k_fold_of_bad_numbers_names_them(void **state)
{
    dlcore_k_fold_options_t options = dlcore_k_fold_options_default();
    dlcore_error_record_t error = {0};
    dlcore_tensor_t *x, *y, *few = NULL;
    dlcore_split_t parts;

    (void)state;
    assert_int_equal(make(NULL, &x, &y), DLCORE_OK);
    assert_int_equal(dlcore_tensor_slice(y, 0, 9, &few, NULL), DLCORE_OK);
    options.folds = 1;
    assert_int_equal(dlcore_k_fold(x, y, &options, 0, &parts, &error), DLCORE_ERROR_ARGUMENT);
    assert_non_null(
        strstr(error.message, "folds must lie in 2 .. 10, the number of samples, got 1"));
    options.folds = 11;
    assert_int_equal(dlcore_k_fold(x, y, &options, 0, &parts, &error), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_k_fold(x, y, NULL, 5, &parts, &error), DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "fold must be below 5"));
    assert_int_equal(dlcore_k_fold(x, few, NULL, 0, &parts, &error), DLCORE_ERROR_SHAPE);
    assert_non_null(strstr(error.message, "x has 10 samples, y has 9"));
    options = (dlcore_k_fold_options_t){.folds = 2};
    assert_int_equal(dlcore_k_fold(x, y, &options, 0, &parts, &error), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_k_fold(NULL, y, NULL, 0, &parts, &error), DLCORE_ERROR_ARGUMENT);
    assert_null(parts.train_x);
    dlcore_tensor_free(few);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

/* Comparing NaN raises a flag. */
static void test_k_fold_leaves_the_flags_of_exceptions(void **state)
{
    static const float labels[4][2] = {{NAN, 1.0F}, {0.0F, 1.0F}, {1.0F, NAN}, {1.0F, 0.0F}};
    dlcore_k_fold_options_t options = dlcore_k_fold_options_default();
    dlcore_tensor_t *y = NULL;
    dlcore_split_t parts;
    dlcore_status status;
    int raised;

    (void)state;
    assert_int_equal(
        dlcore_tensor_from_data(NULL, DLCORE_DTYPE_FLOAT32, SHAPE(4, 2), labels, &y, NULL),
        DLCORE_OK);
    options.folds = 2;
    options.stratify = true;
    feclearexcept(FE_ALL_EXCEPT);
    status = dlcore_k_fold(y, y, &options, 0, &parts, NULL);
    raised = fetestexcept(FE_ALL_EXCEPT);
    assert_int_equal(status, DLCORE_OK);
    assert_int_equal(raised, 0);
    dlcore_split_free(&parts);
    dlcore_tensor_free(y);
}

static dlcore_status scenario(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_tensor_t *x = NULL, *y = NULL;
    dlcore_split_t parts;
    dlcore_status status = make(allocator, &x, &y);

    (void)context;
    if (status == DLCORE_OK)
        status = dlcore_k_fold(x, y, NULL, 1, &parts, NULL);
    if (status == DLCORE_OK)
        dlcore_split_free(&parts);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    return status;
}

static void test_k_fold_without_memory_leaks_nothing(void **state)
{
    (void)state;
    assert_true(failing_allocator_sweep(scenario, NULL) >= 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_k_fold_without_shuffle_is_that_of_sklearn),
        cmocka_unit_test(test_k_fold_shuffled_tests_each_sample_once_by_the_seed),
        cmocka_unit_test(test_k_fold_of_bad_numbers_names_them),
        cmocka_unit_test(test_k_fold_leaves_the_flags_of_exceptions),
        cmocka_unit_test(test_k_fold_without_memory_leaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
