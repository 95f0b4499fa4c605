/* CSV files that are broken, by chance or on purpose: every truncation and every change of one
 * byte, and crafted ones. Whatever happens, no memory is lost and none is taken beyond twice the
 * file and a megabyte.
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

#include "dlcore/data.h"
#include "support/failing_allocator.h"
#include "support/idx_bytes.h"
#include "support/tensors.h"

#define MB ((size_t)1 << 20)

/* Parses a copy that ends where its bytes end, so that a sanitizer sees reads beyond. */
static dlcore_status parse(const void *bytes, size_t size, dlcore_csv_label_t kind,
                           dlcore_error_record_t *error)
{
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);
    dlcore_csv_options_t options = dlcore_csv_options_default();
    unsigned char *copy = malloc(size > 0 ? size : 1);
    dlcore_csv_t *csv = NULL;
    dlcore_status status;

    assert_non_null(copy);
    memcpy(copy, bytes, size);
    failing_allocator_init(&memory);
    options.label_kind = kind;
    status = dlcore_csv_parse(copy, size, &options, &allocator, &csv, error);
    free(copy);
    if (memory.peak_bytes > 2 * size + MB)
        fail_msg("%zu bytes taken for a file of %zu", memory.peak_bytes, size);
    if (status != DLCORE_OK) {
        assert_null(csv);
        assert_int_equal(error->status, status);
        assert_true(error->message[0] != '\0');
    }
    dlcore_csv_free(csv);
    failing_allocator_assert_clean(&memory);
    return status;
}

static const char *const seeds[] = {
    "a,b,c\n1,-2.5,x\n3e-1,\"4\",y\n",
    "\xEF\xBB\xBF\"n\"\"1\",s\r\n 12345.678 ,\"l\n1\"\r\n.5,z\r\n\r\n",
    "1,2\n3,4\n",
};

static void test_csv_hostile_every_truncation(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++)
        for (size_t size = 0; size <= strlen(seeds[i]); size++)
            for (int kind = 0; kind <= DLCORE_CSV_LABEL_NUMBER; kind++) {
                dlcore_error_record_t error;

                parse(seeds[i], size, (dlcore_csv_label_t)kind, &error);
            }
}

static void test_csv_hostile_every_changed_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
        char bytes[100];
        size_t size = strlen(seeds[i]);

        assert_in_range(size, 1, sizeof bytes);
        memcpy(bytes, seeds[i], size);
        for (size_t at = 0; at < size; at++)
            for (unsigned change = 1; change < 256; change++) {
                dlcore_error_record_t error;

                bytes[at] = (char)((unsigned char)bytes[at] ^ change);
                parse(bytes, size, DLCORE_CSV_LABEL_CLASSES, &error);
                bytes[at] = seeds[i][at];
            }
    }
}

#define CASE(text, status)             \
    {                                  \
        text, sizeof(text) - 1, status \
    }

static void test_csv_hostile_crafted_files_are_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        dlcore_status status;
    } cases[] = {
        CASE("", DLCORE_ERROR_FORMAT),
        CASE("\xEF\xBB\xBF", DLCORE_ERROR_FORMAT),
        CASE("\xEF\xBB", DLCORE_ERROR_FORMAT),
        CASE("\r", DLCORE_ERROR_FORMAT),
        CASE("\r\r\n", DLCORE_ERROR_FORMAT),
        CASE("\"", DLCORE_ERROR_FORMAT),
        CASE("\"\"\"", DLCORE_ERROR_FORMAT),
        CASE("1,\"", DLCORE_ERROR_FORMAT),
        CASE("1,2\n3,\"4", DLCORE_ERROR_FORMAT),
        CASE("1,2\n3,\"4\"\"", DLCORE_ERROR_FORMAT),
        CASE("1,2\n\"3\",4\"\n", DLCORE_ERROR_FORMAT),
        CASE("1,2\n3,\"4\"5\n", DLCORE_ERROR_FORMAT),
        CASE("1,2\n3,4\r5\n", DLCORE_ERROR_FORMAT),
        CASE("1,2\n3,4\0\n", DLCORE_ERROR_FORMAT),
        CASE("\0", DLCORE_ERROR_FORMAT),
        CASE("1\0,2\n", DLCORE_ERROR_FORMAT),
        CASE("1,2\n,\n", DLCORE_ERROR_FORMAT),
        CASE(",,,,,,,,,,,,,,,\n", DLCORE_ERROR_FORMAT),
        CASE("1,2\n3,4,\n", DLCORE_ERROR_FORMAT),
        CASE("1,2\n3\n4,5\n", DLCORE_ERROR_FORMAT),
        CASE("1,2\n \n", DLCORE_ERROR_FORMAT),
        CASE("1,2\n\n\n\n\n3,4\n", DLCORE_ERROR_FORMAT),
        CASE("1,1e99999999999999999999\n", DLCORE_ERROR_RANGE),
        CASE("1,-3.5e38\n", DLCORE_ERROR_RANGE),
        CASE("1,1e\n", DLCORE_ERROR_FORMAT),
        CASE("1,--1\n", DLCORE_ERROR_FORMAT),
        CASE("1,+\n", DLCORE_ERROR_FORMAT),
        CASE("1,.\n", DLCORE_ERROR_FORMAT),
        CASE("1,1,000\n2,2\n", DLCORE_ERROR_FORMAT),
        CASE("1,%n%s\n", DLCORE_ERROR_FORMAT),
        CASE("1,\xC3\x28\n", DLCORE_ERROR_FORMAT),
        CASE("\xFF\xFEx\0,\0y\0\n\0", DLCORE_ERROR_UNSUPPORTED),
        CASE("\xFE\xFF\0x\0,\0y\0\n", DLCORE_ERROR_UNSUPPORTED),
        CASE("PK\x03\x04\x14\0\x06\0", DLCORE_ERROR_FORMAT),
    };

    (void)state;
    assert_true(sizeof cases / sizeof cases[0] >= 20);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dlcore_error_record_t error = {.message = ""};

        assert_failed(parse(cases[i].bytes, cases[i].size, DLCORE_CSV_LABEL_NONE, &error),
                      cases[i].status, &error, "CSV data: ");
    }
}

static bytes_t repeated(const char *first, const char *again, size_t times)
{
    bytes_t file = {0};

    bytes_add(&file, first, strlen(first));
    for (size_t i = 0; i < times; i++)
        bytes_add(&file, again, strlen(again));
    return file;
}

/* Few bytes that claim much: parse() watches the memory. */
static void test_csv_hostile_no_file_takes_more_memory_than_it_justifies(void **state)
{
    dlcore_error_record_t error = {.message = ""};
    bytes_t file = repeated("1", ",1", 20000), names = {0};
    char row[32];

    (void)state;
    bytes_add(&file, "\n", 1);
    for (int i = 0; i < 100000; i++) /* a long row, then many short ones, then many blank ones */
        bytes_add(&file, "1\n", 2);
    assert_failed(parse(file.data, file.size, DLCORE_CSV_LABEL_NONE, &error), DLCORE_ERROR_FORMAT,
                  &error, "line 2: 1 column, but the first row has 20001");
    bytes_free(&file);
    file = repeated("1,2,3,4,5,6,7,8\n", "\n", 1000000);
    assert_int_equal(parse(file.data, file.size, DLCORE_CSV_LABEL_NONE, &error), DLCORE_OK);
    bytes_free(&file);
    file = repeated("1\n", "1\n", 300000); /* as many numbers as bytes can hold */
    assert_int_equal(parse(file.data, file.size, DLCORE_CSV_LABEL_NONE, &error), DLCORE_OK);
    bytes_free(&file);
    file = repeated("", ",", 65535); /* a header of nothing but names */
    bytes_add(&file, "\n", 1);
    assert_failed(parse(file.data, file.size, DLCORE_CSV_LABEL_NUMBER, &error), DLCORE_ERROR_FORMAT,
                  &error, "missing value");
    bytes_free(&file);
    file = repeated("a", ",a", 65535);
    bytes_add(&file, "\n1\n", 3);
    assert_failed(parse(file.data, file.size, DLCORE_CSV_LABEL_NUMBER, &error), DLCORE_ERROR_FORMAT,
                  &error, "line 2: 1 column, but the first row has 65536");
    bytes_free(&file);
    for (int i = 0; i < 10001; i++)
        bytes_add(&names, row, (size_t)snprintf(row, sizeof row, "1,%x\n", i));
    assert_failed(parse(names.data, names.size, DLCORE_CSV_LABEL_CLASSES, &error),
                  DLCORE_ERROR_OVERFLOW, &error, "more than 10000 classes");
    assert_int_equal(parse(names.data, names.size - 7, DLCORE_CSV_LABEL_CLASSES, &error),
                     DLCORE_OK);
    bytes_free(&names);
}

/* Numbers of a thousand digits and fields without end. */
static void test_csv_hostile_endless_fields(void **state)
{
    dlcore_error_record_t error = {.message = ""};
    bytes_t file = repeated("0.", "9", 30000);

    (void)state;
    assert_int_equal(parse(file.data, file.size, DLCORE_CSV_LABEL_NONE, &error), DLCORE_OK);
    bytes_free(&file);
    file = repeated("", "0", 3 * MB);
    assert_failed(parse(file.data, file.size, DLCORE_CSV_LABEL_NONE, &error), DLCORE_ERROR_FORMAT,
                  &error, "longer than 32768 bytes");
    bytes_free(&file);
    file = repeated("1\n", "0", 3 * MB);
    assert_failed(parse(file.data, file.size, DLCORE_CSV_LABEL_NONE, &error), DLCORE_ERROR_FORMAT,
                  &error, "longer than 32768 bytes");
    bytes_free(&file);
    file = repeated("1,\"", "\n", 3 * MB);
    assert_failed(parse(file.data, file.size, DLCORE_CSV_LABEL_CLASSES, &error),
                  DLCORE_ERROR_FORMAT, &error, "line 1, column 2: the field is longer");
    bytes_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_hostile_every_truncation),
        cmocka_unit_test(test_csv_hostile_every_changed_byte),
        cmocka_unit_test(test_csv_hostile_crafted_files_are_refused),
        cmocka_unit_test(test_csv_hostile_no_file_takes_more_memory_than_it_justifies),
        cmocka_unit_test(test_csv_hostile_endless_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
