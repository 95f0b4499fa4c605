/* The shape of what goes through a network of an ONNX file: what Reshape, Flatten and Squeeze make
 * of it, and inputs whose shape is none.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/onnx_case.h"

enum { NODES = 10 };

/* n: the first number of a value's shape, as a list of one */
#define BATCH(of) \
    "Constant - i value_int=i0", ("Shape " of " d"), "Gather d,i g", "Unsqueeze g,first n"

static const float w[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

static onnx_bytes_t made;

static void begin(const char *const *nodes)
{
    static const int64_t last[] = {-1}, first[] = {0}, second[] = {1}, both[] = {0, 1},
                         many[] = {1, 1, 1, 1, 1, 1, 1, 6};
    static const float least = 1e-12f, half = 0.5f;

    onnx_begin(&made);
    onnx_tensor(&made, "least", "", &least);
    onnx_tensor(&made, "half", "", &half);
    onnx_tensor(&made, "v", "3", w);
    onnx_tensor(&made, "w", "6,2", w);
    onnx_ints(&made, "last", 1, last);
    onnx_ints(&made, "open", 1, last);
    onnx_ints(&made, "first", 1, first);
    onnx_ints(&made, "second", 1, second);
    onnx_ints(&made, "both", 2, both);
    onnx_ints(&made, "many", 8, many);
    onnx_case_nodes(&made, nodes);
}

typedef struct case_of {
    const char *input; /* NULL: no shape is said */
    const char *nodes[NODES];
    dlcore_status status;
    const char *text;
} case_t;

static void refuse(const case_t *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const unsigned char *bytes;
        size_t size;

        begin(cases[i].nodes);
        bytes = onnx_end(&made, 13, cases[i].input, &size);
        onnx_case_refused(bytes, size, cases[i].status, cases[i].text);
    }
}

static void test_onnx_shape_inputs_that_are_no_samples_are_refused(void **state)
{
    static const case_t cases[] = {
        {"?,1,1,1,1,1,1,1,1,2", {"Relu x y"}, DLCORE_ERROR_UNSUPPORTED, "has 10 axes"},
        {"?,-3", {"Relu x y"}, DLCORE_ERROR_OVERFLOW, "has an axis of -3"},
        {"?,65536,65536", {"Relu x y"}, DLCORE_ERROR_OVERFLOW, "has an axis of 65536"},
    };
    const unsigned char *bytes;
    size_t size;

    (void)state;
    refuse(cases, sizeof cases / sizeof cases[0]);
    begin((const char *const[]){"Relu x y", NULL});
    made.input_type = 8;
    bytes = onnx_end(&made, 13, "?,3", &size);
    onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED, "input \"x\" is of strings");
}

static void test_onnx_shape_samples_that_do_not_stay_apart_are_refused(void **state)
{
    static const char apart[] = "does not keep samples apart";
    static const case_t cases[] = {
        {"?,6",
         {"Constant - s value_ints=I-1,3,0", "Reshape x,s y"},
         DLCORE_ERROR_UNSUPPORTED,
         apart},
        {"?,6",
         {"Constant - s value_ints=I0,-1,-1", "Reshape x,s y"},
         DLCORE_ERROR_UNSUPPORTED,
         apart},
        {"?,6",
         {"Constant - s value_ints=I-1,-1", "Reshape x,s y"},
         DLCORE_ERROR_UNSUPPORTED,
         apart},
        {"?,6",
         {"Constant - s value_ints=I0,-2", "Reshape x,s y"},
         DLCORE_ERROR_UNSUPPORTED,
         apart},
        {"?,6",
         {"Constant - s value_ints=I0,3000000000", "Reshape x,s y"},
         DLCORE_ERROR_UNSUPPORTED,
         apart},
        {"?,6",
         {"Constant - s value_ints=I0,65536,65536", "Reshape x,s y"},
         DLCORE_ERROR_UNSUPPORTED,
         apart},
        {"?,6",
         {"Constant - s value_ints=I0,-1,4", "Reshape x,s y"},
         DLCORE_ERROR_UNSUPPORTED,
         apart},
        {NULL,
         {"Constant - s value_ints=I0,-1,4", "Reshape x,s y"},
         DLCORE_ERROR_UNSUPPORTED,
         apart},
        {"5,6", {"Constant - s value_ints=I6,5", "Reshape x,s y"}, DLCORE_ERROR_UNSUPPORTED, apart},
        {"?,6",
         {"Constant - s value_ints=I", "Reshape x,s y"},
         DLCORE_ERROR_UNSUPPORTED,
         "its shape is not a constant"},
        {"?,6", {"Reshape x,w y"}, DLCORE_ERROR_UNSUPPORTED, "its shape is not a constant"},
        {"?,6",
         {"Constant - s value_ints=I0,3,-1", "Reshape x,s r", "MatMul r,w y"},
         DLCORE_ERROR_UNSUPPORTED,
         "works along one axis of 3"},
        {"?,1",
         {"Squeeze x,last s", "Flatten s y"},
         DLCORE_ERROR_UNSUPPORTED,
         "changes a shape without an axis of units"},
        {"?,6",
         {"Constant - s value_ints=I0,3,2", "Reshape x,s r", "Add r,half a", "LogSoftmax a y"},
         DLCORE_ERROR_UNSUPPORTED,
         "works along one axis of 3"},
        {"?,6",
         {"Constant - s value_ints=I0,3,-1", "Reshape x,s r", "Softmax r y"},
         DLCORE_ERROR_UNSUPPORTED,
         "works along one axis of 3"},
        {"?,6",
         {"Constant - s value_ints=I0,3,2", "Reshape x,s r", "Softmax r p", "MatMul p,w y"},
         DLCORE_ERROR_UNSUPPORTED,
         "works along one axis of 3"},
        {"?,1,3",
         {"BatchNormalization x,half,half,half,half y"},
         DLCORE_ERROR_UNSUPPORTED,
         "works along one axis of 3"},
        {"?,2,3", {"LpNormalization x y"}, DLCORE_ERROR_UNSUPPORTED, "works along one axis of 3"},

        {"?,2,3",
         {"Mul x,x q", "ReduceMean q m axes=I-1", "Add m,half e", "Sqrt e s", "Div x,s y"},
         DLCORE_ERROR_UNSUPPORTED,
         "works along one axis of 3"},

        {"?,2,3",
         {"ReduceMean x m axes=I-1", "Sub x,m d", "Mul d,d q", "ReduceMean q n axes=I-1",
          "Add n,half e", "Sqrt e s", "Div d,s y"},
         DLCORE_ERROR_UNSUPPORTED,
         "works along one axis of 3"},

        {"?,3,1", {"PRelu x,v y"}, DLCORE_ERROR_UNSUPPORTED, "works along one axis of 3"},

        {"?,3,1",
         {"Relu x p", "Neg x n", "Relu n q", "Mul q,v m", "Add p,m y"},
         DLCORE_ERROR_UNSUPPORTED,
         "works along one axis of 3"},
        /* as many as there are samples, but of something else, or something else than that */
        {"?,2,3",
         {BATCH("w"), "Concat n,open s axis=i0", "Reshape x,s r", "MatMul r,w y"},
         DLCORE_ERROR_UNSUPPORTED,
         "its shape is not a constant"},
        {"?,2,3",
         {"Constant - i value_int=i1", "Shape x d", "Gather d,i g", "Unsqueeze g,first n",
          "Concat n,open s axis=i0", "Reshape x,s r", "MatMul r,w y"},
         DLCORE_ERROR_UNSUPPORTED,
         "its shape is not a constant"},
        {"?,2,3",
         {BATCH("x"), "Concat n,d s axis=i0", "Reshape x,s r", "MatMul r,w y"},
         DLCORE_ERROR_UNSUPPORTED,
         "its shape is not a constant"},
        {"?,6", {"Gemm x,w,v y"}, DLCORE_ERROR_UNSUPPORTED, "is for 3 numbers a sample, gets 2"},
        {NULL,
         {"Constant - s value_ints=I0,-1", "Reshape x,s y"},
         DLCORE_ERROR_UNSUPPORTED,
         "nothing says how many numbers a sample has"},
    };

    (void)state;
    refuse(cases, sizeof cases / sizeof cases[0]);
}

/* Almost x.view(x.size(0), -1): each graph has one node that is not as exporters write it. */
static void test_onnx_shape_lists_near_the_number_of_samples_are_refused(void **state)
{
#define THEN "Concat n,open s axis=i0", "Reshape x,s r", "MatMul r,w y"
    static const char *const graphs[][NODES] = {
        {"Shape x d", "Gather d,x g", "Unsqueeze g,first n", THEN},
        {"Shape x d", "Gather d,both n", THEN},
        {"Shape x d", "Gather d,second n", THEN},
        {"Shape x d", "Gather d,first n axis=i1", THEN},
        {"Shape x d", "Slice d,first,second n", THEN},
        {"Shape x d", "Slice d,first,second,first,second n", THEN},
        {"Shape x d", "Slice d,second,second,first n", THEN},
        {"Shape x d", "Slice d,first,first,first n", THEN},
        {"Shape x d", "Slice d,first,second,second n", THEN},
        {"Shape ,x d", "Gather d,first n", THEN},
        {"Shape x n", THEN},
        {"Shape x n end=i2", THEN},
        {"Shape x d", "Gather d,first n", "Concat n,many s axis=i0", "Reshape x,s r",
         "MatMul r,w y"},
        {"Shape x d", "Gather d,first n", "Concat n,many,open s axis=i0", "Reshape x,s r",
         "MatMul r,w y"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof graphs / sizeof graphs[0]; i++) {
        const unsigned char *bytes;
        size_t size;

        begin(graphs[i]);
        bytes = onnx_end(&made, 13, "?,2,3", &size);
        onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED,
                          "Reshape \"r\": its shape is not a constant");
    }
#undef THEN
}

/* More numbers than a sample can have, where no array of that size is in the file. */
static void test_onnx_shape_a_width_beyond_all_samples_is_refused(void **state)
{
    static const case_t wide = {NULL,
                                {"Constant - n value_ints=I3000000000", "Shape x b end=i1",
                                 "Concat b,n s axis=i0", "ReduceL2 x l axes=I-1", "Max l,least m",
                                 "Expand m,s e", "Div x,e y"},
                                DLCORE_ERROR_UNSUPPORTED,
                                "takes samples of 3000000000 numbers"};

    (void)state;
    refuse(&wide, 1);
}

/* Each then goes through w, whose outputs are those of the samples as they came. */
static void test_onnx_shape_samples_that_stay_apart_are_read(void **state)
{
    static const case_t cases[] = {
        {"2,6", {"Constant - s value_ints=I2,6", "Reshape x,s r", "MatMul r,w y"}, DLCORE_OK, ""},
        {"?,6", {"Constant - s value_ints=I-1,6", "Reshape x,s r", "MatMul r,w y"}, DLCORE_OK, ""},
        {NULL, {"Constant - s value_ints=I0,-1", "Reshape x,s r", "MatMul r,w y"}, DLCORE_OK, ""},
        {"?,6",
         {"Constant - s value_ints=I0,3,-1", "Reshape x,s t", "Flatten t r", "MatMul r,w y"},
         DLCORE_OK,
         ""},
        {"?,2,3", {"Flatten x r", "MatMul r,w y"}, DLCORE_OK, ""},
        /* x.view(x.size(0), -1) by TorchScript, and shapes in other words */
        {"?,2,3",
         {BATCH("x"), "Concat n,open s axis=i0", "Reshape x,s r", "MatMul r,w y"},
         DLCORE_OK,
         ""},
        {"?,2,3",
         {"Shape x n start=i0 end=i1", "Constant - k value_ints=I6", "Concat n,k s axis=i0",
          "Reshape x,s r", "MatMul r,w y"},
         DLCORE_OK,
         ""},
        {"?,2,3",
         {"Constant - z value_ints=I0", "Constant - e value_ints=I1", "Shape x d",
          "Slice d,z,e,z n", "Concat n,open s axis=i0", "Reshape x,s r", "MatMul r,w y"},
         DLCORE_OK,
         ""},
        {"?,2,3",
         {"Shape x d", "Gather d,first n", "Concat n,open s axis=i0", "Reshape x,s r",
          "MatMul r,w y"},
         DLCORE_OK,
         ""},
        {"?,6", {"MatMul x,w s", "Cast s y to=i11"}, DLCORE_OK, ""},
    };
    static const float x[12] = {1, -1, 0.5f, 2, 0, 3, 0, 0, 1, -2, 0.25f, 4};
    float y[4];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const unsigned char *bytes;
        dlcore_model_t *model;
        size_t size;

        begin(cases[i].nodes);
        bytes = onnx_end(&made, 13, cases[i].input, &size);
        model = onnx_case_load(bytes, size);
        assert_int_equal(dlcore_model_input_width(model), 6);
        onnx_case_predict(model, 2, x, y);
        for (size_t k = 0; k < 4; k++) {
            float sum = 0;

            for (size_t n = 0; n < 6; n++)
                sum += x[k / 2 * 6 + n] * w[2 * n + k % 2];
            assert_true(y[k] == sum);
        }
        dlcore_model_free(model);
    }
}

static void test_onnx_shape_squeeze_takes_the_axis_of_one_unit(void **state)
{
    static const float x[2] = {0.5f, -2};
    static const char *const right[][NODES] = {
        {"Squeeze x,last y"},
        {"Squeeze x y axes=I1"},
        {"Squeeze x y axes=I-1"},
        {"Constant - a value_int=i1", "Squeeze x,a y axes=I"},
    };
    static const case_t wrong[] = {
        {"?,1", {"Squeeze x y"}, DLCORE_ERROR_UNSUPPORTED, "its axes are not 1"},
        {"?,1", {"Squeeze x y axes=I0"}, DLCORE_ERROR_UNSUPPORTED, "its axes are not 1"},
        {"?,1", {"Squeeze x y axes=I1,2"}, DLCORE_ERROR_UNSUPPORTED, "its axes are not 1"},
        {"?,1", {"Squeeze x,w y"}, DLCORE_ERROR_UNSUPPORTED, "its axes are not 1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        begin(right[i]);
        dlcore_model_free(onnx_case_outputs(&made, 13, 2, x, 1, (const double[]){0.5, -2.0}, 1));
    }
    refuse(wrong, sizeof wrong / sizeof wrong[0]);
}

static void test_onnx_shape_dropout_and_casts(void **state)
{
    static const float x[2] = {0.5f, -2};
    static const case_t wrong[] = {
        {"?,1", {"Cast x y to=i6"}, DLCORE_ERROR_UNSUPPORTED, "a cast to type 6 loses digits"},
        {"?,1", {"Dropout x y ratio=f-0.5"}, DLCORE_ERROR_UNSUPPORTED, "ratio is -0.5"},
        {"?,1", {"Dropout x y ratio=f1.5"}, DLCORE_ERROR_UNSUPPORTED, "ratio is 1.5"},
        {"?,1", {"Dropout x,,x y"}, DLCORE_ERROR_UNSUPPORTED, "training_mode is not false"},
        {"?,1",
         {"Constant - t value_int=i1", "Dropout x,,t y"},
         DLCORE_ERROR_UNSUPPORTED,
         "training_mode is not false"},
    };

    (void)state;
    begin((const char *const[]){"Constant - t value_int=i0", "Dropout x,,t y", NULL});
    dlcore_model_free(onnx_case_outputs(&made, 13, 2, x, 1, (const double[]){0.5, -2.0}, 1));
    refuse(wrong, sizeof wrong / sizeof wrong[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onnx_shape_inputs_that_are_no_samples_are_refused),
        cmocka_unit_test(test_onnx_shape_samples_that_do_not_stay_apart_are_refused),
        cmocka_unit_test(test_onnx_shape_lists_near_the_number_of_samples_are_refused),
        cmocka_unit_test(test_onnx_shape_a_width_beyond_all_samples_is_refused),
        cmocka_unit_test(test_onnx_shape_samples_that_stay_apart_are_read),
        cmocka_unit_test(test_onnx_shape_squeeze_takes_the_axis_of_one_unit),
        cmocka_unit_test(test_onnx_shape_dropout_and_casts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
