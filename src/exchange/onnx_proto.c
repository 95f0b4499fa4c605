/* Reading ONNX's protocol buffers. nanopb finds fields and tells a callback of each; what a
 * callback keeps goes into the graph. Nothing is allocated but the graph's lists, and messages are
 * nested at most as deep as onnx.proto says: model, graph, node, attribute, tensor, pair.
 *
 * The bytes come through a stream of our own, which knows where in the file it is, so that weights
 * are noted by their place. nanopb hands values that are not length-delimited to a callback through
 * a small stream of its own; a text or a message that comes so is of the wrong kind, and refused.
 * (onnx_proto_bytes.c, onnx_proto_tensor.c, onnx_proto_graph.c; here is the model itself.)
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_proto.h"

#include "base/allocator.h"
#include "base/error.h"
#include "exchange/onnx_proto_parts.h"

static bool onnx_take_opset(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    dlcore_onnx_reader_t *reader = ((const dlcore_onnx_target_t *)*arg)->reader;
    dlcore_onnx_Opset message = dlcore_onnx_Opset_init_zero;
    dlcore_onnx_opset_t opset = {.domain = DLCORE_ONNX_NONE}, *kept;
    dlcore_onnx_target_t to_domain = {reader, &opset.domain};

    (void)field;
    if (!dlcore_onnx_is_delimited(stream))
        return dlcore_onnx_proto_refuse(reader, "opset_import is of the wrong kind");
    message.domain = (pb_callback_t){.funcs.decode = dlcore_onnx_take_text, .arg = &to_domain};
    if (!pb_decode(stream, dlcore_onnx_Opset_fields, &message))
        return false;
    opset.version = message.version;
    kept = dlcore_onnx_append(reader->graph, &reader->graph->opsets, sizeof *kept,
                              DLCORE_ONNX_THINGS_MAX, "operator sets");
    if (kept == NULL)
        return dlcore_onnx_proto_failed(reader);
    *kept = opset;
    return true;
}

/* to: dlcore_onnx_pair_t. Where the value's text is; it is read when it is wanted. */
static bool onnx_take_place(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    const dlcore_onnx_target_t *target = *arg;
    dlcore_onnx_pair_t *pair = target->to;

    (void)field;
    if (!dlcore_onnx_is_delimited(stream))
        return dlcore_onnx_proto_refuse(target->reader, "a text is of the wrong kind");
    pair->size = stream->bytes_left;
    pair->offset = dlcore_onnx_pass_over(stream, target->reader);
    return true;
}

static bool onnx_take_note(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    dlcore_onnx_reader_t *reader = ((const dlcore_onnx_target_t *)*arg)->reader;
    dlcore_onnx_Pair message = dlcore_onnx_Pair_init_zero;
    dlcore_onnx_pair_t pair = {.key = DLCORE_ONNX_NONE}, *kept;
    dlcore_onnx_target_t to_key = {reader, &pair.key}, to_value = {reader, &pair};

    (void)field;
    if (!dlcore_onnx_is_delimited(stream))
        return dlcore_onnx_proto_refuse(reader, "metadata_props is of the wrong kind");
    message.key = (pb_callback_t){.funcs.decode = dlcore_onnx_take_text, .arg = &to_key};
    message.value = (pb_callback_t){.funcs.decode = onnx_take_place, .arg = &to_value};
    if (!pb_decode(stream, dlcore_onnx_Pair_fields, &message))
        return false;
    kept = dlcore_onnx_append(reader->graph, &reader->graph->notes, sizeof *kept,
                              DLCORE_ONNX_THINGS_MAX, "notes");
    if (kept == NULL)
        return dlcore_onnx_proto_failed(reader);
    *kept = pair;
    return true;
}

/* What fills the whole graph; texts have targets of their own. */
static bool onnx_read_model(dlcore_onnx_reader_t *reader, dlcore_onnx_Model *model)
{
    dlcore_onnx_graph_t *graph = reader->graph;
    dlcore_onnx_target_t all = {reader, graph};
    dlcore_onnx_target_t to_producer = {reader, &graph->producer};
    dlcore_onnx_target_t to_version = {reader, &graph->producer_version};
    pb_istream_t stream = dlcore_onnx_proto_stream(reader);

    model->producer_name =
        (pb_callback_t){.funcs.decode = dlcore_onnx_take_text, .arg = &to_producer};
    model->producer_version =
        (pb_callback_t){.funcs.decode = dlcore_onnx_take_text, .arg = &to_version};
    model->opset_import = (pb_callback_t){.funcs.decode = onnx_take_opset, .arg = &all};
    model->metadata_props = (pb_callback_t){.funcs.decode = onnx_take_note, .arg = &all};
    model->graph.node = (pb_callback_t){.funcs.decode = dlcore_onnx_take_node, .arg = &all};
    model->graph.initializer =
        (pb_callback_t){.funcs.decode = dlcore_onnx_take_initializer, .arg = &all};
    model->graph.input = model->graph.output =
        (pb_callback_t){.funcs.decode = dlcore_onnx_take_port, .arg = &all};
    return pb_decode(&stream, dlcore_onnx_Model_fields, model);
}

dlcore_status dlcore_onnx_proto_read(dlcore_onnx_graph_t *graph)
{
    dlcore_onnx_reader_t *reader = dlcore_allocate(&graph->allocator, 1, sizeof *reader);
    dlcore_onnx_Model model = dlcore_onnx_Model_init_zero;
    dlcore_status status = DLCORE_OK;

    if (reader == NULL)
        return dlcore_fail_memory(graph->error, graph->input->name, sizeof *reader);
    reader->graph = graph;
    graph->producer = graph->producer_version = DLCORE_ONNX_NONE;
    if (!onnx_read_model(reader, &model)) {
        status = reader->status;
        if (status == DLCORE_OK)
            status = dlcore_fail(graph->error, DLCORE_ERROR_FORMAT,
                                 "%s: is no ONNX model, or cut off: malformed before byte %zu",
                                 graph->input->name, reader->position);
    }
    dlcore_release(&graph->allocator, reader);
    if (status != DLCORE_OK)
        return status;
    graph->ir_version = model.ir_version;
    if (!model.has_graph || graph->nodes.count == 0 || graph->opsets.count == 0)
        return dlcore_fail(graph->error, DLCORE_ERROR_FORMAT,
                           "%s: is no ONNX model: it has no graph of operators",
                           graph->input->name);
    return dlcore_onnx_graph_link(graph);
}
