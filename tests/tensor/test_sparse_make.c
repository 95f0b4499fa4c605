/* Sparse tensors out of index lists and dense tensors: against plain loops, with their memory.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/sparse.h"
#include "support/failing_allocator.h"
#include "support/random_numbers.h"
#include "support/tensors.h"

/* ---- index lists ---- */

enum { LISTS = 60, COLUMNS = 97, LONGEST = 200 };

typedef struct drawn {
    int32_t numbers[LISTS][LONGEST];
    const int32_t *lists[LISTS];
    size_t lengths[LISTS];
    float expected[LISTS * COLUMNS];
} drawn_t;

/* Lists of every length to LONGEST; sorted ones among them, and an empty one. */
static drawn_t *draw_lists(void)
{
    drawn_t *drawn = calloc(1, sizeof *drawn);

    assert_non_null(drawn);
    for (size_t i = 0; i < LISTS; i++) {
        drawn->lengths[i] = i == 7 ? 0 : random_below(LONGEST + 1);
        drawn->lists[i] = i == 7 ? NULL : drawn->numbers[i];
        if (i % 5 == 0 && drawn->lengths[i] > COLUMNS)
            drawn->lengths[i] = COLUMNS;
        for (size_t j = 0; j < drawn->lengths[i]; j++) {
            size_t number = i % 5 == 0 ? j : random_below(COLUMNS);

            drawn->numbers[i][j] = (int32_t)number;
            drawn->expected[i * COLUMNS + number] = 1.0f;
        }
    }
    return drawn;
}

static void test_sparse_from_lists_gives_multi_hot_rows(void **state)
{
    (void)state;
    for (size_t round = 0; round < 30; round++) {
        drawn_t *drawn = draw_lists();
        dlcore_tensor_t *tensor = NULL, *dense = NULL, *copy = NULL;

        assert_int_equal(dlcore_sparse_from_lists(NULL, LISTS, COLUMNS, drawn->lists,
                                                  drawn->lengths, &tensor, NULL),
                         DLCORE_OK);
        assert_null(dlcore_sparse_of(tensor)->values);
        assert_int_equal(dlcore_sparse_to_dense(tensor, &dense, NULL), DLCORE_OK);
        assert_floats(dense, SHAPE(LISTS, COLUMNS), drawn->expected);
        /* its arrays are sorted and without repetition */
        assert_int_equal(dlcore_sparse_create(NULL, dlcore_sparse_of(tensor), &copy, NULL),
                         DLCORE_OK);
        dlcore_tensor_free(copy);
        dlcore_tensor_free(dense);
        dlcore_tensor_free(tensor);
        free(drawn);
    }
}

static void test_sparse_from_lists_takes_less_than_twice_the_lists(void **state)
{
    enum { TEXTS = 2000, WORDS = 100 };
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);
    int32_t *words = malloc(TEXTS * WORDS * sizeof *words);
    const int32_t **lists = malloc(TEXTS * sizeof *lists);
    size_t *lengths = malloc(TEXTS * sizeof *lengths);
    dlcore_tensor_t *tensor = NULL;

    (void)state;
    assert_true(words != NULL && lists != NULL && lengths != NULL);
    for (size_t i = 0; i < TEXTS * WORDS; i++)
        words[i] = (int32_t)random_below(10000);
    for (size_t i = 0; i < TEXTS; i++) {
        lists[i] = words + i * WORDS;
        lengths[i] = WORDS;
    }
    failing_allocator_init(&memory);
    assert_int_equal(
        dlcore_sparse_from_lists(&allocator, TEXTS, 10000, lists, lengths, &tensor, NULL),
        DLCORE_OK);
    assert_true(memory.peak_bytes < 2 * TEXTS * WORDS * sizeof *words);
    dlcore_tensor_free(tensor);
    failing_allocator_assert_clean(&memory);
    free(words);
    free(lists);
    free(lengths);
}

static void test_sparse_from_lists_that_are_wrong_names_list_and_number(void **state)
{
    const int32_t good[2] = {4, 0}, bad[3] = {1, 2, 5}, low[1] = {-7};
    const int32_t *lists[2] = {good, bad};
    size_t lengths[2] = {2, 3};
    dlcore_tensor_t *tensor = NULL;
    dlcore_error_record_t error;

    (void)state;
    assert_failed(dlcore_sparse_from_lists(NULL, 2, 5, lists, lengths, &tensor, &error),
                  DLCORE_ERROR_RANGE, &error, "number 2 of list 1 is 5, outside 0 .. 4");
    lists[1] = low;
    lengths[1] = 1;
    assert_failed(dlcore_sparse_from_lists(NULL, 2, 5, lists, lengths, &tensor, &error),
                  DLCORE_ERROR_RANGE, &error, "number 0 of list 1 is -7");
    lists[1] = NULL;
    assert_failed(dlcore_sparse_from_lists(NULL, 2, 5, lists, lengths, &tensor, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "list 1 is NULL, but has 1 numbers");
    assert_failed(dlcore_sparse_from_lists(NULL, 2, 0, lists, lengths, &tensor, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "columns must lie in 1 .. 2147483647, got 0");
    assert_failed(dlcore_sparse_from_lists(NULL, 2, 5, NULL, lengths, &tensor, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "lists is NULL for 2 rows");
    assert_failed(dlcore_sparse_from_lists(NULL, 2, 5, lists, NULL, &tensor, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "lengths is NULL for 2 rows");
    assert_null(tensor);
}

static dlcore_status make_lists(const dlcore_allocator_t *allocator, void *context)
{
    drawn_t *drawn = context;
    dlcore_tensor_t *tensor = NULL;
    dlcore_status status = dlcore_sparse_from_lists(allocator, LISTS, COLUMNS, drawn->lists,
                                                    drawn->lengths, &tensor, NULL);

    assert_true((tensor != NULL) == (status == DLCORE_OK));
    dlcore_tensor_free(tensor);
    return status;
}

/* One list may stand for many: with 32 bits the numbers of all are soon more than memory has. */
static void test_sparse_from_lists_of_more_numbers_than_memory_has_is_refused(void **state)
{
    enum { MANY = 65537, ROWS = 16384, COLUMNS_MOST = 32767 };
    static int32_t list[MANY];
    static const int32_t *lists[MANY];
    static size_t lengths[MANY];
    dlcore_tensor_t *tensor = NULL;
    dlcore_error_record_t error = {0};

    (void)state;
    if (sizeof(size_t) > 4)
        skip(); /* they would be made */
    for (int32_t i = 0; i < MANY; i++) {
        list[i] = i;
        lists[i] = list;
        lengths[i] = MANY;
    }
    assert_failed(dlcore_sparse_from_lists(NULL, MANY, MANY, lists, lengths, &tensor, &error),
                  DLCORE_ERROR_OVERFLOW, &error, "shape (65537, 65537) is too large");
    for (size_t i = 0; i < MANY; i++)
        lengths[i] = COLUMNS_MOST;
    assert_failed(
        dlcore_sparse_from_lists(NULL, ROWS, COLUMNS_MOST, lists, lengths, &tensor, &error),
        DLCORE_ERROR_OVERFLOW, &error, "sparse: 16384 rows with 536854528 entries are too large");
    assert_null(tensor);
}

static void test_sparse_from_lists_without_memory_leaves_nothing(void **state)
{
    drawn_t *drawn = draw_lists();

    (void)state;
    assert_true(failing_allocator_sweep(make_lists, drawn) >= 2);
    free(drawn);
}

/* ---- dense tensors ---- */

static void test_sparse_from_dense_of_any_dtype_gives_its_numbers(void **state)
{
    static const float floats[6] = {0, -0.0f, 1.5f, -2, 0, 1e-40f};
    static const uint8_t bytes[6] = {0, 1, 1, 0, 0, 1};
    static const int32_t ints[6] = {0, -3, 0, 0, 1, 7};
    float wide[12] = {0, -0.0f, 1.5f, 99, 99, 99, -2, 0, 1e-40f, 99, 99, 99};
    dlcore_tensor_t *dense[4] = {tensor_of_floats(SHAPE(2, 3), floats),
                                 tensor_of_bytes(SHAPE(2, 3), bytes),
                                 tensor_of_ints(SHAPE(2, 3), ints), strided_floats(2, 3, wide, 6)};
    static const size_t entries[4] = {3, 3, 3, 3};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        dlcore_tensor_t *sparse = NULL, *back = NULL, *floats_of = NULL;

        assert_int_equal(dlcore_sparse_from_dense(dense[i], &sparse, NULL), DLCORE_OK);
        assert_int_equal(dlcore_sparse_of(sparse)->starts[2], entries[i]);
        assert_true((dlcore_sparse_of(sparse)->values == NULL) == (i == 1));
        assert_int_equal(dlcore_sparse_to_dense(sparse, &back, NULL), DLCORE_OK);
        dlcore_tensor_cast(dense[i], DLCORE_DTYPE_FLOAT32, 1.0, &floats_of, NULL);
        assert_true(dlcore_tensor_equal(back, floats_of, 0.0));
        dlcore_tensor_free(sparse);
        dlcore_tensor_free(back);
        dlcore_tensor_free(floats_of);
        dlcore_tensor_free(dense[i]);
    }
}

static void test_sparse_from_dense_of_what_it_does_not_take_says_why(void **state)
{
    static const float numbers[4] = {1, NAN, 2, INFINITY};
    dlcore_tensor_t *bad = tensor_of_floats(SHAPE(2, 2), numbers);
    dlcore_tensor_t *row = tensor_of_floats(SHAPE(4), numbers), *out = NULL;
    dlcore_error_record_t error;

    (void)state;
    assert_failed(dlcore_sparse_from_dense(bad, &out, &error), DLCORE_ERROR_RANGE, &error,
                  "number 1 of row 0 is NaN");
    assert_failed(dlcore_sparse_from_dense(row, &out, &error), DLCORE_ERROR_SHAPE, &error,
                  "got rank 1 and 1 numbers in a row");
    assert_failed(dlcore_sparse_to_dense(row, &out, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "sparse is a dense tensor");
    assert_null(out);
    dlcore_tensor_free(bad);
    dlcore_tensor_free(row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sparse_from_lists_gives_multi_hot_rows),
        cmocka_unit_test(test_sparse_from_lists_takes_less_than_twice_the_lists),
        cmocka_unit_test(test_sparse_from_lists_that_are_wrong_names_list_and_number),
        cmocka_unit_test(test_sparse_from_lists_of_more_numbers_than_memory_has_is_refused),
        cmocka_unit_test(test_sparse_from_lists_without_memory_leaves_nothing),
        cmocka_unit_test(test_sparse_from_dense_of_any_dtype_gives_its_numbers),
        cmocka_unit_test(test_sparse_from_dense_of_what_it_does_not_take_says_why),
    };
    random_seed(7);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
