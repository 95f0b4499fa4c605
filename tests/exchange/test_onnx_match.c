/* Nodes of ONNX files that are almost a layer: with an attribute, an input or a constant that the
 * layer cannot have. Each is refused by name, or read as what its nodes say.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/onnx_case.h"

enum { ROWS = 2, WIDTH = 3, SIZE = ROWS * WIDTH, NODES = 10 };

static const float x[SIZE] = {0.5f, -1.25f, 4.0f, -3.5f, 0.25f, 7.5f};
static const float v[WIDTH] = {2.0f, -0.5f, 4.0f};

static onnx_bytes_t made;

static void begin(const char *const *nodes)
{
    static const struct {
        const char *name;
        float number;
    } numbers[] = {{"zero", 0},   {"one", 1},      {"two", 2},        {"three", 3},
                   {"half", .5f}, {"four", 4},     {"six", 6},        {"least", 1e-12f},
                   {"minus", -1}, {"most", 1e12f}, {"inf", INFINITY}, {"lowest", -3.4028235e38f}};
    static const int64_t three[] = {3}, pair[] = {3, 3}, none[] = {0};

    onnx_begin(&made);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        onnx_tensor(&made, numbers[i].name, "", &numbers[i].number);
    onnx_tensor(&made, "v", "3", v);
    onnx_tensor(&made, "column", "3,1", v);
    onnx_ints(&made, "of3", 1, three);
    onnx_ints(&made, "of33", 2, pair);
    onnx_ints(&made, "of0", 1, none);
    onnx_case_nodes(&made, nodes);
}

typedef struct case_of {
    const char *nodes[NODES];
    const char *text;
} case_t;

static void refuse(int opset, const case_t *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const unsigned char *bytes;
        size_t size;

        begin(cases[i].nodes);
        bytes = onnx_end(&made, opset, "?,3", &size);
        onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED, cases[i].text);
    }
}

#define REFUSE(opset, cases) refuse(opset, cases, sizeof cases / sizeof cases[0])

static void test_onnx_match_attributes_beyond_those_of_the_layer(void **state)
{
    static const case_t cases[] = {
        {{"LeakyRelu x y alpha=finf"}, "alpha is inf"},
        {{"Elu x y alpha=finf"}, "alpha is inf"},
        {{"ThresholdedRelu x y alpha=finf"}, "alpha is inf"},
        {{"Shrink x y lambd=f0.25"}, "lambd 0.25 and bias 0"},
        {{"Selu x y gamma=f2"}, "gamma 2 are not selu's"},
        {{"HardSigmoid x y alpha=f0.5 beta=f0.25"}, "alpha 0.5 and beta 0.25"},
        {{"HardSigmoid x y alpha=f0.5 beta=f-0.5"}, "alpha 0.5 and beta -0.5"},
        {{"Clip x,minus,two y"}, "limits -1 and 2"},
        {{"Clip x,zero,minus y"}, "limits 0 and -1"},
        {{"Max x,zero,one y"}, "its operands are no value and a number"},
        {{"Min x y"}, "its operands are no value and a number"},
        {{"RMSNormalization x,v y epsilon=finf"}, "epsilon is inf"},
        {{"RMSNormalization x,v y axis=i0"}, "axis is 0"},
        {{"LpNormalization x y axis=i0"}, "axis is 0"},
        {{"LayerNormalization x,v y epsilon=finf"}, "epsilon is inf"},
        {{"LayerNormalization x,x,v y"}, "its scale is not a constant"},
        {{"BatchNormalization x,v,v,v,v y epsilon=finf"}, "epsilon is inf"},
        {{"Concat x,v,v y axis=i1"}, "joins values other than"},
        {{"Concat x, y axis=i-1"}, "joins values other than"},
    };
    static const case_t pair[] = {
        {{"Sigmoid x p", "Sub one,p q", "Concat q, y axis=i1"}, "joins values other than"},
        {{"Sigmoid x p", "Sub one,p q", "Concat q,p y axis=i0"}, "joins values other than"},
        {{"Sigmoid x p", "Sub one,p q", "Concat q,p,p y axis=i1"}, "joins values other than"},
    };

    (void)state;
    REFUSE(23, cases);
    REFUSE(13, pair);
}

/* Numbers that training alone would need keep their default. */
static void test_onnx_match_a_momentum_that_cannot_be_is_left(void **state)
{
    static const char *const graphs[][NODES] = {
        {"BatchNormalization x,v,v,v,v y momentum=f-0.5"},
        {"BatchNormalization x,v,v,v,v y momentum=f1.5"},
    };
    static const float variance[WIDTH] = {4, 1, 16};

    (void)state;
    for (size_t g = 0; g < sizeof graphs / sizeof graphs[0]; g++) {
        const unsigned char *bytes;
        dlcore_model_t *model;
        size_t size;

        begin(graphs[g]);
        onnx_tensor(&made, "variance", "3", variance);
        bytes = onnx_end(&made, 13, "?,3", &size);
        model = onnx_case_load(bytes, size);
        assert_true(dlcore_model_layer(model, 0)->momentum == 0.99);
        dlcore_model_free(model);
    }
}

static void test_onnx_match_near_normalizations(void **state)
{
    static const case_t cases[] = {
        /* a mean over two axes, or one that leaves its axis out */
        {{"ReduceMean x m axes=I0,1", "Sub x,m d", "Mul d,d q", "ReduceMean q n axes=I1",
          "Add n,half e", "Sqrt e s", "Div d,s y"},
         "its operands"},
        {{"ReduceMean x m axes=I1 keepdims=i0", "Sub x,m d", "Mul d,d q", "ReduceMean q n axes=I1",
          "Add n,half e", "Sqrt e s", "Div d,s y"},
         "its operands"},
        /* epsilon without bounds */
        {{"ReduceMean x m axes=I1", "Sub x,m d", "Mul d,d q", "ReduceMean q n axes=I1",
          "Add n,inf e", "Sqrt e s", "Div d,s y"},
         "its operands"},
        {{"Mul x,x q", "ReduceMean q m axes=I1", "Add inf,m e", "Sqrt e s", "Div x,s y"},
         "its operands"},
        /* a length's lower limit as an attribute, and what is near it */
        {{"ReduceL2 x l axes=I1", "Clip l,least c max=f5", "Div x,c y"}, "its operands"},
        {{"ReduceL2 x l axes=I1", "Clip l c max=f5", "Div x,c y"}, "its operands"},
        {{"ReduceL2 x l axes=I1", "Clip l c min=f1", "Div x,c y"}, "its operands"},
        {{"ReduceL2 x l axes=I1", "Clip l c min=f1e-12 max=f5", "Div x,c y"}, "its operands"},
        /* shapes that are not that of x */
        {{"ReduceL2 x l axes=I1", "Max l,least m", "Shape x s start=i1", "Expand m,s e",
          "Div x,e y"},
         "its operands"},
        {{"ReduceL2 x l axes=I1", "Max l,least m", "Expand m,of33 e", "Div x,e y"}, "its operands"},
        {{"ReduceL2 x l axes=I1", "Max l,least m", "Shape x b end=i1", "Concat b,of3,of3 s axis=i0",
          "Expand m,s e", "Div x,e y"},
         "its operands"},
        {{"ReduceL2 x l axes=I1", "Max l,least m", "Shape x b end=i1", "Concat b,v s axis=i0",
          "Expand m,s e", "Div x,e y"},
         "its operands"},
        {{"ReduceL2 x l axes=I1", "Max l,least m", "Shape x b end=i1", "Concat b,of33 s axis=i0",
          "Expand m,s e", "Div x,e y"},
         "its operands"},
        {{"ReduceL2 x l axes=I1", "Max l,least m", "Shape x b end=i1", "Concat b,of0 s axis=i0",
          "Expand m,s e", "Div x,e y"},
         "its operands"},
        {{"ReduceL2 x l axes=I1", "Max l,least m", "Concat of3,of3 s axis=i0", "Expand m,s e",
          "Div x,e y"},
         "its operands"},
        {{"ReduceL2 x l axes=I1", "Max l,least m", "Shape x b start=i1 end=i1",
          "Concat b,of3 s axis=i0", "Expand m,s e", "Div x,e y"},
         "its operands"},
        {{"ReduceL2 x l axes=I1", "Max l,least m", "Shape x b end=i2", "Concat b,of3 s axis=i0",
          "Expand m,s e", "Div x,e y"},
         "its operands"},
        /* without x, or of another x */
        {{"ReduceL2 x l axes=I1", "Max l,least m", "Div ,m y"}, "its operands"},
        {{"Mul x,x q", "ReduceSum q s axes=I1", "Sqrt s r", "Reciprocal r i", "Min i,most m",
          "Mul ,m y"},
         "its operands"},
        {{"Relu x z", "Mul z,z q", "ReduceSum q s axes=I1", "Sqrt s r", "Reciprocal r i",
          "Min i,most m", "Mul x,m y"},
         "its operands"},
    };

    (void)state;
    REFUSE(12, cases);
}

static void test_onnx_match_scales_of_ones_alone_are_left_out(void **state)
{
    static const case_t wrong[] = {
        {{"Shape v s", "ConstantOfShape s c", "RMSNormalization x,c y"}, "its scale is not"},
        {{"Shape v s", "ConstantOfShape s c value=f1", "RMSNormalization x,c y"}, "its scale is"},
        {{"Shape v s", "ConstantOfShape s c value=t1,1", "RMSNormalization x,c y"}, "its scale is"},
        {{"Shape v s", "ConstantOfShape s c value=t2", "RMSNormalization x,c y"}, "its scale is"},
        {{"Shape v s", "ConstantOfShape s c value=T1,1", "RMSNormalization x,c y"}, "its scale is"},
    };
    double expected[SIZE];

    (void)state;
    for (size_t i = 0; i < SIZE; i++) {
        double squares = 0;

        for (size_t k = 0; k < WIDTH; k++)
            squares += pow((double)x[i / WIDTH * WIDTH + k], 2) / WIDTH;
        expected[i] = (double)x[i] / sqrt(squares + 1e-5);
    }
    begin((const char *const[]){"Shape v s", "ConstantOfShape s c value=t1",
                                "RMSNormalization x,c y axis=i1", NULL});
    dlcore_model_free(onnx_case_outputs(&made, 23, ROWS, x, WIDTH, expected, WIDTH));
    REFUSE(23, wrong);
}

#define MOMENTS                                                                              \
    "ReduceMean x m axes=I1", "Neg m n", "Sub x,m d", "Mul d,d q", "ReduceMean q r axes=I1", \
        "Add r,half e", "Sqrt e s", "Reciprocal s i"

/* By epsilon = 0.5. */
static void normalize(const double *from, double *to)
{
    for (size_t i = 0; i < SIZE; i++) {
        const double *row = from + i / WIDTH * WIDTH;
        double mean = (row[0] + row[1] + row[2]) / 3, squares = 0;

        for (size_t k = 0; k < WIDTH; k++)
            squares += pow(row[k] - mean, 2) / WIDTH;
        to[i] = (from[i] - mean) / sqrt(squares + 0.5);
    }
}

/* Of layer normalization as Keras writes it: with both, with one, with none. */
static void test_onnx_match_moments_without_a_scale_or_a_centre(void **state)
{
    static const struct {
        const char *nodes[14];
        bool scales, centers;
    } graphs[] = {
        {{MOMENTS, "Mul i,v g", "Mul x,g a", "Mul n,g b", "Add b,v c", "Add a,c y"}, true, true},
        {{MOMENTS, "Mul x,i a", "Mul n,i b", "Add b,v c", "Add a,c y"}, false, true},
        {{MOMENTS, "Mul v,i g", "Mul g,x a", "Mul g,n b", "Add b,a y"}, true, false},
        {{MOMENTS, "Mul x,i a", "Mul n,i b", "Add a,b y"}, false, false},
    };
    static const char *const operation[] = {"LayerNormalization x,one y axis=i1 epsilon=f0.5",
                                            NULL};
    double expected[SIZE], plain[SIZE];

    (void)state;
    for (size_t i = 0; i < SIZE; i++)
        expected[i] = (double)x[i];
    normalize(expected, plain);
    for (size_t g = 0; g < sizeof graphs / sizeof graphs[0]; g++) {
        for (size_t i = 0; i < SIZE; i++)
            expected[i] = plain[i] * (graphs[g].scales ? (double)v[i % WIDTH] : 1.0) +
                          (graphs[g].centers ? (double)v[i % WIDTH] : 0.0);
        begin(graphs[g].nodes);
        dlcore_model_free(onnx_case_outputs(&made, 13, ROWS, x, WIDTH, expected, WIDTH));
    }
    begin(operation);
    dlcore_model_free(onnx_case_outputs(&made, 17, ROWS, x, WIDTH, plain, WIDTH));
    begin(
        (const char *const[]){MOMENTS, "Mul x,i a", "Mul n,i b", "Add v,v,b c", "Add a,c y", NULL});
    {
        size_t size;
        const unsigned char *bytes = onnx_end(&made, 13, "?,3", &size);

        onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED, "its operands");
    }
}

/* What is normalized is a product itself, whose factor is no scale of the layer. */
static void test_onnx_match_moments_of_a_product(void **state)
{
    static const char *const nodes[] = {"Mul v,x p",
                                        "ReduceMean p m axes=I1",
                                        "Neg m n",
                                        "Sub p,m d",
                                        "Mul d,d q",
                                        "ReduceMean q r axes=I1",
                                        "Add r,half e",
                                        "Sqrt e s",
                                        "Reciprocal s i",
                                        "Mul i,p a",
                                        "Mul n,i b",
                                        "Add a,b y",
                                        NULL};
    double products[SIZE], expected[SIZE];

    (void)state;
    for (size_t i = 0; i < SIZE; i++)
        products[i] = (double)x[i] * (double)v[i % WIDTH];
    normalize(products, expected);
    begin(nodes);
    dlcore_model_free(onnx_case_outputs(&made, 13, ROWS, x, WIDTH, expected, WIDTH));
}

static void test_onnx_match_near_chains(void **state)
{
    static const case_t cases[] = {
        {{"Abs x a", "Add a,one s", "Div ,s y"}, "its operands"},
        {{"Softplus x s", "Greater x,six g", "Where g,,s y"}, "only among the operators"},
        {{"ThresholdedRelu x t alpha=f1", "Clip t,x,six c", "Sub x,one b", "Min b,zero m",
          "Mul m,two s", "Add c,s y"},
         "its operands"},
        {{"ThresholdedRelu x t alpha=f1", "Clip t,lowest c", "Sub x,one b", "Min b,zero m",
          "Mul m,two s", "Add c,s y"},
         "its operands"},
        {{"ThresholdedRelu x t alpha=f1", "Clip t,lowest,minus c", "Sub x,one b", "Min b,zero m",
          "Mul m,two s", "Add c,s y"},
         "its operands"},
        {{"ThresholdedRelu x t alpha=f1", "Sub x,one b", "Min b,zero m", "Mul m,minus s",
          "Add t,s y"},
         "its operands"},
        {{"ThresholdedRelu x t alpha=f1", "Sub x,one b", "Min b,zero m", "Mul m,inf s",
          "Add t,s y"},
         "its operands"},
        {{"ThresholdedRelu x t alpha=f1", "Sub x,one b", "Min b,zero,zero m", "Mul m,two s",
          "Add t,s y"},
         "its operands"},
        {{"ThresholdedRelu x t alpha=finf", "Sub x,inf b", "Min b,zero m", "Mul m,two s",
          "Add t,s y"},
         "its operands"},
        {{"Mul x,x q", "Add four,q s", "Sqrt s r", "Add ,r a", "Mul half,a y"}, "its operands"},
        {{"HardSigmoid x h", "Mul h,h q", "Sub x,one a", "Relu a r", "Add q,r y"}, "its operands"},
        {{"HardSigmoid x h alpha=f0.5 beta=f0.25", "Mul h,h q", "Sub x,one a", "Relu a r",
          "Add q,r y"},
         "its operands"},
        {{"Mul x,column y"}, "its operand has a shape other than (n) or (1, n)"},
        {{"Gemm x,nothing y"}, "its second operand is not a constant"},
        {{"Neg v,v n", "Mul x,n y"}, "its operands"},
        {{"Add v,v n axis=i0", "Mul x,n y"}, "its operands"},
    };

    (void)state;
    REFUSE(13, cases);
}

static void test_onnx_match_near_products(void **state)
{
    static const case_t cases[] = {
        {{"Pow x,two p", "Pow p,two q", "Tanh q t", "Add t,one a", "Mul x,a y"}, "its operands"},
        {{"Tanh x t", "Add t,one a axis=i0", "Mul x,a y"}, "its operands"},
        {{"Tanh x t", "Mul t,t q", "Add t,one a", "Add a,q g", "Mul x,g y"}, "its operands"},
        {{"Tanh x t", "Pow t,three q", "Add t,one a", "Add a,q g", "Mul x,g y"}, "its operands"},
        {{"HardSigmoid x s", "Mul x,s y"}, "its operands"},
        {{"HardSigmoid x s alpha=f0.16666667 beta=f0.25", "Mul x,s y"}, "its operands"},
        {{"Add x,three a", "Clip a c min=f0", "Mul x,c m", "Div m,six y"}, "its operands"},
        {{"Add x,three a", "Clip a c min=f1 max=f6", "Mul x,c m", "Div m,six y"}, "its operands"},
        {{"Add x,three a", "Clip a c min=f0 max=f5", "Mul x,c m", "Div m,six y"}, "its operands"},
        {{"Sigmoid x s", "Mul s,column m", "Mul x,m y"}, "its operand has a shape other than"},
        {{"Mul x,x d", "Mul d,d c", "Mul c,c b", "Mul b,b a", "Mul a,a y"}, "its operands"},
        {{"Sigmoid x s", "Mul x,s p", "Relu x d", "Mul d,two c", "Mul c,two b", "Mul b,two a",
          "Mul p,a y"},
         "its operands"},
        {{"Tanh x t", "Mul t,minus n", "Add n,one a", "Mul x,a y"}, "its operands"},
    };

    (void)state;
    REFUSE(13, cases);
}

/* More factors, and more constants, than one product has: read as several steps. */
static void test_onnx_match_long_products_are_several_steps(void **state)
{
    static const char *const vectors[] = {"Sigmoid x s", "Mul x,s m", "Mul m,v n", "Mul n,v y",
                                          NULL};
    static const char *const clips[] = {"Add x,three a", "Clip a c min=f0 max=f6", "Mul x,c m",
                                        "Div m,six y", NULL};
    static const char *const thresholds[] = {"ThresholdedRelu x t", "Sub x,one b", "Min b,zero m",
                                             "Mul m,two s",         "Add t,s y",   NULL};
    static const char *const lengths[] = {
        "ReduceL2 x l axes=I1", "Clip l c min=f1e-12 max=f3.4028235e38", "Div x,c y", NULL};
    static const char *const deep[] = {"Sigmoid x s", "Mul x,s a",   "Mul a,two b", "Mul b,two c",
                                       "Mul c,two d", "Mul d,two e", "Mul e,two y", NULL};
    double expected[5][SIZE];

    (void)state;
    for (size_t i = 0; i < SIZE; i++) {
        double of = (double)x[i], silu = of / (1 + exp(-of)), squares = 0;

        for (size_t k = 0; k < WIDTH; k++)
            squares += pow((double)x[i / WIDTH * WIDTH + k], 2);
        expected[0][i] = silu * pow((double)v[i % WIDTH], 2);
        expected[1][i] = of * fmin(fmax(of + 3, 0), 6) / 6;
        expected[2][i] = 32 * silu;
        expected[4][i] = of / sqrt(squares);
        expected[3][i] = of > 1 ? of : 2 * (of - 1);
    }
    begin(vectors);
    dlcore_model_free(onnx_case_outputs(&made, 13, ROWS, x, WIDTH, expected[0], WIDTH));
    begin(clips);
    dlcore_model_free(onnx_case_outputs(&made, 10, ROWS, x, WIDTH, expected[1], WIDTH));
    begin(deep);
    dlcore_model_free(onnx_case_outputs(&made, 13, ROWS, x, WIDTH, expected[2], WIDTH));
    begin(lengths);
    dlcore_model_free(onnx_case_outputs(&made, 10, ROWS, x, WIDTH, expected[4], WIDTH));
    begin(thresholds);
    dlcore_model_free(onnx_case_outputs(&made, 13, ROWS, x, WIDTH, expected[3], WIDTH));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onnx_match_attributes_beyond_those_of_the_layer),
        cmocka_unit_test(test_onnx_match_a_momentum_that_cannot_be_is_left),
        cmocka_unit_test(test_onnx_match_near_normalizations),
        cmocka_unit_test(test_onnx_match_scales_of_ones_alone_are_left_out),
        cmocka_unit_test(test_onnx_match_moments_without_a_scale_or_a_centre),
        cmocka_unit_test(test_onnx_match_moments_of_a_product),
        cmocka_unit_test(test_onnx_match_near_chains),
        cmocka_unit_test(test_onnx_match_near_products),
        cmocka_unit_test(test_onnx_match_long_products_are_several_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
