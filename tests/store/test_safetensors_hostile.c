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
#include "store/safetensors.h"
#include "support/hostile_file.h"
#include "support/running_model.h"
#include "support/sanitizers.h"
#include "support/size_text.h"
#include "support/small_model.h"
#include "support/tensors.h"

/* A small model after an epoch, or one in the middle of a run. */
static unsigned char *seed_file(bool running, size_t *size)
{
    return running ? running_model_file(false, size) : small_model_file(size);
}

static void test_safetensors_hostile_every_truncation_is_refused(void **state)
{
    (void)state;
    for (int running = 0; running <= 1; running++) {
        dlcore_error_record_t error;
        size_t size;
        unsigned char *file = seed_file(running, &size);

        assert_int_equal(hostile_load(file, size, &error), DLCORE_OK);
        for (size_t length = 0; length < size; length++) {
            assert_int_equal(hostile_load(file, length, &error), DLCORE_ERROR_FORMAT);
            assert_non_null(strstr(error.message, length < 8 ? "has at least 8" : "is cut short"));
        }
        free(file);
    }
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
    assert_failed(hostile_load(longer, size + 1, &error), DLCORE_ERROR_FORMAT, &error,
                  "bytes, the file has");
    free(longer);
    free(file);
}

/* Most are refused, those in weights are not; none does harm. */
static void check_changed_bytes(bool running)
{
    static const unsigned char changes[] = {0x01, 0x90};
    dlcore_error_record_t error;
    size_t size, accepted = 0, header;
    unsigned char *file = seed_file(running, &size);

    header = 8 + (size_t)dlcore_load_u64(file);
    for (size_t i = 0; i < size; i++) {
        for (size_t c = 0; c < sizeof changes; c++) {
            dlcore_status status;

            file[i] ^= changes[c];
            status = hostile_load(file, size, &error);
            if (i >= header) /* contents of tensors: the checksum's business */
                assert_int_equal(status, DLCORE_OK);
            accepted += i < header && status == DLCORE_OK;
            file[i] ^= changes[c];
        }
    }
    assert_true(accepted < header); /* names, settings and spaces can be others */
    free(file);
}

static void test_safetensors_hostile_every_changed_byte_of_a_model(void **state)
{
    (void)state;
    check_changed_bytes(false);
    check_changed_bytes(true);
}

/* The file of a model of one weight. */
static unsigned char *tiny_model_file(size_t *size)
{
    dlcore_save_options_t options = dlcore_save_options_default();
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_layer_t dense = dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR);
    dlcore_model_t *model = NULL;
    void *file = NULL;

    options.self_test = false;
    dense.input_width = 1;
    dense.use_bias = false;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    dlcore_model_add(model, dense);
    assert_int_equal(
        dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR, DLCORE_METRIC_NONE),
        DLCORE_OK);
    assert_int_equal(dlcore_model_save_memory(model, &options, &file, size), DLCORE_OK);
    dlcore_model_free(model);
    return file;
}

/* Other values of each byte: none does harm, and what is accepted is a model. By default a fifth of
 * them, others for neighbours, under an emulator a tenth of these; all 255 with
 * DLCORE_EVERY_VALUE=1. */
static void test_safetensors_hostile_values_of_every_byte_of_a_model(void **state)
{
    unsigned step = getenv("DLCORE_EVERY_VALUE") != NULL ? 1 : EMULATED ? 51 : 5;
    dlcore_error_record_t error;
    size_t size;
    unsigned char *file = tiny_model_file(&size);

    (void)state;
    for (size_t i = 0; i < size; i++) {
        for (unsigned change = 1 + (unsigned)i % step; change < 256; change += step) {
            file[i] = (unsigned char)(file[i] ^ change);
            (void)hostile_load(file, size, &error);
            file[i] = (unsigned char)(file[i] ^ change);
        }
    }
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

static const hostile_t crafted[] = {
    {"", 0, "does not begin with {"},
    {"  ", 0, "does not begin with {"},
    {" []", 0, "does not begin with {"},
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
    {"{\"a\":" ONE "}", 3, "file is cut short: 65 bytes, at least 66 expected"},
    {"{\"a\":" F32("[1]", "[4,0]") "}", 4, "bytes 4 to 0 of 4"},
    {"{\"a\":" F32("[1]", "[0,18446744073709551615]") "}", 4,
     BY_SIZE("bytes 0 to 18446744073709551615 of 4", "data_offsets are not two sizes")},
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
    {"{\"a\":" F32("[-1]", "[0,4]") "}", 4, "has a length that is not a valid size"},
    {"{\"a\":" F32("[1.5]", "[0,4]") "}", 4, "has a length that is not a valid size"},
    {"{\"a\":" F32("[null]", "[0,4]") "}", 4, "has a length that is not a valid size"},
    {"{\"a\":" F32("[[1]]", "[0,4]") "}", 4, "has a length that is not a valid size"},
    {"{\"a\":" F32("{}", "[0,4]") "}", 4, "a member of the wrong kind"},
    {"{\"a\":" F32("[4294967296,4294967296,4294967296]", "[0,4]") "}", 4,
     BY_SIZE("has a shape whose product overflows", "has a length that is not a valid size")},
    {"{\"a\":" F32("[4611686018427387905]", "[0,4]") "}", 4,
     BY_SIZE("do not fill bytes 0 to 4", "has a length that is not a valid size")},
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
    {"{\"a\":[]}", 0, "is not described by an object"},
    {"{\"a\":null}", 0, "is not described by an object"},
    {"{\"__metadata__\":[]}", 0, "__metadata__ is not an object"},
    {"{\"__metadata__\":{\"a\":1}}", 0, "__metadata__ has a value that is not a string"},
    {"{\"__metadata__\":{\"a\":{}}}", 0, "__metadata__ has a value that is not a string"},
    {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "__metadata__ is there twice"},
    {"{}", 0, "has no model_config, only tensors"},
};

static void test_safetensors_hostile_crafted_headers_are_refused(void **state)
{
    (void)state;
    assert_true(sizeof crafted / sizeof crafted[0] >= 40);
    for (size_t i = 0; i < sizeof crafted / sizeof crafted[0]; i++)
        hostile_assert_refused(&crafted[i]);
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
        {1, 8, "file is cut short: 8 bytes, at least 9 expected"},
        {9, 16, "file is cut short: 16 bytes, at least 17 expected"},
        {DLCORE_SAFETENSORS_HEADER_MAX, 100, "100 bytes, at least 100000008 expected"},
        {DLCORE_SAFETENSORS_HEADER_MAX + 1, 100, "does not begin with the length of a header"},
        {UINT64_MAX, 100, "does not begin with the length of a header"},
        {UINT64_MAX - 7, 100, "does not begin with the length of a header"},
        {0x7561207369736968, 100, "memory: not a safetensors file: it does not begin"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char file[100] = {0};
        dlcore_error_record_t error;

        dlcore_store_u64(file, cases[i].length);
        assert_failed(hostile_load(file, cases[i].size, &error), DLCORE_ERROR_FORMAT, &error,
                      cases[i].text);
    }
    {
        dlcore_error_record_t error;

        assert_failed(hostile_load((const unsigned char *)"{}", 2, &error), DLCORE_ERROR_FORMAT,
                      &error, "2 bytes, a safetensors file has at least 8");
    }
}

/* A small text for each of many things: they must not take much more than their text. */
static void test_safetensors_hostile_many_small_things_take_little_memory(void **state)
{
    const size_t room = (size_t)1 << 21;
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
    file = hostile_file(header, 0, &size);
    assert_failed(hostile_load(file, size, &error), DLCORE_ERROR_FORMAT, &error,
                  "has no model_config");
    free(file);

    used = (size_t)snprintf(header, room,
                            "{\"__metadata__\":{\"model_config\":\"{\\\"class_name\\\":"
                            "\\\"Sequential\\\",\\\"config\\\":{\\\"layers\\\":[");
    for (int i = 0; i < 1002; i++)
        used += (size_t)snprintf(header + used, room - used,
                                 "%s{\\\"class_name\\\":\\\"Flatten\\\",\\\"config\\\":{}}",
                                 i > 0 ? "," : "");
    snprintf(header + used, room - used, "]}}\"}}");
    file = hostile_file(header, 0, &size);
    assert_failed(hostile_load(file, size, &error), DLCORE_ERROR_UNSUPPORTED, &error,
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
        cmocka_unit_test(test_safetensors_hostile_values_of_every_byte_of_a_model),
        cmocka_unit_test(test_safetensors_hostile_every_value_of_every_byte_of_a_header),
        cmocka_unit_test(test_safetensors_hostile_crafted_headers_are_refused),
        cmocka_unit_test(test_safetensors_hostile_header_lengths_are_refused),
        cmocka_unit_test(test_safetensors_hostile_many_small_things_take_little_memory),
    };

    return cmocka_run_group_tests_name("safetensors_hostile", tests, NULL, NULL);
}
