/* What inspecting an ONNX file writes: of long files as much as can be read, of damaged ones why,
 * and on streams that fail an error.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/folder.h"
#include "support/onnx_case.h"

static const float numbers[6] = {1, 2, 3, 4, 5, 6};

static onnx_bytes_t made;

/* What inspecting writes; it must answer that status. */
static const char *inspected(const unsigned char *bytes, size_t size, dlcore_status status)
{
    static char text[16384];
    FILE *stream = folder_stream("inspected");
    size_t length;

    assert_int_equal(dlcore_onnx_inspect_memory(bytes, size, NULL, stream), status);
    assert_int_equal(fclose(stream), 0);
    stream = fopen(folder_path("inspected"), "rb");
    assert_non_null(stream);
    length = fread(text, 1, sizeof text - 1, stream);
    text[length] = '\0';
    assert_int_equal(fclose(stream), 0);
    return text;
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("no \"%s\" in: %s", part, text);
}

static void test_onnx_inspect_what_is_long_is_cut(void **state)
{
    char name[16], line[80];
    const unsigned char *bytes;
    const char *text;
    size_t size;

    (void)state;
    onnx_begin(&made);
    onnx_tensor(&made, "w", "3,2", numbers);
    for (int i = 0; i < 70; i++) { /* of 45 kinds */
        snprintf(name, sizeof name, "Kind%d", i < 45 ? i : 44);
        snprintf(line, sizeof line, "n%d", i);
        onnx_node(&made, name, i == 0 ? "x,,w" : "x", i < 69 ? line : "y", "");
    }
    (void)onnx_end(&made, 13, "?,3", &size);
    for (int i = 0; i < 50; i++) { /* more operator sets: domain "a", version i */
        const unsigned char opset[] = {0x42, 5, 0x0A, 1, 'a', 0x10, (unsigned char)i};

        memcpy(made.model + size, opset, sizeof opset);
        size += sizeof opset;
    }
    bytes = made.model;
    text = inspected(bytes, size, DLCORE_ERROR_UNSUPPORTED);
    assert_has(text, "  operators of ONNX, version 13\n  operators of ai.onnx.ml, version 3\n");
    assert_has(text, "  operators of a, version 37\n  70 nodes: 1 Kind0, 1 Kind1,");
    assert_has(text, ", 1 Kind39, ...\n");
    assert_null(strstr(text, "1 Kind40"));
    assert_has(text, "    Kind0: weights (3, 2); this version has no such operator\n    Kind1;");
    assert_has(text, "operator\n    ...\n");
}

static void test_onnx_inspect_nodes_without_names_and_known_ones(void **state)
{
    const unsigned char *bytes;
    const char *text;
    size_t size;

    (void)state;
    onnx_begin(&made);
    onnx_node(&made, "Relu", "x", "a", "");
    onnx_node(&made, "Add", "a,x", "y", "");
    bytes = onnx_end(&made, 13, "?,3", &size);
    text = inspected(bytes, size, DLCORE_ERROR_UNSUPPORTED);
    assert_has(text, "  nodes:\n    Relu\n    Add\n");
}

/* Those that nothing but a pattern, or a constant, makes use of. */
static void test_onnx_inspect_of_parts_says_that_they_are_no_layer_alone(void **state)
{
    static const char *const parts[] = {
        "Abs",       "ConstantOfShape",
        "CumSum",    "Erf",
        "Expand",    "Greater",
        "Less",      "LessOrEqual",
        "Log",       "Not",
        "Or",        "GreaterOrEqual",
        "Pow",       "Reciprocal",
        "ReduceL2",  "ReduceMax",
        "ReduceSum", "ReduceMean",
        "Shape",     "Sign",
        "Split",     "Sqrt",
        "TopK",      "Transpose",
        "Unsqueeze", "Where",
    };
    const unsigned char *bytes;
    const char *text;
    char line[160];
    size_t size;

    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        onnx_begin(&made);
        onnx_node(&made, "Constant", "", "c", "value_float=f1");
        onnx_node(&made, parts[i], "x", "y", "");
        bytes = onnx_end(&made, 13, "?,3", &size);
        text = inspected(bytes, size, DLCORE_ERROR_UNSUPPORTED);
        snprintf(line, sizeof line,
                 "%s \"y\": is supported only among the operators that make up a layer\n",
                 parts[i]);
        assert_has(text, line);
        snprintf(
            line, sizeof line,
            "  nodes:\n    Constant\n    %s; known only among the operators that make up a layer\n",
            parts[i]);
        assert_has(text, line);
    }
    onnx_begin(&made); /* of another domain it is another operator */
    made.domain = "com.example";
    onnx_node(&made, "Erf", "x", "y", "");
    bytes = onnx_end(&made, 13, "?,3", &size);
    assert_has(inspected(bytes, size, DLCORE_ERROR_UNSUPPORTED),
               "    Erf; this version has no such operator\n");
}

static void test_onnx_inspect_a_damaged_file_says_why(void **state)
{
    const unsigned char *bytes;
    size_t size;

    (void)state;
    onnx_begin(&made);
    onnx_node(&made, "Relu", "x", "y", "");
    bytes = onnx_end(&made, 13, "?,3", &size);
    assert_has(inspected(bytes, size - 1, DLCORE_ERROR_FORMAT),
               "  cannot be loaded: memory: is no ONNX model, or cut off: malformed before byte ");
}

static void test_onnx_inspect_a_stream_that_fails_is_an_error(void **state)
{
    dlcore_onnx_load_options_t options = dlcore_onnx_load_options_default();
    dlcore_error_record_t error = {.message = ""};
    const unsigned char *bytes;
    FILE *stream;
    size_t size;

    (void)state;
    options.error = &error;
    onnx_begin(&made);
    onnx_node(&made, "Relu", "x", "y", "");
    bytes = onnx_end(&made, 13, "?,3", &size);
    folder_write("inspected", "text");
    stream = fopen(folder_path("inspected"), "rb"); /* in which nothing can be written */
    assert_non_null(stream);
    assert_int_equal(dlcore_onnx_inspect_memory(bytes, size, &options, stream), DLCORE_ERROR_IO);
    assert_string_equal(error.message, "onnx_inspect: cannot write to the stream");
    fclose(stream);
    stream = fopen("/dev/full", "wb");
    if (stream == NULL)
        return;
    error.message[0] = '\0';
    assert_int_equal(dlcore_onnx_inspect_memory(bytes, size, &options, stream), DLCORE_ERROR_IO);
    assert_string_equal(error.message, "onnx_inspect: cannot write to the stream");
    fclose(stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onnx_inspect_what_is_long_is_cut),
        cmocka_unit_test(test_onnx_inspect_nodes_without_names_and_known_ones),
        cmocka_unit_test(test_onnx_inspect_of_parts_says_that_they_are_no_layer_alone),
        cmocka_unit_test(test_onnx_inspect_a_damaged_file_says_why),
        cmocka_unit_test(test_onnx_inspect_a_stream_that_fails_is_an_error),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
