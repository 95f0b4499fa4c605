/* What an ONNX file is and what loading makes of it, as text.
 *
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "base/shown.h"
#include "base/traces.h"
#include "exchange/onnx_plan.h"
#include "exchange/onnx_walk.h"

#define ONNX_COUNTED_MAX 40 /* kinds of operators that are listed */
#define ONNX_LISTED_MAX 60  /* nodes of a graph that is refused */

/* A text of the file, cut and cleaned. */
static const char *onnx_shown(const dlcore_onnx_graph_t *graph, size_t text,
                              char shown[DLCORE_SHOWN_SIZE])
{
    const char *bytes = dlcore_onnx_text(graph, text);

    return dlcore_show(shown, bytes, strlen(bytes));
}

static void onnx_print_head(const dlcore_onnx_graph_t *graph, FILE *stream)
{
    const dlcore_onnx_opset_t *opsets = graph->opsets.items;
    char shown[DLCORE_SHOWN_SIZE];

    fprintf(stream, "%s: ONNX, IR version %" PRId64 ", by %s", graph->input->name,
            graph->ir_version, onnx_shown(graph, graph->producer, shown));
    fprintf(stream, " %s\n", onnx_shown(graph, graph->producer_version, shown));
    for (size_t i = 0; i < graph->opsets.count && i < ONNX_COUNTED_MAX; i++) {
        const char *domain = onnx_shown(graph, opsets[i].domain, shown);

        fprintf(stream, "  operators of %s, version %" PRId64 "\n",
                domain[0] != '\0' ? domain : "ONNX", opsets[i].version);
    }
}

/* Each kind of operator once, with its number, at its first node. */
static void onnx_print_operators(const dlcore_onnx_graph_t *graph, FILE *stream)
{
    size_t listed = 0;
    char shown[DLCORE_SHOWN_SIZE];

    fprintf(stream, "  %zu nodes:", graph->nodes.count);
    for (size_t i = 0; i < graph->nodes.count && listed < ONNX_COUNTED_MAX; i++) {
        const char *name = dlcore_onnx_text(graph, dlcore_onnx_node(graph, i)->operation);
        size_t count = 0;
        bool is_first = true;

        for (size_t k = 0; k < graph->nodes.count && is_first; k++) {
            if (strcmp(dlcore_onnx_text(graph, dlcore_onnx_node(graph, k)->operation), name) != 0)
                continue;
            is_first = k >= i;
            count++;
        }
        if (is_first) {
            fprintf(stream, "%s %zu %s", listed > 0 ? "," : "", count,
                    dlcore_show(shown, name, strlen(name)));
            listed++;
        }
    }
    fprintf(stream, "%s\n", listed == ONNX_COUNTED_MAX ? ", ..." : "");
}

/* Numbers in the weights of a layer for that many inputs; *width becomes its outputs. */
static size_t onnx_layer_numbers(const dlcore_onnx_step_t *step, size_t *width)
{
    const dlcore_layer_type_t *type = dlcore_layer_type(step->layer.kind);
    dlcore_parameter_t parameters[DLCORE_LAYER_PARAMETERS_MAX];
    size_t count = type->declare != NULL ? type->declare(&step->layer, *width, parameters) : 0;
    size_t numbers = 0;

    for (size_t i = 0; i < count; i++)
        numbers += parameters[i].shape[0] * parameters[i].shape[1];
    *width = type->output_width(&step->layer, *width);
    return numbers;
}

static void onnx_print_layers(const dlcore_onnx_plan_t *plan, FILE *stream)
{
    size_t width = plan->input_width, total = 0;
    char where[DLCORE_ONNX_WHERE_SIZE];

    fprintf(stream, "  layers, for samples of %zu numbers:\n", width);
    for (size_t i = 0; i < plan->match.steps.count; i++) {
        const dlcore_onnx_step_t *step = dlcore_onnx_step(&plan->match, i);
        size_t numbers = onnx_layer_numbers(step, &width);

        total += numbers;
        fprintf(stream, "    %-20s (batch, %zu)  %zu numbers", //
                dlcore_layer_kind_name(step->layer.kind), width, numbers);
        if (step->layer.kind == DLCORE_LAYER_DENSE || step->layer.kind == DLCORE_LAYER_ACTIVATION)
            fprintf(stream, "  %s", dlcore_activation_name(step->layer.activation));
        fprintf(stream, "  from %s\n", dlcore_onnx_where(where, &plan->graph, step->node));
    }
    fprintf(stream, "  %zu numbers, %zu bytes as float32\n", total, total * sizeof(float));
}

/* " weights (16, 8)" of each constant that the node takes. */
static void onnx_print_constants(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node,
                                 FILE *stream)
{
    bool first = true;

    for (size_t i = 0; i < node->input_count; i++) {
        size_t value = dlcore_onnx_node_input(graph, node, i);
        size_t number =
            value != DLCORE_ONNX_NONE ? dlcore_onnx_value(graph, value)->tensor : DLCORE_ONNX_NONE;
        const dlcore_onnx_tensor_t *tensor;

        if (number == DLCORE_ONNX_NONE)
            continue;
        tensor = dlcore_onnx_tensor(graph, number);
        fprintf(stream, first ? ": weights (" : ", (");
        for (size_t axis = 0; axis < tensor->rank; axis++)
            fprintf(stream, "%s%" PRId64, axis > 0 ? ", " : "", tensor->dims[axis]);
        fprintf(stream, ")");
        first = false;
    }
}

/* What a graph that cannot be loaded has in it. */
static void onnx_print_nodes(const dlcore_onnx_graph_t *graph, FILE *stream)
{
    static const char *const remarks[] = {
        [DLCORE_ONNX_UNKNOWN] = "; this version has no such operator",
        [DLCORE_ONNX_KNOWN_AS_PART] = "; known only among the operators that make up a layer",
        [DLCORE_ONNX_KNOWN] = "",
    };
    char shown[DLCORE_SHOWN_SIZE];

    fprintf(stream, "  nodes:\n");
    for (size_t i = 0; i < graph->nodes.count && i < ONNX_LISTED_MAX; i++) {
        const dlcore_onnx_node_t *node = dlcore_onnx_node(graph, i);

        fprintf(stream, "    %s", onnx_shown(graph, node->operation, shown));
        if (dlcore_onnx_text(graph, node->name)[0] != '\0')
            fprintf(stream, " \"%s\"", onnx_shown(graph, node->name, shown));
        onnx_print_constants(graph, node, stream);
        fprintf(stream, "%s\n", remarks[dlcore_onnx_knows(graph, node)]);
    }
    if (graph->nodes.count > ONNX_LISTED_MAX)
        fprintf(stream, "    ...\n");
}

static dlcore_status onnx_inspect_source(const dlcore_onnx_source_t *source,
                                         const dlcore_onnx_load_options_t *options, FILE *stream)
{
    dlcore_onnx_plan_t plan;
    dlcore_status status = dlcore_onnx_plan_begin(&plan, source, options);

    if (stream == NULL) {
        status = dlcore_fail(&plan.error, DLCORE_ERROR_ARGUMENT, "onnx_inspect: stream is NULL");
    } else {
        if (plan.is_read) {
            onnx_print_head(&plan.graph, stream);
            onnx_print_operators(&plan.graph, stream);
        }
        if (status == DLCORE_OK)
            onnx_print_layers(&plan, stream);
        else
            fprintf(stream, "  cannot be loaded: %s\n", plan.error.message);
        if (status != DLCORE_OK && plan.is_read)
            onnx_print_nodes(&plan.graph, stream);
        if (fflush(stream) != 0 || ferror(stream))
            status = dlcore_fail(&plan.error, DLCORE_ERROR_IO,
                                 "onnx_inspect: cannot write to the stream");
    }
    dlcore_onnx_plan_end(&plan, status);
    return status;
}

dlcore_status dlcore_onnx_inspect(const char *path, const dlcore_onnx_load_options_t *options,
                                  FILE *stream)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(
        before, onnx_inspect_source(&(dlcore_onnx_source_t){.path = path}, options, stream));
}

dlcore_status dlcore_onnx_inspect_memory(const void *bytes, size_t size,
                                         const dlcore_onnx_load_options_t *options, FILE *stream)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(
        before, onnx_inspect_source(&(dlcore_onnx_source_t){.bytes = bytes, .size = size}, options,
                                    stream));
}
