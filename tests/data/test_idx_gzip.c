/* IDX from gzip files: the same tensors, and memory only for what is really there.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dlcore/data.h"
#include "support/failing_allocator.h"
#include "support/idx_bytes.h"
#include "support/size_text.h"
#include "support/tensors.h"

#define MB ((size_t)1 << 20)

static void need_zlib(void)
{
    if (!dlcore_idx_reads_gzip())
        skip();
}

/* One parse with its own allocator, which stays in use as long as the tensor. */
typedef struct parsed {
    failing_allocator_t memory;
    dlcore_error_record_t error;
    dlcore_status status;
    dlcore_tensor_t *tensor;
} parsed_t;

/* `content`: bytes that are really in there, or those of a tensor of them when it is larger. At
 * most twice that and 1 MB may be taken. */
static void parse(parsed_t *parsed, const bytes_t *packed, size_t content)
{
    dlcore_allocator_t allocator = failing_allocator(&parsed->memory);

    failing_allocator_init(&parsed->memory);
    parsed->status =
        dlcore_idx_parse(packed->data, packed->size, &allocator, &parsed->tensor, &parsed->error);
    assert_in_range(parsed->memory.peak_bytes, 1, 2 * content + MB);
}

static void end(parsed_t *parsed, bytes_t *packed)
{
    dlcore_tensor_free(parsed->tensor);
    failing_allocator_assert_clean(&parsed->memory);
    bytes_free(packed);
}

static void test_idx_gzip_seed_is_read_from_memory_and_file(void **state)
{
    unsigned char content[268];
    bytes_t packed = {0};
    dlcore_tensor_t *tensor = NULL;
    parsed_t parsed;

    (void)state;
    need_zlib();
    gzip_seed_content(content);
    bytes_add(&packed, gzip_seed, gzip_seed_size);
    parse(&parsed, &packed, sizeof content);
    assert_int_equal(parsed.status, DLCORE_OK);
    assert_bytes(parsed.tensor, SHAPE(16, 16), content + 12);
    end(&parsed, &packed);

    /* told apart by content, not by name */
    assert_int_equal(
        dlcore_idx_load(scratch_file("seed.idx", gzip_seed, gzip_seed_size), NULL, &tensor, NULL),
        DLCORE_OK);
    assert_bytes(tensor, SHAPE(16, 16), content + 12);
    dlcore_tensor_free(tensor);
}

static void test_idx_gzip_of_each_dtype_and_of_nothing(void **state)
{
    bytes_t content = {0};
    bytes_t packed = {0};
    parsed_t parsed;

    (void)state;
    need_zlib();
    idx_header(&content, IDX_INT32, 1, (uint32_t[]){2});
    bytes_add(&content, "\0\0\1\2\xFF\xFF\xFF\xFF", 8);
    gzip_stored(&packed, content.data, content.size);
    parse(&parsed, &packed, content.size);
    assert_ints(parsed.tensor, SHAPE(2), (int32_t[]){258, -1});
    end(&parsed, &packed);
    bytes_free(&content);

    idx_header(&content, IDX_FLOAT32, 0, NULL);
    bytes_add(&content, "\x3F\x80\0\0", 4);
    gzip_stored(&packed, content.data, content.size);
    parse(&parsed, &packed, content.size);
    assert_floats(parsed.tensor, NO_SHAPE, (float[]){1});
    end(&parsed, &packed);
    bytes_free(&content);

    idx_header(&content, IDX_UINT8, 2, (uint32_t[]){0, 7});
    gzip_stored(&packed, content.data, content.size);
    parse(&parsed, &packed, content.size);
    assert_bytes(parsed.tensor, SHAPE(0, 7), NULL);
    end(&parsed, &packed);
    bytes_free(&content);
}

static void test_idx_gzip_of_types_that_are_converted(void **state)
{
    bytes_t content = {0};
    bytes_t packed = {0};
    parsed_t parsed;

    (void)state;
    need_zlib();
    idx_header(&content, IDX_INT8, 1, (uint32_t[]){4});
    bytes_add(&content, "\x80\x7F\xFF\x05", 4);
    gzip_stored(&packed, content.data, content.size);
    parse(&parsed, &packed, content.size);
    assert_ints(parsed.tensor, SHAPE(4), (int32_t[]){-128, 127, -1, 5});
    end(&parsed, &packed);
    bytes_free(&content);

    idx_header(&content, IDX_INT16, 2, (uint32_t[]){2, 2});
    bytes_add(&content, "\x80\0\x7F\xFF\xFF\xFE\1\2", 8);
    gzip_stored(&packed, content.data, content.size);
    parse(&parsed, &packed, content.size);
    assert_ints(parsed.tensor, SHAPE(2, 2), (int32_t[]){-32768, 32767, -2, 258});
    end(&parsed, &packed);
    bytes_free(&content);

    idx_header(&content, IDX_FLOAT64, 1, (uint32_t[]){2});
    bytes_add(&content, "\xBF\xF8\0\0\0\0\0\0\x7F\xEF\xFF\xFF\xFF\xFF\xFF\xFF", 16);
    gzip_stored(&packed, content.data, content.size);
    parse(&parsed, &packed, content.size);
    assert_floats(parsed.tensor, SHAPE(2), (float[]){-1.5F, 1.0F / 0.0F});
    end(&parsed, &packed);
    bytes_free(&content);
}

/* Sizes around those of the chunks: 65,536 elements, then as many again as there are. The memory is
 * that of two tensors, however many bytes an element has in the file. */
static void test_idx_gzip_converts_every_number_of_chunks(void **state)
{
    static const struct {
        unsigned char type;
        size_t item;
    } types[] = {{IDX_INT8, 1}, {IDX_INT16, 2}, {IDX_FLOAT64, 8}};
    static const size_t sizes[] = {1, 65535, 65536, 65537, 131073, 1000000};

    (void)state;
    need_zlib();
    for (size_t i = 0; i < 3 * 6; i++) {
        size_t item = types[i / 6].item, size = sizes[i % 6];
        bytes_t content = {0}, packed = {0};
        parsed_t parsed;

        idx_header(&content, types[i / 6].type, 1, (uint32_t[]){(uint32_t)size});
        for (size_t n = 0; n < size; n++) /* 0 .. 127; of doubles the exponent */
            for (size_t at = 0; at < item; at++)
                bytes_add(
                    &content,
                    &(unsigned char){at == (item == 8 ? 0 : item - 1) ? (n * n >> 9) % 128 : 0}, 1);
        gzip_stored(&packed, content.data, content.size);
        parse(&parsed, &packed, 4 * size);
        assert_int_equal(parsed.status, DLCORE_OK);
        assert_int_equal(dlcore_tensor_size(parsed.tensor), size);
        for (size_t n = 0; n < size; n++) {
            size_t byte = (n * n >> 9) % 128;
            const void *data = dlcore_tensor_data_const(parsed.tensor);

            if (item == 8 &&
                ((const float *)data)[n] != (float)ldexp(byte > 0, (int)byte * 16 - 1023))
                fail_msg("element %zu is %g", n, (double)((const float *)data)[n]);
            if (item != 8 && ((const int32_t *)data)[n] != (int32_t)byte)
                fail_msg("element %zu is %d", n, (int)((const int32_t *)data)[n]);
        }
        end(&parsed, &packed);
        bytes_free(&content);
    }
}

/* Members may end anywhere, in the header, too. */
static void test_idx_gzip_of_several_members_is_one_file(void **state)
{
    unsigned char content[268];

    (void)state;
    need_zlib();
    gzip_seed_content(content);
    for (size_t cut = 0; cut <= sizeof content; cut++) {
        bytes_t packed = {0};
        parsed_t parsed;

        gzip_stored(&packed, content, cut);
        gzip_stored(&packed, content + cut, sizeof content - cut);
        parse(&parsed, &packed, sizeof content);
        assert_int_equal(parsed.status, DLCORE_OK);
        assert_bytes(parsed.tensor, SHAPE(16, 16), content + 12);
        end(&parsed, &packed);
    }
}

/* Sizes around those of the chunks: 256 KB, then as much again as there is. */
static void test_idx_gzip_of_every_number_of_chunks(void **state)
{
    static const size_t sizes[] = {1, 262143, 262144, 262145, 524288, 524289, 1048577, 3000000};

    (void)state;
    need_zlib();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        bytes_t content = {0};
        bytes_t packed = {0};
        parsed_t parsed;

        idx_header(&content, IDX_UINT8, 1, (uint32_t[]){(uint32_t)sizes[i]});
        for (size_t n = 0; n < sizes[i]; n++)
            bytes_add(&content, &(unsigned char){(unsigned char)(n * n >> 9)}, 1);
        gzip_stored(&packed, content.data, content.size);
        parse(&parsed, &packed, content.size);
        assert_int_equal(parsed.status, DLCORE_OK);
        assert_bytes(parsed.tensor, SHAPE(sizes[i]), content.data + 8);
        end(&parsed, &packed);
        bytes_free(&content);
    }
}

/* A file of 330 KB that really holds 50 MB is no crime; its memory is bounded all the same. */
static void test_idx_gzip_of_zeros_takes_twice_its_content(void **state)
{
    bytes_t head = {0};
    bytes_t packed = {0};
    parsed_t parsed;

    (void)state;
    need_zlib();
    idx_header(&head, IDX_UINT8, 2, (uint32_t[]){50, 1 << 20});
    gzip_zeros(&packed, head.data, head.size, 50 * MB);
    assert_in_range(packed.size, 1, 340000);
    parse(&parsed, &packed, 50 * MB);
    assert_int_equal(parsed.status, DLCORE_OK);
    assert_int_equal(dlcore_tensor_size(parsed.tensor), 50 * MB);
    for (size_t i = 0; i < 50 * MB; i += 4096)
        assert_int_equal(((const uint8_t *)dlcore_tensor_data_const(parsed.tensor))[i], 0);
    end(&parsed, &packed);
    bytes_free(&head);
}

/* The header may claim what it wants: memory follows the content. */
static void test_idx_gzip_claiming_gigabytes_takes_no_more_than_it_has(void **state)
{
    static const struct {
        unsigned char type;
        size_t item;
    } types[] = {{IDX_INT32, 4}, {IDX_INT8, 1}, {IDX_INT16, 2}, {IDX_FLOAT64, 8}};
    static const size_t contents[] = {0, 1, 1000, 262144, 262145, 1500000, 10000000};
    static const uint32_t claimed[] = {BY_SIZE(UINT32_MAX, 200000), 1000};

    (void)state;
    need_zlib();
    for (size_t i = 0; i < 4 * 7; i++) {
        size_t item = types[i / 7].item, content = contents[i % 7];
        bytes_t head = {0};
        bytes_t packed = {0};
        char text[80];
        parsed_t parsed;

        idx_header(&head, types[i / 7].type, 2, claimed);
        gzip_zeros(&packed, head.data, head.size, content);
        parse(&parsed, &packed, content / item * 4 + 4);
        snprintf(text, sizeof text, "%zu bytes of elements, the header says %zu", content,
                 item * claimed[0] * claimed[1]);
        assert_failed(parsed.status, DLCORE_ERROR_FORMAT, &parsed.error, text);
        assert_null(parsed.tensor);
        end(&parsed, &packed);
        bytes_free(&head);
    }
}

/* Nor does what follows the elements take memory, or much time. */
static void test_idx_gzip_holding_more_than_it_says_is_refused(void **state)
{
    static const size_t surplus[] = {1, 1000, 100 << 20};

    (void)state;
    need_zlib();
    for (size_t i = 0; i < 3; i++) {
        bytes_t head = {0};
        bytes_t packed = {0};
        parsed_t parsed;

        idx_header(&head, IDX_UINT8, 1, (uint32_t[]){10});
        gzip_zeros(&packed, head.data, head.size, 10 + surplus[i]);
        parse(&parsed, &packed, 10);
        assert_failed(parsed.status, DLCORE_ERROR_FORMAT, &parsed.error,
                      "more bytes of elements than the header's 10");
        assert_null(parsed.tensor);
        end(&parsed, &packed);
        bytes_free(&head);
    }
}

/* All elements are there, and right, when the damage shows. */
static void test_idx_gzip_with_a_bad_end_is_refused(void **state)
{
    static const char *const messages[] = {"incorrect data check", "incorrect length check",
                                           "cut short", "3 bytes that are not gzip data follow",
                                           "more bytes of elements than the header's 256"};
    unsigned char content[268];

    (void)state;
    need_zlib();
    gzip_seed_content(content);
    for (size_t i = 0; i < 5; i++) {
        bytes_t packed = {0};
        parsed_t parsed;

        gzip_stored(&packed, content, sizeof content);
        if (i == 0)
            packed.data[packed.size - 5] ^= 1;
        else if (i == 1)
            packed.data[packed.size - 1] ^= 1;
        else if (i == 2)
            packed.size--;
        else if (i == 3)
            bytes_add(&packed, "abc", 3);
        else
            gzip_stored(&packed, "abc", 3);
        parse(&parsed, &packed, sizeof content);
        assert_failed(parsed.status, DLCORE_ERROR_FORMAT, &parsed.error, messages[i]);
        assert_null(parsed.tensor);
        end(&parsed, &packed);
    }
}

static void test_idx_gzip_of_what_is_no_idx_is_refused(void **state)
{
    static const unsigned char text[] = "hello";
    bytes_t packed = {0};
    bytes_t twice = {0};
    parsed_t parsed;

    (void)state;
    need_zlib();
    gzip_stored(&packed, text, 5);
    parse(&parsed, &packed, 5);
    assert_failed(parsed.status, DLCORE_ERROR_FORMAT, &parsed.error,
                  "starts with bytes 0x68 0x65, not two zeros");
    end(&parsed, &packed);

    gzip_stored(&packed, text, 0);
    parse(&parsed, &packed, 0);
    assert_failed(parsed.status, DLCORE_ERROR_FORMAT, &parsed.error,
                  "0 bytes, an IDX file has at least 4");
    end(&parsed, &packed);

    /* packed twice is not looked into */
    gzip_stored(&twice, gzip_seed, gzip_seed_size);
    parse(&parsed, &twice, gzip_seed_size);
    assert_failed(parsed.status, DLCORE_ERROR_FORMAT, &parsed.error, "0x1f 0x8b");
    end(&parsed, &twice);
}

static dlcore_status parse_with(const dlcore_allocator_t *allocator, void *context)
{
    const bytes_t *packed = context;
    dlcore_tensor_t *tensor = (dlcore_tensor_t *)context;
    dlcore_status status = dlcore_idx_parse(packed->data, packed->size, allocator, &tensor, NULL);

    if (status != DLCORE_OK)
        assert_null(tensor);
    dlcore_tensor_free(tensor);
    return status;
}

/* The reader, zlib's state and window, three chunks, the tensor. */
static void test_idx_gzip_survives_every_failing_allocation(void **state)
{
    bytes_t head = {0};
    bytes_t packed = {0};

    (void)state;
    need_zlib();
    idx_header(&head, IDX_UINT8, 1, (uint32_t[]){1000000});
    gzip_zeros(&packed, head.data, head.size, 1000000);
    assert_in_range(failing_allocator_sweep(parse_with, &packed), 6, 8);
    bytes_free(&packed);
    bytes_free(&head);
}

static void test_idx_gzip_without_zlib_is_unsupported(void **state)
{
    dlcore_error_record_t error;
    dlcore_tensor_t *tensor = (dlcore_tensor_t *)(void *)&error;

    (void)state;
    if (dlcore_idx_reads_gzip())
        skip();
    assert_failed(dlcore_idx_parse(gzip_seed, gzip_seed_size, NULL, &tensor, &error),
                  DLCORE_ERROR_UNSUPPORTED, &error, "built without zlib");
    assert_null(tensor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idx_gzip_seed_is_read_from_memory_and_file),
        cmocka_unit_test(test_idx_gzip_of_each_dtype_and_of_nothing),
        cmocka_unit_test(test_idx_gzip_of_types_that_are_converted),
        cmocka_unit_test(test_idx_gzip_converts_every_number_of_chunks),
        cmocka_unit_test(test_idx_gzip_of_several_members_is_one_file),
        cmocka_unit_test(test_idx_gzip_of_every_number_of_chunks),
        cmocka_unit_test(test_idx_gzip_of_zeros_takes_twice_its_content),
        cmocka_unit_test(test_idx_gzip_claiming_gigabytes_takes_no_more_than_it_has),
        cmocka_unit_test(test_idx_gzip_holding_more_than_it_says_is_refused),
        cmocka_unit_test(test_idx_gzip_with_a_bad_end_is_refused),
        cmocka_unit_test(test_idx_gzip_of_what_is_no_idx_is_refused),
        cmocka_unit_test(test_idx_gzip_survives_every_failing_allocation),
        cmocka_unit_test(test_idx_gzip_without_zlib_is_unsupported),
    };

    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
