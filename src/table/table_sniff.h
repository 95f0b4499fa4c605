/* How a CSV file is written, by its first rows.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TABLE_TABLE_SNIFF_H
#define DLCORE_TABLE_TABLE_SNIFF_H

#include "system/compiler.h"

#include "data/csv_reader.h"

DLCORE_HIDDEN_BEGIN

/* Finds the delimiter (where the reader has none: zero) and the sign of decimals (likewise) that
 * the file looks to have. What is wrong with its text is found by who reads it next. */
dlcore_status dlcore_table_sniff(dlcore_csv_reader_t *reader, dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
