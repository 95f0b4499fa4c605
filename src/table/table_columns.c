/* Tables over arrays of the caller's.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/float_mode.h"
#include "base/traces.h"
#include "base/utf8.h"
#include "table/table_cursor.h"

static dlcore_status check_arrays(const dlcore_table_column_t *columns, size_t count,
                                  const dlcore_allocator_t *allocator, dlcore_table_t **out,
                                  dlcore_error_record_t *error)
{
    if (out == NULL || columns == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "table: %s is NULL",
                           out == NULL ? "out" : "columns");
    if (count == 0 || count > DLCORE_CSV_COLUMNS_MAX)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "table: column_count is %zu, not 1 to %zu",
                           count, DLCORE_CSV_COLUMNS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (columns[i].name == NULL || !dlcore_utf8_is_text(columns[i].name) ||
            strlen(columns[i].name) > DLCORE_CSV_FIELD_MAX)
            return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "table: the name of column %zu is %s",
                               i + 1, columns[i].name == NULL ? "NULL" : "not UTF-8, or too long");
        if ((columns[i].numbers == NULL) == (columns[i].texts == NULL))
            return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                               "table: column %zu has %s: one of numbers and texts is to be given",
                               i + 1, columns[i].texts == NULL ? "no values" : "both");
    }
    return dlcore_check_allocator(allocator, error);
}

static dlcore_status fill_table(dlcore_table_t *table, const dlcore_table_column_t *columns,
                                size_t count, dlcore_error_record_t *error)
{
    size_t bytes = 0, used = 0;
    dlcore_status status;

    for (size_t i = 0; i < count; i++)
        bytes += strlen(columns[i].name) + 1;
    status = dlcore_table_make_columns(table, count, bytes, error);
    table->arrays = dlcore_allocate_raw(&table->allocator, count, sizeof *table->arrays);
    if (status == DLCORE_OK && table->arrays == NULL)
        status = dlcore_fail_memory(error, "table", count * sizeof *table->arrays);
    if (status != DLCORE_OK)
        return status;
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(columns[i].name) + 1;

        memcpy(table->name_text + used, columns[i].name, size);
        table->names[i] = table->name_text + used;
        table->arrays[i] = columns[i];
        used += size;
    }
    dlcore_table_sort_names(table);
    return DLCORE_OK;
}

static dlcore_status note_arrays(dlcore_table_t *table, dlcore_error_record_t *error)
{
    dlcore_table_cursor_t cursor;
    dlcore_status status = dlcore_table_cursor_begin(&cursor, table, &table->allocator, error);
    dlcore_cell_t cell;

    for (size_t row = 0; row < table->rows && status == DLCORE_OK; row++) {
        status = dlcore_table_cursor_go(&cursor, row, error);
        for (size_t i = 0; i < table->columns && status == DLCORE_OK; i++) {
            status = dlcore_table_cursor_cell(&cursor, i, &cell, error);
            if (status == DLCORE_OK && cell.field.length > DLCORE_CSV_FIELD_MAX)
                status = dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                                     "table: row %zu, column %zu: the text has more than 32768 "
                                     "bytes",
                                     row, i + 1);
            if (status == DLCORE_OK)
                status = dlcore_table_note(table, &table->facts[i], &cell, error);
        }
    }
    dlcore_table_cursor_end(&cursor);
    dlcore_table_guess(table);
    return status;
}

static dlcore_status table_of_columns(const dlcore_table_column_t *columns, size_t count,
                                      size_t rows, const dlcore_allocator_t *allocator,
                                      dlcore_table_t **out, dlcore_error_record_t *error)
{
    dlcore_allocator_t memory = dlcore_allocator_or_default(allocator);
    dlcore_status status = check_arrays(columns, count, allocator, out, error);
    dlcore_table_t *table;

    if (out != NULL)
        *out = NULL;
    if (status != DLCORE_OK || out == NULL)
        return status;
    table = dlcore_allocate(&memory, 1, sizeof *table);
    if (table == NULL)
        return dlcore_fail_memory(error, "table", sizeof *table);
    table->allocator = memory;
    table->rows = rows;
    table->how.decimal = '.';
    status = fill_table(table, columns, count, error);
    if (status == DLCORE_OK)
        status = note_arrays(table, error);
    if (status == DLCORE_OK)
        *out = table;
    else
        dlcore_table_free(table);
    return status;
}

dlcore_status dlcore_table_from_columns(const dlcore_table_column_t *columns, size_t column_count,
                                        size_t rows, const dlcore_allocator_t *allocator,
                                        dlcore_table_t **out, dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_float_mode_t mode = dlcore_float_mode_enter(false);
    dlcore_status status = table_of_columns(columns, column_count, rows, allocator, out, error);

    dlcore_float_mode_leave(mode);
    return dlcore_traces_end(before, status);
}
