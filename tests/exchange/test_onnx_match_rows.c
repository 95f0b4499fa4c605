/* Normalizations of a sample by its size in ONNX files: the operators, and what exporters write in
 * their place.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/onnx_case.h"

enum { ROWS = 3, WIDTH = 3 };

static const float x[ROWS * WIDTH] = {0.5f, -1.25f, 4.0f, -3.5f, 0.0f, 7.5f, 0.0f, 0.0f, 0.0f};
static const float v[3] = {2.0f, -0.5f, 4.0f};

static onnx_bytes_t made;

static void begin(void)
{
    static const float numbers[] = {0.5f, 2.0f, 1e-12f, 1e12f, 1e-6f, 1.0f};
    static const int64_t last[] = {-1}, three[] = {3}, four[] = {4};

    onnx_begin(&made);
    onnx_tensor(&made, "v", "3", v);
    onnx_tensor(&made, "half", "", &numbers[0]);
    onnx_tensor(&made, "two", "", &numbers[1]);
    onnx_tensor(&made, "least", "", &numbers[2]);
    onnx_tensor(&made, "most", "1", &numbers[3]);
    onnx_tensor(&made, "millionth", "", &numbers[4]);
    onnx_tensor(&made, "one", "", &numbers[5]);
    onnx_ints(&made, "last", 1, last);
    onnx_ints(&made, "three", 1, three);
    onnx_ints(&made, "four", 1, four);
}

/* What the layers compute: by sqrt(mean(b^2) + epsilon), b being x or x - mean, or by the length.
 */
static void normalized(double *y, bool about_mean, double epsilon, bool scales)
{
    for (size_t r = 0; r < ROWS; r++) {
        double mean = 0.0, squares = 0.0;

        for (size_t i = 0; i < WIDTH && about_mean; i++)
            mean += (double)x[WIDTH * r + i] / WIDTH;
        for (size_t i = 0; i < WIDTH; i++)
            squares += pow((double)x[WIDTH * r + i] - mean, 2.0) / WIDTH;
        for (size_t i = 0; i < WIDTH; i++)
            y[WIDTH * r + i] =
                (double)x[WIDTH * r + i] / sqrt(squares + epsilon) * (scales ? (double)v[i] : 1.0);
    }
}

static void of_length_one(double *y)
{
    for (size_t r = 0; r < ROWS; r++) {
        double squares = 0.0;

        for (size_t i = 0; i < WIDTH; i++)
            squares += pow((double)x[WIDTH * r + i], 2.0);
        for (size_t i = 0; i < WIDTH; i++)
            y[WIDTH * r + i] = squares > 0.0 ? (double)x[WIDTH * r + i] / sqrt(squares) : 0.0;
    }
}

static void assert_layer(const char *const *nodes, int opset, const double *expected,
                         dlcore_layer_kind_t kind)
{
    dlcore_model_t *model;

    begin();
    onnx_case_nodes(&made, nodes);
    model = onnx_case_outputs(&made, opset, ROWS, x, WIDTH, expected, WIDTH);
    assert_int_equal(dlcore_model_layer_count(model), 1);
    assert_int_equal(dlcore_model_layer(model, 0)->kind, kind);
    dlcore_model_free(model);
}

static void test_onnx_match_rows_rms_normalization_in_each_form(void **state)
{
    static const char *const operation[] = {
        "RMSNormalization x,v y epsilon=f0.5 axis=i-1 stash_type=i1", NULL};
    static const char *const torch[] = {"Pow x,two q",    "ReduceMean q,last m keepdims=i1",
                                        "Add m,half e",   "Sqrt e s",
                                        "Reciprocal s i", "Mul x,i n",
                                        "Mul n,v y",      NULL};
    static const char *const divided[] = {"Mul x,x q",
                                          "ReduceMean q m axes=I-1",
                                          "Add half,m e",
                                          "Sqrt e s",
                                          "Div x,s n",
                                          "Mul v,n y",
                                          NULL};
    static const char *const inverted[] = {"Mul x,x q",
                                           "ReduceMean q m axes=I-1",
                                           "Add half,m e",
                                           "Sqrt e s",
                                           "Div one,s i",
                                           "Mul i,x y",
                                           NULL};
    double expected[ROWS * WIDTH];

    (void)state;
    normalized(expected, false, 0.5, true);
    assert_layer(operation, 23, expected, DLCORE_LAYER_RMS_NORMALIZATION);
    assert_layer(torch, 18, expected, DLCORE_LAYER_RMS_NORMALIZATION);
    assert_layer(divided, 13, expected, DLCORE_LAYER_RMS_NORMALIZATION);
    normalized(expected, false, 0.5, false);
    assert_layer(inverted, 13, expected, DLCORE_LAYER_RMS_NORMALIZATION);
}

static void test_onnx_match_rows_rms_scaling_is_a_layer_normalization(void **state)
{
    static const char *const nodes[] = {"ReduceMean x m axes=I-1",
                                        "Sub x,m d",
                                        "Mul d,d q",
                                        "ReduceMean q n axes=I-1",
                                        "Add n,half e",
                                        "Sqrt e s",
                                        "Div x,s z",
                                        "Mul z,v y",
                                        NULL};
    double expected[ROWS * WIDTH];

    (void)state;
    normalized(expected, true, 0.5, true);
    assert_layer(nodes, 13, expected, DLCORE_LAYER_LAYER_NORMALIZATION);
}

static void test_onnx_match_rows_unit_normalization_in_each_form(void **state)
{
    static const char *const operation[] = {"LpNormalization x y", NULL};
    static const char *const length[] = {"ReduceL2 x l axes=I-1 keepdims=i1", "Max l,least d",
                                         "Div x,d y", NULL};
    static const char *const clipped[] = {"ReduceL2 x,last l", "Clip l,least d", "Div x,d y", NULL};
    static const char *const torch_of_opset_9[] = {"ReduceL2 x l axes=I-1 keepdims=i1",
                                                   "Clip l c min=f1e-12",
                                                   "Shape x s",
                                                   "Expand c,s d",
                                                   "Div x,d y",
                                                   NULL};
    static const char *const keras[] = {
        "Mul x,x q",    "ReduceSum q,last m", "Sqrt m s", "Reciprocal s i",
        "Min i,most k", "Mul x,k y",          NULL};
    static const char *const script[] = {"ReduceL2 x,last l keepdims=i1",
                                         "Clip l,least, d",
                                         "Shape x s",
                                         "Expand d,s e",
                                         "Div x,e y",
                                         NULL};
    static const char *const dynamo[] = {"Shape x b start=i0 end=i1",
                                         "ReduceL2 x,last l keepdims=i1 noop_with_empty_axes=i0",
                                         "Clip l,least d",
                                         "Concat b,three s axis=i0",
                                         "Expand d,s e",
                                         "Div x,e y",
                                         NULL};
    double expected[ROWS * WIDTH];

    (void)state;
    of_length_one(expected);
    assert_layer(script, 18, expected, DLCORE_LAYER_UNIT_NORMALIZATION);
    assert_layer(dynamo, 20, expected, DLCORE_LAYER_UNIT_NORMALIZATION);
    assert_layer(operation, 13, expected, DLCORE_LAYER_UNIT_NORMALIZATION);
    assert_layer(length, 13, expected, DLCORE_LAYER_UNIT_NORMALIZATION);
    assert_layer(clipped, 18, expected, DLCORE_LAYER_UNIT_NORMALIZATION);
    assert_layer(torch_of_opset_9, 9, expected, DLCORE_LAYER_UNIT_NORMALIZATION);
    assert_layer(keras, 13, expected, DLCORE_LAYER_UNIT_NORMALIZATION);
}

/* A bias behind it is a step of its own. */
static void test_onnx_match_rows_what_follows_is_kept_apart(void **state)
{
    static const char *const nodes[] = {"RMSNormalization x,v r epsilon=f0.5", "Mul r,v s",
                                        "Add s,v y", NULL};
    double expected[ROWS * WIDTH];
    dlcore_model_t *model;

    (void)state;
    normalized(expected, false, 0.5, true);
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        expected[i] = expected[i] * (double)v[i % WIDTH] + (double)v[i % WIDTH];
    begin();
    onnx_case_nodes(&made, nodes);
    model = onnx_case_outputs(&made, 23, ROWS, x, WIDTH, expected, WIDTH);
    assert_int_equal(dlcore_model_layer_count(model), 2);
    dlcore_model_free(model);
}

static void refuse(const char *const *nodes, int opset, const char *message)
{
    size_t size;
    const unsigned char *bytes;

    begin();
    onnx_case_nodes(&made, nodes);
    bytes = onnx_end(&made, opset, "?,3", &size);
    onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED, message);
}

static void test_onnx_match_rows_other_numbers_are_refused_by_name(void **state)
{
    static const char *const axis[] = {"RMSNormalization x,v y axis=i0", NULL};
    static const char *const none[] = {"RMSNormalization x,v y epsilon=f0", NULL};
    static const char *const sizes[] = {"LpNormalization x y p=i1", NULL};
    static const char *const bound[] = {"ReduceL2 x l axes=I-1", "Max l,millionth d", "Div x,d y",
                                        NULL};
    static const char *const batch[] = {"ReduceL2 x l axes=I0", "Max l,least d", "Div x,d y", NULL};
    static const char *const third[] = {"ReduceL2 x l axes=I-1", "Max l,least,one d", "Div x,d y",
                                        NULL};
    static const char *const spread[] = {
        "Shape v s", "ReduceL2 x l axes=I-1", "Max l,least d", "Expand d,s e", "Div x,e y", NULL};
    static const char *const wide[] = {"Shape x b end=i1",
                                       "ReduceL2 x l axes=I-1",
                                       "Max l,least d",
                                       "Concat b,four s axis=i0",
                                       "Expand d,s e",
                                       "Div x,e y",
                                       NULL};
    static const char *const filled[] = {"Shape x s", "ConstantOfShape s c",
                                         "RMSNormalization x,c y", NULL};
    static const char *const old[] = {"RMSNormalization x,v y", NULL};

    (void)state;
    refuse(axis, 23, "RMSNormalization \"y\": axis is 0");
    refuse(none, 23, "epsilon is 0");
    refuse(sizes, 13, "p is 1, only 2 is supported");
    refuse(bound, 13, "Div \"y\"");
    refuse(batch, 13, "Div \"y\"");
    refuse(third, 13, "Div \"y\"");
    refuse(wide, 13, "4");
    refuse(spread, 13, "Div \"y\"");
    refuse(filled, 23, "its scale is not a constant");
    refuse(old, 22, "opset 22 is older than 23");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onnx_match_rows_rms_normalization_in_each_form),
        cmocka_unit_test(test_onnx_match_rows_rms_scaling_is_a_layer_normalization),
        cmocka_unit_test(test_onnx_match_rows_unit_normalization_in_each_form),
        cmocka_unit_test(test_onnx_match_rows_what_follows_is_kept_apart),
        cmocka_unit_test(test_onnx_match_rows_other_numbers_are_refused_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
