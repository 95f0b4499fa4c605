/* Rows of a table for training and for testing.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/float_mode.h"
#include "base/random.h"
#include "base/traces.h"
#include "table/table_cursor.h"

/* The rows that have a value in that column, in order. */
static dlcore_status rows_with(const dlcore_table_t *table, size_t target, size_t *rows,
                               size_t *count, dlcore_error_record_t *error)
{
    bool number = table->facts[target].kind == DLCORE_COLUMN_NUMBER ||
                  table->facts[target].kind == DLCORE_COLUMN_DATE;
    dlcore_table_cursor_t cursor;
    dlcore_cell_t cell;
    dlcore_status status = dlcore_table_cursor_begin(&cursor, table, &table->allocator, error);
    double value;

    *count = 0;
    for (size_t row = 0; row < table->rows && status == DLCORE_OK; row++) {
        status = dlcore_table_cursor_go(&cursor, row, error);
        for (size_t i = 0; i < table->columns && status == DLCORE_OK; i++) {
            status = dlcore_table_cursor_cell(&cursor, i, &cell, error);
            if (status != DLCORE_OK || i != target)
                continue;
            if (!(number ? dlcore_cell_number(&cell, table->missing, &value) == DLCORE_CELL_MISSING
                         : dlcore_cell_is_missing(&cell, table->missing)))
                rows[(*count)++] = row;
        }
    }
    dlcore_table_cursor_end(&cursor);
    return status;
}

static dlcore_status choose_rows(const dlcore_table_t *table, const char *target,
                                 const dlcore_split_options_t *options, size_t *list, size_t *order,
                                 dlcore_table_split_t *out, dlcore_error_record_t *error)
{
    dlcore_random_t random = dlcore_random_stream(options->seed, DLCORE_RANDOM_SPLIT, 0, 0);
    size_t column = 0, count = table->rows, test;
    dlcore_status status = DLCORE_OK;

    for (size_t i = 0; i < count; i++)
        order[i] = i;
    if (target != NULL)
        status = dlcore_table_find_one(table, "table_split", target, &column, error);
    if (status == DLCORE_OK && target != NULL)
        status = rows_with(table, column, order, &count, error);
    if (status != DLCORE_OK)
        return status;
    test = (size_t)ceil(options->test_fraction * (double)count);
    if (count < 2 || test >= count)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "table_split: test_fraction %g of %zu rows leaves none to train with",
                           options->test_fraction, count);
    for (size_t i = 0; i < count; i++)
        list[i] = i;
    if (options->shuffle)
        dlcore_random_permutation(&random, list, count);
    for (size_t i = 0; i < count; i++)
        list[i] = order[list[i]];
    out->train = (dlcore_table_rows_t){.list = list, .count = count - test};
    out->test = (dlcore_table_rows_t){.list = list + (count - test), .count = test};
    return DLCORE_OK;
}

static dlcore_status split_table(const dlcore_table_t *table, const char *target,
                                 const dlcore_split_options_t *given, dlcore_table_split_t *out,
                                 dlcore_error_record_t *error)
{
    dlcore_split_options_t options = dlcore_split_options_default();
    dlcore_status status;
    size_t *list, *order;

    if (table == NULL || out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "table_split: %s is NULL",
                           table == NULL ? "table" : "out");
    *out = (dlcore_table_split_t){.train = {.list = NULL}};
    if (given != NULL && dlcore_check_options(given, "split", error) != DLCORE_OK)
        return DLCORE_ERROR_ARGUMENT;
    if (given != NULL)
        options = *given;
    if (!(options.test_fraction > 0 && options.test_fraction < 1))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "table_split: test_fraction must lie above 0 and below 1, got %g",
                           options.test_fraction);
    list = dlcore_allocate_raw(&table->allocator, table->rows, sizeof *list);
    order = dlcore_allocate_raw(&table->allocator, table->rows, sizeof *order);
    if (list == NULL || order == NULL)
        status = dlcore_fail_memory(error, "table_split", 2 * table->rows * sizeof *list);
    else
        status = choose_rows(table, target, &options, list, order, out, error);
    dlcore_release(&table->allocator, order);
    if (status == DLCORE_OK)
        out->allocator = table->allocator;
    else
        dlcore_release(&table->allocator, list);
    return status;
}

dlcore_status dlcore_table_split(const dlcore_table_t *table, const char *target,
                                 const dlcore_split_options_t *options, dlcore_table_split_t *out,
                                 dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_float_mode_t mode = dlcore_float_mode_enter(false);
    dlcore_status status = split_table(table, target, options, out, error);

    dlcore_float_mode_leave(mode);
    return dlcore_traces_end(before, status);
}

void dlcore_table_split_free(dlcore_table_split_t *split)
{
    union { /* the list is ours: made above */
        const size_t *given;
        size_t *list;
    } rows;

    if (split == NULL || split->train.list == NULL)
        return;
    rows.given = split->train.list;
    dlcore_release(&split->allocator, rows.list);
    *split = (dlcore_table_split_t){.train = {.list = NULL}};
}
