/* What an update needs that is settled once, and the loss of regularizers.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "engine/update.h"

/* ---- the plan ---- */

static size_t chunks_of(size_t floats)
{
    return (floats + DLCORE_UPDATE_CHUNK - 1) / DLCORE_UPDATE_CHUNK;
}

static bool has_penalty(const dlcore_parameter_t *parameter)
{
    return parameter->regularizer != NULL && !dlcore_regularizer_is_none(parameter->regularizer);
}

/* The index-th parameter; *moves: whether training moves it. */
static const dlcore_parameter_t *parameter_at(const dlcore_network_t *network, size_t index,
                                              bool *moves)
{
    const dlcore_node_t *node;
    const dlcore_parameter_t *parameter = dlcore_network_parameter(network, index, &node);

    *moves = parameter != NULL && node->layer.trainable && !parameter->is_statistic;
    return parameter;
}

static dlcore_update_key_t update_key(const dlcore_network_t *network,
                                      const dlcore_optimizer_t *optimizer)
{
    return (dlcore_update_key_t){
        .revision = network->revision,
        .clips = optimizer->clipvalue > 0.0,
        .clips_norm = optimizer->clipnorm > 0.0 || optimizer->global_clipnorm > 0.0,
        .accumulates = optimizer->gradient_accumulation_steps > 0,
        .averages = optimizer->use_ema,
        .decays = optimizer->weight_decay > 0.0,
        .decays_no_bias = optimizer->weight_decay_excludes_bias,
        .whole = dlcore_optimizer_run(optimizer->kind)->update_array != NULL,
    };
}

static bool is_same_key(const dlcore_update_key_t *a, const dlcore_update_key_t *b)
{
    return a->revision == b->revision && a->clips == b->clips && a->clips_norm == b->clips_norm &&
           a->accumulates == b->accumulates && a->averages == b->averages &&
           a->decays == b->decays && a->decays_no_bias == b->decays_no_bias && a->whole == b->whole;
}

/* What is asked for, and how many spans and chunks there are. */
static void settle(const dlcore_network_t *network, const dlcore_update_key_t *key,
                   dlcore_update_plan_t *plan)
{
    const dlcore_parameter_t *parameter;
    bool moves;

    *plan = (dlcore_update_plan_t){.key = *key};
    for (size_t i = 0; (parameter = parameter_at(network, i, &moves)) != NULL; i++) {
        if (!moves)
            continue;
        plan->has_penalty |= has_penalty(parameter);
        plan->has_constraint |= dlcore_parameter_is_constrained(parameter);
        plan->chunk_count += chunks_of(parameter->floats);
        plan->span_count++;
    }
    plan->keeps = key->clips_norm || key->accumulates || key->whole;
    plan->adjusts = plan->has_penalty || key->clips || key->decays || key->averages;
}

static void fill_spans(const dlcore_network_t *network, dlcore_update_plan_t *plan)
{
    const dlcore_parameter_t *parameter;
    size_t chunks = 0, spans = 0;
    bool moves;

    for (size_t i = 0; (parameter = parameter_at(network, i, &moves)) != NULL; i++) {
        bool is_bias = strcmp(parameter->name, "bias") == 0;
        dlcore_regularizer_t regularizer = {0};

        if (!moves)
            continue;
        if (parameter->regularizer != NULL)
            regularizer = *parameter->regularizer;
        plan->spans[spans++] = (dlcore_update_span_t){
            .offset = parameter->offset,
            .floats = parameter->floats,
            .first_chunk = chunks,
            .l1 = (float)regularizer.l1,
            .two_l2 = (float)(2.0 * regularizer.l2),
            .decays = plan->key.decays && !(is_bias && plan->key.decays_no_bias),
            .parameter = parameter};
        chunks += chunks_of(parameter->floats);
    }
}

static dlcore_status make_plan(const dlcore_network_t *network, const dlcore_update_key_t *key,
                               dlcore_update_plan_t *plan, dlcore_error_record_t *error)
{
    const dlcore_allocator_t *allocator = &network->allocator;
    size_t spans, chunks;
    bool stores;

    settle(network, key, plan);
    stores = plan->keeps && !key->accumulates; /* accumulated ones are state */
    if (!plan->keeps && !plan->adjusts && !plan->has_constraint)
        plan->span_count = plan->chunk_count = 0;
    if (plan->span_count == 0)
        return DLCORE_OK;
    spans = plan->span_count;
    chunks = plan->chunk_count;
    plan->spans = dlcore_allocate(allocator, spans, sizeof *plan->spans);
    plan->partials = dlcore_allocate(allocator, chunks, sizeof *plan->partials);
    if (stores)
        plan->gradients =
            dlcore_allocate_untouched(allocator, network->value_floats, sizeof(float));
    if (plan->spans == NULL || plan->partials == NULL || (stores && plan->gradients == NULL)) {
        dlcore_update_plan_clear(allocator, plan);
        return dlcore_fail_memory(error, "gradients", network->value_floats * sizeof(float));
    }
    fill_spans(network, plan);
    return DLCORE_OK;
}

dlcore_status dlcore_update_plan_ensure(const dlcore_network_t *network,
                                        const dlcore_optimizer_t *optimizer,
                                        dlcore_update_plan_t *plan, dlcore_error_record_t *error)
{
    dlcore_update_key_t key = update_key(network, optimizer);

    if (is_same_key(&plan->key, &key))
        return DLCORE_OK;
    dlcore_update_plan_clear(&network->allocator, plan);
    return make_plan(network, &key, plan, error);
}

void dlcore_update_plan_clear(const dlcore_allocator_t *allocator, dlcore_update_plan_t *plan)
{
    dlcore_release(allocator, plan->spans);
    dlcore_release(allocator, plan->partials);
    dlcore_release(allocator, plan->gradients);
    *plan = (dlcore_update_plan_t){0};
}

dlcore_chunk_t dlcore_update_chunk(const dlcore_update_plan_t *plan, size_t index, size_t *span)
{
    const dlcore_update_span_t *at;
    size_t skip;

    while (*span + 1 < plan->span_count && index >= plan->spans[*span + 1].first_chunk)
        ++*span;
    at = &plan->spans[*span];
    skip = (index - at->first_chunk) * DLCORE_UPDATE_CHUNK;
    return (dlcore_chunk_t){.span = at,
                            .offset = at->offset + skip,
                            .count = dlcore_size_min(DLCORE_UPDATE_CHUNK, at->floats - skip)};
}

/* ---- penalties ---- */

static double penalty(const dlcore_training_kernels_t *kernels,
                      const dlcore_regularizer_t *regularizer, const float *weights, size_t n)
{
    double sum = 0.0;

    if (regularizer == NULL)
        return 0.0;
    if (regularizer->l1 > 0.0)
        sum += regularizer->l1 * (double)kernels->absolute_sum(weights, n);
    if (regularizer->l2 > 0.0)
        sum += regularizer->l2 * (double)kernels->plain->dot(weights, weights, n);
    return sum;
}

void dlcore_update_penalty_partials(const dlcore_update_plan_t *plan,
                                    const dlcore_network_t *network, const dlcore_place_t *place)
{
    size_t end = dlcore_share(plan->chunk_count, place->worker + 1, place->workers), span = 0;

    for (size_t i = dlcore_share(plan->chunk_count, place->worker, place->workers); i < end; i++) {
        dlcore_chunk_t chunk = dlcore_update_chunk(plan, i, &span);

        plan->partials[i] =
            penalty(dlcore_training_kernels(network->kernels), chunk.span->parameter->regularizer,
                    network->values + chunk.offset, chunk.count);
    }
}

double dlcore_update_penalty_sum(const dlcore_update_plan_t *plan)
{
    double sum = 0.0;

    for (size_t i = 0; i < plan->chunk_count; i++)
        sum += plan->partials[i];
    return sum;
}

double dlcore_network_penalty(const dlcore_network_t *network)
{
    const dlcore_parameter_t *parameter;
    double sum = 0.0;
    bool moves;

    for (size_t i = 0; (parameter = parameter_at(network, i, &moves)) != NULL; i++) {
        const float *weights = network->values + parameter->offset;

        for (size_t at = 0; moves && has_penalty(parameter) && at < parameter->floats;
             at += DLCORE_UPDATE_CHUNK)
            sum +=
                penalty(dlcore_training_kernels(network->kernels), parameter->regularizer,
                        weights + at, dlcore_size_min(DLCORE_UPDATE_CHUNK, parameter->floats - at));
    }
    return sum;
}

void dlcore_update_add_penalty(const dlcore_update_plan_t *plan, const dlcore_network_t *network,
                               float *gradients)
{
    for (size_t i = 0; i < plan->span_count; i++) {
        const dlcore_update_span_t *span = &plan->spans[i];
        float *to = gradients + span->offset;

        if (has_penalty(span->parameter))
            dlcore_training_kernels(network->kernels)
                ->add_penalty(span->floats, to, to, network->values + span->offset, span->l1,
                              span->two_l2);
    }
}
