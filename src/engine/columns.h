/* Inputs that a batch can do without.
 *
 * The margins of pictures, rare words and rare classes are zero in every row of most batches. Such
 * an input adds nothing to any sum and gets no gradient, so the batch leaves it out (matrix.h:
 * index) and the first layer has fewer columns to multiply. Results keep their bits: adding a
 * product with zero changes no sum. A weight that is infinite or NaN would make that product NaN,
 * so nothing is left out when the kernel is not finite; that is looked at once in a call, and after
 * weights were set. A gradient by the outputs that is infinite counts as finite: zero for the
 * input.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_COLUMNS_H
#define DLCORE_ENGINE_COLUMNS_H

#include "system/compiler.h"

#include "engine/gather.h"
#include "engine/network.h"
#include "engine/team.h"
#include "engine/workspace.h"

DLCORE_HIDDEN_BEGIN

/* Notes which inputs are not zero in rows begin .. end-1 of a batch, for this worker. */
void dlcore_columns_scan(const dlcore_network_t *network, const dlcore_source_t *source,
                         dlcore_workspace_t *workspace, size_t batch, size_t worker, size_t begin,
                         size_t end);

/* Once every worker has scanned its share, and before the batch is gathered: settles the columns
 * of the batch. By one worker. */
void dlcore_columns_choose(const dlcore_network_t *network, dlcore_workspace_t *workspace,
                           size_t batch, size_t workers);

/* Once the batch is gathered, by one worker: whether register tiles leave out what is zero in all
 * of their rows, or columns. Then every worker notes its share, and all meet before the forward
 * pass. */
void dlcore_columns_settle_zeros(const dlcore_network_t *network, dlcore_workspace_t *workspace);
void dlcore_columns_note_zeros(const dlcore_network_t *network, const dlcore_workspace_t *workspace,
                               const dlcore_place_t *place);

DLCORE_HIDDEN_END

#endif
