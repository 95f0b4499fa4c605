/* Adding up losses and metrics.
 *
 * SPDX-License-Identifier: MIT */
#include "engine/sums.h"

#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "engine/activity.h"
#include "nn/function.h"

dlcore_status dlcore_sums_create(const dlcore_allocator_t *allocator,
                                 const dlcore_objective_t *objective, dlcore_sums_t *sums,
                                 dlcore_error_record_t *error)
{
    size_t length = dlcore_objective_states(objective);

    *sums = (dlcore_sums_t){0};
    if (length == 0)
        return DLCORE_OK;
    sums->states = dlcore_allocate(allocator, length, sizeof *sums->states);
    if (sums->states == NULL)
        return dlcore_fail_memory(error, "metrics", length * sizeof *sums->states);
    dlcore_sums_clear(objective, sums);
    return DLCORE_OK;
}

void dlcore_sums_free(const dlcore_allocator_t *allocator, dlcore_sums_t *sums)
{
    dlcore_release(allocator, sums->states);
    *sums = (dlcore_sums_t){0};
}

void dlcore_sums_clear(const dlcore_objective_t *objective, dlcore_sums_t *sums)
{
    sums->loss = 0.0;
    sums->samples = 0;
    for (size_t i = 0, length = dlcore_objective_states(objective); i < length; i++)
        sums->states[i] = 0.0;
}

void dlcore_sums_add(const dlcore_objective_t *objective, dlcore_sums_t *sums,
                     const dlcore_sums_t *more)
{
    size_t at = 0;

    sums->loss += more->loss;
    sums->samples += more->samples;
    for (size_t i = 0; i < objective->metric_count; i++) {
        const dlcore_metric_t *metric = &objective->metrics[i];

        dlcore_metric_merge(metric, objective->units, more->states + at, sums->states + at);
        at += dlcore_metric_length(metric, objective->units);
    }
}

/* ---- results ---- */

double dlcore_sums_loss(const dlcore_sums_t *sums)
{
    return sums->loss / (double)sums->samples;
}

double dlcore_sums_metric(const dlcore_objective_t *objective, const dlcore_sums_t *sums,
                          size_t index)
{
    const double *state = sums->states;

    for (size_t i = 0; i < index; i++)
        state += dlcore_metric_length(&objective->metrics[i], objective->units);
    return dlcore_metric_result(&objective->metrics[index], objective->units, state);
}

size_t dlcore_sums_stored_length(const dlcore_objective_t *objective)
{
    return 2 + dlcore_objective_states(objective);
}

void dlcore_sums_store(const dlcore_objective_t *objective, const dlcore_sums_t *sums, double *to)
{
    *to++ = sums->loss;
    *to++ = (double)sums->samples;
    for (size_t i = 0, length = dlcore_objective_states(objective); i < length; i++)
        to[i] = sums->states[i];
}

void dlcore_sums_merge_stored(const dlcore_objective_t *objective, double *a, const double *b)
{
    double *state = a + 2;

    a[0] += b[0];
    a[1] += b[1];
    b += 2;
    for (size_t i = 0; i < objective->metric_count; i++) {
        size_t length = dlcore_metric_length(&objective->metrics[i], objective->units);

        dlcore_metric_merge(&objective->metrics[i], objective->units, b, state);
        b += length;
        state += length;
    }
}

/* Doubles that an earlier version kept of a metric. */
static size_t earlier_length(const dlcore_metric_t *metric, size_t units)
{
    const dlcore_metric_run_t *run = dlcore_metric_run(metric->kind);

    return run->earlier_length != NULL ? run->earlier_length(metric, units)
                                       : dlcore_metric_length(metric, units);
}

size_t dlcore_sums_earlier_length(const dlcore_objective_t *objective)
{
    size_t length = 2;

    for (size_t i = 0; i < objective->metric_count; i++)
        length += earlier_length(&objective->metrics[i], objective->units);
    return length;
}

static void restore_earlier(const dlcore_objective_t *objective, const double *from, double *state)
{
    for (size_t i = 0; i < objective->metric_count; i++) {
        const dlcore_metric_t *metric = &objective->metrics[i];
        const dlcore_metric_run_t *run = dlcore_metric_run(metric->kind);
        size_t length = dlcore_metric_length(metric, objective->units);

        if (run->from_earlier != NULL) {
            run->from_earlier(metric, objective->units, from, state);
        } else {
            for (size_t k = 0; k < length; k++)
                state[k] = from[k];
        }
        from += earlier_length(metric, objective->units);
        state += length;
    }
}

bool dlcore_sums_restore(const dlcore_objective_t *objective, const double *from, size_t count,
                         dlcore_sums_t *sums)
{
    size_t length = dlcore_objective_states(objective);

    if (!dlcore_size_of_double(from[1], &sums->samples))
        return false;
    sums->loss = from[0];
    if (count != 2 + length)
        restore_earlier(objective, from + 2, sums->states);
    else
        for (size_t i = 0; i < length; i++)
            sums->states[i] = from[2 + i];
    return true;
}

/* ---- a batch ---- */

static dlcore_metric_pass_t metric_pass(const dlcore_network_t *network,
                                        const dlcore_objective_t *objective,
                                        dlcore_workspace_t *workspace, size_t batch, size_t index)
{
    return (dlcore_metric_pass_t){
        .kernels = network->kernels,
        .training_kernels = dlcore_training_kernels(network->kernels),
        .metric = &objective->metrics[index],
        .y = &workspace->outputs[network->node_count - 1],
        .labels = &workspace->labels[batch],
        .weights = index >= objective->first_weighted
                       ? dlcore_workspace_weights(objective, workspace, batch)
                       : workspace->labels[batch].present,
        .logits = &workspace->logits,
        .targets = workspace->targets,
        .rows = workspace->function_rows,
        .first_row = workspace->first_row,
    };
}

void dlcore_sums_rows(const dlcore_network_t *network, const dlcore_objective_t *objective,
                      dlcore_workspace_t *workspace, size_t batch, size_t begin, size_t end)
{
    for (size_t i = 0; i < objective->metric_count; i++) {
        dlcore_metric_pass_t pass = metric_pass(network, objective, workspace, batch, i);

        if (dlcore_metric_is_mean(dlcore_metric_type(objective->metrics[i].kind)) &&
            !dlcore_metric_is_called_once(&objective->metrics[i]))
            dlcore_metric_rows(&pass, begin, end, workspace->row_metrics + i * workspace->capacity);
    }
}

double dlcore_sums_batch_loss(const dlcore_objective_t *objective,
                              const dlcore_workspace_t *workspace, size_t batch, size_t rows)
{
    double loss = 0.0;

    for (size_t row = 0; row < rows; row++)
        loss += (double)workspace->row_loss[row];
    loss *= dlcore_loss_scale(&objective->loss_settings, &workspace->labels[batch],
                              dlcore_workspace_weights(objective, workspace, batch), rows);
    return loss + dlcore_activity_sum(workspace, rows);
}

void dlcore_sums_batch(const dlcore_network_t *network, const dlcore_objective_t *objective,
                       dlcore_workspace_t *workspace, size_t batch, size_t rows,
                       dlcore_sums_t *sums)
{
    double *state = sums->states;

    dlcore_sums_clear(objective, sums);
    sums->loss = dlcore_sums_batch_loss(objective, workspace, batch, rows);
    sums->samples = rows;
    for (size_t i = 0; i < objective->metric_count; i++) {
        dlcore_metric_pass_t pass = metric_pass(network, objective, workspace, batch, i);

        if (dlcore_metric_is_called_once(&objective->metrics[i]))
            dlcore_metric_rows(&pass, 0, rows, workspace->row_metrics + i * workspace->capacity);
        dlcore_metric_accumulate(&pass, workspace->row_metrics + i * workspace->capacity, state);
        state += dlcore_metric_length(&objective->metrics[i], objective->units);
    }
}
