/* A dense step of an exported file in float32.
 *
 * Units are computed 32 at a time, then those that are left 8 at a time, a unit in each lane; the
 * last ones, fewer than 8, one by one, with 8 inputs in the lanes. Weights lie in the order in
 * which they are read, without padding.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_EXPORT_C_DENSE_H
#define DLCORE_EXCHANGE_EXPORT_C_DENSE_H

#include "system/compiler.h"

#include "exchange/export_c_pieces.h"

DLCORE_HIDDEN_BEGIN

/* What the step's function calls; `relu`: its outputs go through relu. */
dlcore_export_pieces_t dlcore_export_dense_pieces(const dlcore_export_step_t *step, bool relu);
/* Its weights, "@_w<index>", and its function, "@_step<index>(x, y)"; x and y do not overlap. */
void dlcore_export_put_dense(dlcore_export_text_t *text, const dlcore_export_step_t *step,
                             size_t index, bool relu);

DLCORE_HIDDEN_END

#endif
