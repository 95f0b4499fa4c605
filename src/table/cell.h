/* A value of a table, before it is known what it means.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TABLE_CELL_H
#define DLCORE_TABLE_CELL_H

#include "system/compiler.h"

#include <stdbool.h>

#include "data/csv_field.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_CELL_TEXT_SIZE 32 /* of a number as text */

typedef struct dlcore_cell {
    dlcore_csv_field_t field; /* text, unless `numeric` */
    bool numeric;             /* a number of an array, which is not missing */
    bool absent;              /* a value of an array that is missing */
    double number;
} dlcore_cell_t;

typedef enum dlcore_cell_state {
    DLCORE_CELL_VALUE = 0,
    DLCORE_CELL_MISSING,
    DLCORE_CELL_WRONG, /* neither */
    DLCORE_CELL_BEYOND /* a number beyond double */
} dlcore_cell_state_t;

/* Whether it is missing among categories; `missing` are further words, or NULL. */
bool dlcore_cell_is_missing(const dlcore_cell_t *cell, const char *missing);
/* What it is among numbers: a finite one, missing, or wrong. */
dlcore_cell_state_t dlcore_cell_number(const dlcore_cell_t *cell, const char *missing,
                                       double *number);
/* Among dates of a form: days since 1970. */
dlcore_cell_state_t dlcore_cell_date(const dlcore_cell_t *cell, const char *missing, int form,
                                     int zone_minutes, double *days);
/* Its text, which a number gets in `to`. */
const char *dlcore_cell_text(const dlcore_cell_t *cell, char to[DLCORE_CELL_TEXT_SIZE],
                             size_t *length);

/* A finite number with as few digits as give it back, whatever the locale; answers `to`. */
const char *dlcore_short_number(char to[DLCORE_CELL_TEXT_SIZE], double number);

DLCORE_HIDDEN_END

#endif
