/* A place in a table: one thread's way through its rows, cell by cell.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TABLE_TABLE_CURSOR_H
#define DLCORE_TABLE_TABLE_CURSOR_H

#include "system/compiler.h"

#include "table/table.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_CURSOR_WHERE_SIZE 200

typedef struct dlcore_table_cursor {
    const dlcore_table_t *table;
    dlcore_allocator_t allocator; /* of the buffer */
    dlcore_input_t input;
    dlcore_csv_reader_t reader;
    size_t row;  /* the one it is in, or would come to */
    bool inside; /* cells of that row were read */
} dlcore_table_cursor_t;

/* Ended by _end, whatever it answers. The table must outlive it. */
dlcore_status dlcore_table_cursor_begin(dlcore_table_cursor_t *cursor, const dlcore_table_t *table,
                                        const dlcore_allocator_t *allocator,
                                        dlcore_error_record_t *error);
void dlcore_table_cursor_end(dlcore_table_cursor_t *cursor);

/* Goes to the begin of a row; fast where it is the next. DLCORE_ERROR_RANGE: the table does not
 * have it. */
dlcore_status dlcore_table_cursor_go(dlcore_table_cursor_t *cursor, size_t row,
                                     dlcore_error_record_t *error);
/* The cell of that column: of each from 0 to the last, in this order. Its text lasts until the
 * next. */
dlcore_status dlcore_table_cursor_cell(dlcore_table_cursor_t *cursor, size_t column,
                                       dlcore_cell_t *cell, dlcore_error_record_t *error);
/* "iris.csv: line 3, column 2 (width)" or "table: row 3, column 2 (width)" of a cell, written to
 * `text`, which is also the answer. Rows of arrays count from 0. */
const char *dlcore_table_cursor_where(const dlcore_table_cursor_t *cursor, size_t column,
                                      const dlcore_cell_t *cell,
                                      char text[DLCORE_CURSOR_WHERE_SIZE]);

DLCORE_HIDDEN_END

#endif
