/* Telling the header of a CSV file from a sample.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATA_CSV_HEADER_H
#define DLCORE_DATA_CSV_HEADER_H

#include "system/compiler.h"

#include "data/csv_columns.h"

DLCORE_HIDDEN_BEGIN

/* Whether the first row is a header, by itself and by what follows it; roles are given. */
dlcore_status dlcore_csv_find_header(dlcore_csv_reader_t *reader,
                                     const dlcore_csv_options_t *options,
                                     const dlcore_csv_columns_t *columns, bool *header,
                                     dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
