/* Comparing models and calls of several ranks.
 *
 * SPDX-License-Identifier: MIT */
#include "model/facts.h"

#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "model/meeting.h"
#include "nn/schedule.h"
#include "nn/setting_hash.h"

/* ---- hashes ---- */

static void hash_text(dlcore_hash_t *hash, const char *text)
{
    dlcore_hash_add(hash, text, strlen(text) + 1);
}

static uint64_t layers_of(const dlcore_model_t *model)
{
    dlcore_hash_t hash = dlcore_hash_begin();

    for (size_t i = 0; i < model->network.node_count; i++) {
        const dlcore_node_t *node = &model->network.nodes[i];

        hash_text(&hash, node->type->class_name);
        dlcore_hash_number(&hash, (double)node->input_width);
        dlcore_hash_number(&hash, (double)node->output_width);
        dlcore_settings_hash(&hash, dlcore_layer_common_settings, &node->layer);
        dlcore_settings_hash(&hash, node->type->settings, &node->layer);
    }
    return dlcore_hash_value(&hash);
}

static uint64_t loss_of(const dlcore_model_t *model)
{
    const dlcore_compile_options_t *settings = &model->settings;
    dlcore_hash_t hash = dlcore_hash_begin();
    const dlcore_loss_type_t *loss = dlcore_loss_type(settings->loss.kind);

    dlcore_hash_number(&hash, (double)settings->loss.kind);
    if (loss != NULL)
        dlcore_settings_hash(&hash, loss->settings, &settings->loss);
    dlcore_settings_hash(&hash, dlcore_loss_common_settings, &settings->loss);
    for (size_t i = 0; i < settings->metric_count + settings->weighted_metric_count; i++) {
        const dlcore_metric_t *metric =
            i < settings->metric_count ? &settings->metrics[i]
                                       : &settings->weighted_metrics[i - settings->metric_count];
        const dlcore_metric_type_t *type = dlcore_metric_type(metric->kind);

        dlcore_hash_number(&hash, (double)metric->kind + (i < settings->metric_count ? 0.0 : 0.5));
        if (type != NULL)
            dlcore_settings_hash(&hash, type->settings, metric);
    }
    return dlcore_hash_value(&hash);
}

static uint64_t optimizer_of(const dlcore_model_t *model)
{
    const dlcore_optimizer_t *optimizer = &model->settings.optimizer;
    const dlcore_schedule_type_t *schedule = dlcore_schedule_type(optimizer->schedule.kind);
    dlcore_hash_t hash = dlcore_hash_begin();

    dlcore_hash_number(&hash, (double)optimizer->kind);
    dlcore_settings_hash(&hash, dlcore_optimizer_common_settings, optimizer);
    dlcore_settings_hash(&hash, dlcore_optimizer_type(optimizer->kind)->settings, optimizer);
    dlcore_hash_number(&hash, (double)optimizer->weight_decay);
    dlcore_hash_number(&hash, optimizer->weight_decay_excludes_bias ? 1.0 : 0.0);
    dlcore_hash_number(&hash, (double)optimizer->schedule.kind);
    if (schedule != NULL)
        dlcore_settings_hash(&hash, schedule->settings, &optimizer->schedule);
    for (size_t i = 0; i < optimizer->schedule.boundary_count; i++) {
        dlcore_hash_number(&hash, (double)optimizer->schedule.boundaries[i]);
        dlcore_hash_number(&hash, optimizer->schedule.values[i + 1]);
    }
    return dlcore_hash_value(&hash);
}

static uint64_t floats_of(const float *floats, size_t count)
{
    dlcore_hash_t hash = dlcore_hash_begin();

    if (floats != NULL)
        dlcore_hash_add(&hash, floats, count * sizeof *floats);
    return dlcore_hash_value(&hash);
}

/* Weights and gradients lie as the engine has them; bits are promised of the same one alone. */
static uint64_t engine_of(const dlcore_model_t *model)
{
    enum { WIDE_ENOUGH = 4096 };
    dlcore_hash_t hash = dlcore_hash_begin();

    dlcore_hash_number(&hash, (double)model->network.products->kernel_panel(WIDE_ENOUGH));
    if (model->ranks->collective.deterministic)
        hash_text(&hash, model->network.products->name());
    return dlcore_hash_value(&hash);
}

uint64_t dlcore_fact_bits(double number)
{
    uint64_t bits;

    memcpy(&bits, &number, sizeof bits);
    return bits;
}

/* ---- facts ---- */

static size_t note_model(const dlcore_model_t *model, dlcore_fact_t *facts)
{
    const dlcore_network_t *network = &model->network;
    const dlcore_collective_t *collective = &model->ranks->collective;
    const dlcore_optimizer_t *optimizer = &model->settings.optimizer;
    size_t slots = model->trainer.slots != NULL ? dlcore_optimizer_slots(optimizer) : 0;
    const dlcore_fact_t known[] = {
        {"the number of layers", network->node_count, false},
        {"the width of a sample", dlcore_network_input_width(network), false},
        {"the number of parameters", network->parameter_count, false},
        {"layers", layers_of(model), true},
        {"the loss or metrics", loss_of(model), true},
        {"the optimizer", optimizer_of(model), true},
        {"the seed", model->options.seed, false},
        {"collective.deterministic", collective->deterministic, false},
        {"collective.own_data", collective->own_data, false},
        {"collective.local_batch_statistics", collective->local_batch_statistics, false},
        {"collective.piece_bytes", collective->piece_bytes, false},
        {"the engine, which the CPU chooses (model_options.engine forces one)", engine_of(model),
         true},
        {"model_options.precision", model->options.precision != NULL, false},
        {"epochs trained so far", model->epochs_trained, false},
        {"steps trained so far", model->steps_trained, false},
        {"the optimizer's steps", model->trainer.clock.iterations, false},
        {"the optimizer's state", floats_of(model->trainer.slots, slots * network->value_floats),
         true},
        {"the optimizer's product", dlcore_fact_bits(model->trainer.clock.product), true},
        {"weights", floats_of(network->values, network->value_floats), true},
    };

    memcpy(facts, known, sizeof known);
    return sizeof known / sizeof known[0];
}

static dlcore_status fail_difference(const dlcore_model_t *model, const dlcore_fact_t *fact,
                                     size_t rank, uint64_t first, uint64_t value,
                                     dlcore_error_record_t *error)
{
    model->ranks->told = true;
    if (fact->is_hash)
        return dlcore_fail(error, DLCORE_ERROR_STATE,
                           "ranks must agree: rank %zu differs from rank 0 in %s", rank,
                           fact->name);
    return dlcore_fail(error, DLCORE_ERROR_STATE,
                       "ranks must agree: rank %zu differs from rank 0 in %s: %llu, not %llu", rank,
                       fact->name, (unsigned long long)value, (unsigned long long)first);
}

dlcore_status dlcore_ranks_compare(const dlcore_model_t *model, const dlcore_fact_t *more,
                                   size_t count, dlcore_error_record_t *error)
{
    dlcore_ranks_t *ranks = model->ranks;
    const uint64_t *all = ranks->records;
    dlcore_fact_t facts[DLCORE_FACTS_MAX];
    uint64_t values[DLCORE_FACTS_MAX];
    size_t known = 0;

    /* those of the call first: what a program got wrong is rather there */
    for (size_t i = 0; i < count; i++)
        facts[known++] = more[i];
    known += note_model(model, facts + known);
    for (size_t i = 0; i < known; i++)
        values[i] = facts[i].value;
    if (dlcore_ranks_gather(ranks, values, known * sizeof *values) != DLCORE_OK)
        return dlcore_ranks_failed(ranks, error);
    for (size_t i = 0; i < known; i++) {
        for (size_t rank = 1; rank < ranks->collective.size; rank++) {
            if (all[rank * known + i] != all[i])
                return fail_difference(model, &facts[i], rank, all[i], all[rank * known + i],
                                       error);
        }
    }
    return DLCORE_OK;
}

/* ---- what was compared ---- */

bool dlcore_ranks_is_unchecked(const dlcore_model_t *model)
{
    const dlcore_ranks_t *ranks = model->ranks;

    return !ranks->checked || ranks->checked_version != dlcore_model_version(model) ||
           ranks->checked_revision != model->network.revision ||
           ranks->checked_compiles != model->compiles;
}

void dlcore_ranks_set_checked(const dlcore_model_t *model)
{
    dlcore_ranks_t *ranks = model->ranks;

    ranks->checked = true;
    ranks->checked_version = dlcore_model_version(model);
    ranks->checked_revision = model->network.revision;
    ranks->checked_compiles = model->compiles;
}
