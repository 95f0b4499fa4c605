/* Constants of an ONNX file behind other nodes: those that leave the numbers as they are, Constant
 * nodes of each kind, and those that are no such constant.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/failing_allocator.h"
#include "support/onnx_case.h"

enum { ROWS = 2, WIDTH = 3, UNITS = 20, NODES = 5, SIDE = 30 };

static const float x[ROWS * WIDTH] = {0.5f, -1.25f, 4.0f, -3.5f, 0.0f, 7.5f};
static const float v[3] = {2.0f, 0.5f, 4.0f};
static const float m[6] = {1.0f, -2.0f, 0.5f, 3.0f, -1.5f, 0.25f};

static onnx_bytes_t made;

typedef struct case_of {
    const char *nodes[NODES];
    const char *text; /* of the refusal */
} case_t;

static void begin(const char *const *nodes)
{
    static const int64_t flat[] = {6}, beyond[] = {1, 3, 0}, open[] = {-1, -1}, four[] = {2, 2},
                         least[] = {-2}, row[] = {1, 3}, fewer[] = {2}, pairs[] = {-1, 2};

    onnx_begin(&made);
    onnx_tensor(&made, "v", "3", v);
    onnx_tensor(&made, "m", "3,2", m);
    onnx_tensor(&made, "cube", "1,3,2", m);
    onnx_tensor(&made, "eight", "3,1,1,1,1,1,1,1", v);
    onnx_tensor(&made, "nothing", "0", v);
    onnx_tensor(&made, "empty", "3,0", v);
    onnx_ints(&made, "flat", 1, flat);
    onnx_ints(&made, "beyond", 3, beyond);
    onnx_ints(&made, "open", 2, open);
    onnx_ints(&made, "four", 2, four);
    onnx_ints(&made, "least", 1, least);
    onnx_ints(&made, "row", 2, row);
    onnx_ints(&made, "fewer", 1, fewer);
    onnx_ints(&made, "pairs", 2, pairs);
    onnx_case_nodes(&made, nodes);
}

/* Which is v, whatever it goes through. */
static void test_onnx_constant_vectors_stay_what_they_are(void **state)
{
    static const char *const graphs[][NODES] = {
        {"Constant - a value_int=i0", "Unsqueeze v,a c"},
        {"Constant - a value_ints=I-2", "Unsqueeze v,a c"},
        {"Transpose v c"},
        {"Constant - f value_floats=F2,0.5,4", "Cast f c to=i11"},
        {"Reshape v,row c"},
        {"Unsqueeze v s axes=I0", "Squeeze s c axes=I"},
        {"Constant - f value=t2,0.5,4", "Identity f c"},
    };
    double expected[ROWS * WIDTH];

    (void)state;
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        expected[i] = (double)x[i] * (double)v[i % WIDTH];
    for (size_t g = 0; g < sizeof graphs / sizeof graphs[0]; g++) {
        begin(graphs[g]);
        onnx_node(&made, "Mul", "x,c", "y", "");
        dlcore_model_free(onnx_case_outputs(&made, 13, ROWS, x, WIDTH, expected, WIDTH));
    }
}

static void test_onnx_constant_kernels_are_turned_by_transposing_alone(void **state)
{
    static const char *const graphs[][NODES] = {
        {"Transpose m c perm=I0,1"},
        {"Transpose m t", "Transpose t c perm=I1,0"},
    };
    double expected[ROWS * 2] = {0};

    (void)state;
    for (size_t i = 0; i < ROWS * 2; i++) {
        for (size_t k = 0; k < WIDTH; k++)
            expected[i] += (double)x[i / 2 * WIDTH + k] * (double)m[2 * k + i % 2];
    }
    for (size_t g = 0; g < sizeof graphs / sizeof graphs[0]; g++) {
        begin(graphs[g]);
        onnx_node(&made, "MatMul", "x,c", "y", "");
        dlcore_model_free(onnx_case_outputs(&made, 13, ROWS, x, WIDTH, expected, 2));
    }
}

/* More rows than are turned at once. */
static void test_onnx_constant_large_kernels_are_turned(void **state)
{
    float numbers[UNITS * WIDTH];
    double expected[ROWS * UNITS] = {0};

    (void)state;
    for (size_t i = 0; i < UNITS * WIDTH; i++)
        numbers[i] = (float)i - 7.0f;
    for (size_t i = 0; i < ROWS * UNITS; i++) {
        for (size_t k = 0; k < WIDTH; k++)
            expected[i] +=
                (double)x[i / UNITS * WIDTH + k] * (double)numbers[i % UNITS * WIDTH + k];
    }
    onnx_begin(&made);
    onnx_tensor(&made, "w", "20,3", numbers);
    onnx_node(&made, "Gemm", "x,w", "y", "transB=i1");
    dlcore_model_free(onnx_case_outputs(&made, 13, ROWS, x, WIDTH, expected, UNITS));
}

/* Most bytes at a time of loading a kernel that is computed in steps, each from one more. */
static size_t peak_of_kernel(const char *const *steps)
{
    static float numbers[SIDE * SIDE];
    dlcore_onnx_load_options_t options = dlcore_onnx_load_options_default();
    failing_allocator_t memory;
    dlcore_model_t *model = NULL;
    const unsigned char *bytes;
    size_t size;

    failing_allocator_init(&memory);
    options.model.allocator = failing_allocator(&memory);
    onnx_begin(&made);
    onnx_typed_tensor(&made, "k", "30,30", 1, 9, numbers, sizeof numbers);
    onnx_case_nodes(&made, steps);
    onnx_node(&made, "MatMul", "x,e", "y", "");
    bytes = onnx_end(&made, 13, "?,30", &size);
    assert_int_equal(dlcore_onnx_load_memory(bytes, size, &options, &model), DLCORE_OK);
    dlcore_model_free(model);
    failing_allocator_assert_clean(&memory);
    return memory.peak_bytes;
}

/* On whichever side it stands, what is computed is made before the other side is read. */
static void test_onnx_constant_computed_takes_the_same_memory_on_either_side(void **state)
{
    static const char *const left[] = {"Neg k a",   "Mul a,k b", "Mul b,k c",
                                       "Add c,k d", "Sub d,k e", NULL};
    static const char *const right[] = {"Neg k a",   "Mul k,a b", "Mul k,b c",
                                        "Add k,c d", "Sub k,d e", NULL};

    (void)state;
    assert_int_equal(peak_of_kernel(right), peak_of_kernel(left));
}

static void refuse(const char *operation, const case_t *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const unsigned char *bytes;
        size_t size;

        begin(cases[i].nodes);
        onnx_node(&made, operation, "x,c", "y", "");
        bytes = onnx_end(&made, 13, "?,3", &size);
        onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED, cases[i].text);
    }
}

static void test_onnx_constant_others_are_refused(void **state)
{
    static const char none[] = "its operands are no value and a constant";
    static const char not [] = "its second operand is not a constant";
    static const case_t vectors[] = {
        {{"Cast v c"}, none},
        {{"Cast v c to=i7"}, none},
        {{"Reshape v,v c"}, none},
        {{"Reshape v c"}, none},
        {{"Reshape v,beyond c"}, none},
        {{"Reshape v,open c"}, none},
        {{"Reshape v,four c"}, none},
        {{"Reshape v,least c"}, none},
        {{"Reshape v,fewer c"}, none},
        {{"Reshape v,pairs c"}, none},
        {{"Unsqueeze v c axes=I0,1,2,3,4,5,6,7,8"}, none},
        {{"Unsqueeze v,v c"}, none},
        {{"Unsqueeze v c axes=I-9"}, none},
        {{"Unsqueeze eight c axes=I8"}, none},
        {{"Unsqueeze eight c axes=I0"}, none},
        {{"Unsqueeze v c"}, none},
        {{"Constant - c"}, none},
        {{"Constant - c value_string=sx"}, none},
        {{"Identity nothing c"}, "its operand has 1 axes and 0 numbers"},
    };
    static const case_t kernels[] = {
        {{"Transpose m t", "Unsqueeze t c axes=I0"}, not },
        {{"Unsqueeze m c axes=I0"}, "its kernel has 3 axes and 6 numbers"},
        {{"Transpose cube c"}, not },
        {{"Transpose m t", "Reshape t,flat c"}, not },
        {{"Transpose m c perm=I0,0"}, not },
        {{"Transpose m c perm=I1"}, not },
        {{"Identity empty c"}, "its kernel has 2 axes and 0 numbers"},
    };

    (void)state;
    refuse("Mul", vectors, sizeof vectors / sizeof vectors[0]);
    refuse("MatMul", kernels, sizeof kernels / sizeof kernels[0]);
}

/* Whole numbers as an exponent, and numbers that cannot be read where one is looked for. */
static void test_onnx_constant_single_numbers(void **state)
{
    static const char *const whole[] = {"Constant - two value_int=i2", NULL};
    static const unsigned char endless[] = {0x80, 0x80, 0x80};
    double expected[ROWS * WIDTH];
    const unsigned char *bytes;
    size_t size;

    (void)state;
    begin(whole);
    onnx_node(&made, "Div", "x,two", "y", "");
    bytes = onnx_end(&made, 13, "?,3", &size);
    onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED, "it divides whole numbers");
    begin(whole);
    onnx_node(&made, "Mul", "x,two", "y", "");
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        expected[i] = 2.0 * (double)x[i];
    dlcore_model_free(onnx_case_outputs(&made, 13, ROWS, x, WIDTH, expected, WIDTH));

    begin((const char *const[]){NULL});
    onnx_typed_tensor(&made, "high", "", 6, 5, endless, sizeof endless);
    onnx_node(&made, "Clip", "x,,high", "y", "");
    bytes = onnx_end(&made, 13, "?,3", &size);
    onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED, "its max is not a constant number");
}

/* What is computed is checked, and not read where an operand is damaged. */
static void test_onnx_constant_damaged_operands_are_refused(void **state)
{
    static const unsigned char endless[] = {0x80, 0x80, 0x80};
    const unsigned char *bytes;
    size_t size;

    (void)state;
    begin((const char *const[]){NULL});
    onnx_typed_tensor(&made, "cut", "3", 1, 9, v, 8);
    onnx_node(&made, "Add", "cut,v", "c", "");
    onnx_node(&made, "Mul", "x,c", "y", "");
    bytes = onnx_end(&made, 13, "?,3", &size);
    onnx_case_refused(bytes, size, DLCORE_ERROR_FORMAT, "tensor \"cut\" has other numbers");

    begin((const char *const[]){NULL});
    onnx_typed_tensor(&made, "high", "", 6, 5, endless, sizeof endless);
    onnx_node(&made, "Cast", "high", "f", "to=i1");
    onnx_node(&made, "Neg", "f", "low", "");
    onnx_node(&made, "Sub", "f,low", "below", "");
    onnx_node(&made, "Clip", "x,below", "z", "");
    onnx_node(&made, "Relu", "z", "y", "");
    bytes = onnx_end(&made, 13, "?,3", &size);
    onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED, "its min is not a constant number");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onnx_constant_vectors_stay_what_they_are),
        cmocka_unit_test(test_onnx_constant_kernels_are_turned_by_transposing_alone),
        cmocka_unit_test(test_onnx_constant_large_kernels_are_turned),
        cmocka_unit_test(test_onnx_constant_computed_takes_the_same_memory_on_either_side),
        cmocka_unit_test(test_onnx_constant_others_are_refused),
        cmocka_unit_test(test_onnx_constant_single_numbers),
        cmocka_unit_test(test_onnx_constant_damaged_operands_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
