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
    static const char *const names[] = {"unknown",    "glorot_uniform", "glorot_normal",
                                        "he_uniform", "he_normal",      "zeros",
                                        "ones",       "constant"};

    (void)state;
    for (int kind = 1; kind <= (int)DLCORE_INITIALIZER_CONSTANT; kind++) {
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
                  "he_uniform, he_normal, zeros, ones, constant");
    initializer = dlcore_initializer_he_normal();
    assert_int_equal(dlcore_initializer_validate(&initializer, "bias", NULL), DLCORE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_initializer_names_round_trip),
        cmocka_unit_test(test_initializer_draws_have_keras_limits_and_spread),
        cmocka_unit_test(test_initializer_constants_are_exact),
        cmocka_unit_test(test_initializer_same_seed_gives_the_same_values),
        cmocka_unit_test(test_initializer_validate_names_the_weight_and_the_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
