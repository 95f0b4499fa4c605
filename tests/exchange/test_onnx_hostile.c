/* ONNX files that are damaged or meant to harm: cut off at every byte, changed, too large, in
 * circles, with data elsewhere. Each is an error, or the model of another file; memory stays within
 * bounds and is given back.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/folder.h"
#include "support/onnx_case.h"

static onnx_bytes_t made;
static const float numbers[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

/* A model with most of what the format has. */
static const unsigned char *whole(size_t *size)
{
    static const int64_t shape[] = {-1, 3};

    onnx_begin(&made);
    onnx_tensor(&made, "w", "3,2", numbers);
    onnx_tensor(&made, "b", "2", numbers);
    onnx_tensor(&made, "half", "", numbers);
    onnx_ints(&made, "shape", 2, shape);
    made.domain = "ai.onnx.ml";
    onnx_node(&made, "Scaler", "x", "s", "offset=F1,2,3 scale=F1,0.5,2");
    made.domain = NULL;
    onnx_node(&made, "Reshape", "s,shape", "r", "");
    onnx_node(&made, "Transpose", "w", "t", "perm=I1,0");
    onnx_node(&made, "Gemm", "r,t,b", "g", "transB=i1 alpha=f0.5");
    onnx_node(&made, "Constant", "", "c", "value_floats=F2,3");
    onnx_node(&made, "Mul", "g,c", "m", "");
    onnx_node(&made, "Sigmoid", "m", "i", "");
    onnx_node(&made, "Mul", "i,m", "u", "");
    onnx_node(&made, "Softmax", "u", "y", "axis=i-1");
    return onnx_end(&made, 13, "?,3", size);
}

static unsigned char *fixture_bytes(const char *name, size_t *size)
{
    static char path[512];
    unsigned char *bytes = malloc(65536);
    FILE *file;

    snprintf(path, sizeof path, "%s/onnx/%s", DLCORE_FIXTURES, name);
    file = fopen(path, "rb");
    assert_non_null(file);
    assert_non_null(bytes);
    *size = fread(bytes, 1, 65536, file);
    fclose(file);
    return bytes;
}

static void cut_everywhere(const unsigned char *bytes, size_t size)
{
    assert_int_equal(onnx_case_survives(bytes, size), DLCORE_OK);
    for (size_t length = 0; length < size; length++)
        assert_int_not_equal(onnx_case_survives(bytes, length), DLCORE_OK);
}

static void test_onnx_hostile_a_file_cut_off_anywhere_is_refused(void **state)
{
    size_t size;
    const unsigned char *bytes = whole(&size);
    unsigned char *file;

    (void)state;
    cut_everywhere(bytes, size);
    file = fixture_bytes("sklearn_pipeline.onnx", &size);
    /* what comes last is not needed for the network: the operator sets, but for those of ONNX */
    assert_int_equal(onnx_case_survives(file, size), DLCORE_OK);
    for (size_t length = 0; length < size; length++)
        (void)onnx_case_survives(file, length);
    free(file);
}

/* Each byte to some other values: it may be another model, never a crash. */
static void change_everywhere(unsigned char *bytes, size_t size)
{
    static const unsigned char other[] = {0x00, 0x01, 0x7F, 0x80, 0xFF};

    for (size_t at = 0; at < size; at++) {
        unsigned char kept = bytes[at];

        for (size_t i = 0; i < sizeof other + 2; i++) {
            bytes[at] = i < sizeof other    ? other[i]
                        : i == sizeof other ? (unsigned char)(kept ^ 0x08)
                                            : (unsigned char)(kept + 1);
            (void)onnx_case_survives(bytes, size);
        }
        bytes[at] = kept;
    }
}

static void test_onnx_hostile_each_byte_may_be_another(void **state)
{
    static unsigned char bytes[4096];
    size_t size;
    const unsigned char *right = whole(&size);
    unsigned char *file;

    (void)state;
    assert_true(size <= sizeof bytes);
    memcpy(bytes, right, size);
    change_everywhere(bytes, size);
    file = fixture_bytes("sklearn_binary.onnx", &size);
    change_everywhere(file, size);
    free(file);
}

static void refuse(int opset, const char *input, dlcore_status status, const char *text)
{
    size_t size;
    const unsigned char *bytes = onnx_end(&made, opset, input, &size);

    onnx_case_refused(bytes, size, status, text);
}

static void test_onnx_hostile_shapes_that_the_numbers_do_not_have(void **state)
{
    static const char *const shapes[] = {"3,2000000000", "4611686018427387904,4",
                                         "-1,2",         "3,9223372036854775807",
                                         "65536,65536",  "3,0",
                                         "2,2"};

    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        onnx_begin(&made);
        onnx_typed_tensor(&made, "w", shapes[i], 1, 9, numbers, 24);
        onnx_node(&made, "MatMul", "x,w", "y", "");
        refuse(13, "?,3", DLCORE_ERROR_FORMAT, "tensor \"w\"");
    }
    onnx_begin(&made);
    onnx_typed_tensor(&made, "w", "1,1,1,1,1,1,1,3,2", 1, 9, numbers, 24);
    onnx_node(&made, "MatMul", "x,w", "y", "");
    refuse(13, "?,3", DLCORE_ERROR_FORMAT, "more than 8 axes");
    onnx_begin(&made);
    onnx_typed_tensor(&made, "w", "3,2", 8, 9, numbers, 24);
    onnx_node(&made, "MatMul", "x,w", "y", "");
    refuse(13, "?,3", DLCORE_ERROR_DTYPE, "data_type 8");
    onnx_begin(&made);
    onnx_typed_tensor(&made, "w", "3,2", 1, 5, numbers, 24);
    onnx_node(&made, "MatMul", "x,w", "y", "");
    refuse(13, "?,3", DLCORE_ERROR_FORMAT, "shape and type");
    onnx_begin(&made);
    onnx_typed_tensor(&made, "w", "3,2", 6, 5, "\x01\x02\x03\x04\x05\x86", 6);
    onnx_node(&made, "MatMul", "x,w", "y", "");
    refuse(13, "?,3", DLCORE_ERROR_FORMAT, "other numbers");
    onnx_begin(&made);
    onnx_typed_tensor(&made, "w", "3,2", 6, 5, "\x01\x02\x03\x04\x05\x06\x07", 7);
    onnx_node(&made, "MatMul", "x,w", "y", "");
    refuse(13, "?,3", DLCORE_ERROR_FORMAT, "other numbers");
    onnx_begin(&made);
    onnx_node(&made, "Relu", "x", "y", "");
    refuse(13, "?,2147483648", DLCORE_ERROR_OVERFLOW, "axis of 2147483648");
}

static void test_onnx_hostile_graphs_in_circles_and_values_made_twice(void **state)
{
    (void)state;
    onnx_begin(&made);
    onnx_node(&made, "Relu", "a", "y", "");
    onnx_node(&made, "Tanh", "b", "a", "");
    onnx_node(&made, "Neg", "a", "b", "");
    refuse(13, "?,3", DLCORE_ERROR_FORMAT, "circle");
    onnx_begin(&made);
    onnx_node(&made, "Mul", "m,s", "y", "");
    onnx_node(&made, "Sigmoid", "y", "s", "");
    onnx_node(&made, "Mul", "y,m", "m", "");
    refuse(13, "?,3", DLCORE_ERROR_UNSUPPORTED, "Mul \"y\"");
    onnx_begin(&made);
    onnx_node(&made, "Identity", "w", "v", "");
    onnx_node(&made, "Identity", "v", "w", "");
    onnx_node(&made, "MatMul", "x,w", "y", "");
    refuse(13, "?,3", DLCORE_ERROR_UNSUPPORTED, "not a constant");
    onnx_begin(&made);
    onnx_node(&made, "Reshape", "w,w", "w", "");
    onnx_node(&made, "MatMul", "x,w", "y", "");
    refuse(13, "?,3", DLCORE_ERROR_UNSUPPORTED, "not a constant");
    onnx_begin(&made);
    onnx_node(&made, "Relu", "x", "y", "");
    onnx_node(&made, "Tanh", "x", "y", "");
    refuse(13, "?,3", DLCORE_ERROR_FORMAT, "there already");
    onnx_begin(&made);
    onnx_tensor(&made, "w", "3", numbers);
    onnx_tensor(&made, "w", "3", numbers);
    onnx_node(&made, "Mul", "x,w", "y", "");
    refuse(13, "?,3", DLCORE_ERROR_FORMAT, "two initializers");
}

/* Chains of Mul whose both sides are one value: 2^n paths. */
static void test_onnx_hostile_many_paths_take_no_time(void **state)
{
    char from[16] = "x", to[16], both[40];

    (void)state;
    onnx_begin(&made);
    for (int i = 0; i < 200; i++) {
        snprintf(to, sizeof to, i < 199 ? "v%d" : "y", i);
        snprintf(both, sizeof both, "%s,%s", from, from);
        onnx_node(&made, i % 2 == 0 ? "Mul" : "Add", both, to, "");
        memcpy(from, to, sizeof from);
    }
    refuse(13, "?,3", DLCORE_ERROR_UNSUPPORTED, "no chain of layers");
}

/* Files of nothing but nodes, names or numbers are refused before they take much. */
static void test_onnx_hostile_bombs_are_refused_early(void **state)
{
    enum { SIZE = 1 << 20 };
    static const unsigned char node[] = {0x0A, 0x00}, tensor[] = {0x2A, 0x00},
                               input[] = {0x5A, 0x02, 0x0A, 0x00};
    static const struct {
        const unsigned char *piece;
        size_t size;
    } bombs[] = {{node, sizeof node}, {tensor, sizeof tensor}, {input, sizeof input}};
    unsigned char *bytes = malloc(SIZE + 8);

    (void)state;
    assert_non_null(bytes);
    for (size_t b = 0; b < 3; b++) {
        size_t size = 0;

        bytes[size++] = 0x3A; /* the graph, of SIZE bytes in a varint of three */
        bytes[size++] = 0x80;
        bytes[size++] = 0x80;
        bytes[size++] = 0x40;
        for (size_t i = 0; i < SIZE; i++)
            bytes[size + i] = bombs[b].piece[i % bombs[b].size];
        assert_int_not_equal(onnx_case_survives(bytes, size + SIZE), DLCORE_OK);
    }
    free(bytes);
}

/* What takes the most memory for its bytes, where lists have just grown: attributes that are empty
 * tensors. */
static void test_onnx_hostile_the_smallest_things_take_what_the_header_says(void **state)
{
    enum { COUNT = 32754 };
    static unsigned char bytes[4 * COUNT + 32];
    size_t size = 0, inner = 4 * (size_t)COUNT;
    const size_t lengths[] = {inner + 4, inner};

    (void)state;
    for (size_t i = 0; i < 2; i++) { /* the graph, and a node in it */
        bytes[size++] = i == 0 ? 0x3A : 0x0A;
        bytes[size++] = (unsigned char)(lengths[i] | 0x80);
        bytes[size++] = (unsigned char)(lengths[i] >> 7 | 0x80);
        bytes[size++] = (unsigned char)(lengths[i] >> 14);
    }
    for (size_t i = 0; i < COUNT; i++) {
        static const unsigned char attribute[] = {0x2A, 0x02, 0x2A, 0x00};

        memcpy(bytes + size, attribute, sizeof attribute);
        size += sizeof attribute;
    }
    assert_int_equal(onnx_case_survives(bytes, size), DLCORE_ERROR_FORMAT); /* no operator set */
}

static void test_onnx_hostile_external_data_names_no_other_folder(void **state)
{
    static const char *const places[] = {"../weights", "/etc/passwd", "folder/weights", "..",
                                         "",           "a\\b"};
    dlcore_onnx_load_options_t options = dlcore_onnx_load_options_default();
    dlcore_error_record_t error;

    (void)state;
    options.error = &error;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        dlcore_model_t *model = NULL;
        size_t size;
        const unsigned char *bytes;
        FILE *file = fopen(folder_path("hostile.onnx"), "wb");

        onnx_begin(&made);
        onnx_external(&made, "w", "3,2", places[i], "0", "24");
        onnx_node(&made, "MatMul", "x,w", "y", "");
        bytes = onnx_end(&made, 13, "?,3", &size);
        assert_non_null(file);
        assert_int_equal(fwrite(bytes, 1, size, file), size);
        fclose(file);
        error.message[0] = '\0';
        assert_int_equal(dlcore_onnx_load(folder_path("hostile.onnx"), &options, &model),
                         DLCORE_ERROR_UNSUPPORTED);
        assert_non_null(strstr(error.message, "plain name"));
    }
}

static void test_onnx_hostile_external_data_lies_within_its_file(void **state)
{
    static const struct {
        const char *location, *offset, *length;
    } places[] = {{"data", "24", "24"},
                  {"data", "0", "25"},
                  {"data", "18446744073709551615", "24"},
                  {"data", "-1", "24"},
                  {"data", "0", "99999999999999999999999"},
                  {NULL, "0", "24"},
                  {"data", "25", NULL}};
    dlcore_onnx_load_options_t options = dlcore_onnx_load_options_default();
    dlcore_error_record_t error;
    dlcore_model_t *model = NULL;
    size_t size;
    const unsigned char *bytes;

    (void)state;
    options.error = &error;
    options.external_data = numbers;
    options.external_size = 47;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        onnx_begin(&made);
        onnx_external(&made, "w", "3,2", places[i].location, places[i].offset, places[i].length);
        onnx_node(&made, "MatMul", "x,w", "y", "");
        bytes = onnx_end(&made, 13, "?,3", &size);
        assert_int_equal(dlcore_onnx_load_memory(bytes, size, &options, &model),
                         DLCORE_ERROR_FORMAT);
        assert_null(model);
    }
    onnx_begin(&made);
    onnx_external(&made, "w", "3,2", "data", "23", NULL);
    onnx_node(&made, "MatMul", "x,w", "y", "");
    bytes = onnx_end(&made, 13, "?,3", &size);
    assert_int_equal(dlcore_onnx_load_memory(bytes, size, &options, &model), DLCORE_OK);
    dlcore_model_free(model);
}

/* Which list a number of an attribute is in goes with its type: "axes" of floats, or "value_ints",
 * would be read from a list that is shorter, or not there. */
static void test_onnx_hostile_attributes_of_another_type(void **state)
{
    static const struct {
        const char *operation, *inputs, *attributes, *text;
    } nodes[] = {
        {"Squeeze", "x", "axes=F1", "\"axes\" has type 6, not 7"},
        {"Add", "x,constant", "value_ints=F1,2,3", "\"value_ints\" has type 6, not 7"},
        {"Add", "x,constant", "value_floats=I1,2,3", "\"value_floats\" has type 7, not 6"},
        {"Div", "d,r", "axes=F1", "\"axes\" has type 6, not 7"},
        {"Gemm", "x,w", "alpha=i2", "Gemm \"y\": attribute \"alpha\" has type 2, not 1"},
        {"Gemm", "x,w", "transB=f1", "\"transB\" has type 1, not 2"},
        {"LeakyRelu", "x", "alpha=s0.1", "\"alpha\" has type 3, not 1"},
        {"Gelu", "x", "approximate=i1", "\"approximate\" has type 2, not 3"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++) {
        bool is_constant = strstr(nodes[i].inputs, "constant") != NULL;
        bool is_mean = strcmp(nodes[i].operation, "Div") == 0;

        onnx_begin(&made);
        onnx_tensor(&made, "w", "3,2", numbers);
        onnx_tensor(&made, "small", "", numbers);
        if (is_constant)
            onnx_node(&made, "Constant", "", "constant", nodes[i].attributes);
        if (is_mean) {
            static const char *const rest[] = {
                "Sub x,m d ",     "Mul d,d q ", "ReduceMean q v axes=I1",
                "Add v,small e ", "Sqrt e r ",  NULL};

            onnx_node(&made, "ReduceMean", "x", "m", nodes[i].attributes);
            onnx_case_nodes(&made, rest);
        }
        onnx_node(&made, nodes[i].operation, nodes[i].inputs, "y",
                  is_constant || is_mean ? "" : nodes[i].attributes);
        refuse(nodes[i].attributes[0] == 'a' && !is_mean ? 20 : 13, "?,3", DLCORE_ERROR_FORMAT,
               nodes[i].text);
    }
}

/* Texts of names that are there already are taken back, and others come in their place. */
static void test_onnx_hostile_a_message_names_the_tensor_that_is_wrong(void **state)
{
    (void)state;
    onnx_begin(&made);
    onnx_node(&made, "Gemm", "x,wrong,right", "y", "");
    onnx_typed_tensor(&made, "wrong", "3,2", 1, 9, numbers, 20);
    onnx_tensor(&made, "right", "2", numbers);
    refuse(13, "?,3", DLCORE_ERROR_FORMAT, "tensor \"wrong\"");
}

static void test_onnx_hostile_names_in_messages_are_cut_and_cleaned(void **state)
{
    char name[200];

    (void)state;
    memset(name, 'n', sizeof name);
    memcpy(name, "\x1B[2J", 4);
    name[sizeof name - 1] = '\0';
    onnx_begin(&made);
    onnx_node(&made, "Relu", name, "y", "");
    refuse(13, "?,3", DLCORE_ERROR_UNSUPPORTED, "value \"?[2Jnn");
    onnx_begin(&made);
    onnx_node(&made, "Relu", name, "y", "");
    refuse(13, "?,3", DLCORE_ERROR_UNSUPPORTED, "...\" is not defined");
    onnx_begin(&made);
    onnx_node(&made, "Relu", name, name, "");
    onnx_node(&made, "Relu", name, "y", "");
    refuse(13, "?,3", DLCORE_ERROR_FORMAT, "circle at value \"?[2J");
    onnx_begin(&made);
    onnx_typed_tensor(&made, name, "3", 14, 9, numbers, 24);
    {
        char inputs[sizeof name + 2] = "x,";

        memcpy(inputs + 2, name, sizeof name);
        onnx_node(&made, "Add", inputs, "y", "");
    }
    refuse(13, "?,3", DLCORE_ERROR_DTYPE, "...\" has data_type 14, which");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onnx_hostile_a_file_cut_off_anywhere_is_refused),
        cmocka_unit_test(test_onnx_hostile_each_byte_may_be_another),
        cmocka_unit_test(test_onnx_hostile_shapes_that_the_numbers_do_not_have),
        cmocka_unit_test(test_onnx_hostile_graphs_in_circles_and_values_made_twice),
        cmocka_unit_test(test_onnx_hostile_many_paths_take_no_time),
        cmocka_unit_test(test_onnx_hostile_bombs_are_refused_early),
        cmocka_unit_test(test_onnx_hostile_the_smallest_things_take_what_the_header_says),
        cmocka_unit_test(test_onnx_hostile_external_data_names_no_other_folder),
        cmocka_unit_test(test_onnx_hostile_external_data_lies_within_its_file),
        cmocka_unit_test(test_onnx_hostile_attributes_of_another_type),
        cmocka_unit_test(test_onnx_hostile_a_message_names_the_tensor_that_is_wrong),
        cmocka_unit_test(test_onnx_hostile_names_in_messages_are_cut_and_cleaned),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
