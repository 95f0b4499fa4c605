/* A layer normalization as exporters wrote it before there was an operator for it:
 *
 *   d = x - mean(x)      y = d / s, with s = sqrt(mean(d^2) + epsilon)
 *
 * What multiplies and adds behind it is an affine step that joins the layer (onnx_steps.c). Or as
 * Keras has it, with r = gamma / s or 1 / s:
 *
 *   y = x r + (-mean(x) r + beta)
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>

#include "exchange/onnx_match.h"

size_t dlcore_onnx_reduced(const dlcore_onnx_graph_t *graph, size_t value, const char *operation)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);
    const dlcore_onnx_attribute_t *axes, *keep;
    int64_t dims[DLCORE_ONNX_RANK_MAX] = {0};
    size_t count = 0;

    if (!dlcore_onnx_is(graph, node, operation))
        return DLCORE_ONNX_NONE;
    axes = dlcore_onnx_find_attribute(graph, node, "axes");
    keep = dlcore_onnx_find_attribute(graph, node, "keepdims");
    if (axes != NULL && axes->count == 1) {
        count = 1;
        dims[0] = ((const int64_t *)graph->ints.items)[axes->first];
    } else if (axes == NULL) {
        (void)dlcore_onnx_int_list(graph, dlcore_onnx_node_input(graph, node, 1), dims, &count);
    }
    if (count != 1 || (dims[0] != -1 && dims[0] != 1) || (keep != NULL && keep->i != 1))
        return DLCORE_ONNX_NONE;
    return dlcore_onnx_node_input(graph, node, 0);
}

size_t dlcore_onnx_mean_of(const dlcore_onnx_graph_t *graph, size_t value)
{
    return dlcore_onnx_reduced(graph, value, "ReduceMean");
}

/* Whether `value` is x - mean(x). */
static bool onnx_is_centred(const dlcore_onnx_graph_t *graph, size_t value, size_t x)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);

    return x != DLCORE_ONNX_NONE && dlcore_onnx_is(graph, node, "Sub") &&
           dlcore_onnx_node_input(graph, node, 0) == x &&
           dlcore_onnx_mean_of(graph, dlcore_onnx_node_input(graph, node, 1)) == x;
}

size_t dlcore_onnx_square_of(const dlcore_onnx_graph_t *graph, size_t value)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);
    size_t base = node != NULL ? dlcore_onnx_node_input(graph, node, 0) : DLCORE_ONNX_NONE;
    double exponent = 0.0;
    bool squares =
        (dlcore_onnx_is(graph, node, "Mul") && dlcore_onnx_node_input(graph, node, 1) == base) ||
        (dlcore_onnx_is(graph, node, "Pow") &&
         dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, node, 1), &exponent) &&
         exponent == 2.0);

    return squares ? base : DLCORE_ONNX_NONE;
}

bool dlcore_onnx_is_deviation(const dlcore_onnx_graph_t *graph, size_t value, size_t x,
                              double *epsilon)
{
    const dlcore_onnx_node_t *add =
        dlcore_onnx_maker(graph, dlcore_onnx_input_of(graph, value, "Sqrt"));

    for (size_t i = 0; i < 2 && dlcore_onnx_is(graph, add, "Add"); i++) {
        size_t mean = dlcore_onnx_mean_of(graph, dlcore_onnx_node_input(graph, add, i));

        if (mean != DLCORE_ONNX_NONE &&
            onnx_is_centred(graph, dlcore_onnx_square_of(graph, mean), x) &&
            dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, add, 1 - i), epsilon))
            return *epsilon > 0.0 && *epsilon <= (double)FLT_MAX;
    }
    return false;
}

/* The layer as Keras writes it; values, NONE where there are none. */
typedef struct onnx_moments {
    size_t x, root, gamma, beta;
    double epsilon;
} onnx_moments_t;

/* Whether `value` is 1 / s, or that times gamma. */
static bool onnx_is_root(const dlcore_onnx_graph_t *graph, size_t value, onnx_moments_t *moments)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);

    moments->gamma = DLCORE_ONNX_NONE;
    if (dlcore_onnx_is_deviation(graph, dlcore_onnx_input_of(graph, value, "Reciprocal"),
                                 moments->x, &moments->epsilon))
        return true;
    for (size_t i = 0; i < 2 && dlcore_onnx_is(graph, node, "Mul"); i++) {
        size_t inverse =
            dlcore_onnx_input_of(graph, dlcore_onnx_node_input(graph, node, i), "Reciprocal");

        moments->gamma = dlcore_onnx_node_input(graph, node, 1 - i);
        if (dlcore_onnx_is_deviation(graph, inverse, moments->x, &moments->epsilon))
            return true;
    }
    return false;
}

/* Whether `value` is -mean(x) r. */
static bool onnx_is_shift(const dlcore_onnx_graph_t *graph, size_t value,
                          const onnx_moments_t *moments)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);

    for (size_t i = 0; i < 2 && dlcore_onnx_is(graph, node, "Mul"); i++) {
        size_t mean = dlcore_onnx_input_of(graph, dlcore_onnx_node_input(graph, node, i), "Neg");

        if (mean != DLCORE_ONNX_NONE && dlcore_onnx_mean_of(graph, mean) == moments->x &&
            dlcore_onnx_node_input(graph, node, 1 - i) == moments->root)
            return true;
    }
    return false;
}

/* Likewise, or that and beta. */
static bool onnx_is_shifts(const dlcore_onnx_graph_t *graph, size_t value, onnx_moments_t *moments)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);

    if (onnx_is_shift(graph, value, moments))
        return true;
    for (size_t i = 0; i < 2 && dlcore_onnx_is(graph, node, "Add"); i++) {
        if (onnx_is_shift(graph, dlcore_onnx_node_input(graph, node, i), moments)) {
            moments->beta = dlcore_onnx_node_input(graph, node, 1 - i);
            return true;
        }
    }
    return false;
}

/* Whether a sum is the layer: one side is x r, the other the rest. */
static bool onnx_find_moments(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *add,
                              onnx_moments_t *moments)
{
    for (size_t i = 0; i < 4; i++) {
        const dlcore_onnx_node_t *scaled =
            dlcore_onnx_maker(graph, dlcore_onnx_node_input(graph, add, i / 2));

        if (!dlcore_onnx_is(graph, scaled, "Mul"))
            continue;
        moments->x = dlcore_onnx_node_input(graph, scaled, i % 2);
        moments->root = dlcore_onnx_node_input(graph, scaled, 1 - i % 2);
        if (onnx_is_root(graph, moments->root, moments) &&
            onnx_is_shifts(graph, dlcore_onnx_node_input(graph, add, 1 - i / 2), moments))
            return true;
    }
    return false;
}

/* The layer, with its weights where there are some. */
static dlcore_status onnx_add_moments(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                      const onnx_moments_t *moments)
{
    dlcore_layer_t layer = dlcore_layer_layer_normalization();
    dlcore_onnx_step_t *step;
    dlcore_status status;

    layer.epsilon = moments->epsilon;
    layer.use_scale = moments->gamma != DLCORE_ONNX_NONE;
    layer.center = moments->beta != DLCORE_ONNX_NONE;
    status = dlcore_onnx_add_layer(match, node, &layer, moments->x);
    if (status != DLCORE_OK)
        return status;
    step = dlcore_onnx_step(match, match->steps.count - 1);
    step->needs_rows = true;
    if (layer.use_scale)
        status = dlcore_onnx_read_vector(match, node, moments->gamma, "gamma", &step->vectors[0]);
    if (status == DLCORE_OK && layer.center)
        status = dlcore_onnx_read_vector(match, node, moments->beta, "beta",
                                         &step->vectors[layer.use_scale ? 1 : 0]);
    return status;
}

dlcore_status dlcore_onnx_match_moments(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                        bool *found)
{
    const dlcore_onnx_graph_t *graph = match->graph;
    size_t centred = dlcore_onnx_input_of(graph, match->value, "Div");
    onnx_moments_t moments = {.gamma = DLCORE_ONNX_NONE, .beta = DLCORE_ONNX_NONE};

    *found = false;
    if (centred != DLCORE_ONNX_NONE) {
        moments.x = dlcore_onnx_input_of(graph, centred, "Sub");
        *found = onnx_is_centred(graph, centred, moments.x) &&
                 dlcore_onnx_is_deviation(graph, dlcore_onnx_node_input(graph, node, 1), moments.x,
                                          &moments.epsilon);
    } else if (dlcore_onnx_is(graph, node, "Add")) {
        *found = onnx_find_moments(graph, node, &moments);
    }
    return *found ? onnx_add_moments(match, node, &moments) : DLCORE_OK;
}
