/* The steps of an exported int8 file.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_EXPORT_C_INT8_STEPS_H
#define DLCORE_EXCHANGE_EXPORT_C_INT8_STEPS_H

#include "system/compiler.h"

#include "exchange/export_c_file.h"

DLCORE_HIDDEN_BEGIN

/* Functions that the steps call: rounding, and what of it is needed. */
void dlcore_export_put_int8_pieces(dlcore_export_text_t *text, const dlcore_export_int8_t *int8);
/* Constants and function of step i of first .. last: "@_step<i>(x, y)" for dense ones, else
 * "@_step<i>(x)" in place; nothing where it is fused. */
void dlcore_export_put_int8_step(dlcore_export_text_t *text, const dlcore_export_int8_t *int8,
                                 size_t i);
/* Bytes of the constants. */
size_t dlcore_export_int8_step_bytes(const dlcore_export_int8_t *int8, size_t i);

DLCORE_HIDDEN_END

#endif
