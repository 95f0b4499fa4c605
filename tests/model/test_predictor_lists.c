/* Which layers of a predictor multiply lists of what is not zero: for one row all of them, for
 * several those whose rows are mostly zero, and, of kernels that are not finite, whole rows.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/predictor_settle.h"
#include "support/predictor_models.h"

enum { INPUTS = 200, UNITS = 130, ROWS = 8 };

static const dlcore_gemv_functions_t *real;
static size_t lists, whole_lists, counts, products;

static size_t count_nonzeros_of(const dlcore_matrix_t *x, size_t row)
{
    counts++;
    return real->nonzeros(x, row);
}

static void count_list(const dlcore_matrix_t *x, size_t row, bool all, dlcore_list_t *list)
{
    lists++;
    whole_lists += all;
    real->list(x, row, all, list);
}

/* The rows of a batch lie side by side, however many the predictor could take. */
static void count_product(const dlcore_gemv_t *gemv, const dlcore_list_t *of, size_t row,
                          size_t rows, dlcore_matrix_t *y)
{
    products++;
    assert_int_equal(y->panel_stride, y->panel * y->rows);
    real->multiply(gemv, of, row, rows, y);
}

/* Runs `rows` rows, of which each has that many numbers that are not zero. */
static void run_rows(dlcore_predictor_t *predictor, size_t rows, size_t nonzeros)
{
    static float x[ROWS * INPUTS], y[ROWS * UNITS];

    memset(x, 0, sizeof x);
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < nonzeros; i++)
            x[r * INPUTS + i] = 0.5f;
    lists = whole_lists = counts = products = 0;
    assert_int_equal(dlcore_predictor_run(predictor, x, rows, y), DLCORE_OK);
}

static dlcore_predictor_t *counted_predictor(const dlcore_model_t *model)
{
    static dlcore_gemv_functions_t counting;
    dlcore_predictor_options_t options = dlcore_predictor_options_default();
    dlcore_predictor_t *predictor = NULL;

    options.batch_size = 2 * ROWS;
    assert_int_equal(dlcore_predictor_create(model, &options, &predictor), DLCORE_OK);
    real = predictor->gemv;
    counting = *real;
    counting.nonzeros = count_nonzeros_of;
    counting.list = count_list;
    counting.multiply = count_product;
    predictor->gemv = &counting;
    return predictor;
}

static void test_predictor_lists_are_for_rows_that_are_mostly_zero(void **state)
{
    dlcore_model_t *model = empty_model(DLCORE_ENGINE_AUTO, NULL);
    static float kernel[INPUTS * UNITS];
    dlcore_predictor_t *predictor;

    (void)state;
    dlcore_model_add(model, dlcore_layer_dense(UNITS, DLCORE_ACTIVATION_LINEAR));
    assert_int_equal(dlcore_model_build(model, INPUTS), DLCORE_OK);
    predictor = counted_predictor(model);
    run_rows(predictor, 1, INPUTS); /* one row: always */
    assert_int_equal(lists, 1);
    assert_int_equal(whole_lists, 0);
    assert_int_equal(products, 1);
    if (!predictor->has_products) { /* lists are all that multiplies here */
        dlcore_predictor_free(predictor);
        dlcore_model_free(model);
        skip();
    }
    run_rows(predictor, ROWS, 10);
    assert_int_equal(counts, ROWS);
    assert_int_equal(lists, ROWS);
    assert_int_equal(whole_lists, 0);
    run_rows(predictor, ROWS, INPUTS); /* too many are not counted to the end */
    assert_in_range(counts, 1, ROWS - 1);
    assert_int_equal(lists, 0);
    dlcore_predictor_free(predictor);

    assert_int_equal(dlcore_model_get_weight(model, 0, kernel, INPUTS * UNITS), DLCORE_OK);
    kernel[INPUTS * UNITS - 1] = INFINITY; /* times a zero that was left out: NaN */
    assert_int_equal(dlcore_model_set_weight(model, 0, kernel, INPUTS * UNITS), DLCORE_OK);
    predictor = counted_predictor(model);
    run_rows(predictor, ROWS, 10);
    assert_int_equal(counts, 0);
    assert_int_equal(lists, 0);
    run_rows(predictor, 1, 10);
    assert_int_equal(lists, 1);
    assert_int_equal(whole_lists, 1);
    dlcore_predictor_free(predictor);
    dlcore_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_predictor_lists_are_for_rows_that_are_mostly_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
