/* Sparsemax, the paper's and Keras's, in ONNX files: as dlcore writes it and in other words, and
 * graphs that are almost that, each of which is refused.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/onnx_case.h"

enum { ROWS = 3, WIDTH = 3, NODES = 16 };

static const float x[ROWS * WIDTH] = {0.5f, 0.25f, -1.0f, 2.0f, 0.0f, 0.5f, -1.0f, -1.5f, -1.25f};
static const double paper_outputs[ROWS * WIDTH] = {0.625, 0.375,    0,        1,       0,
                                                   0,     7 / 12.0, 1 / 12.0, 4 / 12.0};
static const double keras_outputs[ROWS * WIDTH] = {0.375, 0.125,   0,       1,        0,
                                                   0,     5 / 3.0, 7 / 6.0, 17 / 12.0};

static onnx_bytes_t made;

static void begin(void)
{
    static const float numbers[] = {0.0f, 1.0f, 2.0f};
    static const float ranks[] = {1.0f, 2.0f, 3.0f}, others[] = {1.0f, 4.0f, 3.0f};
    static const int64_t whole[] = {-1, 0, 1, 2, 3, 4};
    static const char *const names[] = {"last", "first", "second", "two_units", "units", "four"};

    onnx_begin(&made);
    onnx_tensor(&made, "zero", "", &numbers[0]);
    onnx_tensor(&made, "one", "", &numbers[1]);
    onnx_tensor(&made, "two", "", &numbers[2]);
    onnx_tensor(&made, "ranks", "3", ranks);
    onnx_tensor(&made, "row_of_ranks", "1,3", ranks);
    onnx_tensor(&made, "column_of_ranks", "3,1", ranks);
    onnx_tensor(&made, "cube_of_ranks", "1,1,3", ranks);
    onnx_tensor(&made, "two_ranks", "2", ranks);
    onnx_typed_tensor(&made, "odd_ranks", "3", 14, 9, ranks, sizeof ranks); /* complex numbers */
    onnx_ints(&made, "several", 2, whole + 4);
    onnx_tensor(&made, "others", "3", others);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        onnx_ints(&made, names[i], 1, &whole[i]);
}

/* The paper's, and Keras's from its sums on. */
#define SORTED "TopK x,units s,o", "CumSum s,last c", "Sub c,one l", "Div l,ranks f"
static const char *const paper[] = {"ReduceMax x m axes=I-1 keepdims=i1",
                                    "Sub x,m b",
                                    "TopK b,units s,o",
                                    "CumSum s,last c",
                                    "Sub c,one l",
                                    "Div l,ranks f",
                                    "ReduceMax f t axes=I-1 keepdims=i1",
                                    "Sub b,t a",
                                    "Relu a y",
                                    NULL};
static const char *const keras[] = {SORTED,
                                    "Greater s,f g",
                                    "Where g,ranks,zero r",
                                    "ReduceMax r k axes=I-1 keepdims=i1",
                                    "Where g,c,zero h",
                                    "ReduceSum h,last u",
                                    "Sub u,one v",
                                    "Div v,k t",
                                    "Sub x,t a",
                                    "Relu a y",
                                    NULL};

static void assert_activation(const char *const *nodes, int opset, dlcore_activation_t activation)
{
    dlcore_model_t *model;

    begin();
    onnx_case_nodes(&made, nodes);
    model = onnx_case_outputs(
        &made, opset, ROWS, x, WIDTH,
        activation == DLCORE_ACTIVATION_SPARSEMAX ? paper_outputs : keras_outputs, WIDTH);
    assert_int_equal(dlcore_model_layer_count(model), 1);
    assert_int_equal(dlcore_model_layer(model, 0)->activation, activation);
    dlcore_model_free(model);
}

static void test_onnx_match_sparsemax_in_each_form(void **state)
{
    static const char *const not_shifted[] = {SORTED, "ReduceMax f t axes=I1", "Sub x,t a",
                                              "Relu a y", NULL};
    static const char *const in_full[] = {"TopK x,units s,o axis=i1 largest=i1 sorted=i1",
                                          "CumSum s,second c exclusive=i0 reverse=i0",
                                          "Sub c,one l",
                                          "Div l,row_of_ranks f",
                                          "ReduceMax f,last t keepdims=i1",
                                          "Sub x,t a",
                                          "Relu a y",
                                          NULL};

    (void)state;
    assert_activation(paper, 13, DLCORE_ACTIVATION_SPARSEMAX);
    assert_activation(not_shifted, 13, DLCORE_ACTIVATION_SPARSEMAX);
    assert_activation(in_full, 18, DLCORE_ACTIVATION_SPARSEMAX);
    assert_activation(keras, 13, DLCORE_ACTIVATION_SPARSEMAX_KERAS);
}

/* One node of a graph in other words. */
typedef struct miss {
    const char *node, *instead;
} miss_t;

static void assert_refused(const char *const *nodes, const miss_t *miss)
{
    const char *changed[NODES];
    const unsigned char *bytes;
    size_t count = 0, size;
    bool found = false;

    for (; nodes[count] != NULL; count++) {
        bool is_it = strcmp(nodes[count], miss->node) == 0;

        changed[count] = is_it ? miss->instead : nodes[count];
        found = found || is_it;
    }
    changed[count] = NULL;
    assert_true(found);
    begin();
    onnx_case_nodes(&made, changed);
    bytes = onnx_end(&made, 13, "?,3", &size);
    onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED, "memory: ");
}

/* The last axis of (batch, 3, 1) has one number. */
static void test_onnx_match_sparsemax_along_another_axis_is_refused(void **state)
{
    static const char *const *const forms[] = {paper, keras};

    (void)state;
    for (size_t f = 0; f < 2; f++) {
        const unsigned char *bytes;
        size_t size;

        begin();
        onnx_case_nodes(&made, forms[f]);
        bytes = onnx_end(&made, 13, "?,3,1", &size);
        onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED, "works along one axis of 3");
    }
}

static void test_onnx_match_sparsemax_with_another_node_is_refused(void **state)
{
    static const miss_t of_paper[] = {
        {"TopK b,units s,o", "TopK x,units s,o"},
        {"TopK b,units s,o", "TopK b,two_units s,o"},
        {"TopK b,units s,o", "TopK b,four s,o"},
        {"TopK b,units s,o", "TopK b,first s,o"},
        {"TopK b,units s,o", "TopK b,several s,o"},
        {"TopK b,units s,o", "TopK b,units s,o axis=i0"},
        {"TopK b,units s,o", "TopK b,units s,o largest=i0"},
        {"TopK b,units s,o", "TopK b,units s,o sorted=i0"},
        {"TopK b,units s,o", "TopK b,units o,s"},
        {"TopK b,units s,o", "TopK b,m s,o"},
        {"CumSum s,last c", "CumSum s,first c"},
        {"CumSum s,last c", "CumSum s,last c exclusive=i1"},
        {"CumSum s,last c", "CumSum s,last c reverse=i1"},
        {"CumSum s,last c", "CumSum b,last c"},
        {"CumSum s,last c", "CumSum s,m c"},
        {"Sub c,one l", "Sub c,two l"},
        {"Sub c,one l", "Sub one,c l"},
        {"Sub c,one l", "Add c,one l"},
        {"Div l,ranks f", "Div l,others f"},
        {"Div l,ranks f", "Div l,two_ranks f"},
        {"Div l,ranks f", "Div l,column_of_ranks f"},
        {"Div l,ranks f", "Div l,cube_of_ranks f"},
        {"Div l,ranks f", "Div l, f"},
        {"Div l,ranks f", "Div l,b f"},
        {"Div l,ranks f", "Mul l,ranks f"},
        {"ReduceMax f t axes=I-1 keepdims=i1", "ReduceMax f t axes=I0 keepdims=i1"},
        {"ReduceMax f t axes=I-1 keepdims=i1", "ReduceMax f t axes=I-1 keepdims=i0"},
        {"ReduceMax f t axes=I-1 keepdims=i1", "ReduceMean f t axes=I-1 keepdims=i1"},
        {"Sub b,t a", "Sub x,t a"},
        {"Sub b,t a", "Sub t,b a"},
        {"Sub b,t a", "Sub b, a"},
        {"Sub b,t a", "Add b,t a"},
        {"Relu a y", "Softplus a y"},
        {"Sub x,m b", "Sub m,x b"},
    };
    static const miss_t of_keras[] = {
        {"Greater s,f g", "Greater f,s g"},
        {"Greater s,f g", "Greater c,f g"},
        {"Greater s,f g", "Greater s,l g"},
        {"Greater s,f g", "Less s,f g"},
        {"Where g,ranks,zero r", "Where g,ranks,one r"},
        {"Where g,ranks,zero r", "Where g,zero,ranks r"},
        {"Where g,ranks,zero r", "Where g,others,zero r"},
        {"Where g,ranks,zero r", "Where s,ranks,zero r"},
        {"ReduceMax r k axes=I-1 keepdims=i1", "ReduceMean r k axes=I-1 keepdims=i1"},
        {"Where g,c,zero h", "Where g,c,one h"},
        {"Where g,c,zero h", "Where g,s,zero h"},
        {"ReduceSum h,last u", "ReduceSum h,first u"},
        {"ReduceSum h,last u", "ReduceSum c,last u"},
        {"ReduceSum h,last u", "ReduceMax h u axes=I-1 keepdims=i1"},
        {"Sub u,one v", "Sub u,two v"},
        {"Div v,k t", "Div v,r t"},
        {"Div v,k t", "Mul v,k t"},
        {"Sub c,one l", "Sub c,two l"},
        {"Div l,ranks f", "Div l,others f"},
        {"TopK x,units s,o", "TopK x,two_units s,o"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof of_paper / sizeof *of_paper; i++)
        assert_refused(paper, &of_paper[i]);
    for (size_t i = 0; i < sizeof of_keras / sizeof *of_keras; i++)
        assert_refused(keras, &of_keras[i]);
}

static void test_onnx_match_sparsemax_with_ranks_that_cannot_be_read_says_so(void **state)
{
    const char *nodes[NODES];
    const unsigned char *bytes;
    size_t size;

    (void)state;
    memcpy(nodes, paper, sizeof paper);
    nodes[5] = "Div l,odd_ranks f";
    begin();
    onnx_case_nodes(&made, nodes);
    bytes = onnx_end(&made, 13, "?,3", &size);
    onnx_case_refused(bytes, size, DLCORE_ERROR_DTYPE, "tensor \"odd_ranks\"");
}

/* Of the paper's alone the outputs stay what they are. */
static void test_onnx_match_sparsemax_of_keras_is_not_shifted(void **state)
{
    static const char *const shifted[] = {"ReduceMax x m axes=I-1 keepdims=i1",
                                          "Sub x,m b",
                                          "TopK b,units s,o",
                                          "CumSum s,last c",
                                          "Sub c,one l",
                                          "Div l,ranks f",
                                          "Greater s,f g",
                                          "Where g,ranks,zero r",
                                          "ReduceMax r k axes=I-1 keepdims=i1",
                                          "Where g,c,zero h",
                                          "ReduceSum h,last u",
                                          "Sub u,one v",
                                          "Div v,k t",
                                          "Sub b,t a",
                                          "Relu a y",
                                          NULL};
    const unsigned char *bytes;
    size_t size;

    (void)state;
    begin();
    onnx_case_nodes(&made, shifted);
    bytes = onnx_end(&made, 13, "?,3", &size);
    onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED, "Sub \"b\"");
}

/* It joins a dense layer, but only one of as many units. */
static void test_onnx_match_sparsemax_behind_dense_has_its_units(void **state)
{
    static const float kernel[12] = {1.0f, 0, 0, 0, 0, 1.0f, 0, 0, 0, 0, 1.0f, 0};
    static const char *const nodes[] = {"Gemm x,w d",  "TopK d,units s,o", "CumSum s,last c",
                                        "Sub c,one l", "Div l,ranks f",    "ReduceMax f t axes=I-1",
                                        "Sub d,t a",   "Relu a y",         NULL};
    const unsigned char *bytes;
    size_t size;

    (void)state;
    begin();
    onnx_tensor(&made, "w", "3,4", kernel);
    onnx_case_nodes(&made, nodes);
    bytes = onnx_end(&made, 13, "?,3", &size);
    onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED,
                      "Relu \"y\": is for 3 numbers a sample, gets 4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onnx_match_sparsemax_in_each_form),
        cmocka_unit_test(test_onnx_match_sparsemax_along_another_axis_is_refused),
        cmocka_unit_test(test_onnx_match_sparsemax_with_another_node_is_refused),
        cmocka_unit_test(test_onnx_match_sparsemax_with_ranks_that_cannot_be_read_says_so),
        cmocka_unit_test(test_onnx_match_sparsemax_of_keras_is_not_shifted),
        cmocka_unit_test(test_onnx_match_sparsemax_behind_dense_has_its_units),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
