/* Sparsemax, the paper's and Keras's: the definitions, in double and by sorting; rows over two
 * panels; their gradients.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn/softmax.h"
#include "nn/sparsemax.h"
#include "support/random_numbers.h"

enum { PANEL = 16, COLUMNS_MAX = 2 * PANEL };

/* One row: its panels lie one behind the other. */
static dlcore_matrix_t row_over(float *data, size_t columns)
{
    return (dlcore_matrix_t){
        .data = data, .rows = 1, .columns = columns, .panel = PANEL, .panel_stride = PANEL};
}

static void sparsemax_of(dlcore_activation_t kind, float *data, size_t columns)
{
    dlcore_matrix_t row = row_over(data, columns);

    dlcore_softmax_rows(dlcore_kernels(), kind, &row, 0, 1);
}

static void sparsemax(float *data, size_t columns)
{
    sparsemax_of(DLCORE_ACTIVATION_SPARSEMAX, data, columns);
}

static int falling(const void *a, const void *b)
{
    return *(const double *)a < *(const double *)b ? 1 : -1;
}

/* The definition of the paper, or Keras's. */
static double threshold_of(dlcore_activation_t kind, const float *x, size_t n)
{
    double sorted[COLUMNS_MAX], sum = 0.0, sums = 0.0, tau = 0.0;

    for (size_t i = 0; i < n; i++)
        sorted[i] = (double)x[i];
    qsort(sorted, n, sizeof *sorted, falling);
    for (size_t k = 0; k < n; k++) {
        sum += sorted[k];
        sums += sum;
        if (1.0 + (double)(k + 1) * sorted[k] > sum)
            tau = ((kind == DLCORE_ACTIVATION_SPARSEMAX ? sum : sums) - 1.0) / (double)(k + 1);
    }
    return tau;
}

static double threshold(const float *x, size_t n)
{
    return threshold_of(DLCORE_ACTIVATION_SPARSEMAX, x, n);
}

static void assert_row(const float *found, const double *wanted, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_true(fabs((double)found[i] - wanted[i]) <= 1e-6);
}

static void test_sparsemax_of_known_rows(void **state)
{
    static const struct {
        size_t n;
        float x[4];
        double y[4];
    } cases[] = {
        {4, {0.0f, 0.1f, 0.2f, 0.3f}, {0.1, 0.2, 0.3, 0.4}},
        {4, {1000.0f, 1000.1f, 1000.2f, 1000.3f}, {0.1, 0.2, 0.3, 0.4}},
        {3, {2.0f, 0.5f, -7.0f}, {1.0, 0.0, 0.0}},
        {3, {1.0f, 0.5f, -7.0f}, {0.75, 0.25, 0.0}},
        {4, {5.0f, 5.0f, 5.0f, -5.0f}, {1 / 3.0, 1 / 3.0, 1 / 3.0, 0.0}},
        {2, {0.0f, -1.0f}, {1.0, 0.0}}, /* the threshold itself */
        {1, {-3.0f}, {1.0}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        float row[COLUMNS_MAX] = {0};
        double wanted[4];

        memcpy(row, cases[i].x, sizeof cases[i].x);
        memcpy(wanted, cases[i].y, sizeof wanted);
        sparsemax(row, cases[i].n);
        for (size_t c = 0; c < cases[i].n; c++) /* at 1000 floats are 6e-5 apart */
            assert_true(fabs((double)row[c] - wanted[c]) <= (i == 1 ? 1e-4 : 1e-6));
    }
}

static void test_sparsemax_is_the_definition_in_rows_of_every_width(void **state)
{
    (void)state;
    random_seed(7);
    for (size_t n = 1; n <= COLUMNS_MAX; n++) {
        for (int turn = 0; turn < 20; turn++) {
            float x[COLUMNS_MAX] = {0}, y[COLUMNS_MAX];
            double wanted[COLUMNS_MAX], spread = turn % 2 == 0 ? 0.2 : 3.0, sum = 0.0, tau;

            for (size_t i = 0; i < n; i++)
                x[i] = (float)(spread * (2.0 * random_unit() - 1.0));
            memcpy(y, x, sizeof y);
            tau = threshold(x, n);
            sparsemax(y, n);
            for (size_t i = 0; i < n; i++) {
                wanted[i] = fmax((double)x[i] - tau, 0.0);
                sum += (double)y[i];
            }
            assert_row(y, wanted, n);
            assert_true(fabs(sum - 1.0) <= 1e-6);
        }
    }
}

static void test_sparsemax_of_a_row_with_no_number_is_none(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        float row[COLUMNS_MAX] = {0.25f, i == 0 ? NAN : INFINITY, 0.5f};

        sparsemax(row, 3);
        assert_true(isnan(row[1]));
        assert_true(isnan(row[0] + row[2]) || i == 1);
    }
}

static void test_sparsemax_gradient_is_the_difference_of_outputs(void **state)
{
    float x[COLUMNS_MAX] = {0}, y[COLUMNS_MAX], slope[COLUMNS_MAX] = {0};
    enum { N = 19 };
    dlcore_matrix_t out = row_over(y, N), dy = row_over(slope, N);
    double weights[N];

    (void)state;
    for (size_t i = 0; i < N; i++) {
        x[i] = (float)(i * 7 % N) * 0.09f;
        weights[i] = (double)(i * 5 % N) - 9.0;
        slope[i] = (float)weights[i];
    }
    memcpy(y, x, sizeof y);
    sparsemax(y, N);
    dlcore_sparsemax_gradient_row(&out, &dy, 0);
    for (size_t i = 0; i < N; i++) {
        double difference = 0.0;

        for (int side = -1; side <= 1; side += 2) {
            float moved[COLUMNS_MAX];
            double tau;

            memcpy(moved, x, sizeof moved);
            moved[i] += (float)side / 256.0f;
            tau = threshold(moved, N);
            for (size_t k = 0; k < N; k++)
                difference += side * weights[k] * fmax((double)moved[k] - tau, 0.0);
        }
        assert_true(fabs(difference * 128.0 - (double)slope[i]) <= 1e-3);
    }
}

/* ---- Keras's ---- */

/* By Keras 3.15.1 on JAX. */
static void test_sparsemax_keras_of_known_rows(void **state)
{
    static const struct {
        float x[4];
        double y[4];
    } cases[] = {
        {{0.0f, 0.1f, 0.2f, 0.3f}, {0.0, 0.0, 0.0, 0.05}},
        {{0.3f, 0.1f, 0.0f, 0.2f}, {0.05, 0.0, 0.0, 0.0}},
        {{1000.0f, 0.1f, 2.0f, 0.0f}, {1.0, 0.0, 0.0, 0.0}}, /* k is 1, as in the paper */
        {{-1.0f, -1.0f, -1.0f, -1.0f}, {1.75, 1.75, 1.75, 1.75}},
        {{-0.5f, -1.0f, -9.0f, 0.25f}, {0.0, 0.0, 0.0, 0.75}},
        {{-3.0f, -3.25f, -9.0f, -3.5f}, {11 / 3.0, 41 / 12.0, 0.0, 19 / 6.0}},
        {{-3.0f, -3.25f, -4.125f, -20.0f}, {2.125, 1.875, 1.0, 0.0}}, /* one below the support */
        {{0.0f, -1.0f, -2.0f, -3.0f}, {1.0, 0.0, 0.0, 0.0}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        float row[COLUMNS_MAX] = {0};

        memcpy(row, cases[i].x, sizeof cases[i].x);
        sparsemax_of(DLCORE_ACTIVATION_SPARSEMAX_KERAS, row, 4);
        assert_row(row, cases[i].y, 4);
    }
}

static void test_sparsemax_keras_is_its_formula_in_rows_of_every_width(void **state)
{
    (void)state;
    random_seed(8);
    for (size_t n = 1; n <= COLUMNS_MAX; n++) {
        for (int turn = 0; turn < 20; turn++) {
            float x[COLUMNS_MAX] = {0}, y[COLUMNS_MAX];
            double spread = turn % 2 == 0 ? 0.2 : 3.0, middle = turn % 3 == 0 ? -1.0 : 0.0, tau;

            for (size_t i = 0; i < n; i++)
                x[i] = (float)(middle + spread * (2.0 * random_unit() - 1.0));
            if (turn % 4 == 0)
                x[n - 1] = x[0]; /* equals */
            memcpy(y, x, sizeof y);
            tau = threshold_of(DLCORE_ACTIVATION_SPARSEMAX_KERAS, x, n);
            sparsemax_of(DLCORE_ACTIVATION_SPARSEMAX_KERAS, y, n);
            for (size_t i = 0; i < n; i++) {
                double wanted = fmax((double)x[i] - tau, 0.0);

                assert_true(fabs((double)y[i] - wanted) <= 1e-6 * fmax(1.0, wanted));
            }
        }
    }
}

static void keras_gradient(const float *x, float *dy, size_t n)
{
    float copy[COLUMNS_MAX];
    dlcore_matrix_t from, to = row_over(dy, n);

    memcpy(copy, x, sizeof copy);
    from = row_over(copy, n);
    dlcore_softmax_gradient_rows(dlcore_training_kernels(dlcore_kernels()),
                                 DLCORE_ACTIVATION_SPARSEMAX_KERAS, &from, &to, 0, 1);
}

/* Of rows whose outputs are all above 0, none or some, with units below the support. */
static void test_sparsemax_keras_gradient_is_the_difference_of_outputs(void **state)
{
    static const double middles[] = {-2.0, 0.0, -0.06};
    enum { N = 19 };

    (void)state;
    for (size_t m = 0; m < sizeof middles / sizeof *middles; m++) {
        float x[COLUMNS_MAX] = {0}, slope[COLUMNS_MAX] = {0};
        double weights[N];

        for (size_t i = 0; i < N; i++) {
            x[i] = (float)(middles[m] + (double)(i * 7 % N) * 0.09);
            weights[i] = (double)(i * 5 % N) - 8.0;
            slope[i] = (float)weights[i];
        }
        keras_gradient(x, slope, N);
        for (size_t i = 0; i < N; i++) {
            double difference = 0.0;

            for (int side = -1; side <= 1; side += 2) {
                float moved[COLUMNS_MAX];
                double tau;

                memcpy(moved, x, sizeof moved);
                moved[i] += (float)side / 512.0f;
                tau = threshold_of(DLCORE_ACTIVATION_SPARSEMAX_KERAS, moved, N);
                for (size_t k = 0; k < N; k++)
                    difference += side * weights[k] * fmax((double)moved[k] - tau, 0.0);
            }
            assert_true(fabs(difference * 256.0 - (double)slope[i]) <= 2e-2);
        }
    }
}

/* Of equals the first counts as the largest; by Keras 3.15.1 on JAX. */
static void test_sparsemax_keras_gradient_of_equals_takes_them_in_order(void **state)
{
    float x[COLUMNS_MAX] = {-1.0f, -1.0f, -5.0f, -1.0f}, dy[COLUMNS_MAX] = {1.0f, 2.0f, 3.0f, 6.0f};
    static const double wanted[] = {1.0 - 9.0, 2.0 - 6.0, 0.0, 6.0 - 3.0};

    (void)state;
    keras_gradient(x, dy, 4);
    assert_row(dy, wanted, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sparsemax_of_known_rows),
        cmocka_unit_test(test_sparsemax_is_the_definition_in_rows_of_every_width),
        cmocka_unit_test(test_sparsemax_of_a_row_with_no_number_is_none),
        cmocka_unit_test(test_sparsemax_gradient_is_the_difference_of_outputs),
        cmocka_unit_test(test_sparsemax_keras_of_known_rows),
        cmocka_unit_test(test_sparsemax_keras_is_its_formula_in_rows_of_every_width),
        cmocka_unit_test(test_sparsemax_keras_gradient_is_the_difference_of_outputs),
        cmocka_unit_test(test_sparsemax_keras_gradient_of_equals_takes_them_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
