/* A value becomes features, or a label.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TABLE_SCHEMA_PUT_H
#define DLCORE_TABLE_SCHEMA_PUT_H

#include "system/compiler.h"

#include "table/schema.h"

DLCORE_HIDDEN_BEGIN

/* Why a value is refused. */
typedef enum dlcore_put_problem {
    DLCORE_PUT_DONE = 0,
    DLCORE_PUT_NO_NUMBER,
    DLCORE_PUT_NO_DATE,
    DLCORE_PUT_MISSING,
    DLCORE_PUT_UNKNOWN, /* a class */
    DLCORE_PUT_BEYOND   /* float32 */
} dlcore_put_problem_t;

/* Writes the features of a column: step->width of them to `x`. `missing`: further words for gaps.
 */
dlcore_put_problem_t dlcore_step_put(const dlcore_schema_step_t *step, const dlcore_cell_t *cell,
                                     const char *missing, float *x);
/* Likewise a target: a float, or of a class an int32_t. */
dlcore_put_problem_t dlcore_step_put_target(const dlcore_schema_step_t *step,
                                            const dlcore_cell_t *cell, const char *missing,
                                            void *y);

/* The value of a number or date, or that it is missing or wrong. */
dlcore_cell_state_t dlcore_step_number(const dlcore_schema_step_t *step, const dlcore_cell_t *cell,
                                       const char *missing, double *number);

/* The status and message for a value; `where` begins it. */
dlcore_status dlcore_step_refuse(const dlcore_schema_step_t *step, dlcore_put_problem_t problem,
                                 const dlcore_cell_t *cell, const char *where,
                                 dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
