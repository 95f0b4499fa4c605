/* Inputs, outputs and nodes of the graph of an ONNX file.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_proto_parts.h"

/* ---- inputs and outputs of the graph ---- */

/* to: dlcore_onnx_port_t */
static bool onnx_take_dimension(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    const dlcore_onnx_target_t *target = *arg;
    dlcore_onnx_port_t *port = target->to;
    dlcore_onnx_Dimension message = dlcore_onnx_Dimension_init_zero;

    (void)field;
    if (!dlcore_onnx_is_delimited(stream))
        return dlcore_onnx_proto_refuse(target->reader, "a dimension is of the wrong kind");
    if (!pb_decode(stream, dlcore_onnx_Dimension_fields, &message))
        return false;
    if (port->rank < DLCORE_ONNX_RANK_MAX)
        port->dims[port->rank] = message.has_dim_value ? message.dim_value : 0;
    port->rank++;
    return true;
}

bool dlcore_onnx_take_port(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    dlcore_onnx_reader_t *reader = ((const dlcore_onnx_target_t *)*arg)->reader;
    dlcore_onnx_graph_t *graph = reader->graph;
    dlcore_onnx_ValueInfo message = dlcore_onnx_ValueInfo_init_zero;
    dlcore_onnx_port_t port = {0}, *kept;
    size_t name = DLCORE_ONNX_NONE;
    dlcore_onnx_target_t to_name = {reader, &name}, to_dims = {reader, &port};

    if (!dlcore_onnx_is_delimited(stream))
        return dlcore_onnx_proto_refuse(reader, "an input or output is of the wrong kind");
    message.name = (pb_callback_t){.funcs.decode = dlcore_onnx_take_text, .arg = &to_name};
    message.type.tensor_type.shape.dim =
        (pb_callback_t){.funcs.decode = onnx_take_dimension, .arg = &to_dims};
    if (!pb_decode(stream, dlcore_onnx_ValueInfo_fields, &message))
        return false;
    port.type = message.type.tensor_type.elem_type;
    port.has_shape = message.type.tensor_type.has_shape;
    if (name == DLCORE_ONNX_NONE)
        return dlcore_onnx_proto_refuse(reader, "an input or output has no name");
    port.value = dlcore_onnx_intern(graph, name);
    if (port.value == DLCORE_ONNX_NONE)
        return dlcore_onnx_proto_failed(reader);
    kept = dlcore_onnx_append(
        graph, field->tag == dlcore_onnx_Graph_input_tag ? &graph->inputs : &graph->outputs,
        sizeof *kept, DLCORE_ONNX_THINGS_MAX, "inputs and outputs");
    if (kept == NULL)
        return dlcore_onnx_proto_failed(reader);
    *kept = port;
    return true;
}

/* ---- nodes ---- */

static bool onnx_float_taker(dlcore_onnx_reader_t *reader, void *to, pb_istream_t *stream)
{
    dlcore_onnx_attribute_t *attribute = to;
    dlcore_onnx_graph_t *graph = reader->graph;
    float value, *kept;

    if (!pb_decode_fixed32(stream, &value))
        return false;
    kept = dlcore_onnx_append(graph, &graph->floats, sizeof *kept, DLCORE_ONNX_NUMBERS_MAX,
                              "numbers in attributes");
    if (kept == NULL)
        return dlcore_onnx_proto_failed(reader);
    *kept = value;
    if (attribute->count++ == 0)
        attribute->first = graph->floats.count - 1;
    return true;
}

static bool onnx_take_floats(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    (void)field;
    return dlcore_onnx_take_numbers(stream, *arg, onnx_float_taker);
}

static bool onnx_int_taker(dlcore_onnx_reader_t *reader, void *to, pb_istream_t *stream)
{
    dlcore_onnx_attribute_t *attribute = to;
    dlcore_onnx_graph_t *graph = reader->graph;
    int64_t value, *kept;

    if (!dlcore_onnx_varint(stream, &value))
        return false;
    kept = dlcore_onnx_append(graph, &graph->ints, sizeof *kept, DLCORE_ONNX_NUMBERS_MAX,
                              "numbers in attributes");
    if (kept == NULL)
        return dlcore_onnx_proto_failed(reader);
    *kept = value;
    if (attribute->count++ == 0)
        attribute->first = graph->ints.count - 1;
    return true;
}

static bool onnx_take_ints(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    (void)field;
    return dlcore_onnx_take_numbers(stream, *arg, onnx_int_taker);
}

/* to: the node, whose attributes stand side by side because nothing else makes attributes. */
static bool onnx_take_attribute(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    const dlcore_onnx_target_t *target = *arg;
    dlcore_onnx_reader_t *reader = target->reader;
    dlcore_onnx_graph_t *graph = reader->graph;
    dlcore_onnx_node_t *node = target->to;
    dlcore_onnx_Attribute message = dlcore_onnx_Attribute_init_zero;
    dlcore_onnx_attribute_t attribute = {
        .name = DLCORE_ONNX_NONE, .s = DLCORE_ONNX_NONE, .tensor = DLCORE_ONNX_NONE};
    dlcore_onnx_attribute_t floats = {0}, ints = {0}, *kept;
    dlcore_onnx_tensor_t tensor;
    dlcore_onnx_tensor_parts_t parts;
    dlcore_onnx_target_t to_name = {reader, &attribute.name}, to_s = {reader, &attribute.s};
    dlcore_onnx_target_t to_floats = {reader, &floats}, to_ints = {reader, &ints};

    (void)field;
    if (!dlcore_onnx_is_delimited(stream))
        return dlcore_onnx_proto_refuse(reader, "an attribute is of the wrong kind");
    message.name = (pb_callback_t){.funcs.decode = dlcore_onnx_take_text, .arg = &to_name};
    message.s = (pb_callback_t){.funcs.decode = dlcore_onnx_take_text, .arg = &to_s};
    message.floats = (pb_callback_t){.funcs.decode = onnx_take_floats, .arg = &to_floats};
    message.ints = (pb_callback_t){.funcs.decode = onnx_take_ints, .arg = &to_ints};
    dlcore_onnx_prepare_tensor(reader, &message.t, &tensor, &parts);
    if (!pb_decode(stream, dlcore_onnx_Attribute_fields, &message))
        return false;
    attribute.type = message.type;
    attribute.f = message.f;
    attribute.i = message.i;
    attribute.first = message.type == DLCORE_ONNX_ATTRIBUTE_INTS ? ints.first : floats.first;
    attribute.count = message.type == DLCORE_ONNX_ATTRIBUTE_INTS ? ints.count : floats.count;
    if (message.has_t) {
        dlcore_onnx_tensor_t *place = dlcore_onnx_new_tensor(reader);

        if (place == NULL)
            return dlcore_onnx_proto_failed(reader);
        dlcore_onnx_finish_tensor(&message.t, &tensor, &parts);
        *place = tensor;
        attribute.tensor = graph->tensors.count - 1;
    }
    kept = dlcore_onnx_append(graph, &graph->attributes, sizeof *kept, DLCORE_ONNX_THINGS_MAX,
                              "attributes");
    if (kept == NULL)
        return dlcore_onnx_proto_failed(reader);
    *kept = attribute;
    if (node->attribute_count++ == 0)
        node->attributes = graph->attributes.count - 1;
    return true;
}

static bool onnx_take_value(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    const dlcore_onnx_target_t *target = *arg;
    dlcore_onnx_reader_t *reader = target->reader;
    dlcore_onnx_graph_t *graph = reader->graph;
    dlcore_onnx_node_t *node = target->to;
    bool is_input = field->tag == dlcore_onnx_Node_input_tag;
    dlcore_onnx_list_t *list = is_input ? &graph->edges : &graph->ends;
    size_t name = DLCORE_ONNX_NONE, value = DLCORE_ONNX_NONE, *kept;
    dlcore_onnx_target_t to_name = {reader, &name};
    void *text = &to_name;

    if (!dlcore_onnx_take_text(stream, field, &text))
        return false;
    if (dlcore_onnx_text(graph, name)[0] != '\0') {
        value = dlcore_onnx_intern(graph, name);
        if (value == DLCORE_ONNX_NONE)
            return dlcore_onnx_proto_failed(reader);
    }
    kept = dlcore_onnx_append(graph, list, sizeof *kept, DLCORE_ONNX_THINGS_MAX, "edges");
    if (kept == NULL)
        return dlcore_onnx_proto_failed(reader);
    *kept = value;
    if (is_input && node->input_count++ == 0)
        node->inputs = list->count - 1;
    else if (!is_input && node->output_count++ == 0)
        node->outputs = list->count - 1;
    return true;
}

bool dlcore_onnx_take_node(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    dlcore_onnx_reader_t *reader = ((const dlcore_onnx_target_t *)*arg)->reader;
    dlcore_onnx_Node message = dlcore_onnx_Node_init_zero;
    dlcore_onnx_node_t node = {.name = DLCORE_ONNX_NONE,
                               .operation = DLCORE_ONNX_NONE,
                               .domain = DLCORE_ONNX_NONE},
                       *kept;
    dlcore_onnx_target_t to_node = {reader, &node}, to_name = {reader, &node.name};
    dlcore_onnx_target_t to_operation = {reader, &node.operation},
                         to_domain = {reader, &node.domain};

    (void)field;
    if (!dlcore_onnx_is_delimited(stream))
        return dlcore_onnx_proto_refuse(reader, "a node is of the wrong kind");
    message.input = message.output =
        (pb_callback_t){.funcs.decode = onnx_take_value, .arg = &to_node};
    message.name = (pb_callback_t){.funcs.decode = dlcore_onnx_take_text, .arg = &to_name};
    message.op_type = (pb_callback_t){.funcs.decode = dlcore_onnx_take_text, .arg = &to_operation};
    message.domain = (pb_callback_t){.funcs.decode = dlcore_onnx_take_text, .arg = &to_domain};
    message.attribute = (pb_callback_t){.funcs.decode = onnx_take_attribute, .arg = &to_node};
    if (!pb_decode(stream, dlcore_onnx_Node_fields, &message))
        return false;
    kept = dlcore_onnx_append(reader->graph, &reader->graph->nodes, sizeof *kept,
                              DLCORE_ONNX_THINGS_MAX, "nodes");
    if (kept == NULL)
        return dlcore_onnx_proto_failed(reader);
    *kept = node;
    return true;
}
