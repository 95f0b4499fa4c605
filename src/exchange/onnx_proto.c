/* Reading ONNX's protocol buffers. nanopb finds fields and tells a callback of each; what a
 * callback keeps goes into the graph. Nothing is allocated but the graph's lists, and messages are
 * nested at most as deep as onnx.proto says: model, graph, node, attribute, tensor, pair.
 *
 * The bytes come through a stream of our own, which knows where in the file it is, so that weights
 * are noted by their place. nanopb hands values that are not length-delimited to a callback through
 * a small stream of its own; a text or a message that comes so is of the wrong kind, and refused.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_proto.h"

#include <pb_decode.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "exchange/onnx.pb.h"

#define ONNX_WINDOW 4096 /* bytes of the file at hand */

typedef struct onnx_reader {
    dlcore_onnx_graph_t *graph;
    size_t position;      /* of the next byte */
    size_t begin, end;    /* of what the window holds */
    dlcore_status status; /* of our own failures; the graph's error has the message */
    unsigned char window[ONNX_WINDOW];
} onnx_reader_t;

/* What callbacks get: the reader, and what they fill. */
typedef struct onnx_target {
    onnx_reader_t *reader;
    void *to;
} onnx_target_t;

/* ---- bytes ---- */

static bool onnx_fill(onnx_reader_t *reader)
{
    dlcore_input_t *input = reader->graph->input;
    size_t got;

    if (reader->status != DLCORE_OK) /* nanopb reads to the end of a message that failed */
        return false;
    input->position = reader->begin = reader->position;
    reader->status =
        dlcore_input_read(input, reader->window, sizeof reader->window, &got, reader->graph->error);
    reader->end = reader->begin + (reader->status == DLCORE_OK ? got : 0);
    return reader->end > reader->begin;
}

static bool onnx_read(pb_istream_t *stream, pb_byte_t *to, size_t count)
{
    onnx_reader_t *reader = stream->state;

    while (count > 0) {
        size_t here;

        if (reader->position >= reader->end && !onnx_fill(reader))
            return false;
        here = reader->end - reader->position;
        if (here > count)
            here = count;
        if (to != NULL) {
            memcpy(to, reader->window + (reader->position - reader->begin), here);
            to += here;
        }
        reader->position += here;
        count -= here;
    }
    return true;
}

/* Whether a callback has a stream of file bytes before it, as texts, messages and packed lists do.
 */
static bool onnx_is_delimited(const pb_istream_t *stream)
{
    return stream->callback == onnx_read;
}

/* Passes over the rest of a field; where it began. */
static size_t onnx_pass_over(pb_istream_t *stream, const onnx_reader_t *from)
{
    onnx_reader_t *reader = stream->state;
    size_t began = from->position;

    reader->position += stream->bytes_left;
    stream->bytes_left = 0;
    return began;
}

/* nanopb calls nothing more after a failure, so that the first is the one that is told. */
static bool onnx_refuse(onnx_reader_t *reader, const char *problem)
{
    reader->end = reader->begin;
    reader->status =
        dlcore_fail(reader->graph->error, DLCORE_ERROR_FORMAT, "%s: %s, before byte %zu",
                    reader->graph->input->name, problem, reader->position);
    return false;
}

/* The graph has written why. */
static bool onnx_failed(onnx_reader_t *reader)
{
    reader->end = reader->begin; /* no byte is read after a failure */
    reader->status = reader->graph->error->status;
    return false;
}

/* ---- single values ---- */

/* to: size_t, a text */
static bool onnx_take_text(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    const onnx_target_t *target = *arg;
    dlcore_onnx_graph_t *graph = target->reader->graph;
    size_t size = stream->bytes_left, text;
    char *bytes;

    (void)field;
    if (!onnx_is_delimited(stream))
        return onnx_refuse(target->reader, "a text is of the wrong kind");
    text = dlcore_onnx_add_text(graph, size);
    if (text == DLCORE_ONNX_NONE)
        return onnx_failed(target->reader);
    bytes = (char *)graph->names.items + text;
    if (size > 0 && !pb_read(stream, (pb_byte_t *)bytes, size))
        return false;
    if (memchr(bytes, '\0', size) != NULL)
        return onnx_refuse(target->reader, "a text has a zero byte");
    *(size_t *)target->to = text;
    return true;
}

static bool onnx_varint(pb_istream_t *stream, int64_t *value)
{
    uint64_t bits;

    if (!pb_decode_varint(stream, &bits))
        return false;
    *value = (int64_t)bits;
    return true;
}

/* The numbers of a field that is repeated, packed or not, go to `take` one by one. */
typedef bool onnx_number_taker_t(onnx_reader_t *reader, void *to, pb_istream_t *stream);

static bool onnx_take_numbers(pb_istream_t *stream, const onnx_target_t *target,
                              onnx_number_taker_t *take)
{
    bool packed = onnx_is_delimited(stream);

    while (stream->bytes_left > 0) {
        if (!take(target->reader, target->to, stream))
            return false;
        if (!packed)
            break;
    }
    return stream->bytes_left == 0 || onnx_refuse(target->reader, "a number is of the wrong kind");
}

/* ---- tensors ---- */

static bool onnx_dimension_taker(onnx_reader_t *reader, void *to, pb_istream_t *stream)
{
    dlcore_onnx_tensor_t *tensor = to;
    int64_t size;

    (void)reader;
    if (!onnx_varint(stream, &size))
        return false;
    if (tensor->rank == DLCORE_ONNX_RANK_MAX)
        tensor->problem = "has more than 8 axes";
    else
        tensor->dims[tensor->rank++] = size;
    return true;
}

static bool onnx_take_dimensions(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    (void)field;
    return onnx_take_numbers(stream, *arg, onnx_dimension_taker);
}

/* raw_data or a packed field: where it is. */
static bool onnx_take_data(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    const onnx_target_t *target = *arg;
    dlcore_onnx_tensor_t *tensor = target->to;
    bool again = tensor->storage != DLCORE_ONNX_EMPTY;

    if (!onnx_is_delimited(stream)) {
        tensor->problem = "has numbers that are not packed";
        return true;
    }
    tensor->storage =
        field->tag == dlcore_onnx_Tensor_raw_data_tag ? DLCORE_ONNX_RAW : DLCORE_ONNX_PACKED;
    tensor->field = field->tag;
    tensor->size = stream->bytes_left;
    tensor->offset = onnx_pass_over(stream, target->reader);
    if (again)
        tensor->problem = "has its numbers in several pieces";
    return true;
}

/* A decimal number of bytes. */
static bool onnx_parse_size(const char *text, size_t *value)
{
    *value = 0;
    for (; *text != '\0'; text++) {
        size_t digit = (size_t)(*text - '0');

        if (*text < '0' || *text > '9' || *value > (SIZE_MAX - digit) / 10)
            return false;
        *value = 10 * *value + digit;
    }
    return true;
}

/* What a tensor says of the file that its numbers are in. */
typedef struct onnx_elsewhere {
    dlcore_onnx_tensor_t *tensor;
    size_t location, offset, length;
    bool has_length, wrong;
} onnx_elsewhere_t;

static bool onnx_take_elsewhere(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    const onnx_target_t *target = *arg;
    onnx_elsewhere_t *elsewhere = target->to;
    const dlcore_onnx_graph_t *graph = target->reader->graph;
    size_t key = DLCORE_ONNX_NONE, value = DLCORE_ONNX_NONE;
    onnx_target_t to_key = {target->reader, &key}, to_value = {target->reader, &value};
    dlcore_onnx_Pair pair = dlcore_onnx_Pair_init_zero;

    (void)field;
    pair.key = (pb_callback_t){.funcs.decode = onnx_take_text, .arg = &to_key};
    pair.value = (pb_callback_t){.funcs.decode = onnx_take_text, .arg = &to_value};
    if (!onnx_is_delimited(stream))
        return onnx_refuse(target->reader, "external_data is of the wrong kind");
    if (!pb_decode(stream, dlcore_onnx_Pair_fields, &pair))
        return false;
    if (strcmp(dlcore_onnx_text(graph, key), "location") == 0) {
        elsewhere->location = value;
    } else if (strcmp(dlcore_onnx_text(graph, key), "offset") == 0) {
        elsewhere->wrong |= !onnx_parse_size(dlcore_onnx_text(graph, value), &elsewhere->offset);
    } else if (strcmp(dlcore_onnx_text(graph, key), "length") == 0) {
        elsewhere->wrong |= !onnx_parse_size(dlcore_onnx_text(graph, value), &elsewhere->length);
        elsewhere->has_length = true;
    }
    return true;
}

/* A tensor message with its callbacks; the targets live as long as the decoding. */
typedef struct onnx_tensor_parts {
    onnx_target_t tensor, name, elsewhere;
    onnx_elsewhere_t external;
} onnx_tensor_parts_t;

static void onnx_prepare_tensor(onnx_reader_t *reader, dlcore_onnx_Tensor *message,
                                dlcore_onnx_tensor_t *tensor, onnx_tensor_parts_t *parts)
{
    pb_callback_t data = {.funcs.decode = onnx_take_data, .arg = &parts->tensor};

    *tensor = (dlcore_onnx_tensor_t){.name = DLCORE_ONNX_NONE, .location = DLCORE_ONNX_NONE};
    parts->external = (onnx_elsewhere_t){.tensor = tensor, .location = DLCORE_ONNX_NONE};
    parts->tensor = (onnx_target_t){reader, tensor};
    parts->name = (onnx_target_t){reader, &tensor->name};
    parts->elsewhere = (onnx_target_t){reader, &parts->external};
    message->dims = (pb_callback_t){.funcs.decode = onnx_take_dimensions, .arg = &parts->tensor};
    message->name = (pb_callback_t){.funcs.decode = onnx_take_text, .arg = &parts->name};
    message->float_data = message->int32_data = message->int64_data = data;
    message->double_data = message->uint64_data = message->raw_data = data;
    message->external_data =
        (pb_callback_t){.funcs.decode = onnx_take_elsewhere, .arg = &parts->elsewhere};
}

/* How many numbers it has; a shape that is too large or negative is a problem of its own. */
static void onnx_count_tensor(dlcore_onnx_tensor_t *tensor)
{
    tensor->count = 1;
    for (size_t i = 0; i < tensor->rank; i++) {
        int64_t size = tensor->dims[i];

        if (size < 0 || (uint64_t)size > SIZE_MAX / sizeof(float) ||
            (size > 0 && tensor->count > SIZE_MAX / sizeof(float) / (size_t)size)) {
            tensor->problem = "has a shape that cannot be";
            tensor->count = 0;
            return;
        }
        tensor->count *= (size_t)size;
    }
}

static void onnx_finish_tensor(const dlcore_onnx_Tensor *message, dlcore_onnx_tensor_t *tensor,
                               const onnx_tensor_parts_t *parts)
{
    tensor->type = message->data_type;
    onnx_count_tensor(tensor);
    if (message->data_location == 0)
        return;
    if (message->data_location != 1 || parts->external.location == DLCORE_ONNX_NONE ||
        parts->external.wrong)
        tensor->problem = "has external data without a right location, offset and length";
    tensor->storage = DLCORE_ONNX_EXTERNAL;
    tensor->location = parts->external.location;
    tensor->offset = parts->external.offset;
    tensor->size = parts->external.has_length ? parts->external.length : SIZE_MAX;
}

static dlcore_onnx_tensor_t *onnx_new_tensor(onnx_reader_t *reader)
{
    return dlcore_onnx_append(reader->graph, &reader->graph->tensors, sizeof(dlcore_onnx_tensor_t),
                              DLCORE_ONNX_THINGS_MAX, "tensors");
}

/* An initializer. Its name is a value's. */
static bool onnx_take_initializer(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    onnx_reader_t *reader = ((const onnx_target_t *)*arg)->reader;
    dlcore_onnx_Tensor message = dlcore_onnx_Tensor_init_zero;
    dlcore_onnx_tensor_t tensor, *kept;
    onnx_tensor_parts_t parts;
    size_t value;

    (void)field;
    if (!onnx_is_delimited(stream))
        return onnx_refuse(reader, "an initializer is of the wrong kind");
    onnx_prepare_tensor(reader, &message, &tensor, &parts);
    if (!pb_decode(stream, dlcore_onnx_Tensor_fields, &message))
        return false;
    onnx_finish_tensor(&message, &tensor, &parts);
    if (dlcore_onnx_text(reader->graph, tensor.name)[0] == '\0')
        return onnx_refuse(reader, "an initializer has no name");
    kept = onnx_new_tensor(reader);
    if (kept == NULL)
        return onnx_failed(reader);
    *kept = tensor;
    value = dlcore_onnx_intern(reader->graph, tensor.name);
    if (value == DLCORE_ONNX_NONE)
        return onnx_failed(reader);
    if (dlcore_onnx_value(reader->graph, value)->tensor != DLCORE_ONNX_NONE)
        return onnx_refuse(reader, "two initializers have one name");
    dlcore_onnx_value(reader->graph, value)->tensor = reader->graph->tensors.count - 1;
    kept->name = dlcore_onnx_value(reader->graph, value)->name; /* its own text may be taken back */
    return true;
}

/* ---- inputs and outputs of the graph ---- */

/* to: dlcore_onnx_port_t */
static bool onnx_take_dimension(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    const onnx_target_t *target = *arg;
    dlcore_onnx_port_t *port = target->to;
    dlcore_onnx_Dimension message = dlcore_onnx_Dimension_init_zero;

    (void)field;
    if (!onnx_is_delimited(stream))
        return onnx_refuse(target->reader, "a dimension is of the wrong kind");
    if (!pb_decode(stream, dlcore_onnx_Dimension_fields, &message))
        return false;
    if (port->rank < DLCORE_ONNX_RANK_MAX)
        port->dims[port->rank] = message.has_dim_value ? message.dim_value : 0;
    port->rank++;
    return true;
}

static bool onnx_take_port(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    onnx_reader_t *reader = ((const onnx_target_t *)*arg)->reader;
    dlcore_onnx_graph_t *graph = reader->graph;
    dlcore_onnx_ValueInfo message = dlcore_onnx_ValueInfo_init_zero;
    dlcore_onnx_port_t port = {0}, *kept;
    size_t name = DLCORE_ONNX_NONE;
    onnx_target_t to_name = {reader, &name}, to_dims = {reader, &port};

    if (!onnx_is_delimited(stream))
        return onnx_refuse(reader, "an input or output is of the wrong kind");
    message.name = (pb_callback_t){.funcs.decode = onnx_take_text, .arg = &to_name};
    message.type.tensor_type.shape.dim =
        (pb_callback_t){.funcs.decode = onnx_take_dimension, .arg = &to_dims};
    if (!pb_decode(stream, dlcore_onnx_ValueInfo_fields, &message))
        return false;
    port.type = message.type.tensor_type.elem_type;
    port.has_shape = message.type.tensor_type.has_shape;
    if (name == DLCORE_ONNX_NONE)
        return onnx_refuse(reader, "an input or output has no name");
    port.value = dlcore_onnx_intern(graph, name);
    if (port.value == DLCORE_ONNX_NONE)
        return onnx_failed(reader);
    kept = dlcore_onnx_append(
        graph, field->tag == dlcore_onnx_Graph_input_tag ? &graph->inputs : &graph->outputs,
        sizeof *kept, DLCORE_ONNX_THINGS_MAX, "inputs and outputs");
    if (kept == NULL)
        return onnx_failed(reader);
    *kept = port;
    return true;
}

/* ---- nodes ---- */

static bool onnx_float_taker(onnx_reader_t *reader, void *to, pb_istream_t *stream)
{
    dlcore_onnx_attribute_t *attribute = to;
    dlcore_onnx_graph_t *graph = reader->graph;
    float value, *kept;

    if (!pb_decode_fixed32(stream, &value))
        return false;
    kept = dlcore_onnx_append(graph, &graph->floats, sizeof *kept, DLCORE_ONNX_NUMBERS_MAX,
                              "numbers in attributes");
    if (kept == NULL)
        return onnx_failed(reader);
    *kept = value;
    if (attribute->count++ == 0)
        attribute->first = graph->floats.count - 1;
    return true;
}

static bool onnx_take_floats(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    (void)field;
    return onnx_take_numbers(stream, *arg, onnx_float_taker);
}

static bool onnx_int_taker(onnx_reader_t *reader, void *to, pb_istream_t *stream)
{
    dlcore_onnx_attribute_t *attribute = to;
    dlcore_onnx_graph_t *graph = reader->graph;
    int64_t value, *kept;

    if (!onnx_varint(stream, &value))
        return false;
    kept = dlcore_onnx_append(graph, &graph->ints, sizeof *kept, DLCORE_ONNX_NUMBERS_MAX,
                              "numbers in attributes");
    if (kept == NULL)
        return onnx_failed(reader);
    *kept = value;
    if (attribute->count++ == 0)
        attribute->first = graph->ints.count - 1;
    return true;
}

static bool onnx_take_ints(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    (void)field;
    return onnx_take_numbers(stream, *arg, onnx_int_taker);
}

/* to: the node, whose attributes stand side by side because nothing else makes attributes. */
static bool onnx_take_attribute(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    const onnx_target_t *target = *arg;
    onnx_reader_t *reader = target->reader;
    dlcore_onnx_graph_t *graph = reader->graph;
    dlcore_onnx_node_t *node = target->to;
    dlcore_onnx_Attribute message = dlcore_onnx_Attribute_init_zero;
    dlcore_onnx_attribute_t attribute = {
        .name = DLCORE_ONNX_NONE, .s = DLCORE_ONNX_NONE, .tensor = DLCORE_ONNX_NONE};
    dlcore_onnx_attribute_t floats = {0}, ints = {0}, *kept;
    dlcore_onnx_tensor_t tensor;
    onnx_tensor_parts_t parts;
    onnx_target_t to_name = {reader, &attribute.name}, to_s = {reader, &attribute.s};
    onnx_target_t to_floats = {reader, &floats}, to_ints = {reader, &ints};

    (void)field;
    if (!onnx_is_delimited(stream))
        return onnx_refuse(reader, "an attribute is of the wrong kind");
    message.name = (pb_callback_t){.funcs.decode = onnx_take_text, .arg = &to_name};
    message.s = (pb_callback_t){.funcs.decode = onnx_take_text, .arg = &to_s};
    message.floats = (pb_callback_t){.funcs.decode = onnx_take_floats, .arg = &to_floats};
    message.ints = (pb_callback_t){.funcs.decode = onnx_take_ints, .arg = &to_ints};
    onnx_prepare_tensor(reader, &message.t, &tensor, &parts);
    if (!pb_decode(stream, dlcore_onnx_Attribute_fields, &message))
        return false;
    attribute.type = message.type;
    attribute.f = message.f;
    attribute.i = message.i;
    attribute.first = message.type == DLCORE_ONNX_ATTRIBUTE_INTS ? ints.first : floats.first;
    attribute.count = message.type == DLCORE_ONNX_ATTRIBUTE_INTS ? ints.count : floats.count;
    if (message.has_t) {
        dlcore_onnx_tensor_t *place = onnx_new_tensor(reader);

        if (place == NULL)
            return onnx_failed(reader);
        onnx_finish_tensor(&message.t, &tensor, &parts);
        *place = tensor;
        attribute.tensor = graph->tensors.count - 1;
    }
    kept = dlcore_onnx_append(graph, &graph->attributes, sizeof *kept, DLCORE_ONNX_THINGS_MAX,
                              "attributes");
    if (kept == NULL)
        return onnx_failed(reader);
    *kept = attribute;
    if (node->attribute_count++ == 0)
        node->attributes = graph->attributes.count - 1;
    return true;
}

static bool onnx_take_value(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    const onnx_target_t *target = *arg;
    onnx_reader_t *reader = target->reader;
    dlcore_onnx_graph_t *graph = reader->graph;
    dlcore_onnx_node_t *node = target->to;
    bool is_input = field->tag == dlcore_onnx_Node_input_tag;
    dlcore_onnx_list_t *list = is_input ? &graph->edges : &graph->ends;
    size_t name = DLCORE_ONNX_NONE, value = DLCORE_ONNX_NONE, *kept;
    onnx_target_t to_name = {reader, &name};
    void *text = &to_name;

    if (!onnx_take_text(stream, field, &text))
        return false;
    if (dlcore_onnx_text(graph, name)[0] != '\0') {
        value = dlcore_onnx_intern(graph, name);
        if (value == DLCORE_ONNX_NONE)
            return onnx_failed(reader);
    }
    kept = dlcore_onnx_append(graph, list, sizeof *kept, DLCORE_ONNX_THINGS_MAX, "edges");
    if (kept == NULL)
        return onnx_failed(reader);
    *kept = value;
    if (is_input && node->input_count++ == 0)
        node->inputs = list->count - 1;
    else if (!is_input && node->output_count++ == 0)
        node->outputs = list->count - 1;
    return true;
}

static bool onnx_take_node(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    onnx_reader_t *reader = ((const onnx_target_t *)*arg)->reader;
    dlcore_onnx_Node message = dlcore_onnx_Node_init_zero;
    dlcore_onnx_node_t node = {.name = DLCORE_ONNX_NONE,
                               .operation = DLCORE_ONNX_NONE,
                               .domain = DLCORE_ONNX_NONE},
                       *kept;
    onnx_target_t to_node = {reader, &node}, to_name = {reader, &node.name};
    onnx_target_t to_operation = {reader, &node.operation}, to_domain = {reader, &node.domain};

    (void)field;
    if (!onnx_is_delimited(stream))
        return onnx_refuse(reader, "a node is of the wrong kind");
    message.input = message.output =
        (pb_callback_t){.funcs.decode = onnx_take_value, .arg = &to_node};
    message.name = (pb_callback_t){.funcs.decode = onnx_take_text, .arg = &to_name};
    message.op_type = (pb_callback_t){.funcs.decode = onnx_take_text, .arg = &to_operation};
    message.domain = (pb_callback_t){.funcs.decode = onnx_take_text, .arg = &to_domain};
    message.attribute = (pb_callback_t){.funcs.decode = onnx_take_attribute, .arg = &to_node};
    if (!pb_decode(stream, dlcore_onnx_Node_fields, &message))
        return false;
    kept = dlcore_onnx_append(reader->graph, &reader->graph->nodes, sizeof *kept,
                              DLCORE_ONNX_THINGS_MAX, "nodes");
    if (kept == NULL)
        return onnx_failed(reader);
    *kept = node;
    return true;
}

/* ---- the model ---- */

static bool onnx_take_opset(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    onnx_reader_t *reader = ((const onnx_target_t *)*arg)->reader;
    dlcore_onnx_Opset message = dlcore_onnx_Opset_init_zero;
    dlcore_onnx_opset_t opset = {.domain = DLCORE_ONNX_NONE}, *kept;
    onnx_target_t to_domain = {reader, &opset.domain};

    (void)field;
    if (!onnx_is_delimited(stream))
        return onnx_refuse(reader, "opset_import is of the wrong kind");
    message.domain = (pb_callback_t){.funcs.decode = onnx_take_text, .arg = &to_domain};
    if (!pb_decode(stream, dlcore_onnx_Opset_fields, &message))
        return false;
    opset.version = message.version;
    kept = dlcore_onnx_append(reader->graph, &reader->graph->opsets, sizeof *kept,
                              DLCORE_ONNX_THINGS_MAX, "operator sets");
    if (kept == NULL)
        return onnx_failed(reader);
    *kept = opset;
    return true;
}

/* to: dlcore_onnx_pair_t. Where the value's text is; it is read when it is wanted. */
static bool onnx_take_place(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    const onnx_target_t *target = *arg;
    dlcore_onnx_pair_t *pair = target->to;

    (void)field;
    if (!onnx_is_delimited(stream))
        return onnx_refuse(target->reader, "a text is of the wrong kind");
    pair->size = stream->bytes_left;
    pair->offset = onnx_pass_over(stream, target->reader);
    return true;
}

static bool onnx_take_note(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    onnx_reader_t *reader = ((const onnx_target_t *)*arg)->reader;
    dlcore_onnx_Pair message = dlcore_onnx_Pair_init_zero;
    dlcore_onnx_pair_t pair = {.key = DLCORE_ONNX_NONE}, *kept;
    onnx_target_t to_key = {reader, &pair.key}, to_value = {reader, &pair};

    (void)field;
    if (!onnx_is_delimited(stream))
        return onnx_refuse(reader, "metadata_props is of the wrong kind");
    message.key = (pb_callback_t){.funcs.decode = onnx_take_text, .arg = &to_key};
    message.value = (pb_callback_t){.funcs.decode = onnx_take_place, .arg = &to_value};
    if (!pb_decode(stream, dlcore_onnx_Pair_fields, &message))
        return false;
    kept = dlcore_onnx_append(reader->graph, &reader->graph->notes, sizeof *kept,
                              DLCORE_ONNX_THINGS_MAX, "notes");
    if (kept == NULL)
        return onnx_failed(reader);
    *kept = pair;
    return true;
}

/* What fills the whole graph; texts have targets of their own. */
static bool onnx_read_model(onnx_reader_t *reader, dlcore_onnx_Model *model)
{
    dlcore_onnx_graph_t *graph = reader->graph;
    onnx_target_t all = {reader, graph};
    onnx_target_t to_producer = {reader, &graph->producer};
    onnx_target_t to_version = {reader, &graph->producer_version};
    pb_istream_t stream = {
        .callback = onnx_read, .state = reader, .bytes_left = graph->input->size};

    model->producer_name = (pb_callback_t){.funcs.decode = onnx_take_text, .arg = &to_producer};
    model->producer_version = (pb_callback_t){.funcs.decode = onnx_take_text, .arg = &to_version};
    model->opset_import = (pb_callback_t){.funcs.decode = onnx_take_opset, .arg = &all};
    model->metadata_props = (pb_callback_t){.funcs.decode = onnx_take_note, .arg = &all};
    model->graph.node = (pb_callback_t){.funcs.decode = onnx_take_node, .arg = &all};
    model->graph.initializer = (pb_callback_t){.funcs.decode = onnx_take_initializer, .arg = &all};
    model->graph.input = model->graph.output =
        (pb_callback_t){.funcs.decode = onnx_take_port, .arg = &all};
    return pb_decode(&stream, dlcore_onnx_Model_fields, model);
}

dlcore_status dlcore_onnx_proto_read(dlcore_onnx_graph_t *graph)
{
    onnx_reader_t *reader = dlcore_allocate(&graph->allocator, 1, sizeof *reader);
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
