/* Fields of ONNX files that are of another kind, cut short, or say what cannot be; written byte by
 * byte.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/models.h"
#include "support/onnx_case.h"

static const float numbers[6] = {1, 2, 3, 4, 5, 6};

static onnx_bytes_t made;

typedef struct field {
    const char *bytes;
    size_t size;
    const char *text;
} field_t;

#define FIELD(bytes, text)            \
    {                                 \
        bytes, sizeof bytes - 1, text \
    }

/* Fields of the graph: 1 a node, 5 an initializer. */
static void test_onnx_proto_fields_of_the_graph_of_another_kind(void **state)
{
    static const field_t fields[] = {
        FIELD("\x28\x01", "an initializer is of the wrong kind"),
        FIELD("\x0A\x02\x28\x01", "an attribute is of the wrong kind"),
        FIELD("\x0A\x0B\x2A\x09\x39\0\0\0\0\0\0\0\0", "a number is of the wrong kind"),
        FIELD("\x0A\x04\x2A\x02\x38\x01", "malformed before byte"),     /* floats: a varint */
        FIELD("\x0A\x05\x2A\x03\x42\x01\x80", "malformed before byte"), /* ints: no last byte */
        FIELD("\x2A\x03\x0A\x01\x80", "malformed before byte"),         /* dims: likewise */
        FIELD("\x2A\x04\x6A\x02\x0A\x05", "malformed before byte"),     /* external_data: cut */
        FIELD("\x2A\x0B\x08\x03\x10\x01\x42\x01w\x70\x02\x08\x01",
              "tensor \"w\" has external data without a right location"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const unsigned char *bytes;
        size_t size;

        onnx_begin(&made);
        memcpy(made.graph, fields[i].bytes, fields[i].size);
        made.graph_size = fields[i].size;
        onnx_node(&made, "Mul", "x,w", "y", "");
        bytes = onnx_end(&made, 13, "?,3", &size);
        onnx_case_refused(bytes, size, DLCORE_ERROR_FORMAT, fields[i].text);
    }
}

/* Fields of the model: 8 an operator set, 14 a note. */
static void test_onnx_proto_fields_of_the_model_of_another_kind(void **state)
{
    static const field_t fields[] = {
        FIELD("\x40\x01", "opset_import is of the wrong kind"),
        FIELD("\x70\x01", "metadata_props is of the wrong kind"),
        FIELD("\x72\x02\x10\x01", "a text is of the wrong kind"),
        FIELD("\x72\x02\x0A\x05", "malformed before byte"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        size_t size;

        onnx_begin(&made);
        onnx_node(&made, "Relu", "x", "y", "");
        (void)onnx_end(&made, 13, "?,3", &size);
        memcpy(made.model + size, fields[i].bytes, fields[i].size);
        onnx_case_refused(made.model, size + fields[i].size, DLCORE_ERROR_FORMAT, fields[i].text);
    }
}

static void test_onnx_proto_a_graph_without_nodes_is_no_model(void **state)
{
    const unsigned char *bytes;
    size_t size;

    (void)state;
    onnx_begin(&made);
    bytes = onnx_end(&made, 13, "?,3", &size);
    onnx_case_refused(bytes, size, DLCORE_ERROR_FORMAT, "it has no graph of operators");
}

static void test_onnx_proto_a_text_as_long_as_all_may_be_is_refused(void **state)
{
    static const unsigned char head[] = {0x12, 0x80, 0x80, 0x80, 0x04}; /* producer_name */
    size_t text = (size_t)8 << 20, size = sizeof head + text;
    unsigned char *bytes = malloc(size);

    (void)state;
    assert_non_null(bytes);
    memcpy(bytes, head, sizeof head);
    memset(bytes + sizeof head, 'a', text);
    onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED, "a text of 8388608 bytes");
    free(bytes);
}

static void refuse_product(dlcore_status status, const char *text)
{
    const unsigned char *bytes;
    size_t size;

    onnx_node(&made, "MatMul", "x,w", "y", "");
    bytes = onnx_end(&made, 13, "?,3", &size);
    onnx_case_refused(bytes, size, status, text);
}

static void test_onnx_proto_tensors_that_cannot_be(void **state)
{
    static unsigned char varints[3000];

    (void)state;
    onnx_begin(&made);
    onnx_typed_tensor(&made, "w", "4294967296,4294967296", 1, 9, numbers, 24);
    refuse_product(DLCORE_ERROR_FORMAT, "tensor \"w\" has a shape that cannot be");
    onnx_begin(&made);
    onnx_typed_tensor(&made, "w", "2305843009213693953", 1, 9, numbers, 24);
    if (SIZE_MAX > UINT32_MAX)
        refuse_product(DLCORE_ERROR_OVERFLOW, "tensor \"w\" is too large");
    else
        refuse_product(DLCORE_ERROR_FORMAT, "tensor \"w\" has a shape that cannot be");
    onnx_begin(&made);
    onnx_typed_tensor(&made, "w", "3,2", -1, 9, numbers, 24);
    refuse_product(DLCORE_ERROR_DTYPE, "tensor \"w\" has data_type -1");
    onnx_begin(&made);
    onnx_external(&made, "w", "3,2", "data", "12a", "24");
    refuse_product(DLCORE_ERROR_FORMAT, "without a right location, offset and length");
    onnx_begin(&made);
    onnx_typed_tensor(&made, "w", "3,2", 6, 5, varints, sizeof varints);
    refuse_product(DLCORE_ERROR_FORMAT, "tensor \"w\" has other numbers than its shape says");
    onnx_begin(&made);
    onnx_tensor(&made, "w", "3,2", numbers);
    onnx_tensor(&made, "b", "3", numbers);
    onnx_node(&made, "Gemm", "x,w,b", "y", "");
    refuse_product(DLCORE_ERROR_FORMAT, "makes a value that is there already");
}

/* More than is read at once, and a shape of 32 bits. */
static void test_onnx_proto_large_tensors_and_short_shapes_are_read(void **state)
{
    enum { INPUTS = 30, UNITS = 20 };
    static float kernel[INPUTS * UNITS];
    double expected[UNITS] = {0};
    float x[INPUTS];

    (void)state;
    for (size_t i = 0; i < INPUTS * UNITS; i++)
        kernel[i] = (float)(i % 7) - 3.0f;
    for (size_t i = 0; i < INPUTS; i++)
        x[i] = (float)(i % 5) - 2.0f;
    for (size_t i = 0; i < INPUTS * UNITS; i++)
        expected[i % UNITS] += (double)x[i / UNITS] * (double)kernel[i];
    onnx_begin(&made);
    onnx_tensor(&made, "w", "30,20", kernel);
    onnx_typed_tensor(&made, "shape", "2", 6, 5, "\0\x1E", 2);
    onnx_node(&made, "Reshape", "x,shape", "r", "");
    onnx_node(&made, "MatMul", "r,w", "y", "");
    dlcore_model_free(onnx_case_outputs(&made, 13, 1, x, INPUTS, expected, UNITS));
}

/* ---- the graph ---- */

static void test_onnx_proto_the_domain_of_onnx_has_two_names(void **state)
{
    static const float x[3] = {-1, 0.5f, 2};

    (void)state;
    onnx_begin(&made);
    onnx_tensor(&made, "v", "3", numbers);
    made.domain = "ai.onnx";
    onnx_node(&made, "Relu", "x", "r", "");
    onnx_node(&made, "Mul", "r,v", "y", "");
    dlcore_model_free(onnx_case_outputs(&made, 13, 1, x, 3, (const double[]){0, 1, 6}, 3));
}

static void test_onnx_proto_graphs_that_are_no_chain(void **state)
{
    const unsigned char *bytes;
    size_t size;

    (void)state;
    onnx_begin(&made);
    onnx_tensor(&made, "v", "3", numbers);
    made.domain = "com.example";
    onnx_node(&made, "Mul", "x,v", "y", "");
    bytes = onnx_end(&made, 13, "?,3", &size);
    onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED,
                      "Mul \"y\": an operator of domain com.example that is not supported");
    onnx_begin(&made);
    onnx_node(&made, "Relu", "x", ",y", "");
    bytes = onnx_end(&made, 13, "?,3", &size);
    onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED,
                      "Relu \"\": an output other than its first is used");
    /* as old files have them: an initializer that is an input, too */
    onnx_begin(&made);
    onnx_tensor(&made, "v", "3", numbers);
    onnx_port(&made, 11, "v", "3", 1);
    onnx_node(&made, "Relu", "v", "y", "");
    bytes = onnx_end(&made, 13, "?,3", &size);
    onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED,
                      "value \"v\" is a constant, and no network makes it");
}

/* Each type of numbers makes an output one of those that are chosen from. */
static void test_onnx_proto_outputs_of_each_type(void **state)
{
    static const struct {
        int type;
        bool chosen;
    } types[] = {{1, true}, {10, true}, {11, true}, {16, true}, {7, false}, {8, false}};

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        const unsigned char *bytes;
        size_t size;

        onnx_begin(&made);
        onnx_node(&made, "Relu", "x", "y", "");
        onnx_node(&made, "Neg", "x", "other", "");
        onnx_port(&made, 12, "other", NULL, types[i].type);
        bytes = onnx_end(&made, 13, "?,3", &size);
        if (types[i].chosen)
            onnx_case_refused(bytes, size, DLCORE_ERROR_UNSUPPORTED,
                              "has several outputs, of which options.output chooses one");
        else
            dlcore_model_free(onnx_case_load(bytes, size));
    }
}

/* A number of another file, which is not given. */
static void test_onnx_proto_a_number_in_a_file_that_is_not_given_is_asked_for(void **state)
{
    const unsigned char *bytes;
    size_t size;

    (void)state;
    onnx_begin(&made);
    onnx_external(&made, "high", "", "data", "0", "4");
    onnx_node(&made, "Clip", "x,,high", "y", "");
    bytes = onnx_end(&made, 13, "?,3", &size);
    onnx_case_refused(bytes, size, DLCORE_ERROR_ARGUMENT, "set options.external_data");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onnx_proto_fields_of_the_graph_of_another_kind),
        cmocka_unit_test(test_onnx_proto_fields_of_the_model_of_another_kind),
        cmocka_unit_test(test_onnx_proto_a_graph_without_nodes_is_no_model),
        cmocka_unit_test(test_onnx_proto_a_text_as_long_as_all_may_be_is_refused),
        cmocka_unit_test(test_onnx_proto_tensors_that_cannot_be),
        cmocka_unit_test(test_onnx_proto_large_tensors_and_short_shapes_are_read),
        cmocka_unit_test(test_onnx_proto_the_domain_of_onnx_has_two_names),
        cmocka_unit_test(test_onnx_proto_graphs_that_are_no_chain),
        cmocka_unit_test(test_onnx_proto_outputs_of_each_type),
        cmocka_unit_test(test_onnx_proto_a_number_in_a_file_that_is_not_given_is_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
