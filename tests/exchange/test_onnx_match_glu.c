/* Gated linear units in ONNX files, as exporters write them, and splits that are none.
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

enum { ROWS = 2, WIDTH = 4, HALF = WIDTH / 2 };

static const float x[ROWS * WIDTH] = {0.5f, -1.0f, 0.25f, 2.0f, 3.0f, 1.0f, -1.5f, 0.0f};

static onnx_bytes_t made;

static void begin(const char *const *nodes)
{
    static const int64_t halves[] = {2, 2}, others[] = {1, 3}, three[] = {2, 1, 1},
                         less[] = {-2, -2};
    static const float w[] = {1, 2};

    onnx_begin(&made);
    onnx_ints(&made, "halves", 2, halves);
    onnx_ints(&made, "others", 2, others);
    onnx_ints(&made, "three", 3, three);
    onnx_ints(&made, "less", 2, less);
    onnx_tensor(&made, "w", "2,1", w);
    onnx_case_nodes(&made, nodes);
}

static void test_onnx_match_glu_in_each_form(void **state)
{
    static const struct {
        const char *nodes[4];
        int opset;
    } forms[] = {
        {{"Split x a,b axis=i-1", "Sigmoid b s ", "Mul a,s y "}, 13},
        {{"Split x a,b axis=i1 num_outputs=i2", "Sigmoid b s ", "Mul s,a y "}, 18},
        {{"Split x,halves a,b axis=i1", "Sigmoid b s ", "Mul a,s y "}, 13},
        {{"Split x a,b axis=i1 split=I2,2", "Sigmoid b s ", "Mul a,s y "}, 11},
    };
    double expected[ROWS * HALF];

    (void)state;
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t i = 0; i < HALF; i++)
            expected[HALF * r + i] =
                (double)x[WIDTH * r + i] / (1 + exp(-(double)x[WIDTH * r + HALF + i]));
    }
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        dlcore_model_t *model;

        begin(forms[f].nodes);
        model = onnx_case_outputs(&made, forms[f].opset, ROWS, x, WIDTH, expected, HALF);
        assert_int_equal(dlcore_model_layer_count(model), 1);
        assert_int_equal(dlcore_model_layer(model, 0)->kind, DLCORE_LAYER_GLU);
        dlcore_model_free(model);
    }
}

/* What comes behind works on half as many numbers. */
static void test_onnx_match_glu_halves_the_width(void **state)
{
    static const char *const behind[] = {"Split x a,b axis=i1", "Sigmoid b s ", "Mul a,s g ",
                                         "MatMul g,w y ", NULL};
    dlcore_model_t *model;
    double expected[ROWS];

    (void)state;
    for (size_t r = 0; r < ROWS; r++)
        expected[r] = (double)x[WIDTH * r] / (1 + exp(-(double)x[WIDTH * r + 2])) +
                      2 * (double)x[WIDTH * r + 1] / (1 + exp(-(double)x[WIDTH * r + 3]));
    begin(behind);
    model = onnx_case_outputs(&made, 13, ROWS, x, WIDTH, expected, 1);
    assert_int_equal(dlcore_model_layer_count(model), 2);
    dlcore_model_free(model);
}

static void test_onnx_match_glu_other_splits_are_refused_by_name(void **state)
{
    static const struct {
        const char *nodes[5], *input, *text;
    } others[] = {
        {{"Split x a,b axis=i1", "Sigmoid a s ", "Mul b,s y "}, "?,4", "Mul \"y\""},
        {{"Split x a,b axis=i1", "Sigmoid a s ", "Mul a,s y "}, "?,4", "Split \"a\""},
        {{"Split x a,b ", "Sigmoid b s ", "Mul a,s y "}, "?,4", "Mul \"y\""},
        {{"Split x a,b axis=i0", "Sigmoid b s ", "Mul a,s y "}, "?,4", "Mul \"y\""},
        {{"Split x,others a,b axis=i1", "Sigmoid b s ", "Mul a,s y "}, "?,4", "Mul \"y\""},
        {{"Split x,three a,b axis=i1", "Sigmoid b s ", "Mul a,s y "}, "?,4", "Mul \"y\""},
        {{"Split x,less a,b axis=i1", "Sigmoid b s ", "Mul a,s y "}, "?,4", "Mul \"y\""},
        {{"Split x,x a,b axis=i1", "Sigmoid b s ", "Mul a,s y "}, "?,4", "Mul \"y\""},
        {{"Split x a,b,c axis=i1", "Sigmoid b s ", "Mul a,s y "}, "?,6", "Mul \"y\""},
        {{"Split x a,b axis=i1 split=I1,3", "Sigmoid b s ", "Mul a,s y "}, "?,4", "Mul \"y\""},
        {{"Split x a,b axis=i1 split=I2", "Sigmoid b s ", "Mul a,s y "}, "?,4", "Mul \"y\""},
        {{"Split x a,b axis=i1 split=I2147483647,2147483647", "Sigmoid b s ", "Mul a,s y "},
         "?,4",
         "Mul \"y\": its operands"},
        {{"Split ,halves a,b axis=i1", "Sigmoid b s ", "Mul a,s y "},
         "?,4",
         "Mul \"y\": its operands"},
        {{"Split x a,b axis=i1 num_outputs=i3", "Sigmoid b s ", "Mul a,s y "}, "?,4", "Mul \"y\""},
        {{"Split x a,b axis=i1 other=i3", "Sigmoid b s ", "Mul a,s y "}, "?,4", "Mul \"y\""},
        {{"Split x a,b axis=i1", "Tanh b s ", "Mul a,s y "}, "?,4", "Mul \"y\""},
        {{"Split x a,b axis=i1", "Sigmoid b s ", "Mul a,s y "}, "?,5", "takes two halves of 5"},
        {{"Split x,halves a,b axis=i1", "Sigmoid b s ", "Mul a,s y "}, "?,6", "gets 6"},
        {{"Split x a,b axis=i1", "Sigmoid b s ", "Mul a,s y "}, NULL, "takes two halves of 0"},
        {{"Split x a,b axis=i1", "Sigmoid b s ", "Mul a,s y "}, "?,4,4", "works along one axis"},
        {{"Split x a,b axis=i1", "Relu a y "}, "?,4", "Split \"a\": is supported only among"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const unsigned char *bytes;
        size_t size;

        begin(others[i].nodes);
        bytes = onnx_end(&made, 13, others[i].input, &size);
        onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED, others[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onnx_match_glu_in_each_form),
        cmocka_unit_test(test_onnx_match_glu_halves_the_width),
        cmocka_unit_test(test_onnx_match_glu_other_splits_are_refused_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
