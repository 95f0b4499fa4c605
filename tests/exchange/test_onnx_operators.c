/* Each ONNX operator that is read: the numbers that its definition gives, and what of it is refused
 * by name. The models are made by hand; test_onnx_load.c has those of real programs.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/onnx_case.h"

enum { ROWS = 2, WIDTH = 3 };

static const float x[ROWS * WIDTH] = {0.5f, -1.25f, 4.0f, -3.5f, 0.0f, 7.5f};
static const float w[6] = {1.0f, -2.0f, 0.5f, 3.0f, -1.5f, 0.25f}; /* 3 x 2 */
static const float b[2] = {0.75f, -0.125f};
static const float v[3] = {2.0f, -0.5f, 4.0f};
static const float u[3] = {0.25f, 1.5f, -3.0f};

static onnx_bytes_t made;

/* A model with constants to choose from. */
static void begin(void)
{
    static const float numbers[] = {0.0f, 1.0f, 3.0f, 6.0f, 0.5f, 2.0f};

    onnx_begin(&made);
    onnx_tensor(&made, "w", "3,2", w);
    onnx_tensor(&made, "wt", "2,3", w);
    onnx_tensor(&made, "b", "2", b);
    onnx_tensor(&made, "b1", "1,2", b);
    onnx_tensor(&made, "v", "3", v);
    onnx_tensor(&made, "u", "3", u);
    onnx_tensor(&made, "zero", "", &numbers[0]);
    onnx_tensor(&made, "one", "", &numbers[1]);
    onnx_tensor(&made, "three", "1", &numbers[2]);
    onnx_tensor(&made, "six", "", &numbers[3]);
    onnx_tensor(&made, "half", "", &numbers[4]);
    onnx_tensor(&made, "two", "1,1", &numbers[5]);
}

/* Loads the model and fails the test unless its outputs are these. Answers the number of layers. */
static size_t assert_outputs(int opset, size_t width, const double *expected)
{
    float y[64];
    size_t size;
    const unsigned char *bytes = onnx_end(&made, opset, "?,3", &size);
    dlcore_model_t *model = onnx_case_load(bytes, size);
    size_t layers = dlcore_model_layer_count(model);

    assert_int_equal(dlcore_model_output_width(model), width);
    onnx_case_predict(model, ROWS, x, y);
    for (size_t i = 0; i < ROWS * width; i++) {
        double difference = fabs((double)y[i] - expected[i]);

        if (!(difference <= 1e-6 * fmax(1.0, fabs(expected[i]))))
            fail_msg("output %zu is %.9g, not %.9g", i, (double)y[i], expected[i]);
    }
    dlcore_model_free(model);
    return layers;
}

/* x times the 3 x 2 matrix. */
static void multiply(double *y, const float *matrix, bool transposed)
{
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t c = 0; c < 2; c++) {
            y[2 * r + c] = 0.0;
            for (size_t i = 0; i < WIDTH; i++)
                y[2 * r + c] +=
                    (double)x[WIDTH * r + i] * (double)matrix[transposed ? 3 * c + i : 2 * i + c];
        }
    }
}

static void test_onnx_operators_gemm_and_matmul_are_dense_layers(void **state)
{
    static const char *const forms[][4] = {
        {"Gemm", "x,w,b", "y", ""},
        {"Gemm", "x,w,b1", "y", "transA=i0 beta=f1"},
        {"Gemm", "x,wt,b", "y", "transB=i1"},
        {"Gemm", "x,wt,b", "y", "transB=i1 alpha=f0.5 beta=f2"},
        {"Gemm", "x,w", "y", "alpha=f-3"},
        {"Gemm", "x,w,", "y", ""},
        {"Gemm", "x,w,one", "y", "beta=f-2"},
    };
    static const double alpha[] = {1, 1, 1, 0.5, -3, 1, 1};
    static const double beta[] = {1, 1, 1, 2, 0, 0, 0};
    static const double constant[] = {0, 0, 0, 0, 0, 0, -2};

    (void)state;
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        double expected[2 * ROWS];

        begin();
        onnx_node(&made, forms[f][0], forms[f][1], forms[f][2], forms[f][3]);
        multiply(expected, w, strstr(forms[f][1], "wt") != NULL);
        for (size_t i = 0; i < 2 * ROWS; i++)
            expected[i] = alpha[f] * expected[i] + beta[f] * (double)b[i % 2] + constant[f];
        (void)assert_outputs(13, 2, expected);
    }
    begin();
    onnx_node(&made, "MatMul", "x,w", "product", "");
    onnx_node(&made, "Add", "b,product", "y", "");
    {
        double expected[2 * ROWS];

        multiply(expected, w, false);
        for (size_t i = 0; i < 2 * ROWS; i++)
            expected[i] += (double)b[i % 2];
        (void)assert_outputs(13, 2, expected);
    }
}

static void test_onnx_operators_a_constant_is_seen_behind_other_nodes(void **state)
{
    double expected[2 * ROWS];
    static const int64_t square[] = {3, 2}, open[] = {0, -1};

    (void)state;
    begin();
    onnx_node(&made, "Transpose", "wt", "t", "perm=I1,0");
    onnx_node(&made, "Identity", "t", "i", "");
    onnx_node(&made, "Cast", "i", "c", "to=i1");
    onnx_node(&made, "MatMul", "x,c", "y", "");
    multiply(expected, w, true);
    (void)assert_outputs(13, 2, expected);
    begin();
    onnx_ints(&made, "square", 2, square);
    onnx_ints(&made, "open", 2, open);
    onnx_node(&made, "Reshape", "wt,square", "r", "");
    onnx_node(&made, "Reshape", "r,open", "s", "");
    onnx_node(&made, "MatMul", "x,s", "y", "");
    multiply(expected, w, false);
    (void)assert_outputs(13, 2, expected);
    begin();
    onnx_ints(&made, "whole", 2, square);
    onnx_node(&made, "Cast", "whole", "c", "to=i1");
    onnx_node(&made, "MatMul", "x,w", "p", "");
    onnx_node(&made, "Div", "p,c", "y", "");
    multiply(expected, w, false);
    for (size_t i = 0; i < 2 * ROWS; i++)
        expected[i] /= (double)square[i % 2];
    (void)assert_outputs(13, 2, expected);
    begin();
    onnx_node(&made, "Constant", "", "c", "value_float=f0.25");
    onnx_node(&made, "Unsqueeze", "c,axes", "d", "");
    onnx_node(&made, "MatMul", "x,w", "p", "");
    onnx_node(&made, "Mul", "p,d", "y", "");
    multiply(expected, w, false);
    for (size_t i = 0; i < 2 * ROWS; i++)
        expected[i] *= 0.25;
    (void)assert_outputs(13, 2, expected);
}

/* (3) as (3, 1) is a column, which spreads over samples, and the kernel of one unit; as (1, 3) a
 * row. */
static void test_onnx_operators_axes_of_constants_stand_where_they_are_put(void **state)
{
    static const struct {
        const char *operation, *axes, *reshaped;
        const char *refused; /* NULL: x plus the row */
    } forms[] = {
        {"Unsqueeze", "axes=I0", "v", NULL},
        {"Unsqueeze", "axes=I-2", "v", NULL},
        {"Unsqueeze", "axes=I1", "v", "shape other than (n) or (1, n)"},
        {"Unsqueeze", "axes=I-1", "v", "shape other than (n) or (1, n)"},
        {"Unsqueeze", "axes=I0,1", "v", "3 axes"},
        {"Unsqueeze", "axes=I2", "v", "no value and a constant"},
        {"Unsqueeze", "axes=I0,0", "v", "no value and a constant"},
        {"Squeeze", "axes=I1", "column", NULL},
        {"Squeeze", "axes=I-1", "column", NULL},
        {"Squeeze", "", "column", NULL},
        {"Squeeze", "axes=I0", "column", "no value and a constant"},
        {"Squeeze", "axes=I2", "deep", "shape other than (n) or (1, n)"},
    };
    double expected[ROWS * WIDTH];
    size_t size;

    (void)state;
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        expected[i] = (double)x[i] + (double)v[i % WIDTH];
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        begin();
        onnx_tensor(&made, "column", "3,1", v);
        onnx_tensor(&made, "deep", "3,1,1", v);
        onnx_node(&made, forms[f].operation, forms[f].reshaped, "c", forms[f].axes);
        onnx_node(&made, "Add", "x,c", "y", "");
        if (forms[f].refused == NULL) {
            (void)assert_outputs(11, WIDTH, expected);
        } else {
            const unsigned char *bytes = onnx_end(&made, 11, "?,3", &size);

            onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED, forms[f].refused);
        }
    }
    for (size_t r = 0; r < ROWS; r++) {
        expected[r] = 0.0;
        for (size_t i = 0; i < WIDTH; i++)
            expected[r] += (double)x[WIDTH * r + i] * (double)v[i];
    }
    begin();
    onnx_node(&made, "Unsqueeze", "v", "c", "axes=I1");
    onnx_node(&made, "MatMul", "x,c", "y", "");
    (void)assert_outputs(11, 1, expected);
}

/* ---- activations ---- */

static double sigmoid(double t)
{
    return 1.0 / (1.0 + exp(-t));
}

static double of_relu(double t)
{
    return fmax(t, 0.0);
}
static double of_leaky(double t)
{
    return t > 0.0 ? t : 0.25 * t;
}
static double of_leaky_default(double t)
{
    return t > 0.0 ? t : 0.01 * t;
}
static double of_elu(double t)
{
    return t > 0.0 ? t : 0.5 * expm1(t);
}
static double of_celu(double t)
{
    return t > 0.0 ? t : expm1(t);
}
static double of_selu(double t)
{
    return 1.05070098735548049342 * (t > 0.0 ? t : 1.67326324235437728481 * expm1(t));
}
static double of_hard_sigmoid(double t)
{
    return fmin(fmax(t / 6.0 + 0.5, 0.0), 1.0);
}
static double of_hard_silu(double t)
{
    return t * of_hard_sigmoid(t);
}
static double of_softplus(double t)
{
    return log1p(exp(t));
}
static double of_softsign(double t)
{
    return t / (1.0 + fabs(t));
}
static double of_mish(double t)
{
    return t * tanh(of_softplus(t));
}
static double of_gelu(double t)
{
    return 0.5 * t * (1.0 + erf(t / sqrt(2.0)));
}
static double of_gelu_tanh(double t)
{
    return 0.5 * t * (1.0 + tanh(sqrt(2.0 / acos(-1.0)) * (t + 0.044715 * t * t * t)));
}
static double of_silu(double t)
{
    return t * sigmoid(t);
}
static double of_relu6(double t)
{
    return fmin(fmax(t, 0.0), 6.0);
}
static double of_negative(double t)
{
    return -t;
}

static double of_hard_tanh(double t)
{
    return fmin(fmax(t, -1.0), 1.0);
}
static double of_least_6(double t)
{
    return fmin(t, 6.0);
}
static double of_relu3(double t)
{
    return fmin(fmax(t, 0.0), 3.0);
}
static double of_soft_shrink(double t)
{
    return t - fmin(fmax(t, -0.5), 0.5);
}
static double of_hard_shrink(double t)
{
    return fabs(t) > 0.5 ? t : 0.0;
}
static double of_threshold(double t)
{
    return t > 0.75 ? t : 0.0;
}
static double of_sparse_sigmoid(double t)
{
    return fmin(fmax((t + 1.0) / 2.0, 0.0), 1.0);
}
static double of_log_sigmoid(double t)
{
    return -of_softplus(-t);
}
static double of_tanh_shrink(double t)
{
    return t - tanh(t);
}
static double of_squareplus(double t)
{
    return (t + sqrt(t * t + 4.0)) / 2.0;
}
static double of_sparse_plus(double t)
{
    return t > 1.0 ? t : pow(of_sparse_sigmoid(t), 2.0);
}

typedef struct single {
    const char *operation, *inputs, *attributes;
    int opset;
    double (*of)(double);
} single_t;

static const single_t singles[] = {
    {"Relu", "x", "", 13, of_relu},
    {"LeakyRelu", "x", "alpha=f0.25", 13, of_leaky},
    {"LeakyRelu", "x", "", 7, of_leaky_default},
    {"Elu", "x", "alpha=f0.5", 13, of_elu},
    {"Celu", "x", "", 12, of_celu},
    {"Selu", "x", "", 13, of_selu},
    {"Selu", "x", "alpha=f1.6732631921768188 gamma=f1.0507010221481323", 13, of_selu},
    {"Sigmoid", "x", "", 13, sigmoid},
    {"HardSigmoid", "x", "alpha=f0.16666667 beta=f0.5", 13, of_hard_sigmoid},
    {"HardSwish", "x", "", 14, of_hard_silu},
    {"Tanh", "x", "", 13, tanh},
    {"Softplus", "x", "", 13, of_softplus},
    {"Softsign", "x", "", 13, of_softsign},
    {"Gelu", "x", "", 20, of_gelu},
    {"Gelu", "x", "approximate=stanh", 20, of_gelu_tanh},
    {"Mish", "x", "", 18, of_mish},
    {"Swish", "x", "alpha=f1", 24, of_silu},
    {"Exp", "x", "", 13, exp},
    {"Clip", "x", "min=f0 max=f6", 7, of_relu6},
    {"Clip", "x,zero,six", "", 13, of_relu6},
    {"Clip", "x,zero", "", 13, of_relu},
    {"Neg", "x", "", 13, of_negative},
    {"Clip", "x", "min=f-1 max=f1", 7, of_hard_tanh},
    {"Clip", "x", "max=f6", 7, of_least_6},
    {"Clip", "x,zero,three", "", 13, of_relu3},
    {"Max", "zero,x", "", 13, of_relu},
    {"Min", "x,six", "", 13, of_least_6},
    {"Shrink", "x", "bias=f0.5 lambd=f0.5", 13, of_soft_shrink},
    {"Shrink", "x", "", 13, of_hard_shrink},
    {"ThresholdedRelu", "x", "alpha=f0.75", 13, of_threshold},
    {"HardSigmoid", "x", "alpha=f0.5", 13, of_sparse_sigmoid},
};

static void test_onnx_operators_each_activation_is_its_formula(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof singles / sizeof singles[0]; s++) {
        double expected[ROWS * WIDTH];

        begin();
        onnx_node(&made, singles[s].operation, singles[s].inputs, "y", singles[s].attributes);
        for (size_t i = 0; i < ROWS * WIDTH; i++)
            expected[i] = singles[s].of((double)x[i]);
        (void)assert_outputs(singles[s].opset, WIDTH, expected);
    }
}

/* Chains, a node a line: "operation inputs output attributes". */
typedef struct chain {
    const char *nodes[10];
    double (*of)(double);
} chain_t;

#define SQRT_HALF_NODE "Constant - r value_float=f0.70710678118"
static const chain_t chains[] = {
    {{"Sigmoid x s ", "Mul x,s y "}, of_silu},
    {{"Sigmoid x s ", "Mul s,x y "}, of_silu},
    {{"HardSigmoid x s alpha=f0.16666667", "Mul x,s y "}, of_hard_silu},
    {{"Add x,three a ", "Clip a,zero,six c ", "Mul x,c m ", "Div m,six y "}, of_hard_silu},
    {{"Add three,x a ", "Clip a,zero,six c ", "Div c,six y "}, of_hard_sigmoid},
    {{"Softplus x s ", "Tanh s t ", "Mul x,t y "}, of_mish},
    {{"Abs x a ", "Add one,a s ", "Div x,s y "}, of_softsign},
    {{"Sigmoid x s ", "Log s y "}, of_log_sigmoid},
    {{"Neg x n ", "Softplus n s ", "Neg s y "}, of_log_sigmoid},
    {{"Tanh x t ", "Sub x,t y "}, of_tanh_shrink},
    {{"Constant - f value_float=f4", "Mul x,x q ", "Add f,q s ", "Sqrt s r ", "Add x,r a ",
      "Mul half,a y "},
     of_squareplus},
    {{"HardSigmoid x h alpha=f0.5", "Mul h,h q ", "Sub x,one a ", "Relu a r ", "Add q,r y "},
     of_sparse_plus},
    {{"Softplus x s ", "Constant - l value_float=f20", "Greater x,l g ", "Where g,x,s y "},
     of_softplus},
    {{"Constant - r value_float=f1.41421356", "Div x,r d ", "Erf d e ", "Add e,one a ",
      "Mul x,a m ", "Mul m,half y "},
     of_gelu},
    {{SQRT_HALF_NODE, "Mul x,half h ", "Mul x,r d ", "Erf d e ", "Add one,e a ", "Mul h,a y "},
     of_gelu},
    {{SQRT_HALF_NODE, "Mul x,r d ", "Erf d e ", "Mul half,e f ", "Add half,f a ", "Mul a,x y "},
     of_gelu},
    {{"Constant - k value_float=f0.044715", "Constant - r value_float=f0.7978845608",
      "Pow x,three p ", "Mul p,k q ", "Add x,q s ", "Mul s,r i ", "Tanh i t ", "Add t,one a ",
      "Mul x,half h ", "Mul h,a y "},
     of_gelu_tanh},
};

static void add_nodes(const char *const *nodes, size_t count)
{
    for (size_t i = 0; i < count && nodes[i] != NULL; i++) {
        char operation[64], inputs[64], outputs[64], attributes[128] = "";

        assert_true(sscanf(nodes[i], "%63s %63s %63s %127[^\n]", operation, inputs, outputs,
                           attributes) >= 3);
        onnx_node(&made, operation, inputs[0] == '-' ? "" : inputs, outputs, attributes);
    }
}

static void test_onnx_operators_chains_are_one_activation(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof chains / sizeof chains[0]; s++) {
        double expected[ROWS * WIDTH];

        begin();
        add_nodes(chains[s].nodes, 10);
        for (size_t i = 0; i < ROWS * WIDTH; i++)
            expected[i] = chains[s].of((double)x[i]);
        assert_int_equal(assert_outputs(13, WIDTH, expected), 1);
    }
}

/* What looks like a chain and is none keeps its own numbers, or is refused. */
static void test_onnx_operators_a_chain_with_another_constant_is_not_that_activation(void **state)
{
    static const char *const scaled[] = {"Sigmoid x s ", "Mul x,s m ", "Mul m,three y ", NULL};
    static const char *const vector[] = {"Sigmoid x s ", "Mul s,v t ", "Mul x,t y ", NULL};
    static const char *const quick[] = {"Constant - k value_float=f1.702", "Mul x,k p ",
                                        "Sigmoid p s ", "Mul x,s y ", NULL};
    double expected[ROWS * WIDTH];
    size_t size;
    const unsigned char *bytes;

    (void)state;
    begin();
    add_nodes(scaled, 4);
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        expected[i] = 3.0 * of_silu((double)x[i]);
    (void)assert_outputs(13, WIDTH, expected);
    begin();
    add_nodes(vector, 4);
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        expected[i] = (double)v[i % WIDTH] * of_silu((double)x[i]);
    (void)assert_outputs(13, WIDTH, expected);
    begin();
    add_nodes(quick, 5);
    bytes = onnx_end(&made, 13, "?,3", &size);
    onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED, "Mul \"y\"");
}

static void test_onnx_operators_softmax_is_over_the_units(void **state)
{
    static const struct {
        const char *operation, *attributes;
        int opset;
    } forms[] = {
        {"Softmax", "", 13},   {"Softmax", "axis=i-1", 13}, {"Softmax", "axis=i1", 13},
        {"Softmax", "", 11},   {"Softmax", "axis=i1", 7},   {"LogSoftmax", "", 13},
        {"LogSoftmax", "", 9},
    };

    (void)state;
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        double expected[ROWS * WIDTH];

        begin();
        onnx_node(&made, forms[f].operation, "x", "y", forms[f].attributes);
        for (size_t r = 0; r < ROWS; r++) {
            double sum = 0.0;

            for (size_t i = 0; i < WIDTH; i++)
                sum += exp((double)x[WIDTH * r + i]);
            for (size_t i = 0; i < WIDTH; i++)
                expected[WIDTH * r + i] = forms[f].operation[0] == 'L'
                                              ? (double)x[WIDTH * r + i] - log(sum)
                                              : exp((double)x[WIDTH * r + i]) / sum;
        }
        (void)assert_outputs(forms[f].opset, WIDTH, expected);
    }
}

static void test_onnx_operators_prelu_has_a_slope_for_each_unit_or_one(void **state)
{
    static const char *const slopes[] = {"x,v", "x,half", "x,two"};
    static const char *const chain[] = {"Relu x p ",  "Neg x n ",   "Relu n q ",
                                        "Mul q,v m ", "Add p,m y ", NULL};
    double expected[ROWS * WIDTH];

    (void)state;
    for (size_t s = 0; s < 3; s++) {
        for (size_t i = 0; i < ROWS * WIDTH; i++) {
            double slope = s == 0 ? (double)v[i % WIDTH] : s == 1 ? 0.5 : 2.0;
            expected[i] = x[i] < 0.0f ? slope * (double)x[i] : (double)x[i];
        }
        begin();
        onnx_node(&made, "PRelu", slopes[s], "y", "");
        (void)assert_outputs(13, WIDTH, expected);
    }
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        expected[i] = x[i] < 0.0f ? -(double)v[i % WIDTH] * (double)x[i] : (double)x[i];
    begin();
    add_nodes(chain, 6);
    (void)assert_outputs(13, WIDTH, expected);
}

/* ---- arithmetic and normalizations ---- */

static void test_onnx_operators_arithmetic_with_constants_in_every_order(void **state)
{
    static const struct {
        const char *nodes[5];
    } forms[] = {
        {{"Sub x,v a ", "Div a,half y "}},
        {{"Mul x,half a ", "Add a,three y "}},
        {{"Add x,three a ", "Mul a,v y "}},
        {{"Mul x,v a ", "Add a,u y "}},
        {{"Sub x,three a ", "Div a,v b2 ", "Add b2,u y "}},
        {{"Div x,v y "}},
        {{"Add u,x y "}},
        {{"Sub x,u a ", "Sub a,three y "}},
        {{"Add x,u a ", "Add a,v y "}},
        {{"Mul x,two a ", "Mul three,a y "}},
    };

    (void)state;
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        double expected[ROWS * WIDTH];

        for (size_t i = 0; i < ROWS * WIDTH; i++) {
            double t = (double)x[i], vi = (double)v[i % WIDTH], ui = (double)u[i % WIDTH];
            const double values[] = {
                (t - vi) / 0.5, t * 0.5 + 3.0, (t + 3.0) * vi, t * vi + ui, (t - 3.0) / vi + ui,
                t / vi,         ui + t,        t - ui - 3.0,   t + ui + vi, t * 2.0 * 3.0};
            expected[i] = values[f];
        }
        begin();
        add_nodes(forms[f].nodes, 5);
        (void)assert_outputs(13, WIDTH, expected);
    }
}

static void test_onnx_operators_a_standardization_is_a_normalization_layer(void **state)
{
    static const float deviation[3] = {0.5f, 2.0f, 3.0f};
    size_t size;
    const unsigned char *bytes;
    dlcore_model_t *model;

    (void)state;
    begin();
    onnx_tensor(&made, "d", "3", deviation);
    onnx_node(&made, "Sub", "x,u", "a", "");
    onnx_node(&made, "Div", "a,d", "y", "");
    bytes = onnx_end(&made, 13, "?,3", &size);
    model = onnx_case_load(bytes, size);
    assert_int_equal(dlcore_model_layer_count(model), 1);
    assert_int_equal(dlcore_model_layer(model, 0)->kind, DLCORE_LAYER_NORMALIZATION);
    dlcore_model_free(model);
    begin();
    made.domain = "ai.onnx.ml";
    onnx_node(&made, "Scaler", "x", "y", "offset=F0.5,1,-2 scale=F2,0.25,1");
    bytes = onnx_end(&made, 13, "?,3", &size);
    model = onnx_case_load(bytes, size);
    assert_int_equal(dlcore_model_layer(model, 0)->kind, DLCORE_LAYER_NORMALIZATION);
    dlcore_model_free(model);
    {
        const double expected[] = {0.0, -2.25 * 0.25, 6.0, -8.0, -0.25, 9.5};

        begin();
        made.domain = "ai.onnx.ml";
        onnx_node(&made, "Scaler", "x", "y", "offset=F0.5,1,-2 scale=F2,0.25,1");
        (void)assert_outputs(13, WIDTH, expected);
    }
}

static void test_onnx_operators_batch_normalization_is_that_of_inference(void **state)
{
    static const float variance[3] = {0.5f, 2.0f, 9.0f};
    static const double epsilons[] = {1e-5, 0.25};

    (void)state;
    for (size_t e = 0; e < 2; e++) {
        double expected[ROWS * WIDTH];

        begin();
        onnx_tensor(&made, "var", "3", variance);
        onnx_node(&made, "BatchNormalization", "x,v,u,v,var", "y",
                  e == 1 ? "epsilon=f0.25 momentum=f0.5 training_mode=i0" : "");
        for (size_t i = 0; i < ROWS * WIDTH; i++) {
            size_t k = i % WIDTH;
            expected[i] = (double)v[k] * ((double)x[i] - (double)v[k]) /
                              sqrt((double)variance[k] + epsilons[e]) +
                          (double)u[k];
        }
        (void)assert_outputs(14, WIDTH, expected);
    }
}

static void layer_normalized(double *y, double epsilon, bool scales, bool centers)
{
    for (size_t r = 0; r < ROWS; r++) {
        double mean = 0.0, variance = 0.0;

        for (size_t i = 0; i < WIDTH; i++)
            mean += (double)x[WIDTH * r + i] / WIDTH;
        for (size_t i = 0; i < WIDTH; i++)
            variance += pow((double)x[WIDTH * r + i] - mean, 2.0) / WIDTH;
        for (size_t i = 0; i < WIDTH; i++)
            y[WIDTH * r + i] = ((double)x[WIDTH * r + i] - mean) / sqrt(variance + epsilon) *
                                   (scales ? (double)v[i] : 1.0) +
                               (centers ? (double)u[i] : 0.0);
    }
}

static void test_onnx_operators_layer_normalization_in_each_form(void **state)
{
    static const char *const torch[] = {"ReduceMean x m axes=I-1 ",
                                        "Sub x,m d ",
                                        "Pow d,two q ",
                                        "ReduceMean q n axes=I1 keepdims=i1",
                                        "Add n,half e ",
                                        "Sqrt e s ",
                                        "Div d,s z ",
                                        "Mul z,v g ",
                                        "Add g,u y ",
                                        NULL};
    static const char *const keras[] = {"ReduceMean x m axes=I1 ",
                                        "Neg m n ",
                                        "Sub x,m d ",
                                        "Mul d,d q ",
                                        "ReduceMean q r axes=I1 ",
                                        "Add r,half e ",
                                        "Sqrt e s ",
                                        "Reciprocal s i ",
                                        "Mul i,v g ",
                                        "Mul x,g a ",
                                        "Mul n,g b2 ",
                                        "Add b2,u c ",
                                        "Add a,c y ",
                                        NULL};
    double expected[ROWS * WIDTH];

    (void)state;
    layer_normalized(expected, 0.5, true, true);
    begin();
    onnx_node(&made, "LayerNormalization", "x,v,u", "y", "epsilon=f0.5 axis=i-1 stash_type=i1");
    (void)assert_outputs(17, WIDTH, expected);
    begin();
    add_nodes(torch, 10);
    (void)assert_outputs(13, WIDTH, expected);
    begin();
    add_nodes(keras, 14);
    (void)assert_outputs(13, WIDTH, expected);
    layer_normalized(expected, 1e-5, true, false);
    begin();
    onnx_node(&made, "LayerNormalization", "x,v", "y", "");
    (void)assert_outputs(17, WIDTH, expected);
}

/* ---- shapes ---- */

static void test_onnx_operators_shapes_that_keep_samples_apart(void **state)
{
    static const int64_t flat[] = {-1, 12}, same[] = {0, -1}, deep[] = {-1, 3, 4}, row[] = {-1};
    static const float ones[12] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    static const struct {
        const char *nodes[4];
    } forms[] = {
        {{"Flatten x f ", "MatMul f,ones y "}},
        {{"Reshape x,flat f ", "MatMul f,ones y "}},
        {{"Reshape x,same f ", "MatMul f,ones y "}},
        {{"Relu x r ", "Reshape r,deep f ", "Flatten f g axis=i1", "MatMul g,ones y "}},
        {{"Flatten x f ", "MatMul f,ones g ", "Squeeze g z axes=I1", "Neg z y "}},
        {{"Flatten x f ", "MatMul f,ones g ", "Reshape g,row y "}},
    };
    float sample[12];

    (void)state;
    for (size_t i = 0; i < 12; i++)
        sample[i] = (float)i;
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        size_t size;
        const unsigned char *bytes;
        dlcore_model_t *model;
        float y = 0.0f;

        begin();
        onnx_tensor(&made, "ones", "12,1", ones);
        onnx_ints(&made, "flat", 2, flat);
        onnx_ints(&made, "same", 2, same);
        onnx_ints(&made, "deep", 3, deep);
        onnx_ints(&made, "row", 1, row);
        add_nodes(forms[f].nodes, 4);
        bytes = onnx_end(&made, 11, "?,3,4", &size);
        model = onnx_case_load(bytes, size);
        onnx_case_predict(model, 1, sample, &y);
        assert_true(fabsf(y) == 66.0f);
        dlcore_model_free(model);
    }
}

static void test_onnx_operators_a_graph_that_does_nothing_is_a_linear_layer(void **state)
{
    double expected[ROWS * WIDTH];

    (void)state;
    begin();
    onnx_node(&made, "Identity", "x", "y", "");
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        expected[i] = (double)x[i];
    assert_int_equal(assert_outputs(13, WIDTH, expected), 1);
}

static void test_onnx_operators_dropout_does_nothing_and_keeps_its_rate(void **state)
{
    static const struct {
        const char *inputs, *attributes;
        int opset;
        double rate;
    } forms[] = {{"x", "ratio=f0.25", 7, 0.25}, {"x", "", 7, 0.5}, {"x,half", "seed=i3", 13, 0.5}};

    (void)state;
    for (size_t f = 0; f < 3; f++) {
        size_t size;
        const unsigned char *bytes;
        dlcore_model_t *model;

        begin();
        onnx_node(&made, "Dropout", forms[f].inputs, "d", forms[f].attributes);
        onnx_node(&made, "MatMul", "d,w", "y", "");
        bytes = onnx_end(&made, forms[f].opset, "?,3", &size);
        model = onnx_case_load(bytes, size);
        assert_int_equal(dlcore_model_layer(model, 0)->kind, DLCORE_LAYER_DROPOUT);
        assert_float_equal(dlcore_model_layer(model, 0)->rate, forms[f].rate, 1e-7);
        dlcore_model_free(model);
    }
}

/* ---- types ---- */

static void test_onnx_operators_weights_of_every_type(void **state)
{
    static const unsigned char half[] = {0, 0x3C, 0, 0xC0, 0, 0x38}; /* 1, -2, 0.5 */
    static const unsigned char brain[] = {0x80, 0x3F, 0, 0xC0, 0, 0x3F};
    static const unsigned char doubles[] = {0, 0, 0, 0,    0, 0, 0xF0, 0x3F, 0, 0, 0,    0,
                                            0, 0, 0, 0xC0, 0, 0, 0,    0,    0, 0, 0xE0, 0x3F};
    static const unsigned char floats[] = {0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 0, 0, 0, 0x3F};
    static const unsigned char bits[] = {0x80, 0x78, 0x80, 0x80, 0x03, 0x80, 0x70}; /* of half */
    static const unsigned char small[] = {1, 0xFE, 5};
    static const unsigned char negative[] = {1,    0xFE, 0xFF, 0xFF, 0xFF, 0xFF,
                                             0xFF, 0xFF, 0xFF, 0xFF, 1,    5};
    static const struct {
        int type;
        unsigned field;
        const void *bytes;
        size_t size;
        double last;
    } forms[] = {
        {10, 9, half, sizeof half, 0.5},       {16, 9, brain, sizeof brain, 0.5},
        {11, 9, doubles, sizeof doubles, 0.5}, {1, 9, floats, sizeof floats, 0.5},
        {1, 4, floats, sizeof floats, 0.5},    {11, 10, doubles, sizeof doubles, 0.5},
        {10, 5, bits, sizeof bits, 0.5},       {3, 9, small, sizeof small, 5},
        {6, 5, negative, sizeof negative, 5},  {7, 7, negative, sizeof negative, 5},
    };

    (void)state;
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        double expected[ROWS * WIDTH];

        begin();
        onnx_typed_tensor(&made, "t", "3", forms[f].type, forms[f].field, forms[f].bytes,
                          forms[f].size);
        onnx_node(&made, "Cast", "t", "c", "to=i1");
        onnx_node(&made, "Mul", "x,c", "y", "");
        for (size_t i = 0; i < ROWS * WIDTH; i++)
            expected[i] = (double)x[i] * (i % 3 == 0 ? 1.0 : i % 3 == 1 ? -2.0 : forms[f].last);
        (void)assert_outputs(13, WIDTH, expected);
    }
}

/* Numbers that only one of the types has, and those at the ends of each. */
static void test_onnx_operators_numbers_at_the_ends_of_their_types(void **state)
{
    static const unsigned char bytes_of_8[] = {1, 0xFE, 0x80}, bools[] = {1, 0, 1};
    static const unsigned char bytes_of_16[] = {1, 0, 0xFE, 0xFF, 0, 0x80};
    static const unsigned char bytes_of_32[] = {1, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0x80};
    static const unsigned char bytes_of_64[] = {1,    0,    0,    0,    0,    0,    0,    0,
                                                0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                                0,    0,    0,    0,    0,    0,    0,    0x80};
    static const unsigned char varints[] = {1, 0xFE, 1, 0x80, 1}, zeros[] = {1, 0, 0};
    static const unsigned char halves[] = {0, 0x3C, 1, 0, 0, 0x84}; /* 1, 2^-24, -2^-14 */
    static const struct {
        int type;
        unsigned field;
        const void *bytes;
        size_t size;
        double numbers[3];
    } forms[] = {
        {2, 9, bytes_of_8, 3, {1, 254, 128}},
        {3, 9, bytes_of_8, 3, {1, -2, -128}},
        {9, 9, bools, 3, {1, 0, 1}},
        {4, 9, bytes_of_16, 6, {1, 65534, 32768}},
        {5, 9, bytes_of_16, 6, {1, -2, -32768}},
        {12, 9, bytes_of_32, 12, {1, 4294967294.0, 2147483648.0}},
        {6, 9, bytes_of_32, 12, {1, -2, -2147483648.0}},
        {13, 9, bytes_of_64, 24, {1, 18446744073709551614.0, 9223372036854775808.0}},
        {7, 9, bytes_of_64, 24, {1, -2, -9223372036854775808.0}},
        {12, 11, varints, 5, {1, 254, 128}}, /* uint64_data */
        {13, 11, varints, 5, {1, 254, 128}},
        {2, 5, varints, 5, {1, 254, 128}},
        {9, 5, zeros, 3, {1, 0, 0}},
        {10, 9, halves, 6, {1, 5.9604644775390625e-8, -6.103515625e-5}},
    };

    (void)state;
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        double expected[ROWS * WIDTH];

        begin();
        onnx_typed_tensor(&made, "t", "3", forms[f].type, forms[f].field, forms[f].bytes,
                          forms[f].size);
        onnx_node(&made, "Cast", "t", "c", "to=i1");
        onnx_node(&made, "Mul", "x,c", "y", "");
        for (size_t i = 0; i < ROWS * WIDTH; i++)
            expected[i] = (double)x[i] * forms[f].numbers[i % 3];
        (void)assert_outputs(13, WIDTH, expected);
    }
}

/* Fields that do not go with the type, and more or fewer numbers than the shape has. */
static void test_onnx_operators_numbers_that_are_not_those_of_the_shape_are_refused(void **state)
{
    static const unsigned char some[32] = {1, 0x80, 0x80};
    static const struct {
        int type;
        unsigned field;
        size_t size;
    } forms[] = {
        {1, 5, 3},  {12, 5, 3}, {11, 5, 3}, {6, 7, 3}, {1, 10, 24}, {7, 11, 3},
        {2, 4, 12}, {1, 9, 11}, {1, 9, 13}, {1, 4, 8}, {6, 5, 2},   {6, 5, 3}, /* one is cut off */
        {7, 7, 4}, /* and some are left */
    };

    (void)state;
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        size_t size;
        const unsigned char *bytes;

        begin();
        onnx_typed_tensor(&made, "t", "3", forms[f].type, forms[f].field, some, forms[f].size);
        onnx_node(&made, "Cast", "t", "c", "to=i1");
        onnx_node(&made, "Mul", "x,c", "y", "");
        bytes = onnx_end(&made, 13, "?,3", &size);
        onnx_case_refused(bytes, size, DLCORE_ERROR_FORMAT, "has other numbers than its shape");
    }
    begin();
    onnx_typed_tensor(&made, "t", "3", 10, 9, (const unsigned char[]){0, 0x7C, 0, 0x7E, 0, 0xFC},
                      6);
    onnx_node(&made, "Cast", "t", "c", "to=i1");
    onnx_node(&made, "Mul", "x,c", "y", "");
    {
        size_t size;
        const unsigned char *bytes = onnx_end(&made, 13, "?,3", &size);

        (void)onnx_case_survives(bytes, size); /* infinite, and no number */
    }
}

/* ---- refusals ---- */

typedef struct refusal {
    const char *operation, *inputs, *attributes;
    int opset;
    const char *text;
} refusal_t;

static const refusal_t refusals[] = {
    {"Gemm", "x,w,b", "transA=i1", 13, "transA"},
    {"Gemm", "x,x,b", "", 13, "not a constant"},
    {"Gemm", "x,w,x", "", 13, "bias is not a constant"},
    {"Gemm", "x,w,w", "", 13, "shape other than"},
    {"Gemm", "x,w,b", "broadcast=i1", 13, "\"broadcast\""},
    {"Gemm", "x,wt,b", "", 13, "for 2 numbers a sample, gets 3"},
    {"Gemm", "x,v,b", "", 13, "kernel has 1 axes"},
    {"Gemm", "x,w,b", "", 6, "opset 6 is older than 7"},
    {"MatMul", "wt,x", "", 13, "not a constant"},
    {"MatMul", "x,v", "", 13, "kernel has 1 axes"},
    {"Add", "x,x", "", 13, "no chain of layers"},
    {"Add", "x,w", "", 13, "shape other than"},
    {"Add", "x,b", "", 13, "for 2 numbers a sample, gets 3"},
    {"Sub", "v,x", "", 13, "lessened"},
    {"Div", "v,x", "", 13, "divided"},
    {"Softmax", "x", "axis=i0", 13, "axis is 0"},
    {"Softmax", "x", "axis=i2", 11, "axis is 2"},
    {"LogSoftmax", "x", "axis=i-2", 13, "axis is -2"},
    {"Elu", "x", "alpha=f-1", 13, "alpha is -1"},
    {"Celu", "x", "alpha=f2", 13, "alpha is 2"},
    {"LeakyRelu", "x", "alpha=f-0.5", 13, "alpha is -0.5"},
    {"Selu", "x", "alpha=f1.5", 13, "alpha 1.5"},
    {"HardSigmoid", "x", "", 13, "alpha 0.2"},
    {"Gelu", "x", "approximate=ssigmoid", 20, "approximate"},
    {"Swish", "x", "alpha=f1.702", 24, "alpha is 1.702"},
    {"Shrink", "x", "bias=f0.25", 13, "bias 0.25"},
    {"ThresholdedRelu", "x", "alpha=f-1", 13, "alpha is -1"},
    {"Clip", "x,one,six", "", 13, "limits 1 and 6"},
    {"Clip", "x", "max=f-6", 7, "limits -inf and -6"},
    {"Clip", "x,v,six", "", 13, "min is not a constant number"},
    {"Div", "x,whole", "", 14, "divides whole numbers"},
    {"PRelu", "x,b", "", 13, "for 2 numbers"},
    {"BatchNormalization", "x,v,u,v,v", "training_mode=i1", 14, "training_mode"},
    {"BatchNormalization", "x,v,u,v,v", "epsilon=f0", 14, "epsilon is 0"},
    {"BatchNormalization", "x,v,u,v,v", "spatial=i0", 8, "spatial"},
    {"BatchNormalization", "x,v,u,v", "", 14, "variance is not a constant"},
    {"BatchNormalization", "x,b,b,b,b", "", 14, "for 2 numbers"},
    {"LayerNormalization", "x,v,u", "axis=i0", 17, "axis is 0"},
    {"LayerNormalization", "x,v,u", "", 16, "opset 16 is older"},
    {"Dropout", "x,half,one", "", 13, "training_mode"},
    {"Cast", "x", "to=i7", 13, "type 7 loses digits"},
    {"Cast", "x", "to=i10", 13, "type 10 loses digits"},
    {"Flatten", "x", "axis=i0", 13, "axis is 0"},
    {"Reshape", "x,shape", "", 13, "for 2 numbers a sample, gets 3"},
    {"Reshape", "x,x", "", 13, "shape is not a constant"},
    {"Reshape", "x,zeros", "allowzero=i1", 14, "allowzero"},
    {"Squeeze", "x", "axes=I0", 11, "axes"},
    {"Squeeze", "x", "axes=I1", 11, "for 1 numbers a sample, gets 3"},
    {"Concat", "x,x", "axis=i1", 13, "joins values"},
    {"Conv", "x,w", "", 13, "Conv \"y\": an operator that is not supported"},
    {"Relu", "x", "slope=f1", 13, "\"slope\""},
    {"Relu", "nothing", "", 13, "\"nothing\" is not defined"},
    {"Relu", "v", "", 13, "\"v\" is a constant"},
    {"Relu", "", "", 13, "lacks an input"},
    {"Relu", "y", "", 13, "circle"},
    {"Relu", "x", "", 99, "opset 99 is newer"},
};

static void test_onnx_operators_what_would_change_numbers_is_refused_by_name(void **state)
{
    static const int64_t shape[] = {-1, 2}, zeros[] = {0, 3}, whole[] = {2, 2, 2};

    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        size_t size;
        const unsigned char *bytes;

        begin();
        onnx_ints(&made, "shape", 2, shape);
        onnx_ints(&made, "zeros", 2, zeros);
        onnx_ints(&made, "whole", 3, whole);
        onnx_node(&made, refusals[i].operation, refusals[i].inputs, "y", refusals[i].attributes);
        bytes = onnx_end(&made, refusals[i].opset, "?,3", &size);
        onnx_case_refused(bytes, size,
                          strcmp(refusals[i].text, "circle") == 0 ? DLCORE_ERROR_FORMAT
                                                                  : DLCORE_ERROR_UNSUPPORTED,
                          refusals[i].text);
    }
    begin();
    made.domain = "com.microsoft";
    onnx_node(&made, "FusedMatMul", "x,w", "y", "");
    {
        size_t size;
        const unsigned char *bytes = onnx_end(&made, 13, "?,3", &size);

        onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED, "of domain com.microsoft");
    }
}

/* On (batch, 3, 4) these would work along the last axis alone. */
static void test_onnx_operators_deep_samples_are_refused_until_they_are_flat(void **state)
{
    static const float four[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    static const refusal_t deep[] = {
        {"MatMul", "x,four", "", 13, "one axis of 3"},
        {"LogSoftmax", "x", "axis=i-1", 13, "one axis of 3"},
        {"Softmax", "x", "axis=i1", 13, "axis is 1, not the last of 3"},
        {"Softmax", "x", "axis=i3", 13, "axis is 3, not the last of 3"},
        {"Softmax", "x", "", 12, "axis is 1, not the last of 3"}, /* and those behind it */
        {"Add", "x,v4", "", 13, "one axis of 3"},
        {"LayerNormalization", "x,v4", "", 17, "one axis of 3"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof deep / sizeof deep[0]; i++) {
        size_t size;
        const unsigned char *bytes;

        begin();
        onnx_tensor(&made, "four", "4,2", four);
        onnx_tensor(&made, "v4", "4", four);
        onnx_node(&made, deep[i].operation, deep[i].inputs, "y", deep[i].attributes);
        bytes = onnx_end(&made, deep[i].opset, "?,3,4", &size);
        onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED, deep[i].text);
    }
    begin();
    made.domain = "ai.onnx.ml";
    onnx_node(&made, "Scaler", "x", "y", "offset=F0.5,1,-2 scale=F2,0.25,1");
    {
        size_t size;
        const unsigned char *bytes = onnx_end(&made, 13, "?,3,1", &size);

        onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED, "one axis of 3");
    }
    begin();
    onnx_node(&made, "Relu", "x", "y", "");
    {
        size_t size;
        const unsigned char *bytes = onnx_end(&made, 13, "3", &size);

        onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED, "has 1 axes");
    }
    begin();
    onnx_node(&made, "Relu", "x", "y", "");
    {
        size_t size;
        const unsigned char *bytes = onnx_end(&made, 13, NULL, &size);

        onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED, "how many numbers");
    }
}

/* A classifier of two classes as scikit-learn has it, and what only looks like one. */
static void test_onnx_operators_one_minus_p_and_p_are_one_unit(void **state)
{
    static const float column[3] = {0.5f, -1.0f, 0.25f};
    double expected[ROWS];
    size_t size;
    const unsigned char *bytes;

    (void)state;
    begin();
    onnx_tensor(&made, "c", "3,1", column);
    onnx_node(&made, "MatMul", "x,c", "m", "");
    onnx_node(&made, "Sigmoid", "m", "p", "");
    onnx_node(&made, "Sub", "one,p", "q", "");
    onnx_node(&made, "Concat", "q,p", "y", "axis=i1");
    for (size_t r = 0; r < ROWS; r++) {
        expected[r] = 0.0;
        for (size_t i = 0; i < WIDTH; i++)
            expected[r] += (double)x[WIDTH * r + i] * (double)column[i];
        expected[r] = sigmoid(expected[r]);
    }
    (void)assert_outputs(13, 1, expected);
    begin();
    onnx_node(&made, "MatMul", "x,w", "m", "");
    onnx_node(&made, "Sigmoid", "m", "p", "");
    onnx_node(&made, "Sub", "one,p", "q", "");
    onnx_node(&made, "Concat", "q,p", "y", "axis=i1");
    bytes = onnx_end(&made, 13, "?,3", &size);
    onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED, "Concat \"y\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onnx_operators_gemm_and_matmul_are_dense_layers),
        cmocka_unit_test(test_onnx_operators_a_constant_is_seen_behind_other_nodes),
        cmocka_unit_test(test_onnx_operators_axes_of_constants_stand_where_they_are_put),
        cmocka_unit_test(test_onnx_operators_each_activation_is_its_formula),
        cmocka_unit_test(test_onnx_operators_chains_are_one_activation),
        cmocka_unit_test(test_onnx_operators_a_chain_with_another_constant_is_not_that_activation),
        cmocka_unit_test(test_onnx_operators_softmax_is_over_the_units),
        cmocka_unit_test(test_onnx_operators_prelu_has_a_slope_for_each_unit_or_one),
        cmocka_unit_test(test_onnx_operators_arithmetic_with_constants_in_every_order),
        cmocka_unit_test(test_onnx_operators_a_standardization_is_a_normalization_layer),
        cmocka_unit_test(test_onnx_operators_batch_normalization_is_that_of_inference),
        cmocka_unit_test(test_onnx_operators_layer_normalization_in_each_form),
        cmocka_unit_test(test_onnx_operators_shapes_that_keep_samples_apart),
        cmocka_unit_test(test_onnx_operators_a_graph_that_does_nothing_is_a_linear_layer),
        cmocka_unit_test(test_onnx_operators_dropout_does_nothing_and_keeps_its_rate),
        cmocka_unit_test(test_onnx_operators_weights_of_every_type),
        cmocka_unit_test(test_onnx_operators_numbers_at_the_ends_of_their_types),
        cmocka_unit_test(test_onnx_operators_numbers_that_are_not_those_of_the_shape_are_refused),
        cmocka_unit_test(test_onnx_operators_what_would_change_numbers_is_refused_by_name),
        cmocka_unit_test(test_onnx_operators_deep_samples_are_refused_until_they_are_flat),
        cmocka_unit_test(test_onnx_operators_one_minus_p_and_p_are_one_unit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
