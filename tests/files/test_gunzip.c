/* Reading gzip data as a stream.
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

#include "files/gunzip.h"
#include "support/failing_allocator.h"
#include "support/idx_bytes.h"
#include "support/tensors.h"

static void need_zlib(void)
{
    if (!dlcore_gunzip_available())
        skip();
}

/* Reads the content, `step` bytes at a time, into `content`, whose room is one byte larger than
 * what is expected. */
static dlcore_status gunzip(const bytes_t *packed, size_t step, unsigned char *content, size_t room,
                            size_t *size, dlcore_error_record_t *error)
{
    dlcore_allocator_t allocator = dlcore_allocator_default();
    dlcore_gunzip_t *reader = NULL;
    dlcore_input_t input;
    dlcore_status status;
    size_t got = step;

    dlcore_input_from_memory(&input, packed->data, packed->size, "packed");
    *size = 0;
    status = dlcore_gunzip_open(&input, &allocator, &reader, error);
    while (status == DLCORE_OK && got == step) {
        size_t want = room - *size < step ? room - *size : step;

        status = dlcore_gunzip_read(reader, content + *size, want, &got, error);
        assert_in_range(got, 0, want);
        *size += got;
    }
    dlcore_gunzip_close(reader);
    return status;
}

static void assert_content(const bytes_t *packed, const void *expected, size_t expected_size)
{
    static const size_t steps[] = {1, 7, 4096, 1 << 20};
    unsigned char *content = malloc(expected_size + 1);

    assert_non_null(content);
    for (size_t i = expected_size > 10000 ? 2 : 0; i < 4; i++) {
        size_t size;

        assert_int_equal(gunzip(packed, steps[i], content, expected_size + 1, &size, NULL),
                         DLCORE_OK);
        assert_int_equal(size, expected_size);
        if (size > 0)
            assert_memory_equal(content, expected, size);
    }
    free(content);
}

static void assert_bad(const bytes_t *packed, const char *text)
{
    unsigned char content[1000];
    dlcore_error_record_t error;
    size_t size;

    assert_failed(gunzip(packed, 100, content, sizeof content, &size, &error), DLCORE_ERROR_FORMAT,
                  &error, text);
}

static void test_gunzip_reads_what_gzip_wrote(void **state)
{
    bytes_t packed = {0};
    unsigned char content[268];

    (void)state;
    need_zlib();
    bytes_add(&packed, gzip_seed, gzip_seed_size);
    gzip_seed_content(content);
    assert_content(&packed, content, sizeof content);
    bytes_free(&packed);
}

/* Longer than the reader's buffer, so that every part of it comes in more than one piece. */
static void test_gunzip_reads_beyond_its_buffer(void **state)
{
    bytes_t packed = {0};
    bytes_t content = {0};

    (void)state;
    need_zlib();
    for (unsigned i = 0; i < 200000; i++)
        bytes_add(&content, &(unsigned char){(unsigned char)(i * i >> 7)}, 1);
    gzip_stored(&packed, content.data, content.size);
    assert_content(&packed, content.data, content.size);
    bytes_free(&packed);
    bytes_free(&content);
}

static void test_gunzip_joins_members(void **state)
{
    bytes_t packed = {0};

    (void)state;
    need_zlib();
    gzip_stored(&packed, "", 0);
    gzip_stored(&packed, "abc", 3);
    gzip_stored(&packed, "", 0);
    gzip_stored(&packed, "", 0);
    gzip_stored(&packed, "defgh", 5);
    gzip_stored(&packed, "", 0);
    assert_content(&packed, "abcdefgh", 8);
    bytes_free(&packed);
}

/* The end of a member and the end of the buffer, 65536, meet at every distance in turn. */
static void test_gunzip_joins_members_at_the_end_of_its_buffer(void **state)
{
    const size_t frame = 10 + 5 + 8; /* of gzip_stored around its content */
    unsigned char *room = malloc(70000);
    bytes_t content = {0};

    (void)state;
    need_zlib();
    assert_non_null(room);
    bytes_add_zeros(&content, 65536);
    for (size_t size = 65536 - frame - 12; size <= 65535 && size <= 65536 - frame + 12; size++) {
        bytes_t packed = {0};
        dlcore_error_record_t error;
        size_t got;

        gzip_stored(&packed, content.data, size);
        gzip_stored(&packed, content.data, 1);
        assert_content(&packed, content.data, size + 1);
        bytes_add(&packed, "x", 1);
        assert_failed(gunzip(&packed, 4096, room, 70000, &got, &error), DLCORE_ERROR_FORMAT, &error,
                      "1 bytes that are not gzip data follow");
        bytes_free(&packed);
    }
    bytes_free(&content);
    free(room);
}

static void test_gunzip_reads_all_header_fields(void **state)
{
    /* FTEXT, FEXTRA with 3 bytes, FNAME, FCOMMENT */
    static const unsigned char head[] = {0x1F, 0x8B, 8,   0x1D, 1,   2,   3, 4,   0, 3,
                                         3,    0,    'a', 'b',  'c', 'n', 0, 'c', 0};
    bytes_t packed = {0};
    bytes_t member = {0};

    (void)state;
    need_zlib();
    gzip_stored(&member, "abc", 3);
    bytes_add(&packed, head, sizeof head);
    bytes_add(&packed, member.data + 10, member.size - 10);
    assert_content(&packed, "abc", 3);
    bytes_free(&packed);
    bytes_free(&member);
}

static void test_gunzip_cut_short_anywhere_is_an_error(void **state)
{
    bytes_t packed = {0};

    (void)state;
    need_zlib();
    bytes_add(&packed, gzip_seed, gzip_seed_size);
    while (packed.size > 0) {
        char text[40];

        packed.size--;
        sprintf(text, "cut short at %zu bytes", packed.size);
        assert_bad(&packed, text);
    }
    bytes_free(&packed);
}

static void test_gunzip_garbage_behind_is_an_error(void **state)
{
    static const char *const garbage[] = {"x", "garbage and more", "\x1f", "\x1f\x8b", "\x1fx"};
    static const char *const messages[] = {"1 bytes that are not gzip data follow at byte 26",
                                           "16 bytes that are not gzip data follow at byte 26",
                                           "cut short at 27 bytes", "cut short at 28 bytes",
                                           "incorrect header check"};

    (void)state;
    need_zlib();
    for (size_t i = 0; i < 5; i++) {
        bytes_t packed = {0};

        gzip_stored(&packed, "abc", 3);
        bytes_add(&packed, garbage[i], strlen(garbage[i]));
        assert_bad(&packed, messages[i]);
        bytes_free(&packed);
    }
}

static void test_gunzip_damage_is_found(void **state)
{
    const struct {
        size_t at; /* from the start, or from the end */
        int from_end;
        const char *text;
    } cases[] = {
        {1, 0, "incorrect header check"},   {2, 0, "unknown compression method"},
        {3, 0, "unknown header flags set"}, {10, 0, "invalid block type"},
        {13, 0, "invalid stored block"},    {15, 0, "incorrect data check"},
        {8, 1, "incorrect data check"},     {1, 1, "incorrect length check"},
    };

    (void)state;
    need_zlib();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bytes_t packed = {0};

        gzip_stored(&packed, "abc", 3);
        packed.data[cases[i].from_end ? packed.size - cases[i].at : cases[i].at] ^= 0xE6;
        assert_bad(&packed, cases[i].text);
        bytes_free(&packed);
    }
}

static void test_gunzip_of_a_failing_file_is_an_io_error(void **state)
{
    dlcore_allocator_t allocator = dlcore_allocator_default();
    dlcore_gunzip_t *reader = NULL;
    dlcore_error_record_t error;
    dlcore_input_t input = {.name = "gone", .size = 100, .file = DLCORE_FILE_NONE};
    unsigned char byte;
    size_t got = 9;

    (void)state;
    need_zlib();
    assert_int_equal(dlcore_gunzip_open(&input, &allocator, &reader, NULL), DLCORE_OK);
    assert_failed(dlcore_gunzip_read(reader, &byte, 1, &got, &error), DLCORE_ERROR_IO, &error,
                  "gone: cannot read at byte 0");
    assert_int_equal(got, 0);
    dlcore_gunzip_close(reader);
}

static dlcore_status read_all(const dlcore_allocator_t *allocator, void *context)
{
    const bytes_t *packed = context;
    unsigned char content[300];
    dlcore_gunzip_t *reader = context; /* must not stay */
    dlcore_input_t input;
    dlcore_status status;
    size_t got;

    dlcore_input_from_memory(&input, packed->data, packed->size, "packed");
    status = dlcore_gunzip_open(&input, allocator, &reader, NULL);
    if (status != DLCORE_OK)
        assert_null(reader);
    for (int i = 0; i < 3 && status == DLCORE_OK; i++)
        status = dlcore_gunzip_read(reader, content, 100, &got, NULL);
    dlcore_gunzip_close(reader);
    return status;
}

/* zlib's own memory comes from the allocator, too, the window at the first read. */
static void test_gunzip_survives_every_failing_allocation(void **state)
{
    bytes_t packed = {0};

    (void)state;
    need_zlib();
    bytes_add(&packed, gzip_seed, gzip_seed_size);
    assert_in_range(failing_allocator_sweep(read_all, &packed), 2, 5);
    bytes_free(&packed);
}

static void test_gunzip_without_zlib_is_unsupported(void **state)
{
    dlcore_allocator_t allocator = dlcore_allocator_default();
    dlcore_gunzip_t *reader = (dlcore_gunzip_t *)(void *)&allocator;
    dlcore_error_record_t error;
    dlcore_input_t input;
    unsigned char byte;
    size_t got = 9;

    (void)state;
    if (dlcore_gunzip_available())
        skip();
    dlcore_input_from_memory(&input, gzip_seed, gzip_seed_size, "seed.gz");
    assert_failed(dlcore_gunzip_open(&input, &allocator, &reader, &error), DLCORE_ERROR_UNSUPPORTED,
                  &error, "seed.gz: ");
    assert_null(reader);
    assert_failed(dlcore_gunzip_read(reader, &byte, 1, &got, &error), DLCORE_ERROR_UNSUPPORTED,
                  &error, "without zlib");
    assert_int_equal(got, 0);
    dlcore_gunzip_close(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gunzip_reads_what_gzip_wrote),
        cmocka_unit_test(test_gunzip_reads_beyond_its_buffer),
        cmocka_unit_test(test_gunzip_joins_members),
        cmocka_unit_test(test_gunzip_joins_members_at_the_end_of_its_buffer),
        cmocka_unit_test(test_gunzip_reads_all_header_fields),
        cmocka_unit_test(test_gunzip_cut_short_anywhere_is_an_error),
        cmocka_unit_test(test_gunzip_garbage_behind_is_an_error),
        cmocka_unit_test(test_gunzip_damage_is_found),
        cmocka_unit_test(test_gunzip_of_a_failing_file_is_an_io_error),
        cmocka_unit_test(test_gunzip_survives_every_failing_allocation),
        cmocka_unit_test(test_gunzip_without_zlib_is_unsupported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
