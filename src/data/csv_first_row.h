/* The first row of a CSV file, whose fields may be the names of its columns.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATA_CSV_FIRST_ROW_H
#define DLCORE_DATA_CSV_FIRST_ROW_H

#include "system/compiler.h"

#include "data/csv_reader.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_CSV_COLUMNS_MAX ((size_t)64 * 1024)

typedef struct dlcore_csv_first_row {
    size_t columns, line;
    size_t bytes; /* of all fields, each with a zero byte behind it */
} dlcore_csv_first_row_t;

/* Shown each field of the row. */
typedef void dlcore_csv_look_t(void *user, size_t column, const dlcore_csv_field_t *field);

/* Counts columns and the bytes that their names need. `look` NULL: nobody. */
dlcore_status dlcore_csv_survey_first_row(dlcore_csv_reader_t *reader, dlcore_csv_first_row_t *row,
                                          dlcore_csv_look_t *look, void *user,
                                          dlcore_error_record_t *error);

/* The fields of a row that was surveyed, one behind the other, to `text`, which has row->bytes.
 * Refuses zero bytes within them. */
dlcore_status dlcore_csv_keep_first_row(dlcore_csv_reader_t *reader,
                                        const dlcore_csv_first_row_t *row, char *text,
                                        dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
