/* Bytes of a caller's function or of an input, where they do not come as they should.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "files/byte_source.h"
#include "support/tensors.h"

/* Gives two bytes, or what `user` says. */
static size_t give(void *user, void *to, size_t size)
{
    const size_t *count = user;

    memset(to, 'a', size < 2 ? size : 2);
    return *count;
}

static void test_byte_source_a_reader_that_gives_more_than_asked_for_is_an_io_error(void **state)
{
    size_t count = 4;
    dlcore_byte_reader_t reader = {.read = give, .user = &count, .size = 100};
    dlcore_byte_source_t source = dlcore_byte_source_of_reader(&reader);
    dlcore_error_record_t error = {.message = ""};
    char bytes[8];

    (void)state;
    assert_failed(dlcore_byte_source_read(&source, bytes, 3, &error), DLCORE_ERROR_IO, &error,
                  "reader: gave 4 of 3 bytes at byte 0");
    count = 2;
    assert_int_equal(dlcore_byte_source_read(&source, bytes, 4, &error), DLCORE_OK);
    assert_memory_equal(bytes, "aaaa", 4);
}

static void test_byte_source_a_reader_that_ends_while_it_is_passed_is_an_io_error(void **state)
{
    size_t count = 2;
    dlcore_byte_reader_t reader = {.read = give, .user = &count, .size = 100};
    dlcore_byte_source_t source = dlcore_byte_source_of_reader(&reader);
    dlcore_error_record_t error = {.message = ""};
    char scratch[4];

    (void)state;
    assert_int_equal(dlcore_byte_source_skip(&source, 10, scratch, sizeof scratch, &error),
                     DLCORE_OK);
    assert_int_equal(source.position, 10);
    count = 0;
    assert_failed(dlcore_byte_source_skip(&source, 10, scratch, sizeof scratch, &error),
                  DLCORE_ERROR_IO, &error, "reader: gave 0 of 4 bytes at byte 10");
}

static void test_byte_source_an_input_that_ends_is_an_io_error(void **state)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_byte_source_t source;
    dlcore_input_t input;
    char bytes[8];

    (void)state;
    dlcore_input_from_memory(&input, "abcd", 4, "four");
    source = dlcore_byte_source_of_input(&input);
    assert_int_equal(dlcore_byte_source_skip(&source, 1, NULL, 0, &error), DLCORE_OK);
    assert_failed(dlcore_byte_source_read(&source, bytes, 4, &error), DLCORE_ERROR_IO, &error,
                  "four: ends at byte 4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_byte_source_a_reader_that_gives_more_than_asked_for_is_an_io_error),
        cmocka_unit_test(test_byte_source_a_reader_that_ends_while_it_is_passed_is_an_io_error),
        cmocka_unit_test(test_byte_source_an_input_that_ends_is_an_io_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
