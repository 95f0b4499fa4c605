/* A CSV file in memory, and reading its rows.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATA_CSV_ROWS_H
#define DLCORE_DATA_CSV_ROWS_H

#include "system/compiler.h"

#include "data/csv_classes.h"
#include "data/csv_columns.h"

DLCORE_HIDDEN_BEGIN

struct dlcore_csv {
    dlcore_allocator_t allocator;
    dlcore_tensor_t *x, *y;
    dlcore_csv_columns_t columns;
    dlcore_csv_classes_t classes;
    dlcore_csv_label_t label_kind;
    bool labels_listed; /* y has rank 2 */
};

/* Makes the tensors and reads `rows` rows into them, once columns and classes are known. On failure
 * the caller frees *csv. */
dlcore_status dlcore_csv_read_tensors(dlcore_csv_t *csv, dlcore_csv_reader_t *reader, size_t rows,
                                      dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
