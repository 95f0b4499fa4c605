/* For those who lay out workspaces: cutting pieces off one block of memory.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_WORKSPACE_CUT_H
#define DLCORE_ENGINE_WORKSPACE_CUT_H

#include "system/compiler.h"

#include "engine/workspace.h"

DLCORE_HIDDEN_BEGIN

/* Cuts aligned pieces off one block; with memory NULL it only measures. */
typedef struct dlcore_cutter {
    char *memory;
    size_t used;
    bool overflow;
} dlcore_cutter_t;

/* What a workspace is for. `more` lays out what predicting does not need; NULL: nothing. */
typedef struct dlcore_workspace_layout {
    dlcore_workspace_use_t use;
    unsigned forms;                      /* of batches */
    const dlcore_objective_t *objective; /* NULL to predict */
    void (*more)(dlcore_cutter_t *cutter, const dlcore_network_t *network,
                 const struct dlcore_workspace_layout *layout, dlcore_workspace_t *w);
} dlcore_workspace_layout_t;

void *dlcore_cut(dlcore_cutter_t *cutter, size_t count, size_t size);
dlcore_matrix_t dlcore_matrix_over(const dlcore_network_t *network, float *data, size_t rows,
                                   size_t columns);
dlcore_matrix_t dlcore_cut_matrix(dlcore_cutter_t *cutter, const dlcore_network_t *network,
                                  size_t rows, size_t columns);
/* The widest output of the layers that compute, as buffer floats. */
size_t dlcore_cut_widest(const dlcore_network_t *network, size_t rows, bool *overflow);
/* The input of one of the two batches, and its columns. */
void dlcore_cut_input(dlcore_cutter_t *cutter, const dlcore_network_t *network,
                      dlcore_workspace_t *w, size_t batch);

/* Measures, allocates and cuts. On failure *workspace is empty. */
dlcore_status dlcore_workspace_make(const dlcore_network_t *network,
                                    const dlcore_workspace_layout_t *layout, size_t capacity,
                                    size_t workers, dlcore_workspace_t *workspace,
                                    dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
