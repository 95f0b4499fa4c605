/* Activations of single elements in every table of vector kernels that this CPU runs: values and
 * slopes against the C library in double precision, and what they make of NaN, infinities, the
 * largest numbers and the smallest.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels/activate.h"
#include "kernels/activate_gradient.h"
#include "kernels/cpu.h"
#include "support/denormals.h"

#define NAN_F ((float)NAN)
#define INF_F ((float)INFINITY)
#define EPSILON ((double)FLT_EPSILON)

enum { COUNT = 96, FIRST = DLCORE_ACTIVATION_LEAKY_RELU, LAST = DLCORE_ACTIVATION_RELU_GENERAL };

static const dlcore_kernels_t *tables[3];
static size_t table_count;

static int find_tables(void **state)
{
    (void)state;
    tables[table_count++] = dlcore_kernels_portable();
    if (dlcore_cpu_has_avx2() && dlcore_kernels_avx2() != NULL)
        tables[table_count++] = dlcore_kernels_avx2();
    if (dlcore_cpu_has_avx512() && dlcore_kernels_avx512() != NULL)
        tables[table_count++] = dlcore_kernels_avx512();
    if (dlcore_kernels_neon() != NULL)
        tables[table_count++] = dlcore_kernels_neon();
    return 0;
}

/* ---- the formulas ---- */

static const double root_of_2_over_pi = 0.79788456080286535588;

static double gelu_tanh_exponent(double x)
{
    return 2 * root_of_2_over_pi * (x + 0.044715 * x * x * x);
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double softplus(double x)
{
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

static double hard_sigmoid(double x)
{
    return fmin(fmax(x + 3, 0), 6) / 6;
}

static double exact(dlcore_activate_t activation, double x)
{
    double p = (double)activation.parameter;

    switch (activation.kind) {
    case DLCORE_ACTIVATION_LEAKY_RELU:
        return x > 0 ? x : p * x;
    case DLCORE_ACTIVATION_RELU6:
        return fmin(fmax(x, 0), 6);
    case DLCORE_ACTIVATION_ELU:
        return x > 0 ? x : p * expm1(x);
    case DLCORE_ACTIVATION_SELU:
        return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * expm1(x));
    case DLCORE_ACTIVATION_GELU:
        return x / 2 * erfc(-x / sqrt(2));
    case DLCORE_ACTIVATION_GELU_TANH:
        return x * sigmoid(gelu_tanh_exponent(x));
    case DLCORE_ACTIVATION_SILU:
        return x * sigmoid(x);
    case DLCORE_ACTIVATION_SOFTPLUS:
        return softplus(x);
    case DLCORE_ACTIVATION_SOFTSIGN:
        return x / (1 + fabs(x));
    case DLCORE_ACTIVATION_HARD_SIGMOID:
        return hard_sigmoid(x);
    case DLCORE_ACTIVATION_HARD_SILU:
        return x * hard_sigmoid(x);
    case DLCORE_ACTIVATION_MISH:
        return x * tanh(softplus(x));
    case DLCORE_ACTIVATION_CELU:
        return x > 0 ? x : expm1(x);
    case DLCORE_ACTIVATION_HARD_TANH:
        return fmin(fmax(x, -1), 1);
    case DLCORE_ACTIVATION_LOG_SIGMOID:
        return -softplus(-x);
    case DLCORE_ACTIVATION_SOFT_SHRINK:
        return x - fmin(fmax(x, -0.5), 0.5);
    case DLCORE_ACTIVATION_HARD_SHRINK:
        return fabs(x) > 0.5 ? x : 0;
    case DLCORE_ACTIVATION_TANH_SHRINK: /* the difference cancels */
        return fabs(x) > 0.1
                   ? x - tanh(x)
                   : x * x * x *
                         (1 / 3.0 -
                          x * x *
                              (2 / 15.0 -
                               x * x *
                                   (17 / 315.0 - x * x * (62 / 2835.0 - x * x * 1382 / 155925.0))));
    case DLCORE_ACTIVATION_SQUAREPLUS:
        return x > 0 ? (x + hypot(x, 2)) / 2 : 2 / (hypot(x, 2) - x);
    case DLCORE_ACTIVATION_SPARSE_PLUS:
        return x > 1 ? x : x < -1 ? 0 : (x + 1) * (x + 1) / 4;
    case DLCORE_ACTIVATION_SPARSE_SIGMOID:
        return (fmin(fmax(x, -1), 1) + 1) / 2;
    case DLCORE_ACTIVATION_RELU_GENERAL:
        return fmin(x > 0.25 ? x : 0, 1.5) - 0.125 * fmax(0.25 - x, 0);
    default:
        return exp(x);
    }
}

static double exact_slope(dlcore_activate_t activation, double x)
{
    double p = (double)activation.parameter, s = sigmoid(x), t = tanh(softplus(x));

    switch (activation.kind) {
    case DLCORE_ACTIVATION_LEAKY_RELU:
        return x > 0 ? 1 : p;
    case DLCORE_ACTIVATION_RELU6:
        return x > 0 && x < 6 ? 1 : 0;
    case DLCORE_ACTIVATION_ELU:
        return x > 0 ? 1 : p * exp(x);
    case DLCORE_ACTIVATION_SELU:
        return 1.0507009873554805 * (x > 0 ? 1 : 1.6732632423543772 * exp(x));
    case DLCORE_ACTIVATION_GELU:
        return erfc(-x / sqrt(2)) / 2 + x * exp(-x * x / 2) * root_of_2_over_pi / 2;
    case DLCORE_ACTIVATION_GELU_TANH:
        s = sigmoid(gelu_tanh_exponent(x));
        return s + x * s * sigmoid(-gelu_tanh_exponent(x)) * 2 * root_of_2_over_pi *
                       (1 + 3 * 0.044715 * x * x);
    case DLCORE_ACTIVATION_SILU:
        return s + x * s * sigmoid(-x);
    case DLCORE_ACTIVATION_SOFTPLUS:
        return s;
    case DLCORE_ACTIVATION_SOFTSIGN:
        return 1 / ((1 + fabs(x)) * (1 + fabs(x)));
    case DLCORE_ACTIVATION_HARD_SIGMOID:
        return x > -3 && x < 3 ? 1 / 6.0 : 0;
    case DLCORE_ACTIVATION_HARD_SILU:
        return hard_sigmoid(x) + (x > -3 && x < 3 ? x / 6 : 0);
    case DLCORE_ACTIVATION_MISH:
        return t + x * (1 - t * t) * s;
    case DLCORE_ACTIVATION_CELU:
        return x > 0 ? 1 : exp(x);
    case DLCORE_ACTIVATION_HARD_TANH:
        return fabs(x) <= 1 ? 1 : 0;
    case DLCORE_ACTIVATION_LOG_SIGMOID:
        return sigmoid(-x);
    case DLCORE_ACTIVATION_SOFT_SHRINK:
    case DLCORE_ACTIVATION_HARD_SHRINK:
        return fabs(x) > 0.5 ? 1 : 0;
    case DLCORE_ACTIVATION_TANH_SHRINK:
        return tanh(x) * tanh(x);
    case DLCORE_ACTIVATION_SQUAREPLUS:
        return (1 + x / hypot(x, 2)) / 2;
    case DLCORE_ACTIVATION_SPARSE_PLUS:
        return fmin(fmax(x + 1, 0) / 2, 1);
    case DLCORE_ACTIVATION_SPARSE_SIGMOID:
        return fabs(x) < 1 ? 0.5 : 0;
    case DLCORE_ACTIVATION_RELU_GENERAL:
        return x > 0.25 ? (x > 1.5 ? 0 : 1) : 0.125;
    default:
        return exp(x);
    }
}

static dlcore_activate_t activation_of(int kind)
{
    dlcore_activate_t activation = {.kind = (dlcore_activation_t)kind};

    if (kind == DLCORE_ACTIVATION_LEAKY_RELU)
        activation.parameter = 0.3f;
    else if (kind == DLCORE_ACTIVATION_ELU)
        activation.parameter = 0.7f;
    activation.relu =
        (dlcore_relu_t){.negative_slope = 0.125f, .max_value = 1.5f, .threshold = 0.25f};
    return activation;
}

/* Units in the last place that a value at x may be off: where an exponential is taken of something
 * rounded, that counts as often as its size. */
static double limit_of(dlcore_activation_t kind, double x)
{
    return kind == DLCORE_ACTIVATION_GELU_TANH ? 5 + 2 * fabs(gelu_tanh_exponent(x)) : 5;
}

static void check_value(const dlcore_kernels_t *kernels, dlcore_activate_t activation, float x)
{
    float y = x;
    double expected = exact(activation, (double)x);
    double limit = limit_of(activation.kind, (double)x) * EPSILON * fabs(expected);

    dlcore_activate(kernels, activation, &y, 1);
    expected = expected > (double)FLT_MAX ? (double)INFINITY : expected;
    /* exponentials below FLT_MIN are 0, and so what they are multiplied with, at most 90 */
    if ((double)y != expected && !(fabs((double)y - expected) <= limit + 100 * (double)FLT_MIN))
        fail_msg("%s: %s of %.9g is %.9g, not %.9g", kernels->name,
                 dlcore_activation_name(activation.kind), (double)x, (double)y, expected);
}

/* Slopes that pass through zero, or are told from y, have errors in the size of 1. */
static void check_slope(const dlcore_kernels_t *kernels, dlcore_activate_t activation, float x)
{
    float from = x, slope = 1.0f;
    double expected = exact_slope(activation, (double)x);

    if (!dlcore_activate_needs_input(activation.kind))
        dlcore_activate(kernels, activation, &from, 1);
    dlcore_activate_gradient(dlcore_training_kernels(kernels), activation, &from, &slope, 1);
    expected = expected > (double)FLT_MAX ? (double)INFINITY : expected;
    if ((double)slope != expected &&
        !(fabs((double)slope - expected) <= 5 * EPSILON * fmax(1, fabs(expected))))
        fail_msg("%s: slope of %s at %.9g is %.9g, not %.9g", kernels->name,
                 dlcore_activation_name(activation.kind), (double)x, (double)slope, expected);
}

static void check_both(const dlcore_kernels_t *kernels, dlcore_activate_t activation, double x)
{
    check_value(kernels, activation, (float)x);
    check_slope(kernels, activation, (float)x);
}

static void test_kernels_activations_and_slopes_agree_with_the_formulas(void **state)
{
    (void)state;
    for (size_t t = 0; t < table_count; t++) {
        for (int kind = FIRST; kind <= LAST; kind++) {
            dlcore_activate_t activation = activation_of(kind);

            if (dlcore_activate_takes_rows(activation.kind))
                continue;
            for (double x = -110; x < 110; x += 0.00713)
                check_both(tables[t], activation, x);
            for (double x = 1e-37; x < 1e38; x *= 1.37) {
                check_both(tables[t], activation, x);
                check_both(tables[t], activation, -x);
            }
        }
    }
}

/* A slope of softplus or softsign keeps its digits where it is small. */
static void test_kernels_small_slopes_keep_their_digits(void **state)
{
    static const int kinds[] = {DLCORE_ACTIVATION_SOFTPLUS, DLCORE_ACTIVATION_SOFTSIGN,
                                DLCORE_ACTIVATION_EXPONENTIAL};

    (void)state;
    for (size_t t = 0; t < table_count; t++) {
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
            for (double step = -80; step < 0; step += 0.37) {
                dlcore_activate_t activation = activation_of(kinds[i]);
                double wide = kinds[i] == DLCORE_ACTIVATION_SOFTSIGN ? exp(-step / 3) : step;
                float x = (float)wide, from = x, slope = 1.0f;
                double expected = exact_slope(activation, (double)x);

                if (!dlcore_activate_needs_input(activation.kind))
                    dlcore_activate(tables[t], activation, &from, 1);
                dlcore_activate_gradient(dlcore_training_kernels(tables[t]), activation, &from,
                                         &slope, 1);
                if (!(fabs((double)slope - expected) <= 8 * EPSILON * expected))
                    fail_msg("%s: slope of %s at %.9g is %.9g, not %.9g", tables[t]->name,
                             dlcore_activation_name(activation.kind), (double)x, (double)slope,
                             expected);
            }
        }
    }
}

/* ---- the ends ---- */

#define TINY 1e-40f
#define ENDS 7

static const float ends[ENDS] = {NAN_F, -INF_F, INF_F, -FLT_MAX, FLT_MAX, -TINY, TINY};

typedef struct row {
    int kind;
    float y[ENDS], slope[ENDS];
} row_t;

/* Of Keras, but that softplus' and exponential's slope by -Inf is that of their output, 0. */
static const row_t rows[] = {
    {DLCORE_ACTIVATION_LEAKY_RELU,
     {NAN_F, -INF_F, INF_F, -FLT_MAX * 0.3f, FLT_MAX, -TINY * 0.3f, TINY},
     {0.3f, 0.3f, 1, 0.3f, 1, 0.3f, 1}},
    {DLCORE_ACTIVATION_RELU6, {NAN_F, 0, 6, 0, 6, 0, TINY}, {0, 0, 0, 0, 0, 0, 1}},
    {DLCORE_ACTIVATION_ELU,
     {NAN_F, -0.7f, INF_F, -0.7f, FLT_MAX, -TINY * 0.7f, TINY},
     {NAN_F, 0, 1, 0, 1, 0.7f, 1}},
    {DLCORE_ACTIVATION_SELU,
     {NAN_F, -1.7580993f, INF_F, -1.7580993f, INF_F, -TINY * 1.7580993f, TINY * 1.050701f},
     {NAN_F, 0, 1.050701f, 0, 1.050701f, 1.7580993f, 1.050701f}},
    {DLCORE_ACTIVATION_GELU,
     {NAN_F, NAN_F, INF_F, 0, FLT_MAX, -TINY / 2, TINY / 2},
     {NAN_F, 0, 1, 0, 1, 0.5f, 0.5f}},
    {DLCORE_ACTIVATION_GELU_TANH,
     {NAN_F, NAN_F, INF_F, 0, FLT_MAX, -TINY / 2, TINY / 2},
     {NAN_F, 0, 1, 0, 1, 0.5f, 0.5f}},
    {DLCORE_ACTIVATION_SILU,
     {NAN_F, NAN_F, INF_F, 0, FLT_MAX, -TINY / 2, TINY / 2},
     {NAN_F, 0, 1, 0, 1, 0.5f, 0.5f}},
    {DLCORE_ACTIVATION_SOFTPLUS,
     {NAN_F, 0, INF_F, 0, FLT_MAX, 0.6931472f, 0.6931472f},
     {NAN_F, 0, 1, 0, 1, 0.5f, 0.5f}},
    {DLCORE_ACTIVATION_SOFTSIGN,
     {NAN_F, NAN_F, NAN_F, -1, 1, -TINY, TINY},
     {NAN_F, 0, 0, 0, 0, 1, 1}},
    {DLCORE_ACTIVATION_HARD_SIGMOID,
     {NAN_F, 0, 1, 0, 1, 0.5f, 0.5f},
     {0, 0, 0, 0, 0, 1 / 6.0f, 1 / 6.0f}},
    {DLCORE_ACTIVATION_HARD_SILU,
     {NAN_F, NAN_F, INF_F, 0, FLT_MAX, -TINY / 2, TINY / 2},
     {NAN_F, 0, 1, 0, 1, 0.5f, 0.5f}},
    {DLCORE_ACTIVATION_MISH,
     {NAN_F, NAN_F, INF_F, 0, FLT_MAX, -TINY * 0.6f, TINY * 0.6f},
     {NAN_F, 0, 1, 0, 1, 0.6f, 0.6f}},
    {DLCORE_ACTIVATION_EXPONENTIAL,
     {NAN_F, 0, INF_F, 0, INF_F, 1, 1},
     {NAN_F, 0, INF_F, 0, INF_F, 1, 1}},
    {DLCORE_ACTIVATION_CELU,
     {NAN_F, -1, INF_F, -1, FLT_MAX, -TINY, TINY},
     {NAN_F, 0, 1, 0, 1, 1, 1}},
    {DLCORE_ACTIVATION_HARD_TANH, {NAN_F, -1, 1, -1, 1, -TINY, TINY}, {1, 0, 0, 0, 0, 1, 1}},
    {DLCORE_ACTIVATION_LOG_SIGMOID,
     {NAN_F, -INF_F, 0, -FLT_MAX, 0, -0.6931472f, -0.6931472f},
     {NAN_F, 1, 0, 1, 0, 0.5f, 0.5f}},
    {DLCORE_ACTIVATION_SOFT_SHRINK,
     {NAN_F, -INF_F, INF_F, -FLT_MAX, FLT_MAX, 0, 0},
     {0, 1, 1, 1, 1, 0, 0}},
    {DLCORE_ACTIVATION_HARD_SHRINK,
     {NAN_F, -INF_F, INF_F, -FLT_MAX, FLT_MAX, 0, 0},
     {0, 1, 1, 1, 1, 0, 0}},
    {DLCORE_ACTIVATION_TANH_SHRINK,
     {NAN_F, -INF_F, INF_F, -FLT_MAX, FLT_MAX, 0, 0},
     {NAN_F, 1, 1, 1, 1, 0, 0}},
    {DLCORE_ACTIVATION_SQUAREPLUS,
     {NAN_F, 0, INF_F, 1 / FLT_MAX, FLT_MAX, 1, 1},
     {NAN_F, 0, 1, 0, 1, 0.5f, 0.5f}},
    {DLCORE_ACTIVATION_SPARSE_PLUS,
     {NAN_F, 0, INF_F, 0, FLT_MAX, 0.25f, 0.25f},
     {NAN_F, 0, 1, 0, 1, 0.5f, 0.5f}},
    {DLCORE_ACTIVATION_SPARSE_SIGMOID,
     {NAN_F, 0, 1, 0, 1, 0.5f, 0.5f},
     {0, 0, 0, 0, 0, 0.5f, 0.5f}},
    {DLCORE_ACTIVATION_RELU_GENERAL, /* max_value 1.5, negative_slope 0.125, threshold 0.25 */
     {NAN_F, -INF_F, 1.5f, -FLT_MAX * 0.125f, 1.5f, -0.03125f, -0.03125f},
     {0, 0.125f, 0, 0.125f, 0, 0.125f, 0.125f}},
};
/* log_softmax and both sparsemax, which are of rows, stand among them without a kernel */
_Static_assert(sizeof rows / sizeof rows[0] == LAST - FIRST + 1 - 3, "a row each");

static bool same(float a, float b)
{
    return (isnan(a) && isnan(b)) || a == b ||
           fabs((double)a - (double)b) <= 3 * EPSILON * fabs((double)b) + 1e-42;
}

static void test_kernels_activations_at_the_ends_are_as_in_the_table(void **state)
{
    (void)state;
    if (process_flushes_denormals())
        skip();
    for (size_t t = 0; t < table_count; t++) {
        for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
            dlcore_activate_t activation = activation_of(rows[r].kind);
            float y[ENDS], slope[ENDS] = {1, 1, 1, 1, 1, 1, 1};

            memcpy(y, ends, sizeof y);
            dlcore_activate(tables[t], activation, y, ENDS);
            /* a slope from an output of NaN is the first column's */
            dlcore_activate_gradient(dlcore_training_kernels(tables[t]), activation,
                                     dlcore_activate_needs_input(activation.kind) ? ends : y, slope,
                                     ENDS);
            for (size_t i = 0; i < ENDS; i++) {
                if (!same(y[i], rows[r].y[i]) || !same(slope[i], rows[r].slope[i]))
                    fail_msg("%s: %s of %g is %g, slope %g", tables[t]->name,
                             dlcore_activation_name(activation.kind), (double)ends[i], (double)y[i],
                             (double)slope[i]);
            }
        }
    }
}

/* ---- loops ---- */

static void test_kernels_activation_tails_have_the_bits_of_the_middle(void **state)
{
    float x[COUNT], whole[COUNT], slopes[COUNT], y[COUNT];

    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        x[i] = (float)(i % 2 == 0 ? 1 : -1) * 1e-4f * powf(1.155f, (float)i);
    for (size_t t = 0; t < table_count; t++) {
        for (int kind = FIRST; kind <= LAST; kind++) {
            dlcore_activate_t activation = activation_of(kind);

            memcpy(whole, x, sizeof whole);
            dlcore_activate(tables[t], activation, whole, COUNT);
            memcpy(slopes, x, sizeof slopes);
            dlcore_activate_gradient(dlcore_training_kernels(tables[t]), activation, x, slopes,
                                     COUNT);
            for (size_t n = 1; n <= 40; n++) {
                size_t begin = n % 7;
                memcpy(y, x, sizeof y);
                dlcore_activate(tables[t], activation, y + begin, n);
                assert_memory_equal(y + begin, whole + begin, n * sizeof *y);
                assert_memory_equal(y + begin + n, x + begin + n, (COUNT - begin - n) * sizeof *y);
                memcpy(y, x, sizeof y);
                dlcore_activate_gradient(dlcore_training_kernels(tables[t]), activation, x + begin,
                                         y + begin, n);
                assert_memory_equal(y + begin, slopes + begin, n * sizeof *y);
                assert_memory_equal(y + begin + n, x + begin + n, (COUNT - begin - n) * sizeof *y);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernels_activations_and_slopes_agree_with_the_formulas),
        cmocka_unit_test(test_kernels_small_slopes_keep_their_digits),
        cmocka_unit_test(test_kernels_activations_at_the_ends_are_as_in_the_table),
        cmocka_unit_test(test_kernels_activation_tails_have_the_bits_of_the_middle),
    };
    return cmocka_run_group_tests(tests, find_tables, NULL);
}
