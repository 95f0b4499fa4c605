/* Model files that are odd, and calls of loading that are: headers with a member twice, tensors of
 * other dtypes and shapes, self-tests of no use, readers that end anywhere.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/file.h"
#include "dlcore/weights.h"
#include "support/hostile_file.h"
#include "support/models.h"
#include "support/size_text.h"
#include "support/tensors.h"

#define CONFIG                                                                                     \
    "\"model_config\":\"{\\\"class_name\\\":\\\"Sequential\\\",\\\"config\\\":{\\\"layers\\\":["   \
    "{\\\"class_name\\\":\\\"Dense\\\",\\\"config\\\":{\\\"name\\\":\\\"d\\\",\\\"units\\\":2}}]," \
    "\\\"build_input_shape\\\":[null,3]}}\""
#define COMPILED                                                                        \
    CONFIG ",\"compile_config\":\"{\\\"optimizer\\\":{\\\"class_name\\\":\\\"SGD\\\"}," \
           "\\\"loss\\\":\\\"mse\\\",\\\"metrics\\\":[]}\""
#define TENSORS "\"d/kernel\":" F32("[3,2]", "[0,24]") ",\"d/bias\":" F32("[2]", "[24,32]")
#define FILE_OF(metadata, tensors) "{\"__metadata__\":{" metadata "}," tensors "}"
#define LONG64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LONG256 LONG64 LONG64 LONG64 LONG64
#define HUGE_LENGTH "," SIZE_MAX_TEXT

static void test_model_load_each_refusal_has_its_message(void **state)
{
    static const hostile_t files[] = {
        {FILE_OF(CONFIG ",\"dlcore.format_version\":\"1\",\"dlcore.format_version\":\"1\"",
                 TENSORS),
         32, "dlcore.format_version is there twice"},
        {FILE_OF(COMPILED ",\"dlcore.precision\":\"bfloat16\",\"dlcore.precision\":\"bfloat16\"",
                 TENSORS),
         32, "dlcore.precision is there twice"},
        {FILE_OF(COMPILED ",\"dlcore.training_state\":\"{}\",\"dlcore.training_state\":\"{}\"",
                 TENSORS),
         32, "dlcore.training_state is there twice"},
        {FILE_OF(CONFIG ",\"dlcore.note." LONG256 "\":\"\"", TENSORS), 32,
         "the key of a note has more than 128 bytes"},
        {FILE_OF(CONFIG, "\"" LONG256 LONG256 LONG256 LONG256 "x\":" F32("[1]", "[0,4]")), 4,
         "its name is too long"},
        {FILE_OF(CONFIG, "\"d/bias\":" F32("[2]", "[0,8]") ",\"d/kernel\":" F32(
                             "[0" HUGE_LENGTH HUGE_LENGTH HUGE_LENGTH HUGE_LENGTH HUGE_LENGTH
                                 HUGE_LENGTH HUGE_LENGTH "]",
                             "[8,8]")),
         8,
         "d/kernel: expected (3, 2), the file has (0, " SIZE_MAX_TEXT
         ", " BY_SIZE("184467", "42949")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        hostile_assert_refused(&files[i]);
}

/* Loaded from a file in memory; frees nothing of it. */
static dlcore_status load(const void *bytes, size_t size, const dlcore_load_options_t *options)
{
    dlcore_model_t *model = NULL;
    dlcore_status status = dlcore_model_load_memory(bytes, size, options, &model);

    assert_true((status == DLCORE_OK) == (model != NULL));
    dlcore_model_free(model);
    return status;
}

static void test_model_load_calls_that_cannot_be_are_refused(void **state)
{
    size_t size;
    unsigned char *file = hostile_file(FILE_OF(CONFIG, TENSORS), 32, &size);
    dlcore_load_options_t options = dlcore_load_options_default();
    dlcore_byte_reader_t reader = {.size = 10};
    dlcore_error_record_t error = {.message = ""};
    dlcore_model_t *model = NULL;

    (void)state;
    options.error = &error;
    options.require_checksum = true;
    assert_failed(load(file, size, &options), DLCORE_ERROR_FORMAT, &error, "has no checksum");
    options.require_checksum = false;
    assert_int_equal(load(file, size, &options), DLCORE_OK);
    options.model.allocator.allocate = NULL;
    assert_failed(load(file, size, &options), DLCORE_ERROR_ARGUMENT, &error,
                  "the allocator needs both allocate and release");
    options.model.allocator = dlcore_allocator_default();
    options.model.allocator.release = NULL;
    assert_failed(load(file, size, &options), DLCORE_ERROR_ARGUMENT, &error,
                  "the allocator needs both allocate and release");
    options.model.allocator = dlcore_allocator_default();
    assert_failed(dlcore_model_load_from(NULL, &options, &model), DLCORE_ERROR_ARGUMENT, &error,
                  "what to load from is NULL");
    assert_failed(dlcore_model_load_from(&reader, &options, &model), DLCORE_ERROR_ARGUMENT, &error,
                  "what to load from is NULL");
    assert_int_equal(dlcore_model_load_weights_memory(NULL, file, size), DLCORE_ERROR_ARGUMENT);
    free(file);
}

/* ---- readers ---- */

typedef struct limited {
    const unsigned char *bytes;
    size_t left;
} limited_t;

static size_t read_limited(void *user, void *to, size_t size)
{
    limited_t *limited = user;
    size_t count = size < limited->left ? size : limited->left;

    memcpy(to, limited->bytes, count);
    limited->bytes += count;
    limited->left -= count;
    return count;
}

/* float16 is read through the checksum, and so is what nobody has a use for. */
static void test_model_load_a_reader_that_ends_anywhere_is_an_io_error(void **state)
{
    static const char header[] = FILE_OF(
        CONFIG,
        "\"d/kernel\":{\"dtype\":\"F16\",\"shape\":[3,2],\"data_offsets\":[0,12]},"
        "\"d/bias\":" F32("[2]", "[12,20]") ",\"extra\":{\"dtype\":\"U8\","
                                            "\"shape\":[40000],\"data_offsets\":[20,40020]}");
    size_t size;
    unsigned char *file = hostile_file(header, 40020, &size);
    dlcore_load_options_t options = dlcore_load_options_default();
    dlcore_load_report_t report;
    dlcore_error_record_t error;

    (void)state;
    options.error = &error;
    options.report = &report;
    options.model.threads = 1;
    for (size_t limit = 0; limit <= size; limit += limit < 800 || limit + 997 > size ? 1 : 997) {
        limited_t limited = {.bytes = file, .left = limit};
        dlcore_byte_reader_t reader = {.read = read_limited, .user = &limited, .size = size};
        dlcore_model_t *model = NULL;
        dlcore_status status = dlcore_model_load_from(&reader, &options, &model);

        if (limit == size)
            assert_int_equal(status, DLCORE_OK);
        else
            assert_failed(status, DLCORE_ERROR_IO, &error, "reader: gave 0 of");
        dlcore_model_free(model);
    }
    free(file);
}

/* ---- self-tests ---- */

/* With rows or axes that no self-test has it is none. */
static void test_model_load_self_tests_of_another_form_are_none(void **state)
{
    static const char *const headers[] = {
        FILE_OF(CONFIG, TENSORS ",\"dlcore/self_test/x\":" F32("[3]", "[32,44]")),
        FILE_OF(CONFIG, TENSORS ",\"dlcore/self_test/x\":" F32("[0,3]", "[32,32]")),
        FILE_OF(CONFIG, TENSORS ",\"dlcore/self_test/x\":" F32("[65,3]", "[32,812]"))};
    static const size_t data[] = {44, 32, 812};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        size_t size;
        unsigned char *file = hostile_file(headers[i], data[i], &size);
        dlcore_load_options_t options = dlcore_load_options_default();
        dlcore_load_report_t report;

        options.self_test = true;
        options.report = &report;
        assert_int_equal(load(file, size, &options), DLCORE_OK);
        assert_false(report.self_tested);
        free(file);
    }
}

/* Its file, whose self-test has such outputs. */
static unsigned char *file_with_weights(float weight, size_t *size)
{
    dlcore_model_t *model = NULL;
    void *bytes = NULL;

    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    for (size_t i = 0; i < 2; i++)
        dlcore_model_add(model, dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR));
    assert_accepted(model, dlcore_model_build(model, 1));
    assert_int_equal(dlcore_model_set_weights(model, (float[]){weight, 1, weight, 1}, 4),
                     DLCORE_OK);
    assert_int_equal(dlcore_model_save_memory(model, NULL, &bytes, size), DLCORE_OK);
    dlcore_model_free(model);
    return bytes;
}

static double self_test_difference(const void *bytes, size_t size)
{
    dlcore_load_options_t options = dlcore_load_options_default();
    dlcore_load_report_t report;

    options.self_test = true;
    options.report = &report;
    assert_int_equal(load(bytes, size, &options), DLCORE_OK);
    assert_true(report.self_tested);
    return report.self_test_difference;
}

/* The bytes of the tensor whose name ends so. */
static unsigned char *bytes_of(unsigned char *file, const char *name, size_t *count)
{
    size_t header = 0, begin;
    char *at;

    for (size_t i = 8; i-- > 0;)
        header = header << 8 | file[i];
    for (at = (char *)file + 8; memcmp(at, name, strlen(name)) != 0;)
        at++;
    at = strstr(at, "data_offsets\":[");
    assert_non_null(at);
    begin = (size_t)strtoul(at + strlen("data_offsets\":["), &at, 10);
    *count = (size_t)strtoul(at + 1, NULL, 10) - begin;
    return file + 8 + header + begin;
}

static const unsigned char infinite[4] = {0, 0, 0x80, 0x7f};

/* Infinite outputs are the same ones, and no finite one is near them. */
static void test_model_load_self_tests_compare_infinite_outputs(void **state)
{
    size_t size, count;
    unsigned char *bytes = file_with_weights(3e38f, &size);

    (void)state;
    assert_true(self_test_difference(bytes, size) == 0);
    free(bytes);
    bytes = file_with_weights(0.5f, &size);
    assert_true(self_test_difference(bytes, size) < 1e-6);
    memcpy(bytes_of(bytes, "self_test/y", &count), infinite, 4);
    assert_true(isinf(self_test_difference(bytes, size)));
    free(bytes);
}

static void test_model_load_self_tests_every_output(void **state)
{
    dlcore_model_t *model = NULL;
    void *bytes = NULL;
    size_t size, count;
    unsigned char *outputs, kept[4];

    (void)state;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    dlcore_model_add(model, dlcore_layer_dense(3, DLCORE_ACTIVATION_LINEAR));
    assert_accepted(model, dlcore_model_build(model, 2));
    assert_int_equal(dlcore_model_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    outputs = bytes_of(bytes, "self_test/y", &count);
    assert_true(count > 12); /* of several samples */
    for (size_t i = 0; i < count; i += 4) {
        memcpy(kept, outputs + i, 4);
        memcpy(outputs + i, infinite, 4);
        assert_true(isinf(self_test_difference(bytes, size)));
        memcpy(outputs + i, kept, 4);
    }
    free(bytes);
    dlcore_model_free(model);
}

static void test_model_load_self_tests_models_without_weights(void **state)
{
    static const size_t widths[] = {3, 150000}; /* inputs and outputs are read in several pieces */

    (void)state;
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        dlcore_model_t *model = NULL;
        void *bytes = NULL;
        size_t size;

        assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
        dlcore_model_add(model, dlcore_layer_rescaling(2, 1));
        assert_accepted(model, dlcore_model_build(model, widths[i]));
        assert_int_equal(dlcore_model_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
        assert_true(self_test_difference(bytes, size) < 1e-6);
        free(bytes);
        dlcore_model_free(model);
    }
}

/* Of a table there is no row for the number. */
static void test_model_load_self_tests_that_cannot_run_name_the_file(void **state)
{
    const dlcore_embedding_t table = {.column = 0, .count = 4, .units = 2};
    static const unsigned char four[4] = {0, 0, 0x80, 0x40};
    dlcore_load_options_t options = dlcore_load_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_model_t *model = NULL, *loaded = NULL;
    void *bytes;
    size_t size, count;

    (void)state;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    assert_int_equal(dlcore_model_add(model, dlcore_layer_embedding(&table, 1)), DLCORE_OK);
    assert_int_equal(dlcore_model_build(model, 1), DLCORE_OK);
    assert_int_equal(dlcore_model_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    memcpy(bytes_of(bytes, "self_test/x", &count), four, 4);
    options.self_test = true;
    options.error = &error;
    assert_failed(dlcore_model_load_memory(bytes, size, &options, &loaded), DLCORE_ERROR_RANGE,
                  &error, "memory: self_test: embedding: column 0 of sample 0 is 4; its table has");
    assert_null(loaded);
    free(bytes);
    dlcore_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_load_each_refusal_has_its_message),
        cmocka_unit_test(test_model_load_calls_that_cannot_be_are_refused),
        cmocka_unit_test(test_model_load_a_reader_that_ends_anywhere_is_an_io_error),
        cmocka_unit_test(test_model_load_self_tests_of_another_form_are_none),
        cmocka_unit_test(test_model_load_self_tests_compare_infinite_outputs),
        cmocka_unit_test(test_model_load_self_tests_every_output),
        cmocka_unit_test(test_model_load_self_tests_models_without_weights),
        cmocka_unit_test(test_model_load_self_tests_that_cannot_run_name_the_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
