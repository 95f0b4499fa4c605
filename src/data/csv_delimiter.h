/* Delimiters of CSV files in messages.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATA_CSV_DELIMITER_H
#define DLCORE_DATA_CSV_DELIMITER_H

#include "system/compiler.h"

#include "data/csv_reader.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_CSV_DELIMITER_SIZE 8
#define DLCORE_CSV_HINT_SIZE 80

/* ',' or '\t' or 0x01, for messages: written to `to`, which is also the answer. */
const char *dlcore_csv_show_delimiter(char to[DLCORE_CSV_DELIMITER_SIZE], char delimiter);

/* DLCORE_ERROR_ARGUMENT unless decimal is a point or a comma, and the comment sign (zero: none)
 * can be one, and all differ. `what` begins the message. */
dlcore_status dlcore_csv_check_marks(const char *what, char delimiter, char quote, char decimal,
                                     char comment, dlcore_error_record_t *error);

/* "; options.delimiter is ',', the text has ';' between its fields" where another delimiter would
 * part the field, else "". A row that is one field need not begin with a number to be parted. */
const char *dlcore_csv_hint_delimiter(char to[DLCORE_CSV_HINT_SIZE],
                                      const dlcore_csv_reader_t *reader,
                                      const dlcore_csv_field_t *field, bool whole_row);

DLCORE_HIDDEN_END

#endif
