/* Where a run of fit stands between two batches: what a file that is saved meanwhile keeps, and
 * what fit goes on from.
 *
 * A running fit answers with a view of itself. A record stands for a run that was stopped, or that
 * a file tells of; it owns its memory and belongs to the model.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_RUN_STATE_H
#define DLCORE_MODEL_RUN_STATE_H

#include "system/compiler.h"

#include "dlcore/callback.h"
#include "dlcore/model.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_RUN_CALLBACKS_MAX 64 /* with a name, in one run */

typedef struct dlcore_position {
    size_t epoch; /* that runs, or comes next */
    size_t batch; /* batches of it that are done */
    bool begun;   /* it has begun: its callbacks know */
    size_t pass;  /* through the data, that is under way or comes next */
    size_t pass_batch;
    bool pass_begun;
    /* what must be the same when it goes on */
    size_t samples;                            /* that are trained on; 0: a dataset */
    size_t batch_size;                         /* 0: a dataset */
    const dlcore_model_precision_t *precision; /* in files the model's */
} dlcore_position_t;

/* The model that a record goes on with. */
typedef struct dlcore_run_key {
    uint64_t version;  /* of the weights */
    uint64_t revision; /* of the network */
    uint64_t compiles;
} dlcore_run_key_t;

/* What a callback keeps. */
typedef struct dlcore_callback_state {
    char name[64];
    double *numbers;
    size_t count;
    float *weights;   /* a copy of all weights, in the order of dlcore_model_get_weights; or NULL */
    bool has_weights; /* the file that is being read has some */
} dlcore_callback_state_t;

typedef struct dlcore_run_state {
    dlcore_run_key_t key; /* of a record */
    dlcore_position_t position;
    double *sums; /* of the epoch that runs: see dlcore_sums_store */
    size_t sum_count;
    double *history; /* (rows, value_count), of the epochs that are done */
    size_t rows, value_count;
    dlcore_callback_state_t *callbacks;
    size_t callback_count;
    /* Those that training goes on with, where the stop put others in their place (averages, those
     * of the best epoch), in the order of dlcore_model_get_weights; else NULL. */
    float *weights;
    bool has_weights; /* the file that is being read has some */
} dlcore_run_state_t;

/* A record with room for all of that, numbers zero, weights NULL; NULL without memory. */
dlcore_run_state_t *dlcore_run_state_create(const dlcore_allocator_t *allocator, size_t sum_count,
                                            size_t rows, size_t value_count, size_t callback_count);
/* Room for a callback's numbers in a record; false without memory. */
bool dlcore_run_state_reserve(const dlcore_allocator_t *allocator,
                              dlcore_callback_state_t *callback, size_t count);
/* NULL is fine. */
void dlcore_run_state_free(const dlcore_allocator_t *allocator, dlcore_run_state_t *state);

/* Of the model as it is now; whether it still is that. */
dlcore_run_key_t dlcore_model_key(const dlcore_model_t *model);
bool dlcore_model_is_as(const dlcore_model_t *model, const dlcore_run_key_t *key);

/* A copy of a view as a record; callbacks keep `weights` floats, where they keep weights. */
dlcore_run_state_t *dlcore_run_state_copy(const dlcore_allocator_t *allocator,
                                          const dlcore_run_state_t *view, size_t weights);

DLCORE_HIDDEN_END

#endif
