/* Initializers: names, limits, spreads, and what validation says.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "nn/initializer.h"
#include "support/tensors.h"

enum { FAN_IN = 100, FAN_OUT = 200, COUNT = FAN_IN * FAN_OUT };

static float values[COUNT];

static void draw(dlcore_initializer_t initializer, uint64_t seed)
{
    dlcore_random_t random = dlcore_random_stream(seed, DLCORE_RANDOM_INITIALIZE, 0, 0);
    dlcore_initializer_fill(&initializer, random, FAN_IN, FAN_OUT, values, COUNT);
}

static void test_initializer_names_round_trip(void **state)
{
    static const char *const names[] = {
        "unknown",        "glorot_uniform", "glorot_normal",    "he_uniform",       "he_normal",
        "zeros",          "ones",           "constant",         "lecun_uniform",    "lecun_normal",
        "random_uniform", "random_normal",  "truncated_normal", "variance_scaling", "orthogonal",
        "identity"};

    (void)state;
    for (int kind = 1; kind < (int)DLCORE_INITIALIZER_NAMED; kind++) {
        assert_string_equal(dlcore_initializer_name((dlcore_initializer_kind_t)kind), names[kind]);
        assert_int_equal(dlcore_initializer_from_name(names[kind]).kind, kind);
    }
    assert_int_equal(dlcore_initializer_from_name("He_Normal").kind, DLCORE_INITIALIZER_HE_NORMAL);
    assert_int_equal(dlcore_initializer_from_name("he").kind, DLCORE_INITIALIZER_UNKNOWN);
    assert_int_equal(dlcore_initializer_from_name(NULL).kind, DLCORE_INITIALIZER_UNKNOWN);
    assert_string_equal(dlcore_initializer_name((dlcore_initializer_kind_t)99), "unknown");
    assert_string_equal(dlcore_initializer_name((dlcore_initializer_kind_t)-1), "unknown");
}

/* Largest magnitude, and the root of the mean square against `stddev`. */
static void assert_spread(double limit, double stddev)
{
    double largest = 0.0, squares = 0.0, sum = 0.0;

    for (size_t i = 0; i < COUNT; i++) {
        largest = fmax(largest, fabs((double)values[i]));
        squares += (double)values[i] * (double)values[i];
        sum += (double)values[i];
    }
    assert_true(largest <= limit * (1.0 + 1e-6) && largest > 0.99 * limit);
    assert_true(fabs(sqrt(squares / COUNT) / stddev - 1.0) < 0.02);
    assert_true(fabs(sum / COUNT) < 5.0 * stddev / sqrt(COUNT));
}

static void test_initializer_draws_have_keras_limits_and_spread(void **state)
{
    double glorot = sqrt(2.0 / (FAN_IN + FAN_OUT)), he = sqrt(2.0 / FAN_IN);
    double cut = 2.0 / 0.87962566103423978;

    (void)state;
    draw(dlcore_initializer_glorot_uniform(), 1);
    assert_spread(sqrt(6.0 / (FAN_IN + FAN_OUT)), glorot);
    draw(dlcore_initializer_glorot_normal(), 1);
    assert_spread(cut * glorot, glorot);
    draw(dlcore_initializer_he_uniform(), 1);
    assert_spread(sqrt(6.0 / FAN_IN), he);
    draw(dlcore_initializer_he_normal(), 1);
    assert_spread(cut * he, he);
}

static void test_initializer_constants_are_exact(void **state)
{
    (void)state;
    draw(dlcore_initializer_zeros(), 1);
    assert_true(values[0] == 0.0f && values[COUNT - 1] == 0.0f);
    draw(dlcore_initializer_ones(), 1);
    assert_true(values[0] == 1.0f && values[COUNT - 1] == 1.0f);
    draw(dlcore_initializer_constant(-2.5), 1);
    assert_true(values[0] == -2.5f && values[COUNT - 1] == -2.5f);
    assert_true(dlcore_initializer_from_name("constant").value == 0.0);
}

/* The dot product of rows i and j of a matrix, or of columns. */
static double product_of(size_t rows, size_t columns, bool of_rows, size_t i, size_t j)
{
    size_t length = of_rows ? columns : rows, between = of_rows ? columns : 1,
           step = of_rows ? 1 : columns;
    double sum = 0.0;

    for (size_t e = 0; e < length; e++)
        sum += (double)values[i * between + e * step] * (double)values[j * between + e * step];
    return sum;
}

static void assert_orthogonal(size_t rows, size_t columns, double gain)
{
    dlcore_initializer_t initializer = dlcore_initializer_orthogonal(gain);
    size_t shorter = rows < columns ? rows : columns;

    dlcore_initializer_fill(&initializer, dlcore_random_stream(5, DLCORE_RANDOM_INITIALIZE, 0, 0),
                            rows, columns, values, rows * columns);
    for (size_t i = 0; i < shorter; i++) {
        for (size_t j = 0; j <= i; j++) {
            double found = product_of(rows, columns, rows < columns, i, j) / (gain * gain);
            assert_true(fabs(found - (i == j ? 1.0 : 0.0)) < 1e-6);
        }
    }
}

static void test_initializer_orthogonal_has_orthonormal_rows_or_columns_times_gain(void **state)
{
    (void)state;
    assert_orthogonal(100, 70, 1.0);
    assert_orthogonal(3, 200, 0.5);
    assert_orthogonal(140, 140, -2.0); /* two blocks of vectors, and the least of them is small */
    assert_orthogonal(1, 1, 1.0);
}

/* Every direction is as likely: an element of Q has mean 0 and mean square 1 / rows. */
static void test_initializer_orthogonal_favours_no_direction(void **state)
{
    enum { SIDE = 4, DRAWS = 4000 };
    dlcore_initializer_t initializer = dlcore_initializer_orthogonal(1.0);
    double sums[SIDE * SIDE] = {0}, squares[SIDE * SIDE] = {0}, signs = 0.0;

    (void)state;
    for (uint64_t seed = 0; seed < DRAWS; seed++) {
        dlcore_initializer_fill(&initializer,
                                dlcore_random_stream(seed, DLCORE_RANDOM_INITIALIZE, 0, 0), SIDE,
                                SIDE, values, SIDE * SIDE);
        for (size_t i = 0; i < SIDE * SIDE; i++) {
            sums[i] += (double)values[i];
            squares[i] += (double)values[i] * (double)values[i];
        }
        signs += values[0] > 0.0f && values[SIDE + 1] > 0.0f ? 1.0 : 0.0;
    }
    for (size_t i = 0; i < SIDE * SIDE; i++) {
        assert_true(fabs(sums[i] / DRAWS) < 5.0 * 0.5 / sqrt(DRAWS));
        assert_true(fabs(squares[i] / DRAWS - 0.25) < 0.02);
    }
    assert_true(fabs(signs / DRAWS - 0.25) < 0.06);
}

static void test_initializer_identity_is_gain_on_the_diagonal(void **state)
{
    dlcore_initializer_t initializer = dlcore_initializer_identity(2.5);

    (void)state;
    for (size_t columns = 2; columns <= 4; columns++) {
        dlcore_initializer_fill(&initializer,
                                dlcore_random_stream(5, DLCORE_RANDOM_INITIALIZE, 0, 0), 3, columns,
                                values, 3 * columns);
        for (size_t i = 0; i < 3 * columns; i++)
            assert_true(values[i] == (i / columns == i % columns ? 2.5f : 0.0f));
    }
}

static void test_initializer_of_matrices_draws_no_vector(void **state)
{
    dlcore_initializer_t initializer = dlcore_initializer_orthogonal(1.0);
    dlcore_error_record_t error = {0};

    (void)state;
    assert_failed(dlcore_initializer_check_draws(&initializer, 1, "dense/bias", &error),
                  DLCORE_ERROR_ARGUMENT, &error,
                  "dense/bias: its initializer is orthogonal, which is of matrices: this is a "
                  "vector");
    assert_int_equal(dlcore_initializer_check_draws(&initializer, 2, "dense/kernel", NULL),
                     DLCORE_OK);
}

static void test_initializer_validate_checks_the_settings_of_its_kind(void **state)
{
    dlcore_initializer_t initializer = dlcore_initializer_random_uniform(1.0, 0.5);
    dlcore_error_record_t error = {0};

    (void)state;
    assert_failed(dlcore_initializer_validate(&initializer, "bias", &error), DLCORE_ERROR_ARGUMENT,
                  &error, "bias: minval 1 is above maxval 0.5");
    initializer = dlcore_initializer_random_normal(0.0, -1.0);
    assert_failed(dlcore_initializer_validate(&initializer, "bias", &error), DLCORE_ERROR_ARGUMENT,
                  &error, "bias: stddev must lie in 0 .. 1e+30, got -1");
    initializer = dlcore_initializer_variance_scaling(0.0, DLCORE_INITIALIZER_FAN_IN,
                                                      DLCORE_INITIALIZER_DRAWS_UNIFORM);
    assert_failed(dlcore_initializer_validate(&initializer, "bias", &error), DLCORE_ERROR_ARGUMENT,
                  &error, "bias: scale must be above 0 and at most 1e+30, got 0");
    initializer.scale = 1.0;
    initializer.mode = (dlcore_initializer_mode_t)7;
    assert_failed(dlcore_initializer_validate(&initializer, "bias", &error), DLCORE_ERROR_ARGUMENT,
                  &error, "bias: mode 7 is unknown: known are fan_in, fan_out, fan_avg");
}

static void test_initializer_same_seed_gives_the_same_values(void **state)
{
    static float first[COUNT];

    (void)state;
    draw(dlcore_initializer_glorot_uniform(), 42);
    memcpy(first, values, sizeof first);
    draw(dlcore_initializer_glorot_uniform(), 42);
    assert_memory_equal(first, values, sizeof first);
    draw(dlcore_initializer_glorot_uniform(), 43);
    assert_memory_not_equal(first, values, sizeof first);
}

static void test_initializer_validate_names_the_weight_and_the_value(void **state)
{
    dlcore_initializer_t initializer = dlcore_initializer_constant(-(double)INFINITY);
    dlcore_error_record_t error = {0};
    dlcore_status status;

    (void)state;
    status = dlcore_initializer_validate(&initializer, "dense: kernel_initializer", &error);
    assert_failed(
        status, DLCORE_ERROR_ARGUMENT, &error,
        "dense: kernel_initializer: value must lie in -3.40282e+38 .. 3.40282e+38, got -inf");
    initializer.kind = (dlcore_initializer_kind_t)77;
    status = dlcore_initializer_validate(&initializer, "bias", &error);
    assert_failed(status, DLCORE_ERROR_ARGUMENT, &error,
                  "bias: kind 77 is unknown: known are glorot_uniform, glorot_normal, "
                  "he_uniform, he_normal, zeros, ones, constant, lecun_uniform, lecun_normal, "
                  "random_uniform, random_normal, truncated_normal, variance_scaling, orthogonal, "
                  "identity");
    initializer = dlcore_initializer_he_normal();
    assert_int_equal(dlcore_initializer_validate(&initializer, "bias", NULL), DLCORE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_initializer_names_round_trip),
        cmocka_unit_test(test_initializer_draws_have_keras_limits_and_spread),
        cmocka_unit_test(test_initializer_constants_are_exact),
        cmocka_unit_test(test_initializer_orthogonal_has_orthonormal_rows_or_columns_times_gain),
        cmocka_unit_test(test_initializer_orthogonal_favours_no_direction),
        cmocka_unit_test(test_initializer_identity_is_gain_on_the_diagonal),
        cmocka_unit_test(test_initializer_of_matrices_draws_no_vector),
        cmocka_unit_test(test_initializer_validate_checks_the_settings_of_its_kind),
        cmocka_unit_test(test_initializer_same_seed_gives_the_same_values),
        cmocka_unit_test(test_initializer_validate_names_the_weight_and_the_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
