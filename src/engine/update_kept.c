/* Gradients that were kept whole: means, norms, and the weights by them.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "engine/update.h"

static void sum_squares(const dlcore_update_sink_t *update, size_t begin, size_t end)
{
    const dlcore_update_plan_t *plan = update->plan;
    size_t span = 0;

    for (size_t i = begin; i < end; i++) {
        dlcore_chunk_t chunk = dlcore_update_chunk(plan, i, &span);
        const float *gradient = update->gradients + chunk.offset;

        plan->partials[i] = (double)update->kernels->plain->dot(gradient, gradient, chunk.count);
    }
}

static double sum_partials(const dlcore_update_plan_t *plan, size_t first, size_t end)
{
    double sum = 0.0;

    for (size_t i = first; i < end; i++)
        sum += plan->partials[i];
    return sum;
}

/* What the sums of gradients are multiplied by: a mean, cut to a norm. Keras has a global norm that
 * is infinite turn every gradient into NaN. */
static float scale_of(const dlcore_update_sink_t *update, const dlcore_update_span_t *span)
{
    const dlcore_update_plan_t *plan = update->plan;
    const dlcore_optimizer_t *optimizer = update->optimizer;
    uint64_t group = optimizer->gradient_accumulation_steps;
    double scale = group > 0 ? 1.0 / (double)group : 1.0, limit = optimizer->global_clipnorm, norm;
    bool is_last = span == plan->spans + plan->span_count - 1;

    if (limit > 0.0) {
        norm = sqrt(sum_partials(plan, 0, plan->chunk_count)) * scale;
        if (isinf(norm))
            return NAN;
    } else if (optimizer->clipnorm > 0.0) {
        limit = optimizer->clipnorm;
        norm = sqrt(sum_partials(plan, span->first_chunk,
                                 is_last ? plan->chunk_count : span[1].first_chunk)) *
               scale;
    } else {
        return (float)scale;
    }
    if (isnan(norm))
        return NAN;
    return (float)(norm > limit ? scale * (limit / norm) : scale);
}

static void update_chunks(const dlcore_update_sink_t *update, size_t begin, size_t end)
{
    const dlcore_update_plan_t *plan = update->plan;
    float clipvalue = (float)update->optimizer->clipvalue, scale = 1.0f;
    size_t span = 0, scaled = SIZE_MAX; /* the span that `scale` is for */

    for (size_t i = begin; i < end; i++) {
        dlcore_chunk_t chunk = dlcore_update_chunk(plan, i, &span);
        float *gradient = update->gradients + chunk.offset;

        if (span != scaled)
            scale = scale_of(update, chunk.span);
        scaled = span;
        if (scale != 1.0f)
            update->kernels->plain->scale(gradient, chunk.count, scale);
        if (clipvalue > 0.0f)
            update->kernels->clip(chunk.count, gradient, gradient, clipvalue);
        if (plan->key.whole)
            dlcore_update_decay(update, chunk.span, chunk.offset, chunk.count);
        else
            dlcore_update_move(update, chunk.span, chunk.offset, chunk.count, gradient);
    }
}

/* ---- arrays that move as a whole ---- */

static void update_array(const dlcore_update_sink_t *update, const dlcore_update_span_t *span)
{
    const dlcore_parameter_t *parameter = span->parameter;
    bool is_matrix = parameter->rank == 2;
    size_t columns = parameter->shape[is_matrix ? 1 : 0];
    dlcore_optimizer_array_t array = {
        .rank = parameter->rank,
        .rows = is_matrix ? parameter->shape[0] : 1,
        .columns = columns,
        .panel = is_matrix ? update->network->products->kernel_panel(columns) : columns,
        .weights = update->values + span->offset,
        .gradients = update->gradients + span->offset,
    };

    for (size_t i = 0; i < DLCORE_OPTIMIZER_SLOTS_MAX && update->slots[i] != NULL; i++)
        array.slots[i] = update->slots[i] + span->offset;
    update->rule->update_array(update->kernels, &update->settings, &array);
    if (update->average != NULL)
        dlcore_update_follow_average(update, span->offset, span->floats);
}

/* Each by one worker, as matrices come: what is large is shared out evenly. */
static void update_arrays(const dlcore_update_sink_t *update, const dlcore_place_t *place)
{
    const dlcore_update_plan_t *plan = update->plan;
    size_t matrices = 0;

    for (size_t i = 0; i < plan->span_count; i++) {
        matrices += plan->spans[i].parameter->rank == 2;
        if (matrices % place->workers == place->worker)
            update_array(update, &plan->spans[i]);
    }
}

static void average_chunks(const dlcore_update_sink_t *update, size_t begin, size_t end)
{
    size_t span = 0;

    for (size_t i = begin; i < end; i++) {
        dlcore_chunk_t chunk = dlcore_update_chunk(update->plan, i, &span);

        dlcore_update_follow_average(update, chunk.offset, chunk.count);
    }
}

static void finish_kept(const dlcore_update_sink_t *update, const dlcore_place_t *place)
{
    size_t count = update->plan->chunk_count;
    size_t begin = dlcore_share(count, place->worker, place->workers);
    size_t end = dlcore_share(count, place->worker + 1, place->workers);

    dlcore_place_meet(place); /* every gradient is there */
    if (!update->moves) {
        if (update->average != NULL)
            average_chunks(update, begin, end);
        return;
    }
    if (update->optimizer->clipnorm > 0.0 || update->optimizer->global_clipnorm > 0.0) {
        sum_squares(update, begin, end);
        dlcore_place_meet(place);
    }
    update_chunks(update, begin, end);
    if (update->plan->key.whole) {
        dlcore_place_meet(place);
        update_arrays(update, place);
    }
}

void dlcore_update_finish(const dlcore_update_sink_t *update, const dlcore_place_t *place)
{
    if (update->plan->keeps)
        finish_kept(update, place);
    if (update->plan->has_constraint) {
        dlcore_place_meet(place);
        dlcore_update_constrain(update, place);
    }
}
