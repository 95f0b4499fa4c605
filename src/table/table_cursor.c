/* Reading rows of a table. Any row is found from the place of one at most 31 rows before it.
 *
 * SPDX-License-Identifier: MIT */
#include "table/table_cursor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/shown.h"

dlcore_status dlcore_table_cursor_begin(dlcore_table_cursor_t *cursor, const dlcore_table_t *table,
                                        const dlcore_allocator_t *allocator,
                                        dlcore_error_record_t *error)
{
    *cursor = (dlcore_table_cursor_t){
        .table = table, .allocator = *allocator, .row = SIZE_MAX, .inside = true};
    if (table->arrays != NULL)
        return DLCORE_OK;
    cursor->input = table->input;
    cursor->reader = table->how;
    cursor->reader.input = &cursor->input;
    cursor->reader.buffer = dlcore_allocate_raw(allocator, DLCORE_CSV_BLOCK + 1, 1);
    if (cursor->reader.buffer == NULL)
        return dlcore_fail_memory(error, table->input.name, DLCORE_CSV_BLOCK);
    return DLCORE_OK;
}

void dlcore_table_cursor_end(dlcore_table_cursor_t *cursor)
{
    dlcore_release(&cursor->allocator, cursor->reader.buffer);
    cursor->reader.buffer = NULL;
}

static dlcore_status refuse_changed(const dlcore_table_cursor_t *cursor,
                                    dlcore_error_record_t *error)
{
    return dlcore_fail(error, DLCORE_ERROR_IO, "%s: changed since the table was made",
                       cursor->input.name);
}

/* To the begin of the row that follows the one it is at the end of. */
static dlcore_status to_next_row(dlcore_table_cursor_t *cursor, dlcore_error_record_t *error)
{
    bool follows;
    dlcore_status status = dlcore_csv_next_row(&cursor->reader, &follows, error);

    cursor->inside = false;
    return status != DLCORE_OK || follows ? status : refuse_changed(cursor, error);
}

static dlcore_status seek_row(dlcore_table_cursor_t *cursor, size_t row,
                              dlcore_error_record_t *error)
{
    const dlcore_table_place_t *place = &cursor->table->places[row / DLCORE_TABLE_STRIDE];
    dlcore_status status = dlcore_csv_seek(&cursor->reader, place->at, place->line, error);
    dlcore_csv_field_t field;

    for (size_t i = 0; i < row % DLCORE_TABLE_STRIDE && status == DLCORE_OK; i++) {
        status = to_next_row(cursor, error);
        for (size_t column = 0; status == DLCORE_OK; column++) {
            status = dlcore_csv_next_field(&cursor->reader, column, &field, error);
            if (cursor->reader.row_ended)
                break;
        }
    }
    return status == DLCORE_OK ? to_next_row(cursor, error) : status;
}

dlcore_status dlcore_table_cursor_go(dlcore_table_cursor_t *cursor, size_t row,
                                     dlcore_error_record_t *error)
{
    dlcore_status status = DLCORE_OK;
    size_t rows = cursor->table->rows;
    bool follows = cursor->inside && cursor->row != SIZE_MAX && row == cursor->row + 1 &&
                   cursor->reader.row_ended;

    if (row >= rows) /* a list that was checked has changed since */
        return dlcore_fail(error, DLCORE_ERROR_RANGE, "row %zu of a table of %zu rows", row, rows);
    if (cursor->table->arrays == NULL)
        status = follows ? to_next_row(cursor, error) : seek_row(cursor, row, error);
    cursor->row = row;
    return status;
}

static void array_cell(const dlcore_table_cursor_t *cursor, size_t column, dlcore_cell_t *cell)
{
    const dlcore_table_column_t *array = &cursor->table->arrays[column];

    *cell = (dlcore_cell_t){.numeric = array->numbers != NULL};
    if (array->numbers != NULL) {
        cell->number = array->numbers[cursor->row];
        cell->absent = isnan(cell->number);
        cell->numeric = !cell->absent;
    } else if (array->texts[cursor->row] != NULL) {
        union { /* the text is read alone: no number there has a comma for a point */
            const char *given;
            char *text;
        } from = {.given = array->texts[cursor->row]};

        cell->field.text = from.text;
        cell->field.length = strlen(from.given);
    } else {
        cell->absent = true;
    }
}

dlcore_status dlcore_table_cursor_cell(dlcore_table_cursor_t *cursor, size_t column,
                                       dlcore_cell_t *cell, dlcore_error_record_t *error)
{
    dlcore_status status;

    if (cursor->table->arrays != NULL) {
        array_cell(cursor, column, cell);
        return DLCORE_OK;
    }
    if (column > 0 && cursor->reader.row_ended)
        return refuse_changed(cursor, error);
    cell->numeric = cell->absent = false;
    cursor->inside = true;
    status = dlcore_csv_next_field(&cursor->reader, column, &cell->field, error);
    if (status == DLCORE_OK && column + 1 == cursor->table->columns && !cursor->reader.row_ended)
        return refuse_changed(cursor, error);
    return status;
}

const char *dlcore_table_cursor_where(const dlcore_table_cursor_t *cursor, size_t column,
                                      const dlcore_cell_t *cell,
                                      char text[DLCORE_CURSOR_WHERE_SIZE])
{
    const char *name = cursor->table->names[column];
    char shown[DLCORE_SHOWN_SIZE];
    bool array = cursor->table->arrays != NULL;

    snprintf(text, DLCORE_CURSOR_WHERE_SIZE, "%s: %s %zu, column %zu (%s)",
             array ? "table" : cursor->input.name, array ? "row" : "line",
             array ? cursor->row : cell->field.line, column + 1,
             dlcore_show(shown, name, strlen(name)));
    return text;
}
