/* What a field of a CSV file says.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATA_CSV_FIELD_H
#define DLCORE_DATA_CSV_FIELD_H

#include "system/compiler.h"

#include <stdbool.h>

#include "data/csv_reader.h"

DLCORE_HIDDEN_BEGIN

/* A number, also one that float32, or double, does not reach: infinite then. */
bool dlcore_csv_is_number(const dlcore_csv_field_t *field, float *value);
bool dlcore_csv_is_double(const dlcore_csv_field_t *field, double *value);

/* One of some words in lower case, with a blank between two, in any case. */
bool dlcore_csv_is_one_of(const dlcore_csv_field_t *field, const char *words);

/* A missing value, where a number is to be and where a class is; among classes NA, without quotes,
 * may also be a name. */
bool dlcore_csv_is_missing(const dlcore_csv_field_t *field);
bool dlcore_csv_is_missing_class(const dlcore_csv_field_t *field);
bool dlcore_csv_is_na(const dlcore_csv_field_t *field);

DLCORE_HIDDEN_END

#endif
