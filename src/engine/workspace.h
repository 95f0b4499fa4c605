/* The memory of a step: batches, activations, gradients, scratch, in one allocation.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_WORKSPACE_H
#define DLCORE_ENGINE_WORKSPACE_H

#include "system/compiler.h"

#include "engine/network.h"
#include "engine/objective.h"
#include "engine/small_plan.h"

DLCORE_HIDDEN_BEGIN

/* What the memory is for. */
typedef enum dlcore_workspace_use {
    DLCORE_WORKSPACE_PREDICT,  /* activations; those of a layer live until the next one's */
    DLCORE_WORKSPACE_EVALUATE, /* and labels, losses and metrics */
    DLCORE_WORKSPACE_TRAIN     /* and every activation kept, gradients, a second batch */
} dlcore_workspace_use_t;

/* How batches come: bits of a set. */
typedef enum dlcore_batch_forms {
    DLCORE_BATCH_ROWS = 1, /* gathered into matrices */
    DLCORE_BATCH_LISTS = 2 /* of a sparse tensor, read where they are (gather.h) */
} dlcore_batch_forms_t;

#define DLCORE_GRADIENT_BUFFERS 3

/* Which inputs a batch uses: columns.h. All NULL where nothing can be left out. */
typedef struct dlcore_columns {
    uint8_t *used; /* inputs for each worker: not 0 where some row is not zero */
    uint32_t *index;
    uint32_t *gaps;
    uint32_t *pairs, *pair_gaps; /* of pairs of them, where training multiplies in bfloat16 */
} dlcore_columns_t;

/* What is known of the first layer's kernel. */
typedef enum dlcore_weights {
    DLCORE_WEIGHTS_UNKNOWN,
    DLCORE_WEIGHTS_FINITE,
    DLCORE_WEIGHTS_NOT_FINITE
} dlcore_weights_t;

/* What a workspace for training was made for, besides rows and workers. */
typedef struct dlcore_workspace_key {
    uint64_t revision; /* of the network; 0: made for one call */
    dlcore_objective_t objective;
} dlcore_workspace_key_t;

typedef struct dlcore_workspace {
    dlcore_workspace_key_t key;
    dlcore_allocator_t allocator;
    size_t capacity; /* rows */
    size_t workers;  /* with scratch of their own */
    void *memory;

    unsigned forms; /* of batches that there is room for */
    size_t batch;   /* which of the two batches is at hand */
    /* dlcore_layer_pass_t: of a slice its place in the batch; else 0 and the rows */
    size_t first_row, batch_rows;
    bool shares, leads;
    dlcore_matrix_t input[2];
    dlcore_lists_t lists[2]; /* what input[i].lists may point to */
    dlcore_labels_t labels[2];
    dlcore_columns_t columns[2];
    uint32_t *zeros;            /* room for notes on the batch at hand; NULL: of no use */
    dlcore_weights_t weights;   /* unknown at the beginning of each call */
    dlcore_matrix_t *outputs;   /* of each node; a node without forward has its input's */
    dlcore_matrix_t *gradients; /* by each node's output, in rotating buffers; train only */
    /* what nodes gave their activations, where the backward pass needs it and no other matrix holds
     * it (dlcore_network_keeps_input); NULL but to train */
    dlcore_matrix_t *kept;
    float **states; /* what layers keep from forward to backward; NULL but to train */
    uint64_t *keys; /* of what is random in a step; NULL but to train, and where nothing is */
    dlcore_matrix_t logits;     /* scratch of losses without gradients, where there may be some */
    dlcore_small_plan_t *small; /* of a small network; train only, else NULL */
    /* pairs of a layer's x or dy (halves.h); NULL but to train in bfloat16. Those of rows take
     * turns, because slow workers may still be reading the ones of the layer above. */
    float *half_columns, *half_rows[2][2];
    float *targets; /* labels as a loss has them, as large as labels; NULL: not needed */
    float *function_rows, *function_slopes; /* scratch of the user's functions; NULL: none */
    float *row_loss;                        /* capacity */
    double *row_activity;  /* capacity; NULL where no layer has an activity regularizer */
    float *row_metrics;    /* metric_count times capacity */
    double *metric_states; /* for the sums of a batch (engine/sums.h) */
    float *scratch;        /* scratch_floats for each worker */
    size_t scratch_floats;
} dlcore_workspace_t;

/* For batches of up to `capacity` rows; on failure *workspace is empty. With lists among the forms
 * of batches the workspace must stay where it is. */
dlcore_status dlcore_workspace_create_to_predict(const dlcore_network_t *network,
                                                 unsigned batch_forms, size_t capacity,
                                                 size_t workers, dlcore_workspace_t *workspace,
                                                 dlcore_error_record_t *error);
/* Likewise, to evaluate or train. */
dlcore_status dlcore_workspace_create(const dlcore_network_t *network,
                                      const dlcore_objective_t *objective,
                                      dlcore_workspace_use_t use, unsigned batch_forms,
                                      size_t capacity, size_t workers,
                                      dlcore_workspace_t *workspace, dlcore_error_record_t *error);

/* One to train with that outlives calls: it stays where it was made for this network and objective
 * and has room for as many rows, workers and weights of samples, and those forms of batches; else
 * it is made anew, with no less room. On failure *workspace is empty. */
dlcore_status dlcore_workspace_ensure(const dlcore_network_t *network,
                                      const dlcore_objective_t *objective, unsigned batch_forms,
                                      size_t rows, size_t workers, dlcore_workspace_t *workspace,
                                      dlcore_error_record_t *error);

/* Frees the memory, not the struct, which is then empty. An empty one is fine. */
void dlcore_workspace_clear(dlcore_workspace_t *workspace);

/* The weights that the loss gives a batch's samples; NULL: all 1. */
static inline const float *dlcore_workspace_weights(const dlcore_objective_t *objective,
                                                    const dlcore_workspace_t *workspace,
                                                    size_t batch)
{
    return objective->weighted || objective->loss_settings.ignores_class
               ? workspace->labels[batch].weights
               : NULL;
}

/* Sets the rows in use of every matrix, and which of the two batches is the input. */
void dlcore_workspace_set_batch(const dlcore_network_t *network, dlcore_workspace_t *workspace,
                                size_t rows, size_t batch);

DLCORE_HIDDEN_END

#endif
