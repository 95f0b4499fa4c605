/* The inside of a table: where its rows are, and what is known of its columns.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TABLE_TABLE_H
#define DLCORE_TABLE_TABLE_H

#include "system/compiler.h"

#include <stdint.h>

#include "data/csv_columns.h"
#include "data/csv_reader.h"
#include "dlcore/table.h"
#include "table/cell.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_TABLE_STRIDE ((size_t)32) /* each so-many-th row's place is known */
#define DLCORE_TABLE_SHOWN 24

/* What was seen in the cells of a column. */
typedef struct dlcore_column_facts {
    dlcore_column_kind_t kind, guessed;
    dlcore_date_form_t form; /* guessed while there may be two */
    int zone_minutes;
    unsigned forms; /* that all dates have had so far */
    size_t gaps;    /* missing in any column */
    size_t nones;   /* missing among numbers and dates alone */
    size_t numbers, codes, dates, others;
    uint64_t *seen; /* hashes of different values; NULL: none yet */
    size_t seen_room, different;
    bool many;                      /* more of them than are counted */
    char first[DLCORE_TABLE_SHOWN]; /* value, for people */
} dlcore_column_facts_t;

/* Where a row begins, each DLCORE_TABLE_STRIDE-th. */
typedef struct dlcore_table_place {
    size_t at, line;
} dlcore_table_place_t;

struct dlcore_table {
    dlcore_allocator_t allocator;
    size_t rows, columns;
    dlcore_column_facts_t *facts;
    const char **names;
    char *name_text;
    uint32_t *by_name; /* columns, in the order of their names */
    char *missing;     /* further words; NULL: none */

    /* of text: the reader has no buffer, each cursor has one of its own */
    dlcore_csv_reader_t how;
    dlcore_input_t input;
    bool open; /* a file */
    char *text;
    bool header;
    dlcore_table_place_t *places;
    size_t place_count, place_room;

    dlcore_table_column_t *arrays; /* NULL: of text */
};

/* ---- table.c ---- */

/* Room for the facts of `columns` columns, and for names of so many bytes in all. */
dlcore_status dlcore_table_make_columns(dlcore_table_t *table, size_t columns, size_t bytes,
                                        dlcore_error_record_t *error);
/* Once all names are there. */
void dlcore_table_sort_names(dlcore_table_t *table);
/* How many columns have that name, and the first of them. */
size_t dlcore_table_find(const dlcore_table_t *table, const char *name, size_t *column);
/* The only one; DLCORE_ERROR_NAME. `call` begins the message. */
dlcore_status dlcore_table_find_one(const dlcore_table_t *table, const char *call, const char *name,
                                    size_t *column, dlcore_error_record_t *error);
/* All rows for NULL; DLCORE_ERROR_ARGUMENT, _RANGE for rows that there are not. */
dlcore_status dlcore_table_check_rows(const dlcore_table_t *table, const char *call,
                                      const dlcore_table_rows_t *asked, dlcore_table_rows_t *rows,
                                      dlcore_error_record_t *error);
static inline size_t dlcore_table_row(const dlcore_table_rows_t *rows, size_t i)
{
    return rows->list != NULL ? rows->list[i] : rows->begin + i;
}

/* ---- table_guess.c ---- */

/* Takes another cell into account. */
dlcore_status dlcore_table_note(dlcore_table_t *table, dlcore_column_facts_t *facts,
                                const dlcore_cell_t *cell, dlcore_error_record_t *error);
/* What the columns are, once all cells were noted. */
void dlcore_table_guess(dlcore_table_t *table);
/* Cells that are missing in a column as it is. */
size_t dlcore_table_missing(const dlcore_column_facts_t *facts);

DLCORE_HIDDEN_END

#endif
