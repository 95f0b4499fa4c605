/* The safetensors format: right headers, what can be asked of them, and the writer's own. Wrong
 * ones are in test_safetensors_hostile.c.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/little_endian.h"
#include "store/safetensors.h"
#include "support/failing_allocator.h"
#include "support/size_text.h"
#include "support/tensors.h"

static failing_allocator_t memory;
static dlcore_allocator_t allocator;

static int begin(void **state)
{
    (void)state;
    failing_allocator_init(&memory);
    allocator = failing_allocator(&memory);
    return 0;
}

static int end(void **state)
{
    (void)state;
    failing_allocator_assert_clean(&memory);
    return 0;
}

static dlcore_safetensors_t parse(const char *header, size_t data_size)
{
    dlcore_safetensors_t file;
    dlcore_error_record_t error;

    if (dlcore_safetensors_parse(header, strlen(header), data_size, "test", &allocator, &file,
                                 &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    return file;
}

static void test_safetensors_lists_and_finds_tensors(void **state)
{
    dlcore_safetensors_t file =
        parse("{\"b/kernel\":{\"data_offsets\":[4,28],\"shape\":[3,2],\"dtype\":\"F32\"},"
              "\"__metadata__\":{\"format\":\"pt\",\"\":\"\"},"
              "\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
              "\"\\u00e9\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[28,36]}}   ",
              36);
    dlcore_safetensors_entry_t *entry = dlcore_safetensors_find(&file, "b/kernel");
    size_t shape[DLCORE_RANK_MAX];
    dlcore_json_t format;
    char text[8];

    (void)state;
    assert_int_equal(file.count, 3);
    assert_non_null(entry);
    assert_int_equal(entry->dtype, DLCORE_SAFETENSORS_F32);
    assert_int_equal(entry->rank, 2);
    assert_int_equal(entry->begin, 4);
    assert_int_equal(entry->end, 28);
    dlcore_safetensors_shape(&file, entry, shape);
    assert_int_equal(shape[0], 3);
    assert_int_equal(shape[1], 2);
    dlcore_safetensors_dtype_text(&file, entry, text, sizeof text);
    assert_string_equal(text, "F32");
    entry = dlcore_safetensors_find(&file, "\xC3\xA9");
    assert_non_null(entry);
    assert_int_equal(entry->rank, 0);
    assert_null(dlcore_safetensors_find(&file, "b"));
    assert_null(dlcore_safetensors_find(&file, "b/kernel2"));
    assert_null(dlcore_safetensors_find(&file, ""));
    assert_true(dlcore_json_member(&file.metadata, "format", &format));
    assert_true(dlcore_json_is(&format, "pt"));
    dlcore_safetensors_sort_by_place(&file);
    for (size_t i = 1; i < file.count; i++)
        assert_int_equal(file.entries[i - 1].end, file.entries[i].begin);
    dlcore_safetensors_clear(&file, &allocator);
}

static void test_safetensors_accepts_nothing_scalars_and_empty_tensors(void **state)
{
    static const struct {
        const char *header;
        size_t data, count;
    } cases[] = {
        {"{}", 0, 0},
        {"{\"__metadata__\":{}}", 0, 0},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4, 1},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},"
         "\"b\":{\"dtype\":\"F64\",\"shape\":[5,0,3],\"data_offsets\":[0,0]},"
         "\"c\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
         "\"d\":{\"dtype\":\"F32\",\"shape\":[2,0],\"data_offsets\":[4,4]}}",
         4, 4},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[" SIZE_MAX_TEXT ",2,0],\"data_offsets\":[0,0]}}", 0,
         1},
        {"{\"a\":{\"dtype\":\"F4_NEW\",\"shape\":[7],\"data_offsets\":[0,4]}}", 4, 1},
        {"{\"a\":{\"dtype\":\"BOOL\",\"shape\":[1,1,1,1,1,1,1,1],\"data_offsets\":[0,1]}}", 1, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dlcore_safetensors_t file = parse(cases[i].header, cases[i].data);

        assert_int_equal(file.count, cases[i].count);
        dlcore_safetensors_clear(&file, &allocator);
    }
}

/* Spaces around the object, so that the data begin at a multiple of something. */
static void test_safetensors_header_may_be_filled_up_at_either_end(void **state)
{
    static const char *const headers[] = {
        " \t\r\n{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}} \t\r\n",
        "  {\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}  ",
    };

    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        dlcore_safetensors_t file = parse(headers[i], 4);

        assert_int_equal(file.count, 1);
        assert_non_null(dlcore_safetensors_find(&file, "a"));
        dlcore_safetensors_clear(&file, &allocator);
    }
}

static void test_safetensors_knows_the_size_of_every_dtype(void **state)
{
    static const struct {
        const char *name;
        size_t size;
    } dtypes[] = {{"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1},
                  {"I16", 2},  {"U16", 2}, {"F16", 2}, {"BF16", 2},    {"I32", 4},
                  {"U32", 4},  {"F32", 4}, {"F64", 8}, {"I64", 8},     {"U64", 8}};

    (void)state;
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++) {
        char header[160];
        dlcore_safetensors_t file;
        dlcore_error_record_t error;

        snprintf(header, sizeof header,
                 "{\"a\":{\"dtype\":\"%s\",\"shape\":[3],\"data_offsets\":[0,%zu]}}",
                 dtypes[i].name, 3 * dtypes[i].size);
        file = parse(header, 3 * dtypes[i].size);
        assert_int_equal(file.entries[0].dtype, i + 1);
        dlcore_safetensors_clear(&file, &allocator);
        snprintf(header, sizeof header,
                 "{\"a\":{\"dtype\":\"%s\",\"shape\":[3],\"data_offsets\":[0,%zu]}}",
                 dtypes[i].name, 3 * dtypes[i].size + 1);
        assert_failed(dlcore_safetensors_parse(header, strlen(header), 3 * dtypes[i].size + 1,
                                               "test", &allocator, &file, &error),
                      DLCORE_ERROR_FORMAT, &error, "do not fill bytes 0 to");
    }
}

static void test_safetensors_finds_each_of_many(void **state)
{
    static char header[80000];
    dlcore_json_writer_t writer = dlcore_json_writer(header, sizeof header);
    dlcore_safetensors_t file;
    size_t at = 0;
    char name[16];

    (void)state;
    dlcore_json_open(&writer, NULL, '{');
    for (size_t i = 0; i < 1000; i++) {
        size_t shape[2] = {i % 3, 2};

        snprintf(name, sizeof name, "t%zu", (i * 619) % 1000);
        at = dlcore_safetensors_put_tensor(
            &writer, name, (dlcore_safetensors_element_t){"F32", sizeof(float)}, 2, shape, at);
    }
    dlcore_json_close(&writer, '}');
    dlcore_safetensors_pad(&writer);
    assert_true(writer.size <= sizeof header);
    assert_int_equal(writer.size % 8, 0);
    header[writer.size] = '\0';
    file = parse(header, at);
    for (size_t i = 0; i < 1000; i++) {
        const dlcore_safetensors_entry_t *entry;

        snprintf(name, sizeof name, "t%zu", (i * 619) % 1000);
        entry = dlcore_safetensors_find(&file, name);
        assert_non_null(entry);
        assert_int_equal(entry->end - entry->begin, i % 3 * 2 * sizeof(float));
    }
    assert_null(dlcore_safetensors_find(&file, "t1000"));
    dlcore_safetensors_clear(&file, &allocator);
}

static void test_safetensors_prefix_is_little_endian(void **state)
{
    unsigned char prefix[8];
    size_t size;

    (void)state;
    dlcore_store_u64(prefix, 0x010203);
    assert_memory_equal(prefix, "\3\2\1\0\0\0\0\0", 8);
    assert_int_equal(dlcore_safetensors_prefix(prefix, 0x010203 + 8, "test", &size, NULL),
                     DLCORE_OK);
    assert_int_equal(size, 0x010203);
}

/* Values of the reference implementation. */
static void test_safetensors_checksum_is_xxh64(void **state)
{
    static const struct {
        const char *text;
        uint64_t value;
    } cases[] = {
        {"", UINT64_C(0xEF46DB3751D8E999)},
        {"a", UINT64_C(0xD24EC4F1A98C6E5B)},
        {"abc", UINT64_C(0x44BC2CF5AD770999)},
        {"Nobody inspects the spammish repetition", UINT64_C(0xFBCEA83C8A378BF1)},
    };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        size_t length = strlen(cases[i].text);

        for (size_t cut = 0; cut <= length; cut++) {
            dlcore_hash_t hash = dlcore_hash_begin();

            dlcore_hash_add(&hash, cases[i].text, cut);
            dlcore_hash_add(&hash, cases[i].text + cut, length - cut);
            assert_true(dlcore_hash_value(&hash) == cases[i].value);
        }
    }
}

/* "PK\3\4" is also the length of a header of 67 MB, and no file is one that begins so. */
static void test_safetensors_prefix_of_another_format_names_the_call_that_reads_it(void **state)
{
    static const char *const begins[] = {"\x89HDF\r\n\x1a\n", "PK\3\4\0\0\0\0",
                                         "\x08\x08\x12\x07pyto"};
    static const char *const calls[] = {"keras_load of dlcore/keras.h",
                                        "keras_load of dlcore/keras.h",
                                        "onnx_load of dlcore/onnx.h"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        dlcore_error_record_t error = {.message = ""};
        unsigned char prefix[8];
        size_t size;

        memcpy(prefix, begins[i], 8);
        assert_int_equal(dlcore_safetensors_prefix(prefix, (size_t)1 << 30, "test", &size, &error),
                         DLCORE_ERROR_FORMAT);
        assert_non_null(strstr(error.message, calls[i]));
    }
}

static void test_safetensors_prefix_names_files_of_other_programs(void **state)
{
    static const struct {
        const char *prefix;
        const char *text; /* NULL: it is a length, 640 */
    } cases[] = {
        {"\x89HDF\r\n\x1a\n", "keras_load"},
        {"PK\3\4\x14\0\0\0", "what torch.save wrote, save by safetensors.torch.save_file"},
        {"\x80\2\x8a\nl\xfc\x9c\x46", "a pickle of Python's"},
        {"\x80\4\x95\x20\0\0\0\0", "a pickle of Python's"},
        {"\x80\2\0\0\0\0\0\0", NULL},
        {"\x08\x07:\x07pyto", "perhaps an ONNX model"},
        {"\x08\x07\x42\x07pyto", "perhaps an ONNX model"},
        {"\x08\x40\x12\x07pyto", "does not begin with the length of a header"},
        {"\x08\x07\x13\x07pyto", "does not begin with the length of a header"},
        {"\x08\x02\x12\0\0\0\0\0", "file is cut short"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char prefix[DLCORE_SAFETENSORS_PREFIX];
        dlcore_error_record_t error;
        dlcore_status status;
        size_t size;

        memcpy(prefix, cases[i].prefix, sizeof prefix);
        status = dlcore_safetensors_prefix(prefix, 1000, "weights.pt", &size, &error);
        if (cases[i].text != NULL)
            assert_failed(status, DLCORE_ERROR_FORMAT, &error, cases[i].text);
        else
            assert_int_equal(status, DLCORE_OK);
    }
}

/* No file of a test is so long; its size is what counts. */
static void test_safetensors_prefix_of_a_header_beyond_the_limit_says_so(void **state)
{
    dlcore_error_record_t error = {.message = ""};
    unsigned char prefix[8];
    size_t size;

    (void)state;
    dlcore_store_u64(prefix, DLCORE_SAFETENSORS_HEADER_MAX + 1);
    assert_failed(dlcore_safetensors_prefix(prefix, (size_t)1 << 30, "test", &size, &error),
                  DLCORE_ERROR_FORMAT, &error, "a header of 100000001 bytes is more than");
}

/* What may have been meant: not what an optimizer keeps, and of a plain name only the same. */
static void test_safetensors_find_like_names_what_may_have_been_meant(void **state)
{
    static const char header[] =
        "{\"optimizer/kernel\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
        "\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}";
    const dlcore_allocator_t plain = dlcore_allocator_default();
    dlcore_safetensors_t file;

    (void)state;
    assert_int_equal(
        dlcore_safetensors_parse(header, sizeof header - 1, 8, "test", &plain, &file, NULL),
        DLCORE_OK);
    assert_null(dlcore_safetensors_find_like(&file, "dense/kernel"));
    assert_null(dlcore_safetensors_find_like(&file, "w"));
    assert_non_null(dlcore_safetensors_find_like(&file, "kernel"));
    dlcore_safetensors_clear(&file, &plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_safetensors_lists_and_finds_tensors, begin, end),
        cmocka_unit_test_setup_teardown(test_safetensors_accepts_nothing_scalars_and_empty_tensors,
                                        begin, end),
        cmocka_unit_test_setup_teardown(test_safetensors_header_may_be_filled_up_at_either_end,
                                        begin, end),
        cmocka_unit_test_setup_teardown(test_safetensors_knows_the_size_of_every_dtype, begin, end),
        cmocka_unit_test_setup_teardown(test_safetensors_finds_each_of_many, begin, end),
        cmocka_unit_test(test_safetensors_prefix_is_little_endian),
        cmocka_unit_test(test_safetensors_prefix_names_files_of_other_programs),
        cmocka_unit_test(test_safetensors_prefix_of_another_format_names_the_call_that_reads_it),
        cmocka_unit_test(test_safetensors_checksum_is_xxh64),
        cmocka_unit_test(test_safetensors_prefix_of_a_header_beyond_the_limit_says_so),
        cmocka_unit_test(test_safetensors_find_like_names_what_may_have_been_meant),
    };

    return cmocka_run_group_tests_name("safetensors", tests, NULL, NULL);
}
