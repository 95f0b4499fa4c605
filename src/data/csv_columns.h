/* Columns of a CSV file: their names and roles.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATA_CSV_COLUMNS_H
#define DLCORE_DATA_CSV_COLUMNS_H

#include "system/compiler.h"

#include <stdint.h>

#include "data/csv_first_row.h"
#include "data/csv_reader.h"
#include "dlcore/data.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_CSV_WHERE_SIZE 200

/* Roles: others are columns of x, or labels, DLCORE_CSV_LABEL - i being column i of y. */
enum { DLCORE_CSV_SKIP = -1, DLCORE_CSV_LABEL = -2 };

typedef struct dlcore_csv_columns {
    size_t count;
    size_t features;
    size_t labels; /* columns of y */
    size_t label;  /* whose words may be labels: the label, or what is one by default; else count */
    bool header;
    int32_t *roles;  /* of each column */
    uint32_t *names; /* where each name begins in `text`; NULL without a header */
    char *text;
} dlcore_csv_columns_t;

/* Reads the first row, decides whether it is a header, and gives each column its role. */
dlcore_status dlcore_csv_read_columns(dlcore_csv_reader_t *reader,
                                      const dlcore_csv_options_t *options,
                                      const dlcore_allocator_t *allocator,
                                      dlcore_csv_columns_t *columns, dlcore_error_record_t *error);
void dlcore_csv_release_columns(dlcore_csv_columns_t *columns, const dlcore_allocator_t *allocator);

/* NULL when there is no header. */
const char *dlcore_csv_name_of(const dlcore_csv_columns_t *columns, size_t column);

/* "iris.csv: line 3, column 2 (sepal_width)", written to `text`, which is also the answer. */
const char *dlcore_csv_where(char text[DLCORE_CSV_WHERE_SIZE], const dlcore_csv_reader_t *reader,
                             const dlcore_csv_columns_t *columns, size_t line, size_t column);

/* The value of a field that is to be a number; if it is none, says where and why. */
dlcore_status dlcore_csv_number(const dlcore_csv_reader_t *reader,
                                const dlcore_csv_columns_t *columns, size_t column,
                                const dlcore_csv_field_t *field, float *value,
                                dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
