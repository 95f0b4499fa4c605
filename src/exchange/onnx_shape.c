/* The shape of what goes through a network.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_shape.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "base/shown.h"

dlcore_status dlcore_onnx_shape_begin(const dlcore_onnx_match_t *match,
                                      const dlcore_onnx_port_t *input, dlcore_onnx_shape_t *shape)
{
    const dlcore_onnx_graph_t *graph = match->graph;
    const char *name = dlcore_onnx_text(graph, dlcore_onnx_value(graph, input->value)->name);
    char shown[DLCORE_SHOWN_SIZE];
    size_t width = 1;

    (void)dlcore_show(shown, name, strlen(name));
    *shape = (dlcore_onnx_shape_t){.rank = 2};
    if (input->type == DLCORE_ONNX_STRING)
        return dlcore_fail(graph->error, DLCORE_ERROR_UNSUPPORTED, "%s: input \"%s\" is of strings",
                           graph->input->name, shown);
    if (!input->has_shape)
        return DLCORE_OK;
    if (input->rank < 2 || input->rank > DLCORE_ONNX_RANK_MAX)
        return dlcore_fail(graph->error, DLCORE_ERROR_UNSUPPORTED,
                           "%s: input \"%s\" has %zu axes, it should be (batch, ...)",
                           graph->input->name, shown, input->rank);
    shape->rank = input->rank;
    memcpy(shape->dims, input->dims, sizeof shape->dims);
    for (size_t i = 1; i < shape->rank; i++) {
        int64_t size = shape->dims[i];

        if (size < 0 || size > INT_MAX || (size > 0 && width > INT_MAX / (size_t)size))
            return dlcore_fail(graph->error, DLCORE_ERROR_OVERFLOW,
                               "%s: input \"%s\" has an axis of %" PRId64, graph->input->name,
                               shown, size);
        width *= (size_t)size;
    }
    shape->width = shape->input_width = width;
    return DLCORE_OK;
}

dlcore_status dlcore_onnx_shape_width(const dlcore_onnx_match_t *match,
                                      const dlcore_onnx_node_t *node, dlcore_onnx_shape_t *shape,
                                      size_t width)
{
    if (width > INT_MAX)
        return dlcore_onnx_refuse(match, node, "takes samples of %zu numbers, more than %d", width,
                                  INT_MAX);
    if (shape->width != 0 && shape->width != width)
        return dlcore_onnx_refuse(match, node, "is for %zu numbers a sample, gets %zu", width,
                                  shape->width);
    shape->width = width;
    if (shape->input_width == 0) /* until now every step kept the width */
        shape->input_width = width;
    return DLCORE_OK;
}

dlcore_status dlcore_onnx_shape_rows(const dlcore_onnx_match_t *match,
                                     const dlcore_onnx_node_t *node,
                                     const dlcore_onnx_shape_t *shape)
{
    if (shape->rank == 2)
        return DLCORE_OK;
    return dlcore_onnx_refuse(
        match, node, "works along one axis of %zu: only (batch, width) is supported", shape->rank);
}

/* The product of what comes after the batch, where a -1 is the rest of what is known. */
static bool onnx_inner_width(const dlcore_onnx_shape_t *shape, const int64_t *dims, size_t rank,
                             size_t *width)
{
    bool open = false;

    *width = 1;
    for (size_t i = 1; i < rank; i++) {
        int64_t size = dims[i] == 0 && i < shape->rank ? shape->dims[i] : dims[i];

        if (size == -1 && !open && dims[0] != -1) {
            open = true;
            continue;
        }
        if (size < 1 || size > INT_MAX || *width > INT_MAX / (size_t)size)
            return false;
        *width *= (size_t)size;
    }
    if (!open)
        return true;
    if (*width == 1) { /* all that there is, known or not */
        *width = shape->width;
        return true;
    }
    if (shape->width == 0 || shape->width % *width != 0)
        return false;
    *width = shape->width;
    return true;
}

/* Takes the shape that Reshape has; the batch stays by -1, 0 or its own size. */
static dlcore_status onnx_reshape(const dlcore_onnx_match_t *match, const dlcore_onnx_step_t *step,
                                  dlcore_onnx_shape_t *shape)
{
    int64_t batch = step->dims[0];
    size_t width;

    if ((batch != -1 && batch != 0 && (batch < 1 || batch != shape->dims[0])) ||
        !onnx_inner_width(shape, step->dims, step->rank, &width))
        return dlcore_onnx_refuse(match, step->node,
                                  "its shape does not keep samples apart: (%" PRId64 ", ...) from "
                                  "samples of %zu numbers",
                                  batch, shape->width);
    if (width != 0 && dlcore_onnx_shape_width(match, step->node, shape, width) != DLCORE_OK)
        return match->graph->error->status;
    for (size_t i = 1; i < step->rank; i++) {
        if (step->dims[i] > 0)
            shape->dims[i] = step->dims[i];
        else if (step->dims[i] == -1)
            shape->dims[i] = step->rank == 2 ? (int64_t)shape->width : 0;
    }
    shape->rank = step->rank;
    return DLCORE_OK;
}

dlcore_status dlcore_onnx_shape_apply(const dlcore_onnx_match_t *match,
                                      const dlcore_onnx_step_t *step, dlcore_onnx_shape_t *shape,
                                      bool *flattens)
{
    size_t before = shape->rank;
    dlcore_status status = DLCORE_OK;

    if (before < 2)
        return dlcore_onnx_refuse(match, step->node, "changes a shape without an axis of units");
    if (step->rank > 0) {
        status = onnx_reshape(match, step, shape);
    } else {
        shape->rank = 2;
        shape->dims[1] = (int64_t)shape->width;
    }
    *flattens = before > 2 && shape->rank == 2;
    return status;
}
