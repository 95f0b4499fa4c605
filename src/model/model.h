/* The inside of a model, for the files of this folder.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_MODEL_H
#define DLCORE_MODEL_MODEL_H

#include "system/compiler.h"

#include <stdatomic.h>

#include "dlcore/model.h"
#include "engine/halves.h"
#include "engine/network.h"
#include "engine/objective.h"
#include "engine/ranked.h"
#include "engine/ranks.h"
#include "engine/step.h"
#include "engine/sums.h"
#include "engine/team.h"
#include "engine/update.h"
#include "engine/workspace.h"
#include "model/call.h"
#include "model/notes.h"

DLCORE_HIDDEN_BEGIN

/* What is kept between training calls: state of the optimizer, buffers of the last batch size. */
typedef struct dlcore_trainer {
    float *slots; /* slot_count vectors of the network's value_floats; NULL: none yet */
    size_t slot_count;
    dlcore_optimizer_clock_t clock; /* of the slots */
    /* caches, empty at first; what they were made for is their key */
    dlcore_update_plan_t plan;
    dlcore_workspace_t workspace;
    dlcore_ranked_t ranked; /* in its place with a collective */
} dlcore_trainer_t;

struct dlcore_model {
    dlcore_allocator_t allocator;
    dlcore_model_options_t options;
    dlcore_error_record_t error;
    dlcore_error_record_t first_error; /* of add: sticky */
    dlcore_network_t network;
    dlcore_notes_t notes;

    bool compiled;
    dlcore_compile_options_t settings;
    float *metric_lists; /* that settings' metrics point to; NULL: none */
    dlcore_trainer_t trainer;
    uint64_t compiles;       /* counts them */
    uint32_t epochs_trained; /* in the model's life: keys the shuffling */
    uint64_t steps_trained;  /* likewise: keys dropout and noise */

    struct dlcore_fit *running_fit;   /* the fit that has the model, else NULL */
    struct dlcore_fit *fit;           /* likewise, between its first callback and its last */
    struct dlcore_run_state *stopped; /* where a run can go on, else NULL */

    dlcore_ranks_t *ranks; /* of the collective; NULL: the model is alone */

    dlcore_team_t *team; /* made when first needed */
    dlcore_call_t call;  /* that has the model */
    dlcore_held_t held;  /* what calls hold over the host's code */
    /* Of the weights: counts what writes them. Not of 64 bits everywhere: small processors have no
     * atomic numbers beyond the width of a pointer. */
    atomic_size_t version;
    atomic_flag team_busy;
    atomic_bool stop_requested;
};

/* ---- model.c ---- */

/* What a precision of training brings. */
struct dlcore_model_precision {
    const char *name;
    /* the index-th kind of products that an engine has for it on this CPU (products_half.h); that
     * of index 0 there always is */
    const dlcore_half_t *(*half)(const dlcore_products_t *products, size_t index);
};

/* "float32" */
const char *dlcore_precision_name(const dlcore_model_precision_t *precision);
/* Of a model whose network is not built, which multiplies by its engine and precision then. */
void dlcore_model_set_precision(dlcore_model_t *model, const dlcore_model_precision_t *precision);

/* A step is about to move the weights: predictors made before are stale. */
static inline void dlcore_model_weights_move(dlcore_model_t *model)
{
    size_t version = atomic_load_explicit(&model->version, memory_order_relaxed);

    /* one call at a time writes: no need to lock the bus in every step */
    atomic_store_explicit(&model->version, version + 1, memory_order_release);
}

/* Something else is about to change them, or has: what a training call knows of them, too. */
static inline void dlcore_model_weights_change(dlcore_model_t *model)
{
    dlcore_model_weights_move(model);
    model->trainer.workspace.weights = DLCORE_WEIGHTS_UNKNOWN;
    dlcore_ranked_forget_weights(&model->trainer.ranked);
    dlcore_halves_forget(&model->network);
}

static inline uint64_t dlcore_model_version(const dlcore_model_t *model)
{
    return atomic_load_explicit(&model->version, memory_order_acquire);
}

/* ---- scope.c ---- */

/* The team, made on first use, for one call at a time and a run of that many multiply-adds, or
 * HUGE_VAL: as many threads as there are; NULL when it is taken, cannot be had, or would not gain,
 * as where BLAS has the threads. Release with dlcore_model_release_team. */
dlcore_team_t *dlcore_model_acquire_team(const dlcore_model_t *model, double multiply_adds);
/* Multiply-adds of running that many rows of x forward. */
double dlcore_forward_work(const dlcore_model_t *model, const dlcore_tensor_t *x, size_t rows);
void dlcore_model_release_team(const dlcore_model_t *model, dlcore_team_t *team);
/* Workers of the team worth using for a run of that many multiply-adds. */
size_t dlcore_model_workers(const dlcore_team_t *team, double multiply_adds);

/* ---- compile.c ---- */

/* dlcore_compile_options_default, in place: they have several KB. */
void dlcore_compile_options_reset(dlcore_compile_options_t *options);

/* Makes the weights, for samples of that width; 0: as the first layer says. Of a compiled model,
 * whose loss and metrics must fit: else it stays unbuilt. */
dlcore_status dlcore_model_build_network(dlcore_model_t *model, size_t input_width);

/* The loss and metrics for the built network; errors name what does not fit. */
dlcore_status dlcore_model_objective(const dlcore_model_t *model, dlcore_objective_t *objective,
                                     dlcore_error_record_t *error);

/* DLCORE_ERROR_STATE where the loss or a metric is a function that loading was not given. */
dlcore_status dlcore_check_functions(const dlcore_model_t *model, const char *call,
                                     dlcore_error_record_t *error);

/* ---- data.c: what users pass in ---- */

/* The model has a layer of that number; `call` is for the message. */
dlcore_status dlcore_check_layer(const dlcore_model_t *model, size_t layer, const char *call,
                                 dlcore_error_record_t *error);
/* x has rows, if any, of a dtype and the width that the network takes. */
dlcore_status dlcore_check_inputs(const dlcore_network_t *network, const dlcore_tensor_t *x,
                                  dlcore_error_record_t *error);
/* Likewise, and there are some. */
dlcore_status dlcore_check_samples(const dlcore_network_t *network, const dlcore_tensor_t *x,
                                   dlcore_error_record_t *error);
/* y fits x and the loss, labels in range. */
dlcore_status dlcore_check_labels(const dlcore_network_t *network,
                                  const dlcore_objective_t *objective, const dlcore_tensor_t *x,
                                  const dlcore_tensor_t *y, dlcore_error_record_t *error);
/* Weights of samples are finite, and of classes also 0 or more; NULL is fine. A class from `count`
 * on has weight 1, as in Keras. `what` names them in messages: "sample_weight". */
dlcore_status dlcore_check_sample_weights(const char *what, const dlcore_tensor_t *weights,
                                          size_t samples, dlcore_error_record_t *error);
dlcore_status dlcore_check_class_weights(const char *what, const float *weights, size_t count,
                                         dlcore_error_record_t *error);
/* Rows of a batch tensor, and numbers per row. */
size_t dlcore_sample_count(const dlcore_tensor_t *x);
size_t dlcore_sample_width(const dlcore_tensor_t *x);

/* All weights from a copy in the order of dlcore_model_get_weights: weights.c. */
void dlcore_model_import_weights(dlcore_model_t *model, const float *values);

/* ---- run_state.c ---- */

/* The run that was stopped cannot go on any more, or has. */
void dlcore_model_drop_run(dlcore_model_t *model);
/* It can go on from the model as it is now: the record's key is set. */
void dlcore_model_keep_run(dlcore_model_t *model);
/* Drops it where the model is another than its key says; by the frame of every call that writes. */
void dlcore_model_settle_run(dlcore_model_t *model);

/* ---- trainer.c ---- */

/* Frees all of it. */
void dlcore_trainer_clear(dlcore_model_t *model);
/* Forgets the optimizer's state. */
void dlcore_trainer_restart(dlcore_model_t *model);
/* The optimizer's state and the update plan, before a call's first step; the workspace is
 * dlcore_workspace_ensure's. */
dlcore_status dlcore_trainer_begin(dlcore_model_t *model);
/* Moves the optimizer's state of a model of the same layout over. */
void dlcore_trainer_take(dlcore_model_t *model, dlcore_model_t *from);

/* The learning rate of the next step: learning_rate.c. DLCORE_ERROR_ARGUMENT when the user's
 * function gives none. */
dlcore_status dlcore_model_rate(const dlcore_model_t *model, double *rate,
                                dlcore_error_record_t *error);

/* Loss and metrics as a result with names: compile.c. */
void dlcore_evaluation_set(const dlcore_model_t *model, const dlcore_objective_t *objective,
                           const dlcore_sums_t *sums, dlcore_evaluation_t *result);

/* The names of results, without the loss, in the order of the objective; their number:
 * metric_names.c. */
#define DLCORE_RESULT_NAME_SIZE 64
size_t dlcore_result_names(const dlcore_compile_options_t *settings,
                           char names[DLCORE_METRICS_MAX][DLCORE_RESULT_NAME_SIZE]);

/* ---- run.c: rows through the network without training ---- */

struct dlcore_run;

/* What becomes of a block. */
typedef struct dlcore_run_way {
    /* A workspace of one worker, for so many rows. */
    dlcore_status (*create)(const struct dlcore_run *run, size_t rows,
                            dlcore_workspace_t *workspace, dlcore_error_record_t *error);
    /* Samples of the block, which `source` tells, are gathered. */
    void (*block)(const struct dlcore_run *run, dlcore_workspace_t *workspace,
                  const dlcore_source_t *source, size_t block);
} dlcore_run_way_t;

typedef struct dlcore_run {
    const dlcore_model_t *model;
    const dlcore_network_t *network; /* NULL: the model's; else a part of it */
    dlcore_source_t source;          /* all rows */
    size_t block;                    /* rows at a time, 1 or more */
    dlcore_team_t *team;             /* the caller's, held for the run; NULL: alone */

    dlcore_tensor_t *y_pred;             /* predict: where outputs go */
    const dlcore_objective_t *objective; /* evaluate */

    /* set below */
    const dlcore_run_way_t *way;
    bool alone;          /* on the calling thread alone */
    dlcore_sums_t *sums; /* evaluate: one a stripe */
} dlcore_run_t;

static inline const dlcore_network_t *dlcore_run_network(const dlcore_run_t *run)
{
    return run->network != NULL ? run->network : &run->model->network;
}

/* Runs every block, and so many in a row on one worker. */
dlcore_status dlcore_run_blocks(const dlcore_run_t *run, size_t stripe,
                                dlcore_error_record_t *error);
/* The number of blocks. */
size_t dlcore_run_count(const dlcore_run_t *run);

dlcore_status dlcore_run_predict(dlcore_run_t *run, dlcore_error_record_t *error);

/* *sums, which the caller made for the objective, is what the rows add up to, whatever the threads:
 * run_evaluate.c. */
dlcore_status dlcore_run_evaluate(const dlcore_run_t *asked, dlcore_sums_t *sums,
                                  dlcore_error_record_t *error);

/* dlcore_model_add of a layer that is not copied: descriptors are large. */
dlcore_status dlcore_model_add_layer(dlcore_model_t *model, const dlcore_layer_t *layer);

DLCORE_HIDDEN_END

#endif
