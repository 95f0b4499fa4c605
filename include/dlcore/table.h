/* Tables: rows and columns with words, gaps and dates in them, from CSV files or arrays.
 *
 *     table_t *passengers;
 *     table_load("titanic.csv", NULL, NULL, &passengers, &error);
 *     table_set_kind(passengers, "survived", COLUMN_CATEGORY, &error);
 *     table_set_kind(passengers, "ticket", COLUMN_LEFT_OUT, &error);
 *     table_describe(passengers, stdout);
 *
 * What a column is, is guessed from all of its rows, shown by table_describe, and corrected by
 * table_set_kind. A schema (dlcore/schema.h) then makes numbers of a table.
 *
 *   number     every value is a number, and none has zeros in front ("007")
 *   date       every value is a date of one form, or of two (2/3/2026): then table_set_date names
 *              it, else schema_fit refuses
 *   category   words, or codes such as "007": at most 20 different ones, or at most 1000, each in
 *              two rows on average
 *   left out   other texts; columns without values
 *
 * Missing are, in any case: an empty field, ?, NA, N/A, NaN, null, <NA>, #N/A, and what
 * options.missing lists; among numbers and dates also None. In quotes, a category is never missing,
 * unless it is empty.
 *
 * The header: DLCORE_CSV_HEADER_AUTO takes the first row for one when none of its fields is a
 * number, a date or missing (the first alone may be). Columns without a header are called
 * "column_1", "column_2", ...
 *
 * Text is read as described in dlcore/data.h. Files are treated as hostile: memory stays below 2
 * MB, the bytes of the names, 1 KB for each column (24 KB while one with hundreds of different
 * values is read), and, with in_memory, the file's size. A table has at most 65,536 columns. Only
 * the place of each 32nd row is kept.
 *
 * Ownership: a table is the caller's, with the allocator it was made with; names are borrowed from
 * it. Threads: any number may read a table, schema_fit and schema_apply included; one may write.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TABLE_H
#define DLCORE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "api.h"
#include "data.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dlcore_table dlcore_table_t;

typedef enum dlcore_column_kind {
    DLCORE_COLUMN_NUMBER = 1,
    DLCORE_COLUMN_CATEGORY,
    DLCORE_COLUMN_DATE,
    DLCORE_COLUMN_LEFT_OUT
} dlcore_column_kind_t;
/* "number", "category", "date", "left out"; "unknown" for anything else. */
DLCORE_API const char *dlcore_column_kind_name(dlcore_column_kind_t kind);

/* How a date is written; "-", "/" and "." part its numbers, years have four digits:
 *
 *   year, month, day   2026-05-13, 2026/5/13, 2026-05 (its first day)
 *   day, month, year   13.05.2026, 13/5/2026, 13 May 2026, 13-May-2026
 *   month, day, year   5/13/2026, May 13, 2026, May 2026 (its first day)
 *
 * Months may be English names or their first three letters. A time may follow, behind a blank or a
 * T: 14:30, 14:30:05, 14:30:05.25, and behind that a zone: Z, +02:00, -0530. */
typedef enum dlcore_date_form {
    DLCORE_DATE_GUESSED = 0,
    DLCORE_DATE_YMD,
    DLCORE_DATE_DMY,
    DLCORE_DATE_MDY
} dlcore_date_form_t;

/* Start from the default, then change fields. A zeroed struct is refused. */
typedef struct dlcore_table_options {
    size_t structure_size; /* set by ..._default() */
    char delimiter;        /* '\0': guessed: a comma, semicolon, tab, "|", or runs of blanks */
    bool blank_runs;       /* false; true: runs of blanks and tabs, in place of the delimiter */
    char quote;            /* '"'; '\0': none */
    char decimal; /* '\0': guessed: a comma where another delimiter parts "5,1", else '.' */
    char comment; /* '\0': none; '#': as in dlcore_csv_options_t */
    dlcore_csv_header_t header; /* see above */
    /* More words that mean a missing value, in lower case, parted by blanks: "- unknown". */
    const char *missing;
    /* true: the table has a copy of the text. false: rows are read from the file when they are
     * needed, which must not change meanwhile. For dlcore_table_parse always a copy. */
    bool in_memory;
} dlcore_table_options_t;
DLCORE_API dlcore_table_options_t dlcore_table_options_default(void);

/* Reads a CSV file once, whole, and guesses. A file with a header and no rows is a table of 0 rows,
 * whose columns are left out. `options`, `allocator` NULL: the defaults. Errors: those of
 * dlcore_csv_load for what is not CSV; DLCORE_ERROR_FORMAT for an empty file. */
DLCORE_API dlcore_status dlcore_table_load(const char *path, const dlcore_table_options_t *options,
                                           const dlcore_allocator_t *allocator,
                                           dlcore_table_t **out, dlcore_error_record_t *error);
/* The same from memory, which is copied. */
DLCORE_API dlcore_status dlcore_table_parse(const void *bytes, size_t size,
                                            const dlcore_table_options_t *options,
                                            const dlcore_allocator_t *allocator,
                                            dlcore_table_t **out, dlcore_error_record_t *error);

/* A column of an array: numbers, of which NaN is missing, or texts, of which NULL is. */
typedef struct dlcore_table_column {
    const char *name;
    const double *numbers;
    const char *const *texts;
} dlcore_table_column_t;

/* A table of arrays of `rows` values each. They are borrowed, and must outlive the table. A column
 * of numbers that is made a category has the names that the fewest digits give ("3", "0.5"). */
DLCORE_API dlcore_status dlcore_table_from_columns(const dlcore_table_column_t *columns,
                                                   size_t column_count, size_t rows,
                                                   const dlcore_allocator_t *allocator,
                                                   dlcore_table_t **out,
                                                   dlcore_error_record_t *error);

/* NULL is fine. */
DLCORE_API void dlcore_table_free(dlcore_table_t *table);

/* ---- what it is ---- */

/* Queries never fail; of NULL, and of columns that there are not, they answer 0 or NULL. */
DLCORE_API size_t dlcore_table_row_count(const dlcore_table_t *table);
DLCORE_API size_t dlcore_table_column_count(const dlcore_table_t *table);
DLCORE_API const char *dlcore_table_column_name(const dlcore_table_t *table, size_t column);
DLCORE_API dlcore_column_kind_t dlcore_table_column_kind(const dlcore_table_t *table,
                                                         size_t column);

/* Says what a column is. DLCORE_ERROR_NAME: the table has no column of that name, or two. Values
 * are looked at when the table is used. */
DLCORE_API dlcore_status dlcore_table_set_kind(dlcore_table_t *table, const char *column,
                                               dlcore_column_kind_t kind,
                                               dlcore_error_record_t *error);
/* Says that it has dates of that form, which are those of a zone so many minutes east of Greenwich
 * (-840 .. 840) where they name none; guessed is 0. */
DLCORE_API dlcore_status dlcore_table_set_date(dlcore_table_t *table, const char *column,
                                               dlcore_date_form_t form, int zone_minutes,
                                               dlcore_error_record_t *error);

/* Writes how the text was read, and a line for each column: name, kind, missing and different
 * values, the first of them, and what was guessed. DLCORE_ERROR_IO when the stream fails. */
DLCORE_API dlcore_status dlcore_table_describe(const dlcore_table_t *table, FILE *stream,
                                               dlcore_error_record_t *error);

/* ---- rows ---- */

/* Some rows of a table, by their numbers from 0: those of `list`, or where that is NULL, `count`
 * from `begin` on. Functions that take a pointer to one take NULL for all rows. */
typedef struct dlcore_table_rows {
    const size_t *list;
    size_t begin, count;
} dlcore_table_rows_t;

/* Rows to train with, to validate with (none without a validation_fraction), and to test with; owns
 * their list. */
typedef struct dlcore_table_split_rows {
    dlcore_table_rows_t train, validation, test;
    dlcore_allocator_t allocator; /* the list's, which is the table's */
} dlcore_table_split_t;

/* Splits the rows that have a value in the column `target`; NULL: all. So that a schema is learned
 * from the training rows alone. The rows are those that dlcore_train_test_split chooses of their
 * numbers, with the same options: stratify is by the target, which is a category then; groups has a
 * number for each row of the table. `options` NULL: the defaults. Errors: DLCORE_ERROR_NAME,
 * DLCORE_ERROR_ARGUMENT, DLCORE_ERROR_SHAPE when a part would be empty. */
DLCORE_API dlcore_status dlcore_table_split(const dlcore_table_t *table, const char *target,
                                            const dlcore_split_options_t *options,
                                            dlcore_table_split_t *out,
                                            dlcore_error_record_t *error);
/* Frees the list, not the struct. NULL is fine. */
DLCORE_API void dlcore_table_split_free(dlcore_table_split_t *split);

#ifdef __cplusplus
}
#endif

#endif
