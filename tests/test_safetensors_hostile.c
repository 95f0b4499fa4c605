/* Model files that are broken, by chance or on purpose: every truncation, every change of one byte,
 * and a collection of crafted ones. Whatever happens, no memory is lost, and none is taken that the
 * file does not justify.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/little_endian.h"
#include "dlcore/file.h"
#include "io/safetensors.h"
#include "support/failing_allocator.h"
#include "support/small_model.h"
#include "support/tensors.h"

#define MB ((size_t)1 << 20)

/* Loads a copy that ends where its bytes end, so that a sanitizer sees reads beyond. */
static dlcore_status load(const unsigned char *bytes, size_t size, dlcore_error_record_t *error)
{
    failing_allocator_t memory;
    dlcore_load_options_t options = dlcore_load_options_default();
    dlcore_load_report_t report;
    dlcore_model_t *model = NULL;
    unsigned char *copy = malloc(size > 0 ? size : 1);
    dlcore_status status;

    assert_non_null(copy);
    memcpy(copy, bytes, size);
    failing_allocator_init(&memory);
    options.model.allocator = failing_allocator(&memory);
    options.model.threads = 1;
    options.report = &report;
    options.error = error;
    status = dlcore_model_load_memory(copy, size, &options, &model);
    free(copy);
    if (memory.peak_bytes > 2 * size + MB)
        fail_msg("%zu bytes taken for a file of %zu", memory.peak_bytes, size);
    if (status != DLCORE_OK) {
        assert_null(model);
        assert_int_equal(error->status, status);
        assert_true(error->message[0] != '\0');
    }
    dlcore_model_free(model);
    failing_allocator_assert_clean(&memory);
    return status;
}

static void test_safetensors_hostile_every_truncation_is_refused(void **state)
{
    dlcore_error_record_t error;
    size_t size;
    unsigned char *file = small_model_file(&size);

    (void)state;
    assert_int_equal(load(file, size, &error), DLCORE_OK);
    for (size_t length = 0; length < size; length++)
        assert_int_equal(load(file, length, &error), DLCORE_ERROR_FORMAT);
    free(file);
}

static void test_safetensors_hostile_a_longer_file_is_refused(void **state)
{
    dlcore_error_record_t error;
    size_t size;
    unsigned char *file = small_model_file(&size), *longer = malloc(size + 1);

    (void)state;
    assert_non_null(longer);
    memcpy(longer, file, size);
    longer[size] = 0;
    assert_failed(load(longer, size + 1, &error), DLCORE_ERROR_FORMAT, &error,
                  "bytes, the file has");
    free(longer);
    free(file);
}

/* Most are refused, those in weights are not; none does harm. */
static void test_safetensors_hostile_every_changed_byte_of_a_model(void **state)
{
    static const unsigned char changes[] = {0x01, 0x90};
    dlcore_error_record_t error;
    size_t size, accepted = 0, header;
    unsigned char *file = small_model_file(&size);

    (void)state;
    header = 8 + (size_t)dlcore_load_u64(file);
    for (size_t i = 0; i < size; i++) {
        for (size_t c = 0; c < sizeof changes; c++) {
            dlcore_status status;

            file[i] ^= changes[c];
            status = load(file, size, &error);
            if (i >= header) /* contents of tensors: the checksum's business */
                assert_int_equal(status, DLCORE_OK);
            accepted += i < header && status == DLCORE_OK;
            file[i] ^= changes[c];
        }
    }
    assert_true(accepted < header); /* names, settings and spaces can be others */
    free(file);
}

/* A header alone, with each byte becoming each other. */
static void test_safetensors_hostile_every_value_of_every_byte_of_a_header(void **state)
{
    char header[] = "{\"a\":{\"dtype\":\"U8\",\"shape\":[1,2],\"data_offsets\":[0,2]},"
                    "\"b\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[2,6]}}";
    const size_t size = sizeof header - 1;
    char *copy = malloc(size); /* without its terminator */
    dlcore_allocator_t allocator = dlcore_allocator_default();

    (void)state;
    assert_non_null(copy);
    for (size_t i = 0; i < size; i++) {
        for (int change = 1; change < 256; change++) {
            dlcore_safetensors_t file;
            dlcore_error_record_t error = {0};

            memcpy(copy, header, size);
            copy[i] = (char)((unsigned char)copy[i] ^ change);
            if (dlcore_safetensors_parse(copy, size, 6, "test", &allocator, &file, &error) ==
                DLCORE_OK) {
                assert_int_equal(file.count, 2);
                dlcore_safetensors_clear(&file, &allocator);
            } else {
                assert_true(error.message[0] != '\0');
            }
        }
    }
    free(copy);
}

typedef struct crafted {
    const char *header;
    size_t data;
    const char *text; /* of the message */
} crafted_t;

#define F32(shape, range) "{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":" range "}"
#define ONE F32("[1]", "[0,4]")

static const crafted_t crafted[] = {
    {"", 0, "does not begin with {"},
    {" {}", 0, "does not begin with {"},
    {"[]", 0, "does not begin with {"},
    {"{", 0, "byte 1 of the header: a member's name was expected"},
    {"{}x", 0, "something follows after the end"},
    {"{\"a\":" ONE ",}", 4, "a member's name was expected"},
    {"{\"a\":" ONE "}}", 4, "something follows after the end"},
    {"{\"a\xff\":" ONE "}", 4, "bytes that are not UTF-8"},
    {"{\"\\ud800\":" ONE "}", 4, "half of a surrogate pair"},
    {"{\"a\":" ONE ",\"a\":" F32("[1]", "[4,8]") "}", 8, "tensor \"a\": is there twice"},
    {"{\"a\":" ONE ",\"\\u0061\":" F32("[1]", "[4,8]") "}", 8, "tensor \"a\": is there twice"},
    {"{\"a\":" F32("[0]", "[0,0]") ",\"b\":" ONE ",\"a\":" F32("[0]", "[4,4]") "}", 4,
     "tensor \"a\": is there twice"},
    {"{\"a\":" ONE ",\"b\":" ONE "}", 4, "overlaps the one before it"},
    {"{\"a\":" F32("[2]", "[0,8]") ",\"b\":" F32("[1]", "[4,8]") "}", 8, "overlaps"},
    {"{\"a\":" F32("[2]", "[0,8]") ",\"b\":" F32("[0]", "[4,4]") "}", 8, "overlaps"},
    {"{\"a\":" F32("[1]", "[4,8]") "}", 8, "begins after a hole"},
    {"{\"a\":" ONE ",\"b\":" F32("[1]", "[8,12]") "}", 12, "begins after a hole"},
    {"{\"a\":" ONE "}", 8, "tensors have 4 bytes, the file has 8 for them"},
    {"{}", 1, "tensors have 0 bytes, the file has 1"},
    {"{\"a\":" ONE "}", 3, "bytes 0 to 4 of 3"},
    {"{\"a\":" F32("[1]", "[4,0]") "}", 4, "bytes 4 to 0 of 4"},
    {"{\"a\":" F32("[1]", "[0,18446744073709551615]") "}", 4, "of 4"},
    {"{\"a\":" F32("[1]", "[0,18446744073709551620]") "}", 4, "data_offsets are not two sizes"},
    {"{\"a\":" F32("[1]", "[-4,0]") "}", 4, "data_offsets are not two sizes"},
    {"{\"a\":" F32("[1]", "[0,4.0]") "}", 4, "data_offsets are not two sizes"},
    {"{\"a\":" F32("[1]", "[0,4e0]") "}", 4, "data_offsets are not two sizes"},
    {"{\"a\":" F32("[1]", "[0]") "}", 4, "data_offsets are not two sizes"},
    {"{\"a\":" F32("[1]", "[]") "}", 4, "data_offsets are not two sizes"},
    {"{\"a\":" F32("[1]", "[0,4,4]") "}", 4, "data_offsets are not two sizes"},
    {"{\"a\":" F32("[1]", "[\"0\",\"4\"]") "}", 4, "data_offsets are not two sizes"},
    {"{\"a\":" F32("[1]", "4") "}", 4, "a member of the wrong kind"},
    {"{\"a\":" F32("[2]", "[0,4]") "}", 4, "2 elements of F32 do not fill bytes 0 to 4"},
    {"{\"a\":" F32("[0]", "[0,4]") "}", 4, "0 elements of F32"},
    {"{\"a\":" F32("[-1]", "[0,4]") "}", 4, "has a length that is no size"},
    {"{\"a\":" F32("[1.5]", "[0,4]") "}", 4, "has a length that is no size"},
    {"{\"a\":" F32("[null]", "[0,4]") "}", 4, "has a length that is no size"},
    {"{\"a\":" F32("[[1]]", "[0,4]") "}", 4, "has a length that is no size"},
    {"{\"a\":" F32("{}", "[0,4]") "}", 4, "a member of the wrong kind"},
    {"{\"a\":" F32("[4294967296,4294967296,4294967296]", "[0,4]") "}", 4,
     "has a shape whose product overflows"},
    {"{\"a\":" F32("[4611686018427387905]", "[0,4]") "}", 4, "do not fill bytes 0 to 4"},
    {"{\"a\":" F32("[1,1,1,1,1,1,1,1,1]", "[0,4]") "}", 4, "has more than 8 axes"},
    {"{\"a\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "1 elements of F64"},
    {"{\"a\":{\"dtype\":1,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "a member of the wrong kind"},
    {"{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "lacks dtype, shape or data_offsets"},
    {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "lacks dtype, shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "lacks dtype, shape or data_offsets"},
    {"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
     "has a member twice"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}", 4,
     "a member besides dtype, shape and data_offsets"},
    {"{\"a\":[]}", 0, "is described by no object"},
    {"{\"a\":null}", 0, "is described by no object"},
    {"{\"__metadata__\":[]}", 0, "__metadata__ is no object"},
    {"{\"__metadata__\":{\"a\":1}}", 0, "__metadata__ has a value that is no string"},
    {"{\"__metadata__\":{\"a\":{}}}", 0, "__metadata__ has a value that is no string"},
    {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "__metadata__ is there twice"},
    {"{}", 0, "has no model_config, only tensors"},
};

/* Makes a file of that header and zeros. */
static unsigned char *build(const char *header, size_t data, size_t *size)
{
    size_t length = strlen(header);
    unsigned char *file;

    *size = 8 + length + data;
    file = calloc(1, *size);
    assert_non_null(file);
    dlcore_store_u64(file, length);
    memcpy(file + 8, header, length);
    return file;
}

static void assert_crafted(const crafted_t *one)
{
    dlcore_error_record_t error = {0};
    size_t size;
    unsigned char *file = build(one->header, one->data, &size);
    dlcore_status status = load(file, size, &error);

    free(file);
    if (status == DLCORE_OK || strstr(error.message, one->text) == NULL)
        fail_msg("%s: status %d, \"%s\", not \"%s\"", one->header, status, error.message,
                 one->text);
}

static void test_safetensors_hostile_crafted_headers_are_refused(void **state)
{
    (void)state;
    assert_true(sizeof crafted / sizeof crafted[0] >= 40);
    for (size_t i = 0; i < sizeof crafted / sizeof crafted[0]; i++)
        assert_crafted(&crafted[i]);
}

/* Headers that are right, with a model in them that is not. */
#define MODEL(layers, width)                                                   \
    "\"model_config\":\"{'class_name':'Sequential','config':{'layers':" layers \
    ",'build_input_shape':[null," width "]}}\""
#define DENSE(units, more) "{'class_name':'Dense','config':{'name':'d','units':" units more "}}"
#define TENSORS ",\"d/kernel\":" F32("[3,2]", "[0,24]") ",\"d/bias\":" F32("[2]", "[24,32]")
#define FILE_OF(metadata) "{\"__metadata__\":{" metadata "}" TENSORS "}"
#define GOOD MODEL("[" DENSE("2", "") "]", "3")
#define COMPILED(optimizer, loss, metrics)                                                         \
    GOOD ",\"compile_config\":\"{'optimizer':" optimizer ",'loss':" loss ",'metrics':" metrics "}" \
         "\""
#define SGD "{'class_name':'SGD','config':{'learning_rate':0.1}}"

static const crafted_t models[] = {
    {FILE_OF(GOOD), 32, NULL},
    {FILE_OF(COMPILED(SGD, "'mse'", "['mae']")), 32, NULL},
    {FILE_OF(GOOD ",\"dlcore.format_version\":\"2\""), 32, "format version \"2\""},
    {FILE_OF(GOOD ",\"dlcore.format_version\":\"11111111111111111111\""), 32, "is too long"},
    {FILE_OF(GOOD "," GOOD), 32, "model_config is there twice"},
    {FILE_OF("\"model_config\":\"\""), 32, "model_config: byte 0: a value was expected"},
    {FILE_OF("\"model_config\":\"[]\""), 32, "a model of class \"\""},
    {FILE_OF("\"model_config\":\"{'class_name':'Functional'}\""), 32, "class \"Functional\""},
    {FILE_OF(MODEL("[]", "3")), 32, "has no layers"},
    {FILE_OF(MODEL("{}", "3")), 32, "has no layers"},
    {FILE_OF(MODEL("[1]", "3")), 32, "config is no object"},
    {FILE_OF(MODEL("[{'class_name':'Conv2D','config':{}}]", "3")), 32, "no layer Conv2D"},
    {FILE_OF(MODEL("[{'class_name':5,'config':{}}]", "3")), 32, "class_name is no name"},
    {FILE_OF(MODEL("[" DENSE("0", "") "]", "3")), 32, "units must be 1 to"},
    {FILE_OF(MODEL("[" DENSE("-1", "") "]", "3")), 32, "units is no size"},
    {FILE_OF(MODEL("[" DENSE("18446744073709551615", "") "]", "3")), 32, "units must be 1 to"},
    {FILE_OF(MODEL("[" DENSE("2147483647", "") "]", "3")), 32,
     "d/kernel: expected (3, 2147483647), the file has (3, 2)"},
    {FILE_OF(MODEL("[" DENSE("2", "") "]", "4")), 32, "expected (4, 2), the file has (3, 2)"},
    {FILE_OF(MODEL("[" DENSE("2", "") "]", "0")), 32, "build_input_shape is no shape of a batch"},
    {FILE_OF(MODEL("[" DENSE("2", "") "]", "4294967296")), 32, "inputs are more than"},
    {FILE_OF(MODEL("[" DENSE("2", "") "]", "18446744073709551615,3")), 32, "is no shape"},
    {FILE_OF(MODEL("[" DENSE("2", "") "," DENSE("2", "") "]", "3")), 32, "name \"d\" is taken"},
    {FILE_OF(MODEL("[" DENSE("2", ",'units':2") "]", "3")), 32, "units is there twice"},
    {FILE_OF(MODEL("[" DENSE("2", ",'use_bias':1") "]", "3")), 32, "neither true nor false"},
    {FILE_OF(MODEL("[" DENSE("2", ",'activation':'gelu_new'") "]", "3")), 32,
     "its activation is not known here"},
    {FILE_OF(MODEL("[" DENSE("2", ",'kernel_initializer':'Ones2'") "]", "3")), 32,
     "kernel_initializer is not known here"},
    {FILE_OF(MODEL("[{'class_name':'Dense','config':{'name':'a/b','units':2}}]", "3")), 32,
     "contains a slash"},
    {FILE_OF(MODEL("[{'class_name':'Dense','config':{'name':'e','units':2}}]", "3")), 32,
     "has no tensor \"e/kernel\" (3, 2)"},
    {FILE_OF(MODEL("[{'class_name':'Rescaling','config':{'scale':1e99}}," DENSE("2", "") "]", "3")),
     32, "must be finite in float32"},
    {FILE_OF(COMPILED("{}", "'mse'", "[]")), 32, "no optimizer \"\""},
    {FILE_OF(COMPILED("{'class_name':'Lion'}", "'mse'", "[]")), 32, "no optimizer \"Lion\""},
    {FILE_OF(COMPILED("{'class_name':'SGD','config':{'learning_rate':-1}}", "'mse'", "[]")), 32,
     "learning_rate must lie in"},
    {FILE_OF(COMPILED("{'class_name':'SGD','config':{'learning_rate':{}}}", "'mse'", "[]")), 32,
     "learning_rate is no finite number"},
    {FILE_OF(COMPILED(SGD, "'hinge2'", "[]")), 32, "no loss \"hinge2\""},
    {FILE_OF(COMPILED(SGD, "5", "[]")), 32, "no loss \"\""},
    {FILE_OF(COMPILED(SGD, "'mse'", "['mse','mse']")), 32, "are both"},
    {FILE_OF(COMPILED(SGD, "'mse'", "['nothing']")), 32, "its kind is not known here"},
    {FILE_OF(COMPILED(SGD, "'mse'", "[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]")), 32, "not known here"},
    {FILE_OF(COMPILED(SGD, "'mse'", "[]") ",\"dlcore.training_state\":\"{'seed':'-1'}\""), 32,
     "seed is no whole number"},
    {FILE_OF(COMPILED(SGD, "'mse'",
                      "[]") ",\"dlcore.training_state\":\"{'epochs_trained':'4294967296'}\""),
     32, "epochs_trained is no whole number up to 4294967295"},
    {"{\"__metadata__\":{" GOOD "},\"d/kernel\":" F32("[3,2]", "[0,24]") "}", 24,
     "has no tensor \"d/bias\" (2)"},
    {"{\"__metadata__\":{" GOOD
     "},\"d/kernel\":" F32("[6]", "[0,24]") ",\"d/bias\":" F32("[2]", "[24,32]") "}",
     32, "d/kernel: expected (3, 2), the file has (6)"},
    {"{\"__metadata__\":{" GOOD "},\"d/kernel\":"
     "{\"dtype\":\"I32\",\"shape\":[3,2],\"data_offsets\":[0,24]}"
     ",\"d/bias\":" F32("[2]", "[24,32]") "}",
     32, "d/kernel: expected F32 (float32), the file has I32"},
    {"{\"__metadata__\":{" COMPILED(
         "{'class_name':'RMSprop'}", "'mse'",
         "[]") "}" TENSORS ",\"optimizer/rmsprop/velocity/d/kernel\":" F32("[3,2]", "[32,56]") "}",
     56, "has no tensor \"optimizer/rmsprop/velocity/d/bias\""},
    {"{\"__metadata__\":{" GOOD "}" TENSORS ",\"dlcore/self_test/x\":" F32("[1,3]", "[32,44]") "}",
     44, "has no tensor \"dlcore/self_test/y\""},
    {"{\"__metadata__\":{" GOOD "}" TENSORS ",\"dlcore/self_test/x\":" F32("[1,4]", "[32,48]") "}",
     48, "dlcore/self_test/x: expected (1, 3), the file has (1, 4)"},
};

static void test_safetensors_hostile_crafted_models_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        char header[2048], *to = header;
        crafted_t one = models[i];

        for (const char *from = one.header; *from != '\0'; from++) { /* ' stands for \" */
            if (*from == '\'')
                *to++ = '\\';
            *to++ = (char)(*from == '\'' ? '"' : *from);
        }
        *to = '\0';
        one.header = header;
        if (one.text == NULL) {
            dlcore_error_record_t error = {0};
            size_t size;
            unsigned char *file = build(header, one.data, &size);

            if (load(file, size, &error) != DLCORE_OK)
                fail_msg("%s: %s", header, error.message);
            free(file);
        } else {
            assert_crafted(&one);
        }
    }
}

/* The length of the header, alone. */
static void test_safetensors_hostile_header_lengths_are_refused(void **state)
{
    static const struct {
        uint64_t length;
        size_t size;
        const char *text;
    } cases[] = {
        {0, 8, "does not begin with {"},
        {1, 8, "8 bytes, the header alone should have 1 and 8"},
        {9, 16, "the header alone should have 9 and 8"},
        {DLCORE_SAFETENSORS_HEADER_MAX, 100, "the header alone should have 100000000"},
        {DLCORE_SAFETENSORS_HEADER_MAX + 1, 100, "a header of 100000001 bytes is more than"},
        {UINT64_MAX, 100, "a header of 18446744073709551615 bytes"},
        {UINT64_MAX - 7, 100, "is more than 100000000"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char file[100] = {0};
        dlcore_error_record_t error;

        dlcore_store_u64(file, cases[i].length);
        assert_failed(load(file, cases[i].size, &error), DLCORE_ERROR_FORMAT, &error,
                      cases[i].text);
    }
    {
        dlcore_error_record_t error;

        assert_failed(load((const unsigned char *)"{}", 2, &error), DLCORE_ERROR_FORMAT, &error,
                      "2 bytes, a safetensors file has at least 8");
    }
}

/* A small text for each of many things: they must not take much more than their text. */
static void test_safetensors_hostile_many_small_things_take_little_memory(void **state)
{
    const size_t room = 2 * MB;
    char *header = malloc(room);
    dlcore_error_record_t error;
    size_t used = 0, size;
    unsigned char *file;

    (void)state;
    assert_non_null(header);
    used += (size_t)snprintf(header, room, "{");
    for (int i = 0; i < 20000; i++)
        used += (size_t)snprintf(header + used, room - used,
                                 "%s\"%d\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}",
                                 i > 0 ? "," : "", i);
    snprintf(header + used, room - used, "}");
    file = build(header, 0, &size);
    assert_failed(load(file, size, &error), DLCORE_ERROR_FORMAT, &error, "has no model_config");
    free(file);

    used = (size_t)snprintf(header, room,
                            "{\"__metadata__\":{\"model_config\":\"{\\\"class_name\\\":"
                            "\\\"Sequential\\\",\\\"config\\\":{\\\"layers\\\":[");
    for (int i = 0; i < 1002; i++)
        used += (size_t)snprintf(header + used, room - used,
                                 "%s{\\\"class_name\\\":\\\"Flatten\\\",\\\"config\\\":{}}",
                                 i > 0 ? "," : "");
    snprintf(header + used, room - used, "]}}\"}}");
    file = build(header, 0, &size);
    assert_failed(load(file, size, &error), DLCORE_ERROR_UNSUPPORTED, &error,
                  "more than 1000 layers");
    free(file);
    free(header);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_safetensors_hostile_every_truncation_is_refused),
        cmocka_unit_test(test_safetensors_hostile_a_longer_file_is_refused),
        cmocka_unit_test(test_safetensors_hostile_every_changed_byte_of_a_model),
        cmocka_unit_test(test_safetensors_hostile_every_value_of_every_byte_of_a_header),
        cmocka_unit_test(test_safetensors_hostile_crafted_headers_are_refused),
        cmocka_unit_test(test_safetensors_hostile_crafted_models_are_refused),
        cmocka_unit_test(test_safetensors_hostile_header_lengths_are_refused),
        cmocka_unit_test(test_safetensors_hostile_many_small_things_take_little_memory),
    };

    return cmocka_run_group_tests_name("safetensors_hostile", tests, NULL, NULL);
}
