/* How weights follow their gradients, in three ways.
 *
 * - At once: each piece of a gradient moves its weights while it is in cache. Where nothing but the
 *   optimizer's rule is asked for, and the way to be fast.
 * - At once, with more: the gradient gets its regularizer's share and is cut, the weights decay,
 * move and are averaged, piece by piece.
 * - Kept: clipping by norms, accumulation and rules for whole arrays (adafactor) need whole
 *   gradients, so these are stored first; then all workers go over a fixed grid of chunks, add up
 *   norms in the order of chunks, and move. Whole arrays are shared out after that.
 *
 * Constraints come last, after a barrier, column by column. The order of all this is that of
 * keras/src/optimizers/base_optimizer.py.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_UPDATE_H
#define DLCORE_ENGINE_UPDATE_H

#include "system/compiler.h"

#include "engine/network.h"
#include "engine/team.h"
#include "nn/optimizer.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_UPDATE_CHUNK 4096

/* One parameter of the flat vector. */
typedef struct dlcore_update_span {
    size_t offset, floats;
    size_t first_chunk; /* of its chunks, of which the last may be shorter */
    float l1, two_l2;   /* of its regularizer's gradient */
    bool decays;
    const dlcore_parameter_t *parameter;
} dlcore_update_span_t;

/* What an update plan was made for. */
typedef struct dlcore_update_key {
    uint64_t revision;           /* of the network; 0: none was made */
    bool clips, clips_norm;      /* single gradients; those of an array, or of all */
    bool accumulates, averages;  /* gradients; weights */
    bool decays, decays_no_bias; /* weights; all but biases */
    bool whole;                  /* arrays move as a whole */
} dlcore_update_key_t;

/* What is settled, and allocated, once for a network and an optimizer. */
typedef struct dlcore_update_plan {
    dlcore_update_key_t key;
    size_t span_count; /* 0: the rule alone is asked for */
    dlcore_update_span_t *spans;
    size_t chunk_count;
    double *partials; /* one a chunk */
    float *gradients; /* as long as the values, where they are kept without accumulation */
    bool has_penalty, has_constraint;
    bool adjusts; /* more than the rule is done with each piece */
    bool keeps;   /* whole gradients are needed */
} dlcore_update_plan_t;

/* *plan, empty or made before, is one for the network and the optimizer: it stays where its key is
 * theirs. On failure it is empty. */
dlcore_status dlcore_update_plan_ensure(const dlcore_network_t *network,
                                        const dlcore_optimizer_t *optimizer,
                                        dlcore_update_plan_t *plan, dlcore_error_record_t *error);
void dlcore_update_plan_clear(const dlcore_allocator_t *allocator, dlcore_update_plan_t *plan);

/* A piece of the grid. */
typedef struct dlcore_chunk {
    const dlcore_update_span_t *span;
    size_t offset, count;
} dlcore_chunk_t;
/* The index-th; *span, 0 at first, remembers where the one before it was. */
dlcore_chunk_t dlcore_update_chunk(const dlcore_update_plan_t *plan, size_t index, size_t *span);

/* ---- what regularizers add to the loss ---- */

/* This worker's share of the partial sums; and their sum, after a barrier. */
void dlcore_update_penalty_partials(const dlcore_update_plan_t *plan,
                                    const dlcore_network_t *network, const dlcore_place_t *place);
double dlcore_update_penalty_sum(const dlcore_update_plan_t *plan);
/* The same sum without a plan, on the calling thread. */
double dlcore_network_penalty(const dlcore_network_t *network);
/* gradients += the penalty's. */
void dlcore_update_add_penalty(const dlcore_update_plan_t *plan, const dlcore_network_t *network,
                               float *gradients);

/* ---- sinks ---- */

/* A sink that updates the weights. */
typedef struct dlcore_update_sink {
    dlcore_gradient_sink_t sink; /* first, so that one is the other */
    const dlcore_training_kernels_t *kernels;
    const dlcore_optimizer_run_t *rule;
    dlcore_optimizer_step_t settings;
    float *values;
    float *slots[DLCORE_OPTIMIZER_SLOTS_MAX];

    const dlcore_network_t *network;
    const dlcore_optimizer_t *optimizer; /* its learning_rate may change between steps */
    const dlcore_update_plan_t *plan;
    float *average;   /* NULL: none kept */
    float *gradients; /* whole ones; NULL: none kept */

    /* of the step at hand */
    double learning_rate; /* that `settings` are for; NaN: for none yet */
    bool follows;         /* rounded copies of kernels follow each piece (halves.h) */
    bool changes;         /* settings must be made anew at each step */
    bool adds;            /* to gradients of the steps before */
    bool moves;           /* not only accumulates */
    bool overwrites;      /* averages become the weights */
    float average_momentum;
    double product; /* of the clock, after the step */
} dlcore_update_sink_t;

/* The sink for a network's values; `slots` are dlcore_optimizer_slots(optimizer) vectors as long.
 * Everything pointed to must stay. */
void dlcore_update_sink_begin(dlcore_update_sink_t *update, const dlcore_network_t *network,
                              const dlcore_optimizer_t *optimizer, const dlcore_update_plan_t *plan,
                              const dlcore_training_kernels_t *kernels, float *slots);

void dlcore_update_renew(dlcore_update_sink_t *update, const dlcore_optimizer_clock_t *clock,
                         double learning_rate);

/* Before each step: makes its settings. */
static inline void dlcore_update_prepare(dlcore_update_sink_t *update,
                                         const dlcore_optimizer_clock_t *clock,
                                         double learning_rate)
{
    if (update->changes || update->learning_rate != learning_rate)
        dlcore_update_renew(update, clock, learning_rate);
}

/* After each step that came to its end. */
static inline void dlcore_update_advance(const dlcore_update_sink_t *update,
                                         dlcore_optimizer_clock_t *clock)
{
    if (update->rule->product != NULL && update->moves)
        clock->product = update->product;
    clock->iterations++;
}

/* What is left to do when all gradients of a step have gone to the sink, by all workers. */
void dlcore_update_finish(const dlcore_update_sink_t *update, const dlcore_place_t *place);
/* Forces weights to be as constraints want them, by all workers. */
void dlcore_update_constrain(const dlcore_update_sink_t *update, const dlcore_place_t *place);
/* Averages of a layer's weights, or of all with node NULL, begin as the weights are now: for those
 * that the first step does not move, which would begin them. */
void dlcore_update_begin_averages(const dlcore_network_t *network,
                                  const dlcore_optimizer_t *optimizer, float *slots,
                                  const dlcore_node_t *node);
/* The weights become their averages, where these are kept. */
void dlcore_update_take_averages(const dlcore_update_sink_t *update);

/* ---- parts of a move (update.c, update_averages.c) ---- */

/* Weights of one span, `count` of them from `offset` on, decay. */
void dlcore_update_decay(const dlcore_update_sink_t *update, const dlcore_update_span_t *span,
                         size_t offset, size_t count);
/* They decay, move by their final gradient, and are averaged. */
void dlcore_update_move(const dlcore_update_sink_t *update, const dlcore_update_span_t *span,
                        size_t offset, size_t count, const float *gradient);
/* The average of those weights takes their new values in, and may take their place. */
void dlcore_update_follow_average(const dlcore_update_sink_t *update, size_t offset, size_t count);

/* ---- storing ---- */

/* A sink that keeps the gradients, in the layout of the values. */
typedef struct dlcore_store_sink {
    dlcore_gradient_sink_t sink;
    float *gradients;
} dlcore_store_sink_t;

void dlcore_sink_store(const dlcore_gradient_sink_t *sink, size_t offset, const float *gradient,
                       size_t count);

DLCORE_HIDDEN_END

#endif
