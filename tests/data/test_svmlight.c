/* svmlight files: what they say, what is refused, and files that are broken by chance or on
 * purpose.
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

#include "dlcore/sparse.h"
#include "support/failing_allocator.h"
#include "support/folder.h"
#include "support/random_numbers.h"
#include "support/tensors.h"

/* Parses a copy that ends where its bytes end, so that a sanitizer sees reads beyond, with an eye
 * on memory. */
static dlcore_status parse(const char *text, size_t size, const dlcore_svmlight_options_t *options,
                           dlcore_tensor_t **x, dlcore_tensor_t **y, dlcore_error_record_t *error)
{
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);
    char *copy = malloc(size > 0 ? size : 1);
    dlcore_tensor_t *own_x = NULL, *own_y = NULL;
    dlcore_status status;

    assert_non_null(copy);
    memcpy(copy, text, size);
    failing_allocator_init(&memory);
    status = dlcore_svmlight_parse(copy, size, options, &allocator, &own_x, &own_y, error);
    free(copy);
    if (memory.peak_bytes > 12 * size + 140000)
        fail_msg("%zu bytes taken for a file of %zu", memory.peak_bytes, size);
    assert_true((own_x != NULL) == (status == DLCORE_OK));
    assert_true((own_y != NULL) == (status == DLCORE_OK));
    *x = *y = NULL;
    if (status == DLCORE_OK) {
        assert_int_equal(dlcore_sparse_create(NULL, dlcore_sparse_of(own_x), x, NULL), DLCORE_OK);
        assert_int_equal(dlcore_tensor_from_data(NULL, DLCORE_DTYPE_FLOAT32, 1,
                                                 dlcore_tensor_shape(own_y),
                                                 dlcore_tensor_data_const(own_y), y, NULL),
                         DLCORE_OK);
    }
    dlcore_tensor_free(own_x);
    dlcore_tensor_free(own_y);
    failing_allocator_assert_clean(&memory);
    return status;
}

static void assert_content(const char *text, const dlcore_svmlight_options_t *options, size_t rows,
                           size_t columns, const float *numbers, const float *labels)
{
    dlcore_tensor_t *x, *y, *dense = NULL;
    dlcore_error_record_t error;

    if (parse(text, strlen(text), options, &x, &y, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    assert_int_equal(dlcore_sparse_to_dense(x, &dense, NULL), DLCORE_OK);
    assert_floats(dense, SHAPE(rows, columns), numbers);
    assert_floats(y, SHAPE(rows), labels);
    dlcore_tensor_free(dense);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

static void test_svmlight_parse_reads_labels_and_pairs(void **state)
{
    dlcore_svmlight_options_t options = dlcore_svmlight_options_default();

    (void)state;
    assert_content("+1 1:0.5 3:-2e1\n-1\n0.25 2:7\n", NULL, 3, 3,
                   (float[]){0.5f, 0, -20, 0, 0, 0, 0, 7, 0}, (float[]){1, -1, 0.25f});
    /* an index 0 anywhere: counted from 0 */
    assert_content("1 1:5 2:6\n2 0:3", NULL, 2, 3, (float[]){0, 5, 6, 3, 0, 0}, (float[]){1, 2});
    /* comments, empty lines, blanks, carriage returns, queries, zeros */
    assert_content("# a file\n\n  3 qid:12 1:1\t 2:0 \r\n4 # 9:9\n  # end", NULL, 2, 2,
                   (float[]){1, 0, 0, 0}, (float[]){3, 4});
    options.columns = 4;
    assert_content("1 2:5\n", &options, 1, 4, (float[]){0, 5, 0, 0}, (float[]){1});
    assert_content("1\n", &options, 1, 4, (float[]){0, 0, 0, 0}, (float[]){1});
    options.base = DLCORE_SVMLIGHT_BASE_0;
    assert_content("1 2:5\n", &options, 1, 4, (float[]){0, 0, 5, 0}, (float[]){1});
    options.columns = 0;
    assert_content("1 2:5\n", &options, 1, 3, (float[]){0, 0, 5}, (float[]){1});
}

static void test_svmlight_parse_of_ones_keeps_no_values(void **state)
{
    dlcore_tensor_t *x, *y;

    (void)state;
    assert_int_equal(parse("1 1:1 5:1.0\n", 12, NULL, &x, &y, NULL), DLCORE_OK);
    assert_null(dlcore_sparse_of(x)->values);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    assert_int_equal(parse("1 1:1 5:1.5\n", 12, NULL, &x, &y, NULL), DLCORE_OK);
    assert_non_null(dlcore_sparse_of(x)->values);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

typedef struct refused {
    const char *text;
    dlcore_status status;
    const char *message;
    dlcore_svmlight_base_t base;
    size_t columns;
} refused_t;

static void test_svmlight_parse_of_what_is_wrong_names_line_and_text(void **state)
{
    static const refused_t cases[] = {
        {"", DLCORE_ERROR_FORMAT, "has no samples", 0, 0},
        {"# nothing\n", DLCORE_ERROR_FORMAT, "has no samples", 0, 0},
        {"1\n2\n", DLCORE_ERROR_FORMAT, "no index that tells the number of columns", 0, 0},
        {"1 1:1\nspam 1:1\n", DLCORE_ERROR_FORMAT,
         "line 2: a number, the label, is expected, got \"spam\"", 0, 0},
        {"1 1:1\n2x 1:1\n", DLCORE_ERROR_FORMAT, "got \"2x\"", 0, 0},
        {"1,2 1:1\n", DLCORE_ERROR_UNSUPPORTED, "line 1: one label is expected, got \"1,2\"", 0, 0},
        {"1e99 1:1\n", DLCORE_ERROR_RANGE, "the label is too large", 0, 0},
        {"nan 1:1\n", DLCORE_ERROR_FORMAT, "got \"nan\"", 0, 0},
        {"1 1:1e99\n", DLCORE_ERROR_RANGE, "the value is too large for float32, got \"1:1e99\"", 0,
         0},
        {"1 1:nan\n", DLCORE_ERROR_FORMAT, "index:value is expected, got \"1:nan\"", 0, 0},
        {"1 1\n", DLCORE_ERROR_FORMAT, "index:value is expected, got \"1\"", 0, 0},
        {"1 1:\n", DLCORE_ERROR_FORMAT, "got \"1:\"", 0, 0},
        {"1 :1\n", DLCORE_ERROR_FORMAT, "got \":1\"", 0, 0},
        {"1 -1:1\n", DLCORE_ERROR_FORMAT, "got \"-1:1\"", 0, 0},
        {"1 1:1:1\n", DLCORE_ERROR_FORMAT, "got \"1:1:1\"", 0, 0},
        {"1 1:1 qid:3\n", DLCORE_ERROR_FORMAT, "got \"qid:3\"", 0, 0},
        {"1 2147483648:1\n", DLCORE_ERROR_RANGE, "an index is at most 2147483647", 0, 0},
        {"1 99999999999999999999:1\n", DLCORE_ERROR_RANGE, "at most 2147483647", 0, 0},
        {"1 0:1 2147483647:1\n", DLCORE_ERROR_RANGE, "index 2147483647, counted from 0", 0, 0},
        {"1 1:1\n\n1 3:1 2:1\n", DLCORE_ERROR_FORMAT,
         "line 3: indices must ascend, but 2 comes after 3", 0, 0},
        {"1 3:1 3:1\n", DLCORE_ERROR_FORMAT, "but 3 comes after 3", 0, 0},
        {"1 1:1\n1 5:1\n", DLCORE_ERROR_RANGE, "line 2: index 5 is outside 1 .. 4, of 4 columns", 0,
         4},
        {"1 4:1\n", DLCORE_ERROR_RANGE, "index 4 is outside 0 .. 3", DLCORE_SVMLIGHT_BASE_0, 4},
        {"1 0:1\n", DLCORE_ERROR_RANGE, "index 0 is outside 1 .. 4", DLCORE_SVMLIGHT_BASE_1, 4},
        {"1 0:0\n", DLCORE_ERROR_RANGE, "index 0 is outside 1 .. 4", DLCORE_SVMLIGHT_BASE_1, 4},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dlcore_svmlight_options_t options = dlcore_svmlight_options_default();
        dlcore_error_record_t error;
        dlcore_tensor_t *x, *y;

        options.base = cases[i].base;
        options.columns = cases[i].columns;
        assert_failed(parse(cases[i].text, strlen(cases[i].text), &options, &x, &y, &error),
                      cases[i].status, &error, cases[i].message);
    }
}

static void test_svmlight_parse_of_settings_that_are_wrong_refuses_them(void **state)
{
    dlcore_svmlight_options_t options = {0};
    dlcore_error_record_t error;
    dlcore_tensor_t *x, *y;

    (void)state;
    assert_failed(parse("1 1:1", 5, &options, &x, &y, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "svmlight_options_default");
    options = dlcore_svmlight_options_default();
    options.base = (dlcore_svmlight_base_t)3;
    assert_failed(parse("1 1:1", 5, &options, &x, &y, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "base 3");
    options.base = DLCORE_SVMLIGHT_BASE_AUTO;
    options.columns = (size_t)INT32_MAX + 1;
    assert_failed(parse("1 1:1", 5, &options, &x, &y, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "columns");
}

/* A word may be cut by the end of a block, a long line or comment go through many. */
static void test_svmlight_load_of_a_long_file_gives_every_number(void **state)
{
    enum { ROWS = 40, COLUMNS = 4000 };
    float *numbers = calloc((size_t)ROWS * COLUMNS, sizeof *numbers), labels[ROWS];
    dlcore_tensor_t *x = NULL, *y = NULL, *dense = NULL;
    dlcore_error_record_t error;
    FILE *file = fopen(folder_path("long"), "w");

    (void)state;
    assert_non_null(numbers);
    assert_non_null(file);
    for (size_t r = 0; r < ROWS; r++) {
        labels[r] = (float)r;
        fprintf(file, "%zu", r);
        for (size_t c = 0; c < COLUMNS; c++) {
            if (c < COLUMNS - 1 && random_below(3) == 0)
                continue;
            numbers[r * COLUMNS + c] = (float)random_normal();
            fprintf(file, " %zu:%.9g", c + 1, (double)numbers[r * COLUMNS + c]);
        }
        fprintf(file, " #%*s\n", (int)(r * 10000), "");
    }
    assert_int_equal(fclose(file), 0);
    if (dlcore_svmlight_load(folder_path("long"), NULL, NULL, &x, &y, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    assert_int_equal(dlcore_sparse_to_dense(x, &dense, NULL), DLCORE_OK);
    assert_floats(dense, SHAPE(ROWS, COLUMNS), numbers);
    assert_floats(y, SHAPE(ROWS), labels);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_tensor_free(dense);
    free(numbers);
    assert_failed(dlcore_svmlight_load(folder_path("none"), NULL, NULL, &x, &y, &error),
                  DLCORE_ERROR_IO, &error, "none");
}

static void test_svmlight_parse_of_a_word_without_end_is_an_error(void **state)
{
    enum { SIZE = 300000 };
    char *text = malloc(SIZE);
    dlcore_error_record_t error;
    dlcore_tensor_t *x, *y;

    (void)state;
    assert_non_null(text);
    memset(text, '1', SIZE);
    assert_failed(parse(text, SIZE, NULL, &x, &y, &error), DLCORE_ERROR_FORMAT, &error,
                  "has more than 1024 bytes");
    free(text);
}

/* Every truncation, and changes of every byte. */
static void test_svmlight_parse_of_broken_files_never_reads_beyond(void **state)
{
    static const char seed[] = "# s\n1 qid:3 1:0.5 7:-2e1 # c\n-1 2:1\n\n0.5 1:1 3:1e-3\n";
    static const char changes[] = {'\n', ' ', ':', '#', '0', '9', ',', '-', 'e', '\0', '\xff'};
    char text[sizeof seed];
    dlcore_error_record_t error;
    dlcore_tensor_t *x, *y;

    (void)state;
    for (size_t size = 0; size < sizeof seed; size++) {
        (void)parse(seed, size, NULL, &x, &y, &error);
        dlcore_tensor_free(x);
        dlcore_tensor_free(y);
        for (size_t i = 0; i < sizeof changes; i++) {
            memcpy(text, seed, sizeof seed);
            text[size] = changes[i];
            (void)parse(text, sizeof seed - 1, NULL, &x, &y, &error);
            dlcore_tensor_free(x);
            dlcore_tensor_free(y);
        }
    }
}

static dlcore_status make_file(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_tensor_t *x = NULL, *y = NULL;
    dlcore_status status =
        dlcore_svmlight_parse("1 1:2\n2 2:3\n", 12, NULL, allocator, &x, &y, NULL);

    (void)context;
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    return status;
}

static void test_svmlight_parse_without_memory_leaves_nothing(void **state)
{
    (void)state;
    assert_true(failing_allocator_sweep(make_file, NULL) >= 3);
}

static void test_svmlight_parse_of_nothing_names_what_is_null(void **state)
{
    dlcore_allocator_t half = dlcore_allocator_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_tensor_t *x = NULL, *y = NULL;

    (void)state;
    half.release = NULL;
    assert_failed(dlcore_svmlight_parse(NULL, 1, NULL, NULL, &x, &y, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "svmlight: bytes is NULL");
    assert_failed(dlcore_svmlight_load(NULL, NULL, NULL, &x, &y, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "svmlight: path is NULL");
    assert_failed(dlcore_svmlight_parse("1 1:1", 5, NULL, NULL, NULL, &y, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "svmlight: x is NULL");
    assert_failed(dlcore_svmlight_parse("1 1:1", 5, NULL, NULL, &x, NULL, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "svmlight: y is NULL");
    assert_failed(dlcore_svmlight_parse("1 1:1", 5, NULL, &half, &x, &y, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "release is NULL");
    assert_null(x);
    assert_null(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_svmlight_parse_reads_labels_and_pairs),
        cmocka_unit_test(test_svmlight_parse_of_ones_keeps_no_values),
        cmocka_unit_test(test_svmlight_parse_of_what_is_wrong_names_line_and_text),
        cmocka_unit_test(test_svmlight_parse_of_settings_that_are_wrong_refuses_them),
        cmocka_unit_test(test_svmlight_load_of_a_long_file_gives_every_number),
        cmocka_unit_test(test_svmlight_parse_of_a_word_without_end_is_an_error),
        cmocka_unit_test(test_svmlight_parse_of_broken_files_never_reads_beyond),
        cmocka_unit_test(test_svmlight_parse_without_memory_leaves_nothing),
        cmocka_unit_test(test_svmlight_parse_of_nothing_names_what_is_null),
    };
    random_seed(3);
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
