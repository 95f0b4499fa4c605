/* What a loss and metrics add up to: over a batch, over batches.
 *
 * The rows of a batch are computed in parallel; then one worker adds them up, always in the same
 * order, so that results do not depend on threads. Metrics keep their states (nn/metric.h) in
 * memory that whoever has the sums owns; with the loss they are one flat vector that can be saved.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_SUMS_H
#define DLCORE_ENGINE_SUMS_H

#include "system/compiler.h"

#include "engine/network.h"
#include "engine/objective.h"
#include "engine/workspace.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_sums {
    double loss; /* of each batch, times its samples */
    size_t samples;
    double *states; /* dlcore_objective_states: of each metric in turn; NULL where there are none */
} dlcore_sums_t;

/* Sums of nothing, with their states in new memory; those of failed creation are all zero. */
dlcore_status dlcore_sums_create(const dlcore_allocator_t *allocator,
                                 const dlcore_objective_t *objective, dlcore_sums_t *sums,
                                 dlcore_error_record_t *error);
void dlcore_sums_free(const dlcore_allocator_t *allocator, dlcore_sums_t *sums);
void dlcore_sums_clear(const dlcore_objective_t *objective, dlcore_sums_t *sums);
void dlcore_sums_add(const dlcore_objective_t *objective, dlcore_sums_t *sums,
                     const dlcore_sums_t *more);

/* The results. */
double dlcore_sums_loss(const dlcore_sums_t *sums);
double dlcore_sums_metric(const dlcore_objective_t *objective, const dlcore_sums_t *sums,
                          size_t index);

/* All of it as doubles, and back; false, with *sums untouched, where the number of samples is no
 * count. Back from as many as are stored, or from the fewer that earlier versions stored. */
size_t dlcore_sums_stored_length(const dlcore_objective_t *objective);
size_t dlcore_sums_earlier_length(const dlcore_objective_t *objective);
/* a = a and b, in this order, of stored ones. */
void dlcore_sums_merge_stored(const dlcore_objective_t *objective, double *a, const double *b);
void dlcore_sums_store(const dlcore_objective_t *objective, const dlcore_sums_t *sums, double *to);
bool dlcore_sums_restore(const dlcore_objective_t *objective, const double *from, size_t count,
                         dlcore_sums_t *sums);

/* ---- of the batch in a workspace, whose outputs and labels are there ---- */

/* Values of the metrics' rows begin .. end-1, of those metrics that are means of rows. */
void dlcore_sums_rows(const dlcore_network_t *network, const dlcore_objective_t *objective,
                      dlcore_workspace_t *workspace, size_t batch, size_t begin, size_t end);
/* The sum of the rows' losses and penalties of outputs, which each worker may form. After a
 * barrier. */
double dlcore_sums_batch_loss(const dlcore_objective_t *objective,
                              const dlcore_workspace_t *workspace, size_t batch, size_t rows);
/* The sums of the batch; for one worker. */
void dlcore_sums_batch(const dlcore_network_t *network, const dlcore_objective_t *objective,
                       dlcore_workspace_t *workspace, size_t batch, size_t rows,
                       dlcore_sums_t *sums);

DLCORE_HIDDEN_END

#endif
