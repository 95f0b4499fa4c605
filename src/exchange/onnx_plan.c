/* A file opened, its graph read, and its layers known.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_plan.h"

#include <string.h>

#include "base/allocator.h"
#include "base/shown.h"
#include "exchange/onnx_proto.h"
#include "exchange/onnx_steps.h"
#include "exchange/onnx_walk.h"

dlcore_onnx_load_options_t dlcore_onnx_load_options_default(void)
{
    return (dlcore_onnx_load_options_t){.model = dlcore_model_options_default(),
                                        .structure_size = sizeof(dlcore_onnx_load_options_t)};
}

static dlcore_status onnx_check_loading(dlcore_onnx_plan_t *plan,
                                        const dlcore_onnx_source_t *source,
                                        const dlcore_onnx_load_options_t *options)
{
    dlcore_status status = DLCORE_OK;

    if (options != NULL)
        status = dlcore_check_options(options, "onnx_load", &plan->error);
    if (status == DLCORE_OK && options != NULL)
        status = dlcore_check_allocator(&options->model.allocator, &plan->error);
    if (status != DLCORE_OK)
        return status;
    if (options != NULL)
        plan->options = *options;
    if (source->path == NULL && source->bytes == NULL)
        return dlcore_fail(&plan->error, DLCORE_ERROR_ARGUMENT, "onnx: what to load from is NULL");
    return DLCORE_OK;
}

/* ---- which output ---- */

/* Whether an output is of numbers that a network makes: of floats, or a table of them. */
static bool onnx_is_result(const dlcore_onnx_graph_t *graph, const dlcore_onnx_port_t *output)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, output->value);

    switch (output->type) {
    case DLCORE_ONNX_FLOAT:
    case DLCORE_ONNX_DOUBLE:
    case DLCORE_ONNX_FLOAT16:
    case DLCORE_ONNX_BFLOAT16:
        return true;
    default:
        return node != NULL && strcmp(dlcore_onnx_text(graph, node->operation), "ZipMap") == 0;
    }
}

static dlcore_status onnx_choose_output(const dlcore_onnx_plan_t *plan, size_t *value)
{
    const dlcore_onnx_graph_t *graph = &plan->graph;
    const char *wanted = plan->options.output;
    dlcore_shown_names_t names = {.used = 0};
    size_t found = 0;

    for (size_t i = 0; i < graph->outputs.count; i++) {
        const dlcore_onnx_port_t *output = dlcore_onnx_output(graph, i);
        const char *name = dlcore_onnx_text(graph, dlcore_onnx_value(graph, output->value)->name);

        dlcore_shown_add(&names, name);
        if (wanted != NULL ? strcmp(name, wanted) != 0
                           : graph->outputs.count > 1 && !onnx_is_result(graph, output))
            continue;
        *value = output->value;
        found++;
    }
    if (found == 1)
        return DLCORE_OK;
    return dlcore_fail(graph->error, wanted != NULL ? DLCORE_ERROR_NAME : DLCORE_ERROR_UNSUPPORTED,
                       "%s: has %s; its outputs are %s", graph->input->name,
                       wanted != NULL ? "no output of that name"
                       : found == 0   ? "no output of numbers"
                                      : "several outputs, of which options.output chooses one",
                       names.text);
}

/* ---- all of it ---- */

dlcore_status dlcore_onnx_plan_begin(dlcore_onnx_plan_t *plan, const dlcore_onnx_source_t *source,
                                     const dlcore_onnx_load_options_t *options)
{
    size_t output = 0, input = 0;
    dlcore_status status;

    *plan = (dlcore_onnx_plan_t){.options = dlcore_onnx_load_options_default()};
    plan->graph = (dlcore_onnx_graph_t){
        .error = &plan->error, .unread = &plan->unread, .input = &plan->input};
    plan->match.graph = &plan->graph;
    status = onnx_check_loading(plan, source, options);
    plan->graph.allocator = plan->options.model.allocator;
    if (status == DLCORE_OK && source->path != NULL)
        status = dlcore_input_open(&plan->input, source->path, &plan->error);
    else if (status == DLCORE_OK)
        dlcore_input_from_memory(&plan->input, source->bytes, source->size, "memory");
    if (status != DLCORE_OK)
        return status;
    plan->is_open = true;
    plan->graph.path = source->path;
    plan->graph.external = plan->options.external_data;
    plan->graph.external_size = plan->options.external_size;
    status = dlcore_onnx_proto_read(&plan->graph);
    if (status == DLCORE_OK)
        status = dlcore_onnx_settle_constants(&plan->graph);
    if (status != DLCORE_OK)
        return status;
    dlcore_onnx_skip_casts(&plan->graph);
    plan->is_read = true;
    status = onnx_choose_output(plan, &output);
    if (status == DLCORE_OK)
        status = dlcore_onnx_walk(&plan->match, output, &input);
    if (status == DLCORE_OK)
        status = dlcore_onnx_settle_steps(&plan->match, dlcore_onnx_input(&plan->graph, input),
                                          &plan->input_width);
    if (plan->unread.status != DLCORE_OK) { /* what it was taken for depends on what was not read */
        plan->error = plan->unread;
        status = plan->error.status;
    }
    return status;
}

void dlcore_onnx_plan_end(dlcore_onnx_plan_t *plan, dlcore_status status)
{
    if (plan->is_open) {
        dlcore_onnx_match_clear(&plan->match);
        dlcore_onnx_graph_clear(&plan->graph);
        dlcore_input_close(&plan->input);
    }
    if (status != DLCORE_OK && plan->options.error != NULL)
        *plan->options.error = plan->error;
}
