/* Dates as people write them, to days since 1970-01-01 in Greenwich.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TABLE_DATE_H
#define DLCORE_TABLE_DATE_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>

#include "dlcore/table.h"

DLCORE_HIDDEN_BEGIN

/* Reads a date of that form (dlcore/table.h), whole; one that names no zone is of a zone so many
 * minutes east of Greenwich. False: it is none. */
bool dlcore_date_read(const char *text, size_t length, dlcore_date_form_t form, int zone_minutes,
                      double *days);

/* The forms that it could have, a bit each: 1 << form. */
unsigned dlcore_date_forms(const char *text, size_t length);
#define DLCORE_DATE_ALL_FORMS \
    (1u << DLCORE_DATE_YMD | 1u << DLCORE_DATE_DMY | 1u << DLCORE_DATE_MDY)

/* "year, month, day"; "guessed", "unknown" */
const char *dlcore_date_form_name(int form);

/* Sine and cosine of where a time stands in its year, its week, from Monday, and its day. */
void dlcore_date_cycles(double days, double cycles[6]);

DLCORE_HIDDEN_END

#endif
