/* From steps to layers. A pass from the input on knows the shape at each step; two neighbours
 * become one where together they are a layer:
 *
 *   dense without bias, + vector          dense with bias
 *   dense, activation                     dense with activation
 *   layer normalization, * and + vectors  layer normalization with gamma and beta
 *   - * / + in this order                 one affine step
 *
 * An affine step of single numbers is a rescaling. One that subtracts and divides is a
 * normalization, any other one for each unit a batch normalization that is not trained, whose
 * variance and epsilon add up to exactly 1.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_steps.h"

#include <inttypes.h>
#include <string.h>

#include "base/allocator.h"
#include "exchange/onnx_shape.h"

#define ONNX_EPSILON (1.0 / 1024)  /* of a batch normalization that stands for an affine step */
#define ONNX_LEAST_DEVIATION 1e-7f /* a normalization's */

/* The pass: from the match's steps to those of `layers`. */
typedef struct onnx_settling {
    dlcore_onnx_match_t *match;
    dlcore_onnx_match_t layers;
    dlcore_onnx_shape_t shape;
    dlcore_onnx_step_t pending; /* an affine step, while has_pending */
    bool has_pending;
} onnx_settling_t;

static dlcore_onnx_step_t *onnx_last(const onnx_settling_t *settling)
{
    return settling->layers.steps.count > 0
               ? dlcore_onnx_step(&settling->layers, settling->layers.steps.count - 1)
               : NULL;
}

/* Appends a layer, which takes the step's vectors. */
static dlcore_status onnx_put(onnx_settling_t *settling, dlcore_onnx_step_t *step)
{
    dlcore_onnx_step_t *put = dlcore_onnx_add_step(&settling->layers, step->node, step->kind);

    if (put == NULL)
        return settling->match->graph->error->status;
    *put = *step;
    memset(step->vectors, 0, sizeof step->vectors);
    return DLCORE_OK;
}

static void onnx_drop_vectors(const onnx_settling_t *settling, dlcore_onnx_step_t *step)
{
    for (size_t i = 0; i < DLCORE_LAYER_PARAMETERS_MAX; i++)
        dlcore_onnx_vector_clear(settling->match->graph, &step->vectors[i]);
}

/* ---- vectors ---- */

/* As long as there are units: one number becomes that many. */
static dlcore_status onnx_widen(const onnx_settling_t *settling, dlcore_onnx_vector_t *vector,
                                size_t width)
{
    dlcore_onnx_vector_t wide;
    dlcore_status status;

    if (vector->count == width)
        return DLCORE_OK;
    status = dlcore_onnx_new_vector(settling->match->graph, &wide, width, vector->data[0]);
    if (status != DLCORE_OK)
        return status;
    dlcore_onnx_vector_clear(settling->match->graph, vector);
    *vector = wide;
    return DLCORE_OK;
}

/* That the vectors have as many numbers as there are units, or one for all. */
static dlcore_status onnx_check_vectors(onnx_settling_t *settling, const dlcore_onnx_step_t *step)
{
    dlcore_status status = DLCORE_OK;

    for (size_t i = 0; i < DLCORE_LAYER_PARAMETERS_MAX && status == DLCORE_OK; i++) {
        if (step->vectors[i].count > 1)
            status = dlcore_onnx_shape_width(settling->match, step->node, &settling->shape,
                                             step->vectors[i].count);
    }
    return status;
}

/* ---- affine steps ---- */

static bool onnx_is_one_number(const dlcore_onnx_step_t *step)
{
    for (size_t i = 0; i < DLCORE_LAYER_PARAMETERS_MAX; i++) {
        if (step->vectors[i].count > 1)
            return false;
    }
    return true;
}

static double onnx_number_of(const dlcore_onnx_step_t *step, size_t part, double otherwise)
{
    return step->vectors[part].count > 0 ? (double)step->vectors[part].data[0] : otherwise;
}

static bool onnx_has(const dlcore_onnx_step_t *step, size_t part)
{
    return step->vectors[part].count > 0;
}

static dlcore_status onnx_put_rescaling(onnx_settling_t *settling, const dlcore_onnx_step_t *from,
                                        double scale, double offset)
{
    dlcore_onnx_step_t step = {.kind = DLCORE_ONNX_STEP_LAYER, .node = from->node};

    step.layer = dlcore_layer_rescaling(scale, offset);
    return onnx_put(settling, &step);
}

/* (x - shift) is a layer of its own, which keeps its digits where x and shift are large. */
static dlcore_status onnx_put_numbers(onnx_settling_t *settling, const dlcore_onnx_step_t *step)
{
    double scale = onnx_number_of(step, DLCORE_ONNX_SCALE, 1.0) /
                   onnx_number_of(step, DLCORE_ONNX_DIVISOR, 1.0);
    dlcore_status status = DLCORE_OK;

    if (onnx_has(step, DLCORE_ONNX_SHIFT))
        status =
            onnx_put_rescaling(settling, step, 1.0, -onnx_number_of(step, DLCORE_ONNX_SHIFT, 0.0));
    if (status == DLCORE_OK && (scale != 1.0 || onnx_has(step, DLCORE_ONNX_OFFSET)))
        status = onnx_put_rescaling(settling, step, scale,
                                    onnx_number_of(step, DLCORE_ONNX_OFFSET, 0.0));
    return status;
}

/* All four parts, as long as there are units. */
static dlcore_status onnx_complete_affine(const onnx_settling_t *settling, dlcore_onnx_step_t *step,
                                          size_t width)
{
    static const float neutral[] = {0.0f, 1.0f, 1.0f, 0.0f};
    dlcore_status status = DLCORE_OK;

    for (size_t i = 0; i < DLCORE_LAYER_PARAMETERS_MAX && status == DLCORE_OK; i++)
        status = onnx_has(step, i) ? onnx_widen(settling, &step->vectors[i], width)
                                   : dlcore_onnx_new_vector(settling->match->graph,
                                                            &step->vectors[i], width, neutral[i]);
    return status;
}

/* A normalization's variance from scale and divisor, in the scale's place; false where there is
 * none, or where it would be too small. */
static bool onnx_make_variance(dlcore_onnx_step_t *step)
{
    float *scale = step->vectors[DLCORE_ONNX_SCALE].data;
    const float *divisor = step->vectors[DLCORE_ONNX_DIVISOR].data;
    size_t count = step->vectors[DLCORE_ONNX_SCALE].count;

    for (size_t i = 0; i < count; i++) {
        double deviation = (double)divisor[i] / (double)scale[i];

        if (!(deviation > (double)ONNX_LEAST_DEVIATION && deviation < 1e18))
            return false;
    }
    for (size_t i = 0; i < count; i++) {
        double deviation = (double)divisor[i] / (double)scale[i];

        scale[i] = (float)(deviation * deviation);
    }
    return true;
}

static void onnx_swap(dlcore_onnx_vector_t *a, dlcore_onnx_vector_t *b)
{
    dlcore_onnx_vector_t kept = *a;

    *a = *b;
    *b = kept;
}

static dlcore_status onnx_put_normalization(onnx_settling_t *settling, dlcore_onnx_step_t *step)
{
    const dlcore_onnx_graph_t *graph = settling->match->graph;

    step->kind = DLCORE_ONNX_STEP_LAYER;
    step->layer = dlcore_layer_normalization();
    dlcore_onnx_vector_clear(graph, &step->vectors[DLCORE_ONNX_DIVISOR]);
    dlcore_onnx_vector_clear(graph, &step->vectors[DLCORE_ONNX_OFFSET]);
    return onnx_put(settling, step);
}

/* gamma, beta, mean and variance from shift, scale, divisor and offset. */
static dlcore_status onnx_put_frozen(onnx_settling_t *settling, dlcore_onnx_step_t *step)
{
    dlcore_onnx_vector_t *parts = step->vectors;

    for (size_t i = 0; i < parts[0].count; i++) {
        parts[DLCORE_ONNX_SCALE].data[i] /= parts[DLCORE_ONNX_DIVISOR].data[i];
        parts[DLCORE_ONNX_DIVISOR].data[i] = (float)(1.0 - ONNX_EPSILON);
    }
    onnx_swap(&parts[0], &parts[1]); /* scale, shift, variance, offset */
    onnx_swap(&parts[2], &parts[3]); /* scale, shift, offset, variance */
    onnx_swap(&parts[1], &parts[2]); /* scale, offset, shift, variance */
    step->kind = DLCORE_ONNX_STEP_LAYER;
    step->layer = dlcore_layer_batch_normalization();
    step->layer.epsilon = ONNX_EPSILON;
    step->layer.trainable = false;
    return onnx_put(settling, step);
}

static dlcore_status onnx_put_affine(onnx_settling_t *settling, dlcore_onnx_step_t *step)
{
    bool normalizes = onnx_has(step, DLCORE_ONNX_SHIFT) && !onnx_has(step, DLCORE_ONNX_OFFSET) &&
                      (onnx_has(step, DLCORE_ONNX_SCALE) || onnx_has(step, DLCORE_ONNX_DIVISOR));
    dlcore_status status = onnx_complete_affine(settling, step, settling->shape.width);

    if (status != DLCORE_OK)
        return status;
    return normalizes && onnx_make_variance(step) ? onnx_put_normalization(settling, step)
                                                  : onnx_put_frozen(settling, step);
}

/* A normalization by size whose weight is still 1. */
static bool onnx_lacks_scale(const dlcore_onnx_step_t *step)
{
    return !step->layer.use_scale &&
           (step->layer.kind == DLCORE_LAYER_RMS_NORMALIZATION || step->layer.rms_scaling);
}

/* Takes parts of the pending step into the layer before it, where they are its weights. */
static void onnx_join_layer(const onnx_settling_t *settling, dlcore_onnx_step_t *step)
{
    dlcore_onnx_step_t *last = onnx_last(settling);
    bool only_offset = !onnx_has(step, DLCORE_ONNX_SHIFT) && !onnx_has(step, DLCORE_ONNX_SCALE) &&
                       !onnx_has(step, DLCORE_ONNX_DIVISOR);

    if (last == NULL)
        return;
    if (last->kind == DLCORE_ONNX_STEP_DENSE && !last->layer.use_bias && only_offset &&
        last->layer.activation == DLCORE_ACTIVATION_LINEAR && onnx_has(step, DLCORE_ONNX_OFFSET)) {
        onnx_swap(&last->vectors[0], &step->vectors[DLCORE_ONNX_OFFSET]);
        last->layer.use_bias = true;
    } else if (onnx_lacks_scale(last) && !onnx_has(step, DLCORE_ONNX_SHIFT) &&
               onnx_has(step, DLCORE_ONNX_SCALE)) {
        onnx_swap(&last->vectors[0], &step->vectors[DLCORE_ONNX_SCALE]);
        dlcore_onnx_vector_clear(settling->match->graph, &step->vectors[DLCORE_ONNX_SCALE]);
        last->layer.use_scale = true;
    } else if (last->layer.kind == DLCORE_LAYER_LAYER_NORMALIZATION && !last->layer.use_scale &&
               !last->layer.rms_scaling && !last->layer.center &&
               !onnx_has(step, DLCORE_ONNX_SHIFT) && !onnx_has(step, DLCORE_ONNX_DIVISOR)) {
        last->layer.use_scale = onnx_has(step, DLCORE_ONNX_SCALE);
        last->layer.center = onnx_has(step, DLCORE_ONNX_OFFSET);
        onnx_swap(&last->vectors[0], &step->vectors[DLCORE_ONNX_SCALE]);
        onnx_swap(&last->vectors[last->layer.use_scale ? 1 : 0],
                  &step->vectors[DLCORE_ONNX_OFFSET]);
    }
}

static dlcore_status onnx_flush(onnx_settling_t *settling)
{
    dlcore_onnx_step_t *step = &settling->pending;
    dlcore_status status = DLCORE_OK;
    bool is_empty = true;

    if (!settling->has_pending)
        return DLCORE_OK;
    settling->has_pending = false;
    onnx_join_layer(settling, step);
    for (size_t i = 0; i < DLCORE_LAYER_PARAMETERS_MAX; i++)
        is_empty = is_empty && !onnx_has(step, i);
    if (!is_empty)
        status = onnx_is_one_number(step) ? onnx_put_numbers(settling, step)
                                          : onnx_put_affine(settling, step);
    onnx_drop_vectors(settling, step);
    return status;
}

/* Adding first is subtracting the opposite. */
static void onnx_shift_by_offset(dlcore_onnx_step_t *step)
{
    dlcore_onnx_vector_t *offset = &step->vectors[DLCORE_ONNX_OFFSET];

    for (size_t i = 0; i < offset->count; i++)
        offset->data[i] = -offset->data[i];
    onnx_swap(offset, &step->vectors[DLCORE_ONNX_SHIFT]);
}

/* Whether the parts of `next` all come after those of `step`, so that both are one step. */
static bool onnx_follows(const dlcore_onnx_step_t *step, const dlcore_onnx_step_t *next)
{
    size_t last = 0, first = DLCORE_LAYER_PARAMETERS_MAX;

    for (size_t i = DLCORE_LAYER_PARAMETERS_MAX; i-- > 0;) {
        if (onnx_has(next, i))
            first = i;
        if (onnx_has(step, i) && last == 0)
            last = i + 1;
    }
    return last <= first;
}

static dlcore_status onnx_settle_affine(onnx_settling_t *settling, dlcore_onnx_step_t *step)
{
    dlcore_onnx_step_t *pending = &settling->pending;
    dlcore_status status = onnx_check_vectors(settling, step);

    if (status != DLCORE_OK)
        return status;
    if (settling->has_pending && !onnx_has(pending, DLCORE_ONNX_SHIFT) &&
        !onnx_has(pending, DLCORE_ONNX_SCALE) && !onnx_has(pending, DLCORE_ONNX_DIVISOR) &&
        !onnx_has(step, DLCORE_ONNX_SHIFT) && !onnx_has(step, DLCORE_ONNX_OFFSET) &&
        onnx_last(settling) == NULL)
        onnx_shift_by_offset(pending);
    if (settling->has_pending && !onnx_follows(pending, step))
        status = onnx_flush(settling);
    if (status != DLCORE_OK)
        return status;
    if (!settling->has_pending)
        *pending = (dlcore_onnx_step_t){.kind = step->kind, .node = step->node};
    settling->has_pending = true;
    for (size_t i = 0; i < DLCORE_LAYER_PARAMETERS_MAX; i++) {
        if (onnx_has(step, i))
            onnx_swap(&pending->vectors[i], &step->vectors[i]);
    }
    return DLCORE_OK;
}

/* ---- other steps ---- */

/* Samples are flat here, whatever axes a softmax in groups saw. */
static dlcore_status onnx_settle_shape(onnx_settling_t *settling, const dlcore_onnx_step_t *step)
{
    dlcore_onnx_step_t flatten = {.kind = DLCORE_ONNX_STEP_LAYER, .node = step->node};
    const dlcore_onnx_step_t *last = onnx_last(settling);
    bool flattens = false;
    dlcore_status status =
        dlcore_onnx_shape_apply(settling->match, step, &settling->shape, &flattens);

    if (status != DLCORE_OK || !flattens ||
        (last != NULL && last->layer.kind == DLCORE_LAYER_GROUPED_SOFTMAX))
        return status;
    flatten.layer = dlcore_layer_flatten();
    return onnx_put(settling, &flatten);
}

static dlcore_status onnx_settle_dense(onnx_settling_t *settling, dlcore_onnx_step_t *step)
{
    dlcore_status status = dlcore_onnx_shape_width(settling->match, step->node, &settling->shape,
                                                   (size_t)step->kernel.dims[0]);

    if (status != DLCORE_OK)
        return status;
    settling->shape.width = step->layer.units;
    status = onnx_check_vectors(settling, step);
    return status == DLCORE_OK ? onnx_put(settling, step) : status;
}

/* A softmax along the units, or along the last of several axes. */
static dlcore_status onnx_settle_softmax(const onnx_settling_t *settling, dlcore_onnx_step_t *step)
{
    const dlcore_onnx_shape_t *shape = &settling->shape;
    int64_t last = (int64_t)shape->rank - 1, width;

    if (step->axis != -1 && step->axis != last)
        return dlcore_onnx_refuse(settling->match, step->node,
                                  "axis is %" PRId64 ", not the last of %zu", step->axis,
                                  shape->rank);
    if (shape->rank <= 2)
        return DLCORE_OK;
    width = shape->dims[last];
    if (step->layer.activation != DLCORE_ACTIVATION_SOFTMAX || width < 1)
        return DLCORE_OK; /* whoever needs rows says so */
    step->layer = dlcore_layer_grouped_softmax((size_t)width);
    step->needs_rows = false;
    return DLCORE_OK;
}

/* The width behind a layer that halves it. */
static dlcore_status onnx_halve(onnx_settling_t *settling, const dlcore_onnx_step_t *step)
{
    dlcore_onnx_shape_t *shape = &settling->shape;

    if (shape->width == 0 || shape->width % 2 != 0)
        return dlcore_onnx_refuse(settling->match, step->node, "takes two halves of %zu numbers",
                                  shape->width);
    shape->width /= 2;
    shape->dims[1] = (int64_t)shape->width;
    return DLCORE_OK;
}

static dlcore_status onnx_settle_layer(onnx_settling_t *settling, dlcore_onnx_step_t *step)
{
    dlcore_onnx_step_t *last = onnx_last(settling);
    dlcore_status status = DLCORE_OK;

    if (step->width > 0)
        status =
            dlcore_onnx_shape_width(settling->match, step->node, &settling->shape, step->width);
    if (status != DLCORE_OK)
        return status;
    if (step->layer.kind == DLCORE_LAYER_ACTIVATION && last != NULL &&
        last->kind == DLCORE_ONNX_STEP_DENSE &&
        last->layer.activation == DLCORE_ACTIVATION_LINEAR) {
        last->layer.activation = step->layer.activation;
        last->layer.negative_slope = step->layer.negative_slope;
        last->layer.alpha = step->layer.alpha;
        last->layer.max_value = step->layer.max_value;
        last->layer.threshold = step->layer.threshold;
        return DLCORE_OK;
    }
    status = step->layer.kind == DLCORE_LAYER_GLU ? onnx_halve(settling, step)
                                                  : onnx_check_vectors(settling, step);
    return status == DLCORE_OK ? onnx_put(settling, step) : status;
}

/* A model has a layer, also where a graph does nothing. */
static dlcore_status onnx_put_identity(onnx_settling_t *settling)
{
    dlcore_onnx_step_t step = {.kind = DLCORE_ONNX_STEP_LAYER};

    step.node = dlcore_onnx_node(settling->match->graph, 0);
    step.layer = dlcore_layer_activation(DLCORE_ACTIVATION_LINEAR);
    return onnx_put(settling, &step);
}

static dlcore_status onnx_settle_step(onnx_settling_t *settling, dlcore_onnx_step_t *step)
{
    dlcore_status status = DLCORE_OK;

    if (step->axis != 0)
        status = onnx_settle_softmax(settling, step);
    if (status == DLCORE_OK && step->needs_rows)
        status = dlcore_onnx_shape_rows(settling->match, step->node, &settling->shape);
    if (status == DLCORE_OK && step->kind == DLCORE_ONNX_STEP_AFFINE)
        return onnx_settle_affine(settling, step);
    if (status == DLCORE_OK)
        status = onnx_flush(settling);
    if (status != DLCORE_OK)
        return status;
    switch (step->kind) {
    case DLCORE_ONNX_STEP_SHAPE:
        return onnx_settle_shape(settling, step);
    case DLCORE_ONNX_STEP_DENSE:
        return onnx_settle_dense(settling, step);
    default:
        return onnx_settle_layer(settling, step);
    }
}

dlcore_status dlcore_onnx_settle_steps(dlcore_onnx_match_t *match, const dlcore_onnx_port_t *input,
                                       size_t *input_width)
{
    onnx_settling_t settling = {.match = match, .layers.graph = match->graph};
    dlcore_status status = dlcore_onnx_shape_begin(match, input, &settling.shape);
    dlcore_onnx_list_t steps;

    for (size_t i = 0; i < match->steps.count && status == DLCORE_OK; i++) {
        dlcore_onnx_step_t step = *dlcore_onnx_step(match, i);

        memset(dlcore_onnx_step(match, i)->vectors, 0, sizeof step.vectors);
        status = onnx_settle_step(&settling, &step);
        onnx_drop_vectors(&settling, &step);
    }
    if (status == DLCORE_OK)
        status = onnx_flush(&settling);
    if (status == DLCORE_OK && onnx_last(&settling) == NULL)
        status = onnx_put_identity(&settling);
    if (settling.has_pending)
        onnx_drop_vectors(&settling, &settling.pending);
    steps = match->steps;
    match->steps = settling.layers.steps;
    settling.layers.steps = steps;
    dlcore_onnx_match_clear(&settling.layers);
    *input_width = settling.shape.input_width;
    if (status == DLCORE_OK && *input_width == 0)
        status = dlcore_fail(match->graph->error, DLCORE_ERROR_UNSUPPORTED,
                             "%s: nothing says how many numbers a sample has",
                             match->graph->input->name);
    return status;
}
