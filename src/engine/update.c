/* Gradients to weights: the sinks that take them piece by piece. update.h tells the ways.
 *
 * SPDX-License-Identifier: MIT */
#include "engine/update.h"

#include <math.h>
#include <string.h>

#include "base/size.h"
#include "engine/halves.h"

/* What a piece of a gradient is put together in: within the first-level cache. */
#define PIECE 1024

static const dlcore_update_sink_t *update_of(const dlcore_gradient_sink_t *sink)
{
    return (const dlcore_update_sink_t *)(const void *)sink;
}

static void prefetch_floats(const float *from, size_t count)
{
    for (size_t i = 0; i < count; i += 16)
        __builtin_prefetch(from + i, 1, 2);
}

/* ---- the rule alone ---- */

static void expect_update(const dlcore_gradient_sink_t *sink, size_t offset, size_t count)
{
    const dlcore_update_sink_t *update = update_of(sink);

    prefetch_floats(update->values + offset, count);
    for (size_t i = 0; i < DLCORE_OPTIMIZER_SLOTS_MAX && update->slots[i] != NULL; i++)
        prefetch_floats(update->slots[i] + offset, count);
}

static void move_by_rule(const dlcore_update_sink_t *update, size_t offset, const float *gradient,
                         size_t count)
{
    float *there[DLCORE_OPTIMIZER_SLOTS_MAX];
    bool is_first = offset == 0; /* as all of a small network is */

    for (size_t i = 0; !is_first && i < DLCORE_OPTIMIZER_SLOTS_MAX; i++)
        there[i] = update->slots[i] != NULL ? update->slots[i] + offset : NULL;
    update->rule->update(update->kernels, &update->settings, count, update->values + offset,
                         gradient, is_first ? update->slots : there);
}

static void take_update(const dlcore_gradient_sink_t *sink, size_t offset, const float *gradient,
                        size_t count)
{
    const dlcore_update_sink_t *update = update_of(sink);

    move_by_rule(update, offset, gradient, count);
    if (update->follows)
        dlcore_halves_follow(update->network->halves, offset, count);
}

/* ---- with more ---- */

void dlcore_update_decay(const dlcore_update_sink_t *update, const dlcore_update_span_t *span,
                         size_t offset, size_t count)
{
    if (span->decays)
        update->kernels->decay(count, update->values + offset,
                               (float)update->optimizer->weight_decay,
                               (float)update->learning_rate);
}

void dlcore_update_move(const dlcore_update_sink_t *update, const dlcore_update_span_t *span,
                        size_t offset, size_t count, const float *gradient)
{
    dlcore_update_decay(update, span, offset, count);
    move_by_rule(update, offset, gradient, count);
    if (update->average != NULL)
        dlcore_update_follow_average(update, offset, count);
}

static bool span_has_penalty(const dlcore_update_span_t *span)
{
    return span->l1 > 0.0f || span->two_l2 > 0.0f;
}

/* One piece: the regularizer's share, cutting, moving. */
static void adjust(const dlcore_update_sink_t *update, const dlcore_update_span_t *span,
                   size_t offset, size_t count, const float *gradient)
{
    const dlcore_training_kernels_t *kernels = update->kernels;
    float own[PIECE];

    if (span_has_penalty(span)) {
        kernels->add_penalty(count, own, gradient, update->values + offset, span->l1, span->two_l2);
        gradient = own;
    }
    if (update->optimizer->clipvalue > 0.0) {
        kernels->clip(count, own, gradient, (float)update->optimizer->clipvalue);
        gradient = own;
    }
    dlcore_update_move(update, span, offset, count, gradient);
    if (update->follows)
        dlcore_halves_follow(update->network->halves, offset, count);
}

/* The span that a place is in. */
static size_t span_at(const dlcore_update_plan_t *plan, size_t offset)
{
    size_t low = 0, high = plan->span_count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (plan->spans[middle].offset <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

typedef void (*piece_function_t)(const dlcore_update_sink_t *update,
                                 const dlcore_update_span_t *span, size_t offset, size_t count,
                                 const float *gradient);

/* Runs over a stretch of gradients in pieces that lie in one span each. */
static void each_piece(const dlcore_update_sink_t *update, size_t offset, const float *gradient,
                       size_t count, piece_function_t function)
{
    const dlcore_update_plan_t *plan = update->plan;
    size_t i = span_at(plan, offset);

    while (count > 0 && i < plan->span_count) {
        const dlcore_update_span_t *span = &plan->spans[i];
        size_t left = span->offset + span->floats - offset, piece;

        if (left == 0) {
            i++;
            continue;
        }
        piece = dlcore_size_min(dlcore_size_min(count, left), PIECE);
        function(update, span, offset, piece, gradient);
        offset += piece;
        gradient += piece;
        count -= piece;
    }
}

static void expect_adjust(const dlcore_gradient_sink_t *sink, size_t offset, size_t count)
{
    const dlcore_update_sink_t *update = update_of(sink);

    expect_update(sink, offset, count);
    if (update->average != NULL)
        prefetch_floats(update->average + offset, count);
}

static void take_adjust(const dlcore_gradient_sink_t *sink, size_t offset, const float *gradient,
                        size_t count)
{
    each_piece(update_of(sink), offset, gradient, count, adjust);
}

/* ---- kept ---- */

static void keep_span(const dlcore_update_sink_t *update, const dlcore_update_span_t *span,
                      size_t offset, size_t count, const float *gradient)
{
    const dlcore_training_kernels_t *kernels = update->kernels;
    float *to = update->gradients + offset;
    float own[PIECE];

    if (span_has_penalty(span)) {
        kernels->add_penalty(count, own, gradient, update->values + offset, span->l1, span->two_l2);
        gradient = own;
    }
    if (update->adds)
        kernels->accumulate(count, to, gradient);
    else
        memcpy(to, gradient, count * sizeof *to);
}

static void expect_keep(const dlcore_gradient_sink_t *sink, size_t offset, size_t count)
{
    prefetch_floats(update_of(sink)->gradients + offset, count);
}

static void take_keep(const dlcore_gradient_sink_t *sink, size_t offset, const float *gradient,
                      size_t count)
{
    each_piece(update_of(sink), offset, gradient, count, keep_span);
}

/* ---- beginning, and each step ---- */

void dlcore_update_sink_begin(dlcore_update_sink_t *update, const dlcore_network_t *network,
                              const dlcore_optimizer_t *optimizer, const dlcore_update_plan_t *plan,
                              const dlcore_training_kernels_t *kernels, float *slots)
{
    const dlcore_optimizer_type_t *type = dlcore_optimizer_type(optimizer->kind);
    size_t own = type->slots(optimizer), floats = network->value_floats;

    *update = (dlcore_update_sink_t){
        .sink = {.expect = expect_update, .take = take_update},
        .kernels = kernels,
        .rule = dlcore_optimizer_run(optimizer->kind),
        .values = network->values,
        .network = network,
        .optimizer = optimizer,
        .plan = plan,
        .gradients = plan->gradients,
        .learning_rate = (double)NAN,
        .changes = type->has_clock || optimizer->use_ema || plan->keeps,
        .moves = true,
    };
    for (size_t i = 0; i < own; i++)
        update->slots[i] = slots + i * floats;
    if (optimizer->use_ema)
        update->average = slots + own++ * floats;
    if (optimizer->gradient_accumulation_steps > 0)
        update->gradients = slots + own * floats;
    update->follows = network->halves != NULL && network->half->follows_pieces && !plan->keeps &&
                      !plan->has_constraint;
    if (plan->keeps)
        update->sink = (dlcore_gradient_sink_t){.expect = expect_keep, .take = take_keep};
    else if (plan->adjusts)
        update->sink = (dlcore_gradient_sink_t){.expect = expect_adjust, .take = take_adjust};
    else
        update->sink.rests = update->rule->rests != NULL && update->rule->rests(optimizer);
}

void dlcore_update_renew(dlcore_update_sink_t *update, const dlcore_optimizer_clock_t *clock,
                         double learning_rate)
{
    const dlcore_optimizer_t *optimizer = update->optimizer;
    uint64_t group = optimizer->gradient_accumulation_steps;
    uint64_t every = optimizer->ema_overwrite_frequency;
    dlcore_optimizer_clock_t updates = *clock;

    if (group > 0) {
        updates.iterations = clock->iterations / group;
        update->adds = clock->iterations % group != 0;
        update->moves = clock->iterations % group == group - 1;
    }
    update->learning_rate = learning_rate;
    if (update->rule->product != NULL)
        update->product = update->rule->product(optimizer, &updates);
    update->settings = update->rule->prepare(optimizer, &updates, (float)learning_rate);
    update->average_momentum = updates.iterations > 0 ? (float)optimizer->ema_momentum : 0.0f;
    update->overwrites = every > 0 && (updates.iterations + 1) % every == 0;
}

/* ---- storing ---- */

void dlcore_sink_store(const dlcore_gradient_sink_t *sink, size_t offset, const float *gradient,
                       size_t count)
{
    const dlcore_store_sink_t *store = (const dlcore_store_sink_t *)(const void *)sink;

    memcpy(store->gradients + offset, gradient, count * sizeof *gradient);
}
