/* An exported file as a whole: what it is made of, and its parts in order.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_EXPORT_C_FILE_H
#define DLCORE_EXCHANGE_EXPORT_C_FILE_H

#include "system/compiler.h"

#include "exchange/export_c_plan.h"
#include "exchange/export_c_text.h"
#include "exchange/export_int8.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_export_sizes {
    size_t weight_bytes, scratch_bytes;
    size_t stack_bytes; /* of arrays on the stack */
} dlcore_export_sizes_t;

typedef struct dlcore_export_file {
    const dlcore_export_plan_t *plan;
    const dlcore_export_int8_t *int8; /* NULL: float32 */
    dlcore_export_sizes_t sizes;
    size_t test_rows;
    const float *test_x, *test_y; /* the self-test: (rows, inputs), (rows, outputs) */
} dlcore_export_file_t;

/* Writes all of it. */
void dlcore_export_put_file(dlcore_export_text_t *text, const dlcore_export_file_t *file);

/* ---- export_c_float.c: the network in float32 ---- */

dlcore_export_sizes_t dlcore_export_float_sizes(const dlcore_export_plan_t *plan);
/* Its constants and functions, the last of which is "@_predict". */
void dlcore_export_put_float_network(dlcore_export_text_t *text, const dlcore_export_plan_t *plan);

/* Of one step that is not dense: floats of its constants; these and its function; a call, or a loop
 * over size_t i, from one array to another or in place. */
size_t dlcore_export_vector_floats(const dlcore_export_step_t *step);
void dlcore_export_put_float_step(dlcore_export_text_t *text, const dlcore_export_plan_t *plan,
                                  size_t i);
void dlcore_export_put_float_call(dlcore_export_text_t *text, const dlcore_export_plan_t *plan,
                                  size_t i, const char *from, const char *to);

/* ---- export_c_int8.c: the network in int8 ---- */

dlcore_export_sizes_t dlcore_export_int8_sizes(const dlcore_export_int8_t *int8);
void dlcore_export_put_int8_network(dlcore_export_text_t *text, const dlcore_export_int8_t *int8);

DLCORE_HIDDEN_END

#endif
