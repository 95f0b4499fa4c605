/* Casts between floats, and Identity, between the nodes that make up a layer.
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

enum { ROWS = 2, WIDTH = 3, SIZE = ROWS * WIDTH };

static const float x[SIZE] = {0.5f, -1.25f, 4.0f, -3.5f, 0.25f, 7.5f};

static onnx_bytes_t made;

static void begin(const char *const *nodes)
{
    static const int64_t three[] = {3};
    static const float two = 2;

    onnx_begin(&made);
    onnx_ints(&made, "three", 1, three);
    onnx_tensor(&made, "two", "", &two);
    onnx_case_nodes(&made, nodes);
}

/* As Keras writes it with PyTorch behind it. */
static void test_onnx_skip_casts_within_a_layer(void **state)
{
    static const char *const nodes[] = {"Cast x a to=i1",
                                        "Cast a b to=i11",
                                        "Identity b c ",
                                        "Softplus c s ",
                                        "Cast s t to=i1",
                                        "Identity t u ",
                                        "Tanh u v ",
                                        "Cast v w to=i1",
                                        "Mul b,w m ",
                                        "Identity m y ",
                                        NULL};
    dlcore_model_t *model;
    double expected[SIZE];

    (void)state;
    for (size_t i = 0; i < SIZE; i++)
        expected[i] = (double)x[i] * tanh(log1p(exp((double)x[i])));
    begin(nodes);
    model = onnx_case_outputs(&made, 13, ROWS, x, WIDTH, expected, WIDTH);
    assert_int_equal(dlcore_model_layer_count(model), 1);
    assert_int_equal(dlcore_model_layer(model, 0)->activation, DLCORE_ACTIVATION_MISH);
    dlcore_model_free(model);
}

/* A whole number that became a float is divided by as one. */
static void test_onnx_skip_leaves_casts_of_constants(void **state)
{
    static const char *const nodes[] = {"Cast three a to=i1", "Div x,a y ", NULL};
    dlcore_model_t *model;
    double expected[SIZE];

    (void)state;
    for (size_t i = 0; i < SIZE; i++)
        expected[i] = (double)x[i] / 3;
    begin(nodes);
    model = onnx_case_outputs(&made, 13, ROWS, x, WIDTH, expected, WIDTH);
    dlcore_model_free(model);
}

static void test_onnx_skip_no_cast_that_changes_numbers(void **state)
{
    static const struct {
        const char *nodes[6], *text;
        dlcore_status status;
    } others[] = {
        {{"Cast x a to=i7", "Cast a b to=i1", "Softplus b s ", "Tanh s t ", "Mul b,t y "},
         "Cast \"a\": a cast to type 7 loses digits",
         DLCORE_ERROR_UNSUPPORTED},
        {{"Softplus x s ", "Cast s a to=i10", "Tanh a t ", "Mul x,t y "},
         "Mul \"y\"",
         DLCORE_ERROR_UNSUPPORTED},
        {{"Cast x a to=i9", "Mul a,two y "}, "Cast \"a\"", DLCORE_ERROR_UNSUPPORTED},
        {{"Cast x a to=i1 other=i1", "Mul a,two y "}, "\"other\"", DLCORE_ERROR_UNSUPPORTED},
        {{"Cast x a ", "Mul a,two y "}, "Cast \"a\"", DLCORE_ERROR_UNSUPPORTED},
        {{"Cast b a to=i1", "Identity a b ", "Mul a,two y "}, "circle", DLCORE_ERROR_FORMAT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const unsigned char *bytes;
        size_t size;

        begin(others[i].nodes);
        bytes = onnx_end(&made, 13, "?,3", &size);
        onnx_case_refused(bytes, size, others[i].status, others[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onnx_skip_casts_within_a_layer),
        cmocka_unit_test(test_onnx_skip_leaves_casts_of_constants),
        cmocka_unit_test(test_onnx_skip_no_cast_that_changes_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
