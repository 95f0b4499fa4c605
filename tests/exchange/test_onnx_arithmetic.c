/* Arithmetic between constants of an ONNX file: each operator, spread shapes, chains, and what is
 * no such constant.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/failing_allocator.h"
#include "support/onnx_case.h"

enum { ROWS = 2, WIDTH = 3 };

static const float x[ROWS * WIDTH] = {0.5f, -1.25f, 4.0f, -3.5f, 0.0f, 7.5f};
static const float v[3] = {2.0f, 0.5f, 4.0f};
static const float u[3] = {0.25f, 1.5f, 3.0f};
static const float m[6] = {1.0f, -2.0f, 0.5f, 3.0f, -1.5f, 0.25f};
static const float pair[2] = {3.0f, -0.5f};
static const float two = 2.0f;

static onnx_bytes_t made;

static void begin(void)
{
    static const int64_t whole[] = {7, 2, 1};

    onnx_begin(&made);
    onnx_tensor(&made, "v", "3", v);
    onnx_tensor(&made, "u", "1,3", u);
    onnx_tensor(&made, "m", "3,2", m);
    onnx_tensor(&made, "mt", "2,3", m);
    onnx_tensor(&made, "pair", "2", pair);
    onnx_tensor(&made, "column", "3,1", v);
    onnx_tensor(&made, "two", "", &two);
    onnx_ints(&made, "whole", 3, whole);
}

static void assert_outputs(const double *expected, size_t width)
{
    dlcore_model_free(onnx_case_outputs(&made, 13, ROWS, x, WIDTH, expected, width));
}

/* x * c, with c computed by these nodes. */
static void assert_factor(const char *const *nodes, const double *factor)
{
    double expected[ROWS * WIDTH];

    begin();
    onnx_case_nodes(&made, nodes);
    onnx_node(&made, "Mul", "x,c", "y", "");
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        expected[i] = (double)x[i] * factor[i % WIDTH];
    assert_outputs(expected, WIDTH);
}

static void test_onnx_arithmetic_each_operator_is_its_formula(void **state)
{
    static const char *const nodes[][3] = {
        {"Add v,u c", NULL},   {"Sub v,u c", NULL},      {"Mul u,v c", NULL},
        {"Div v,u c", NULL},   {"Pow v,u c", NULL},      {"Neg v c", NULL},
        {"Sqrt v c", NULL},    {"Reciprocal v c", NULL}, {"Sub two,v c", NULL},
        {"Div v,two c", NULL}, {"Add two,two c", NULL},
    };
    double factors[11][WIDTH];

    (void)state;
    for (size_t i = 0; i < WIDTH; i++) {
        double a = (double)v[i], b = (double)u[i];
        const double of[] = {a + b,   a - b, a * b,   a / b,   pow(a, b), -a,
                             sqrt(a), 1 / a, 2.0 - a, a / 2.0, 4.0};

        for (size_t k = 0; k < 11; k++)
            factors[k][i] = of[k];
    }
    for (size_t k = 0; k < 11; k++)
        assert_factor(nodes[k], factors[k]);
}

/* gamma / sqrt(variance + epsilon), and beta - mean * that, as a batch normalization is written
 * out. */
static void test_onnx_arithmetic_a_written_out_batch_normalization_is_computed(void **state)
{
    static const char *const nodes[] = {"Add u,two e",  "Sqrt e s",  "Div v,s k",
                                        "Identity k g", "Mul x,g a", "Mul v,k t",
                                        "Sub u,t o",    "Add a,o y", NULL};
    double expected[ROWS * WIDTH];

    (void)state;
    begin();
    onnx_case_nodes(&made, nodes);
    for (size_t i = 0; i < ROWS * WIDTH; i++) {
        double a = (double)v[i % WIDTH], b = (double)u[i % WIDTH], k = a / sqrt(b + 2.0);

        expected[i] = (double)x[i] * k + (b - a * k);
    }
    assert_outputs(expected, WIDTH);
}

/* A kernel times a row, a column, or turned round before and after. */
static void test_onnx_arithmetic_of_kernels_spreads_rows_and_columns(void **state)
{
    static const char *const nodes[][5] = {
        {"Mul m,pair k", "MatMul x,k y", NULL},
        {"Mul column,m k", "MatMul x,k y", NULL},
        {"Transpose mt t perm=I1,0", "Mul t,column k", "MatMul x,k y", NULL},
        {"Mul mt,v t", "Transpose t k perm=I1,0", "MatMul x,k y", NULL},
        {"Mul m,pair t", "Mul t,column k", "MatMul x,k y", NULL},
    };
    (void)state;
    for (size_t n = 0; n < 5; n++) {
        double expected[ROWS * 2] = {0};

        for (size_t r = 0; r < ROWS; r++) {
            for (size_t i = 0; i < WIDTH; i++) {
                for (size_t c = 0; c < 2; c++) {
                    double w = (double)(n == 2 || n == 3 ? m[3 * c + i] : m[2 * i + c]);

                    w *= n == 0 || n == 4 ? (double)pair[c] : 1.0;
                    w *= n > 0 ? (double)v[i] : 1.0;
                    expected[2 * r + c] += (double)x[WIDTH * r + i] * w;
                }
            }
        }
        begin();
        onnx_case_nodes(&made, nodes[n]);
        assert_outputs(expected, 2);
    }
}

/* One number that several make: the bound of a relu. */
static void test_onnx_arithmetic_of_single_numbers_is_an_attribute(void **state)
{
    double expected[ROWS * WIDTH];

    (void)state;
    begin();
    onnx_node(&made, "Mul", "two,two", "four", "");
    onnx_node(&made, "Add", "four,two", "six", "");
    onnx_node(&made, "Sub", "two,two", "zero", "");
    onnx_node(&made, "Clip", "x,zero,six", "y", "");
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        expected[i] = fmin(fmax((double)x[i], 0.0), 6.0);
    assert_outputs(expected, WIDTH);
}

static void refuse(const char *const *nodes, const char *message)
{
    size_t size;
    const unsigned char *bytes;

    begin();
    onnx_case_nodes(&made, nodes);
    bytes = onnx_end(&made, 13, "?,3", &size);
    onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED, message);
}

static void test_onnx_arithmetic_what_is_no_such_constant_is_refused(void **state)
{
    static const char *const whole[] = {"Div whole,whole c", "Mul x,c y", NULL};
    static const char *const both[] = {"Add v,v a", "Add u,u b", "Mul a,b c", "Mul x,c y", NULL};
    static const char *const larger[] = {"Mul column,u c", "MatMul x,c y", NULL};
    static const char *const unequal[] = {"Mul v,pair c", "Mul x,c y", NULL};
    static const char *const circle[] = {"Add c,v d", "Add d,v c", "Mul x,c y", NULL};
    static const char *const input[] = {"Add x,v c", "Mul c,c y", NULL};

    (void)state;
    refuse(whole, "Mul \"y\"");
    refuse(both, "Mul \"y\"");
    refuse(larger, "MatMul \"y\"");
    refuse(unequal, "Mul \"y\"");
    refuse(circle, "Mul \"y\"");
    refuse(input, "Mul \"y\"");
}

/* As deep as it goes, and no deeper. */
static void test_onnx_arithmetic_chains_have_a_limit(void **state)
{
    double factor[WIDTH];
    char texts[9][32];
    const char *nodes[11];

    (void)state;
    for (size_t depth = 8; depth <= 9; depth++) {
        for (size_t i = 0; i < depth; i++) {
            char last[8], next[8];

            snprintf(last, sizeof last, i > 0 ? "c%zu" : "v", i - 1);
            snprintf(next, sizeof next, i + 1 < depth ? "c%zu" : "c", i);
            snprintf(texts[i], sizeof texts[i], "Add %s,two %s", last, next);
            nodes[i] = texts[i];
        }
        nodes[depth] = NULL;
        for (size_t i = 0; i < WIDTH; i++)
            factor[i] = (double)v[i] + 2.0 * (double)depth;
        if (depth == 8)
            assert_factor(nodes, factor);
    }
    nodes[9] = "Mul x,c y";
    nodes[10] = NULL;
    refuse(nodes, "Mul \"y\"");
}

static dlcore_status load_scenario(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_onnx_load_options_t options = dlcore_onnx_load_options_default();
    dlcore_model_t *model = NULL;
    dlcore_status status;
    size_t *size = context;

    options.model.allocator = *allocator;
    status = dlcore_onnx_load_memory(made.model, *size, &options, &model);
    dlcore_model_free(model);
    return status;
}

static void test_onnx_arithmetic_without_memory_fails_cleanly(void **state)
{
    static const char *const nodes[] = {"Mul m,pair t", "Mul t,column k", "MatMul x,k y", NULL};
    size_t size;

    (void)state;
    begin();
    onnx_case_nodes(&made, nodes);
    (void)onnx_end(&made, 13, "?,3", &size);
    assert_true(failing_allocator_sweep(load_scenario, &size) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onnx_arithmetic_each_operator_is_its_formula),
        cmocka_unit_test(test_onnx_arithmetic_a_written_out_batch_normalization_is_computed),
        cmocka_unit_test(test_onnx_arithmetic_of_kernels_spreads_rows_and_columns),
        cmocka_unit_test(test_onnx_arithmetic_of_single_numbers_is_an_attribute),
        cmocka_unit_test(test_onnx_arithmetic_what_is_no_such_constant_is_refused),
        cmocka_unit_test(test_onnx_arithmetic_chains_have_a_limit),
        cmocka_unit_test(test_onnx_arithmetic_without_memory_fails_cleanly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
