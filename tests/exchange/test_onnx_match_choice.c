/* Activations that exporters write as a choice by a comparison, as PyTorch's two exporters, Keras
 * and tf2onnx have them; choices that are none are refused. (test_onnx_near_misses.c changes one
 * node of each.)
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/onnx_case.h"

enum { ROWS = 3, WIDTH = 4, SIZE = ROWS * WIDTH, NODES = 18 };

static const float x[SIZE] = {0.5f,  -0.5f, 0.25f, -0.25f, 1.0f,   -1.0f,
                              1.25f, -2.5f, 7.5f,  -7.5f,  0.625f, 0.0f};

static onnx_bytes_t made;

static void begin(const char *const *nodes)
{
    static const float numbers[] = {0, 1, 2, 6, 0.5f, -0.5f, -1, 0.25f, INFINITY};
    static const char *const names[] = {"zero", "one", "two",     "six", "half",
                                        "less", "low", "quarter", "inf"};

    onnx_begin(&made);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        onnx_tensor(&made, names[i], "", &numbers[i]);
    onnx_case_nodes(&made, nodes);
}

static double hard_shrink(double t)
{
    return fabs(t) > 0.5 ? t : 0;
}
static double soft_shrink(double t)
{
    return t - fmin(fmax(t, -0.5), 0.5);
}
static double sparse_sigmoid(double t)
{
    return fmin(fmax((t + 1) / 2, 0), 1);
}
static double sparse_plus(double t)
{
    return t > 1 ? t : pow(sparse_sigmoid(t), 2);
}
static double half_elu(double t)
{
    return t > 0 ? t : 0.5 * expm1(t);
}
static double above_half(double t)
{
    return t > 0.5 ? t : 0;
}
static double bent(double t)
{
    return t > 0.5 ? fmin(t, 6) : 0.25 * (t - 0.5);
}
static double bent_at_zero(double t)
{
    return t > 0 ? fmin(t, 6) : 2 * t;
}

typedef struct form {
    const char *nodes[NODES];
    double (*of)(double);
    dlcore_activation_t activation;
} form_t;

static const form_t forms[] = {
    /* PyTorch, by torch.export and by TorchScript */
    {{"Abs x a ", "LessOrEqual a,half g ", "Where g,zero,x y "},
     hard_shrink,
     DLCORE_ACTIVATION_HARD_SHRINK},
    {{"Greater x,half g ", "Less x,less l ", "Cast g h to=i9", "Cast l k to=i9", "Or h,k o ",
      "Where o,x,zero y "},
     hard_shrink,
     DLCORE_ACTIVATION_HARD_SHRINK},
    {{"Abs x a ", "Greater a,half g ", "Sign x s ", "Mul s,half h ", "Sub x,h d ", "Mul x,zero z ",
      "Where g,d,z y "},
     soft_shrink,
     DLCORE_ACTIVATION_SOFT_SHRINK},
    {{"Greater x,half g ", "Sub x,half d ", "Where g,d,zero a ", "Less x,less l ", "Add x,half e ",
      "Where l,e,zero b ", "Add a,b y "},
     soft_shrink,
     DLCORE_ACTIVATION_SOFT_SHRINK},
    {{"LessOrEqual x,half g ", "Where g,zero,x y "}, above_half, DLCORE_ACTIVATION_RELU_GENERAL},
    /* Keras, with PyTorch behind it */
    {{"LessOrEqual x,low a ", "Shape x n ", "ConstantOfShape n z value=t0", "Less x,one l ",
      "Add x,one s ", "Pow s,two p ", "Mul p,quarter q ", "Where l,q,x w ", "Where a,z,w y "},
     sparse_plus,
     DLCORE_ACTIVATION_SPARSE_PLUS},
    {{"LessOrEqual x,low a ", "GreaterOrEqual x,one g ", "Add x,one s ", "Mul s,half q ",
      "Where g,one,q w ", "Where a,zero,w y "},
     sparse_sigmoid,
     DLCORE_ACTIVATION_SPARSE_SIGMOID},
    {{"Neg x n ", "Add n,half b ", "Relu b r ", "Greater x,half g ", "Cast g h to=i9",
      "Where h,x,zero w ", "Cast w v to=i1", "Clip v,zero,six c ", "Mul r,quarter s ",
      "Sub c,s y "},
     bent,
     DLCORE_ACTIVATION_RELU_GENERAL},
    /* the same and more by tf2onnx, which multiplies by comparisons */
    {{"Abs x a ", "Greater a,half g ", "Not g n ", "Cast n o to=i1", "Cast g h to=i1", "Mul h,x p ",
      "Shape x s ", "ConstantOfShape s z ", "Mul z,o q ", "Add p,q y "},
     hard_shrink,
     DLCORE_ACTIVATION_HARD_SHRINK},
    {{"Sub x,half d ", "Add x,half e ", "Less x,less l ", "Not l n ", "Cast n o to=i1",
      "Cast l k to=i1", "Mul k,e p ", "Mul zero,o z ", "Add p,z s ", "Greater x,half g ",
      "Not g h ", "Cast h i to=i1", "Cast g j to=i1", "Mul j,d q ", "Mul s,i r ", "Add q,r y "},
     soft_shrink,
     DLCORE_ACTIVATION_SOFT_SHRINK},
    {{"Add x,one s ", "Pow s,two p ", "Mul quarter,p f ", "LessOrEqual x,low a ", "Not a b ",
      "Cast b c to=i1", "Cast a d to=i1", "Less x,one l ", "Not l m ", "Cast m n to=i1",
      "Mul x,n t ", "Cast l o to=i1", "Mul o,f q ", "Add q,t w ", "Mul w,c u ", "Mul d,zero z ",
      "Add z,u y "},
     sparse_plus,
     DLCORE_ACTIVATION_SPARSE_PLUS},
    {{"Greater x,zero g ", "Not g h ", "Cast h i to=i1", "Cast g j to=i1", "Elu x e ",
      "Mul half,e b ", "Mul b,i p ", "Mul j,e q ", "Add q,p y "},
     half_elu,
     DLCORE_ACTIVATION_ELU},
    {{"Greater x,zero g ", "Elu x e alpha=f1", "Mul e,half b ", "Where g,e,b y "},
     half_elu,
     DLCORE_ACTIVATION_ELU},
    {{"Greater x,half g ", "Cast g h to=i1", "Mul h,x y "},
     above_half,
     DLCORE_ACTIVATION_RELU_GENERAL},
    {{"Greater x,half g ", "Not g n ", "Cast n o to=i1", "Mul zero,o z ", "Cast g h to=i1",
      "Mul h,x p ", "Add p,z a ", "Min a,six m ", "Max m,zero c ", "Neg x k ", "Add k,half b ",
      "Relu b r ", "Mul quarter,r s ", "Sub c,s y "},
     bent,
     DLCORE_ACTIVATION_RELU_GENERAL},
    {{"Relu x a ", "Min a,six m ", "Max m,zero c ", "Neg x k ", "Relu k r ", "Mul two,r s ",
      "Sub c,s y "},
     bent_at_zero,
     DLCORE_ACTIVATION_RELU_GENERAL},
    {{"Clip x,zero,six c ", "Neg x k ", "Relu k r ", "Mul two,r s ", "Sub c,s y "},
     bent_at_zero,
     DLCORE_ACTIVATION_RELU_GENERAL},
    /* in other words */
    {{"Abs x a ", "Less half,a g ", "Where g,x,zero y "},
     hard_shrink,
     DLCORE_ACTIVATION_HARD_SHRINK},
    {{"GreaterOrEqual half,x l ", "Where l,zero,x y "}, above_half, DLCORE_ACTIVATION_RELU_GENERAL},
    {{"Less x,less l ", "Add half,x e ", "Greater x,half g ", "Sub x,half d ", "Where g,d,zero w ",
      "Where l,e,w y "},
     soft_shrink,
     DLCORE_ACTIVATION_SOFT_SHRINK},
};

static void test_onnx_match_choice_in_each_form(void **state)
{
    double expected[SIZE];

    (void)state;
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        dlcore_model_t *model;

        begin(forms[f].nodes);
        for (size_t i = 0; i < SIZE; i++)
            expected[i] = forms[f].of((double)x[i]);
        model = onnx_case_outputs(&made, 13, ROWS, x, WIDTH, expected, WIDTH);
        assert_int_equal(dlcore_model_layer_count(model), 1);
        assert_int_equal(dlcore_model_layer(model, 0)->activation, forms[f].activation);
        dlcore_model_free(model);
    }
}

typedef struct other {
    const char *nodes[NODES], *text;
} other_t;

static void refuse(const other_t *others, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const unsigned char *bytes;
        size_t size;

        begin(others[i].nodes);
        bytes = onnx_end(&made, 13, "?,4", &size);
        onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED, others[i].text);
    }
}

/* Those of other sizes are no activation of dlcore; the first node behind which all is seen is
 * named. */
static void test_onnx_match_choice_of_something_else_is_refused_by_name(void **state)
{
    static const other_t others[] = {
        {{"Abs x a ", "Greater a,quarter g ", "Where g,x,zero y "}, "Where \"y\""},
        {{"Abs x a ", "GreaterOrEqual a,half g ", "Where g,x,zero y "}, "Where \"y\""},
        {{"Abs x a ", "Greater a,half g ", "Where g,x,one y "}, "Where \"y\""},
        {{"Greater x,low g ", "Where g,x,zero y "}, "Where \"y\""},
        {{"GreaterOrEqual x,half g ", "Where g,x,zero y "}, "Where \"y\""},
        {{"Greater x,half g ", "Less x,low l ", "Or g,l o ", "Where o,x,zero y "}, "Where \"y\""},
        {{"Greater x,x g ", "Where g,x,zero y "}, "Where \"y\""},
        {{"Greater x,half g ", "Cast g y to=i1"}, "Greater \"g\""},
        {{"Elu x e alpha=f2", "Mul half,e b ", "Greater x,zero g ", "Where g,e,b y "},
         "Where \"y\""},
        {{"Greater x,zero g ", "Elu x e ", "Mul low,e b ", "Where g,e,b y "}, "Where \"y\""},
        {{"Greater x,zero g ", "Elu x e ", "Mul inf,e b ", "Where g,e,b y "}, "Where \"y\""},
        {{"Greater x,inf g ", "Where g,x,zero y "}, "Where \"y\""},
        {{"Greater x,half g ", "Where g,x, y "}, "Where \"y\""},
        {{"Greater x,half g ", "Where g,x y "}, "Where \"y\""},
        {{"Greater x,half g ", "Shape x n ", "ConstantOfShape n z value=t1", "Where g,x,z y "},
         "Where \"y\""},
        {{"Greater x,half g ", "Shape x n ", "ConstantOfShape n z value=t0,0", "Where g,x,z y "},
         "Where \"y\""},
        /* one comparison is of x, the other of its size */
        {{"Abs x a ", "Greater a,half g ", "Less x,less l ", "Or g,l o ", "Where o,x,zero y "},
         "Where \"y\""},
        {{"Abs x a ", "Greater x,half g ", "Less a,less l ", "Or g,l o ", "Where o,x,zero y "},
         "Where \"y\""},
        {{"Relu x a ", "Clip a,zero,one c ", "Neg x k ", "Relu k r ", "Mul low,r s ", "Sub c,s y "},
         "Sub \"y\""},
        /* a threshold above the largest value, where relu has the one and this the other */
        {{"Greater x,six g ", "Where g,x,zero w ", "Clip w,zero,one c ", "Neg x n ", "Add n,six b ",
          "Relu b r ", "Mul r,half s ", "Sub c,s y "},
         "Sub \"y\""},
    };

    (void)state;
    refuse(others, sizeof others / sizeof others[0]);
}

/* Where the two comparisons are not one and its opposite. */
static void test_onnx_match_choice_of_two_products_by_other_comparisons_is_refused(void **state)
{
#define BY(x_again, bound)                                                                 \
    "Greater x,half g ", "Cast g h to=i1", "Mul h,x p ", "Relu x r ", "Abs x a ",          \
        "Greater " x_again "," bound " k ", "Not k l ", "Cast l m to=i1", "Mul zero,m q ", \
        "Add p,q y "
    static const other_t others[] = {
        {{BY("r", "half")}, "Add \"y\""},
        {{BY("a", "half")}, "Add \"y\""},
        {{BY("x", "one")}, "Add \"y\""},
    };
    double expected[SIZE];

    (void)state;
    refuse(others, sizeof others / sizeof others[0]);
    for (size_t i = 0; i < SIZE; i++)
        expected[i] = above_half((double)x[i]);
    begin((const char *const[]){BY("x", "half"), NULL});
    dlcore_model_free(onnx_case_outputs(&made, 13, ROWS, x, WIDTH, expected, WIDTH));
#undef BY
}

/* A relu with a limit, a threshold and a slope, of which one is not such as relu can have. */
static void test_onnx_match_choice_near_a_relu_with_a_slope_is_refused_by_name(void **state)
{
#define LESS_SLOPE(product) "Neg x n ", "Relu n r ", product, "Sub c,s y "
    static const other_t others[] = {
        {{"Relu x a ", "Min a,six m ", "Max m,zero,one c ", LESS_SLOPE("Mul r,half s ")},
         "Sub \"y\""},
        {{"Relu x a ", "Max a c ", LESS_SLOPE("Mul r,half s ")}, "Sub \"y\""},
        {{"Relu x a ", "Min a,six,one m ", "Max m,zero c ", LESS_SLOPE("Mul r,half s ")},
         "Sub \"y\""},
        {{"Relu x a ", "Clip a,zero,six c max=f1", LESS_SLOPE("Mul r,half s ")}, "Sub \"y\""},
        {{"Relu x a ", "Clip a,zero,low c ", LESS_SLOPE("Mul r,half s ")}, "Sub \"y\""},
        {{"Relu x c ", LESS_SLOPE("Mul r,inf s ")}, "Sub \"y\""},
        {{"Abs x a ", "Greater a,zero g ", "Where g,x,zero c ", LESS_SLOPE("Mul r,half s ")},
         "Sub \"y\""},
        {{"Greater x,low g ", "Where g,x,zero c ", "Sub low,x n ", "Relu n r ", "Mul r,half s ",
          "Sub c,s y "},
         "Sub \"y\""},
        {{"Greater x,inf g ", "Where g,x,zero c ", LESS_SLOPE("Mul r,half s ")}, "Sub \"y\""},
    };
    double expected[SIZE];

    (void)state;
    refuse(others, sizeof others / sizeof others[0]);
    for (size_t i = 0; i < SIZE; i++)
        expected[i] = bent_at_zero((double)x[i]);
    begin((const char *const[]){"Relu x a ", "Min a,six m ", "Max m,zero c ",
                                LESS_SLOPE("Mul r,two s "), NULL});
    dlcore_model_free(onnx_case_outputs(&made, 13, ROWS, x, WIDTH, expected, WIDTH));
#undef LESS_SLOPE
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onnx_match_choice_in_each_form),
        cmocka_unit_test(test_onnx_match_choice_of_something_else_is_refused_by_name),
        cmocka_unit_test(test_onnx_match_choice_of_two_products_by_other_comparisons_is_refused),
        cmocka_unit_test(test_onnx_match_choice_near_a_relu_with_a_slope_is_refused_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
