/* Labels of a CSV file that are classes.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATA_CSV_LABEL_H
#define DLCORE_DATA_CSV_LABEL_H

#include "system/compiler.h"

#include "data/csv_classes.h"
#include "data/csv_columns.h"

DLCORE_HIDDEN_BEGIN

/* Reads the field of the label. */
dlcore_status dlcore_csv_read_class(dlcore_csv_classes_t *classes,
                                    const dlcore_csv_columns_t *columns,
                                    dlcore_csv_reader_t *reader, int32_t *code,
                                    dlcore_error_record_t *error);

/* After the last row: DLCORE_ERROR_FORMAT where a class that was read as NA is a missing value. */
dlcore_status dlcore_csv_check_na(const dlcore_csv_classes_t *classes,
                                  const dlcore_csv_columns_t *columns,
                                  const dlcore_csv_reader_t *reader, dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
