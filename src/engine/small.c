/* The training step of a small network: rows turned into lanes, and back.
 *
 * SPDX-License-Identifier: MIT */
#include "engine/small.h"

#include <math.h>
#include <string.h>

#include "base/size.h"
#include "engine/path.h"
#include "kernels/always_inline.h"
#include "tensor/tensor.h"

/* ---- rows to lanes ---- */

/* Rows first .. first+count-1 of a batch become lanes, n numbers each, as the gather would have
 * them. Lanes beyond repeat the first, with no weight: what that row makes finite, they do. */
typedef struct turn {
    const dlcore_source_t *source;
    const dlcore_tensor_t *tensor;
    size_t first, count, n, lanes;
    float scale, offset;
    float *to; /* (n, lanes) */
} turn_t;

#define TURN(name, type)                                                                \
    static void name(const turn_t *turn)                                                \
    {                                                                                   \
        const type *data = (const type *)(const void *)turn->tensor->data;              \
        size_t n = turn->n, lanes = turn->lanes, stride = turn->tensor->row_stride;     \
        for (size_t lane = 0; lane < turn->count; lane++) {                             \
            const type *from =                                                          \
                data + dlcore_source_sample(turn->source, turn->first + lane) * stride; \
            float *to = turn->to + lane;                                                \
            for (size_t i = 0; i < n; i++, to += lanes) {                               \
                float product = (float)from[i] * turn->scale;                           \
                *to = product + turn->offset;                                           \
            }                                                                           \
        }                                                                               \
    }

TURN(turn_float, float)
TURN(turn_uint8, uint8_t)
TURN(turn_int32, int32_t)

static void turn_sparse(const turn_t *turn)
{
    for (size_t lane = 0; lane < turn->count; lane++)
        dlcore_gather_list(&turn->tensor->sparse,
                           dlcore_source_sample(turn->source, turn->first + lane), turn->to + lane,
                           1, turn->lanes, turn->scale, turn->offset);
}

static void repeat_first(float *x, size_t n, size_t count, size_t lanes)
{
    for (size_t i = 0; count < lanes && i < n; i++, x += lanes) {
        for (size_t lane = count; lane < lanes; lane++)
            x[lane] = x[0];
    }
}

static void turn_rows(const turn_t *turn)
{
    if (turn->tensor->is_sparse)
        turn_sparse(turn);
    else if (turn->tensor->dtype == DLCORE_DTYPE_FLOAT32)
        turn_float(turn);
    else if (turn->tensor->dtype == DLCORE_DTYPE_UINT8)
        turn_uint8(turn);
    else
        turn_int32(turn);
    repeat_first(turn->to, turn->n, turn->count, turn->lanes);
}

/* Classes become one-hot lanes. */
static void turn_classes(const turn_t *turn)
{
    const dlcore_tensor_t *y = turn->tensor;

    memset(turn->to, 0, turn->n * turn->lanes * sizeof *turn->to);
    for (size_t lane = 0; lane < turn->lanes; lane++) {
        size_t row = lane < turn->count ? turn->first + lane : turn->first;
        size_t at = dlcore_source_sample(turn->source, row) * y->row_stride;
        int32_t class = y->dtype == DLCORE_DTYPE_UINT8
                            ? y->data[at]
                            : ((const int32_t *)(const void *)y->data)[at];
        if ((size_t) class < turn->n) {
            turn->to[(size_t) class * turn->lanes + lane] = 1.0f;
            continue;
        }
        for (size_t u = 0; u < turn->n; u++) /* changed, by a callback say, since it was checked */
            turn->to[u * turn->lanes + lane] = NAN;
    }
}

/* Samples of rows first .. first+count-1, `lanes` side by side. */
static void fill_samples(const dlcore_step_t *step, const dlcore_small_plan_t *plan, size_t first,
                         size_t count, size_t lanes)
{
    turn_t turn = {.source = &step->source,
                   .tensor = step->source.x,
                   .first = first,
                   .count = count,
                   .n = plan->net.layers[0].inputs,
                   .lanes = lanes,
                   .scale = step->network->input_scale,
                   .offset = step->network->input_offset,
                   .to = plan->x};

    turn_rows(&turn);
}

/* Their labels. */
static void fill_labels(const dlcore_step_t *step, const dlcore_small_plan_t *plan, size_t first,
                        size_t count, size_t lanes)
{
    turn_t turn = {.source = &step->source,
                   .tensor = step->source.y,
                   .first = first,
                   .count = count,
                   .n = plan->net.layers[plan->net.layer_count - 1].units,
                   .lanes = lanes,
                   .scale = plan->labels.scale,
                   .offset = plan->labels.offset,
                   .to = plan->t};

    if (step->objective->loss->labels == DLCORE_LABELS_CLASSES)
        turn_classes(&turn);
    else
        turn_rows(&turn);
}

/* ---- lanes to rows ---- */

/* Predictions and labels as the metrics read them. */
static void store_rows(const dlcore_step_t *step, const dlcore_small_plan_t *plan, size_t first,
                       size_t rows, size_t lanes)
{
    dlcore_workspace_t *workspace = step->workspace;
    dlcore_matrix_t *y = &workspace->outputs[step->network->node_count - 1];

    for (size_t lane = 0; lane < rows; lane++) {
        float *row = dlcore_matrix_at(y, first + lane, 0);
        for (size_t u = 0; u < y->columns; u++)
            row[u] = plan->y[u * lanes + lane];
    }
    dlcore_gather_labels(step->network->kernels, &step->source, &workspace->labels[0], first,
                         first + rows);
}

/* Of a batch of one row: its floats, where the network sees those that lie there; else NULL. */
static const float *row_of_floats(const dlcore_source_t *source, const dlcore_tensor_t *tensor,
                                  bool keeps)
{
    if (!keeps || tensor->dtype != DLCORE_DTYPE_FLOAT32 || tensor->is_sparse)
        return NULL;
    return (const float *)(const void *)tensor->data +
           dlcore_source_sample(source, 0) * tensor->row_stride;
}

/* Samples and labels that are not floats, or change on their way. */
NEVER_INLINE static void fill_row(const dlcore_step_t *step, const dlcore_small_plan_t *plan,
                                  dlcore_small_row_t *row)
{
    if (row->x == NULL) {
        fill_samples(step, plan, 0, 1, 1);
        row->x = plan->x;
    }
    if (row->t == NULL) {
        fill_labels(step, plan, 0, 1, 1);
        row->t = plan->t;
    }
}

/* Answers the loss. */
static float run_one(const dlcore_step_t *step, const dlcore_small_plan_t *plan)
{
    const dlcore_source_t *source = &step->source;
    dlcore_small_row_t row = {.values = step->network->values,
                              .x = row_of_floats(source, source->x, plan->keeps_x),
                              .t = row_of_floats(source, source->y, plan->keeps_t),
                              .y = plan->y,
                              .work = plan->work,
                              .gradients = plan->gradients};

    if (row.x == NULL || row.t == NULL)
        fill_row(step, plan, &row);
    return plan->functions->run_row(&plan->net, &row);
}

/* The labels of a batch, and what its samples count; NULL: all 1. */
static const float *gather_small_weights(dlcore_step_t *step)
{
    if (!step->objective->weighted)
        return NULL;
    dlcore_gather_labels(step->network->kernels, &step->source, &step->workspace->labels[0], 0,
                         step->source.rows);
    return step->workspace->labels[0].weights;
}

NEVER_INLINE static void run_groups(dlcore_step_t *step, const dlcore_small_plan_t *plan)
{
    size_t rows = step->source.rows, lanes = plan->functions->lanes;
    const float *weights = gather_small_weights(step);
    float weight = dlcore_loss_factor(&step->objective->loss_settings, NULL, weights, rows);
    dlcore_small_group_t group = {.values = step->network->values,
                                  .x = plan->x,
                                  .t = plan->t,
                                  .weight = plan->weight,
                                  .y = plan->y,
                                  .loss = plan->loss,
                                  .work = plan->work,
                                  .first = true};

    for (size_t first = 0; first < rows; first += lanes, group.first = false) {
        size_t count = dlcore_size_min(lanes, rows - first);

        fill_samples(step, plan, first, count, lanes);
        fill_labels(step, plan, first, count, lanes);
        for (size_t lane = 0; lane < lanes; lane++) {
            float own = weights != NULL && lane < count ? weights[first + lane] : 1.0f;
            plan->weight[lane] = lane < count ? weight * own : 0.0f;
        }
        plan->functions->run(&plan->net, &group);
        for (size_t lane = 0; lane < count; lane++)
            step->workspace->row_loss[first + lane] =
                weights != NULL ? plan->loss[lane] * weights[first + lane] : plan->loss[lane];
        if (step->objective->metric_count > 0)
            store_rows(step, plan, first, count, lanes);
    }
}

static void fetch_row(const dlcore_tensor_t *tensor, size_t row)
{
    size_t bytes = tensor->dtype == DLCORE_DTYPE_UINT8 ? 1 : 4; /* of an element */

    __builtin_prefetch(tensor->data + row * tensor->row_stride * bytes);
}

/* Shuffled rows come from anywhere in memory: asks for those of the next batch. */
static void fetch_next(const dlcore_source_t *next)
{
    for (size_t row = 0; row < next->rows && !next->x->is_sparse; row++) {
        size_t sample = dlcore_source_sample(next, row);

        fetch_row(next->x, sample);
        fetch_row(next->y, sample);
    }
}

/* What the rows of a batch come to. */
NEVER_INLINE static void sum_rows(dlcore_step_t *step)
{
    size_t rows = step->source.rows;

    step->workspace->outputs[step->network->node_count - 1].rows = rows;
    dlcore_sums_rows(step->network, step->objective, step->workspace, 0, 0, rows);
    step->sums.states = step->workspace->metric_states;
    dlcore_sums_batch(step->network, step->objective, step->workspace, 0, rows, &step->sums);
}

static void run_row(dlcore_step_t *step, const dlcore_small_plan_t *plan)
{
    float loss = run_one(step, plan);

    if (step->objective->metric_count == 0) {
        step->sums.loss = 0.0 + (double)loss; /* never -0 */
        step->sums.samples = 1;
        return;
    }
    step->workspace->row_loss[0] = loss;
    store_rows(step, plan, 0, 1, 1);
    sum_rows(step);
}

void dlcore_small_step(dlcore_step_t *step)
{
    static const dlcore_place_t alone = {.workers = 1};
    const dlcore_small_plan_t *plan = step->workspace->small;
    bool is_row = dlcore_path_is_row(step->objective, step->source.rows);

    fetch_next(&step->next);
    if (is_row) {
        run_row(step, plan);
    } else {
        run_groups(step, plan);
        sum_rows(step);
    }
    if (step->penalty != NULL) {
        dlcore_update_penalty_partials(step->penalty, step->network, &alone);
        step->sums.loss += dlcore_update_penalty_sum(step->penalty) * (double)step->source.rows;
    }
    step->finite = isfinite(step->sums.loss);
    if (!step->finite && step->stop_on_not_finite)
        return;
    if (!is_row)
        plan->functions->gradients(&plan->net, plan->work, plan->gradients);
    step->sink->take(step->sink, 0, plan->gradients, step->network->value_floats);
    if (step->update != NULL)
        dlcore_update_finish(step->update, &alone);
}
