/* Tensors of an ONNX file: what they are, and where their numbers lie.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_proto_parts.h"

#include <string.h>

static bool onnx_dimension_taker(dlcore_onnx_reader_t *reader, void *to, pb_istream_t *stream)
{
    dlcore_onnx_tensor_t *tensor = to;
    int64_t size;

    (void)reader;
    if (!dlcore_onnx_varint(stream, &size))
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
    return dlcore_onnx_take_numbers(stream, *arg, onnx_dimension_taker);
}

/* raw_data or a packed field: where it is. */
static bool onnx_take_data(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    const dlcore_onnx_target_t *target = *arg;
    dlcore_onnx_tensor_t *tensor = target->to;
    bool again = tensor->storage != DLCORE_ONNX_EMPTY;

    if (!dlcore_onnx_is_delimited(stream)) {
        tensor->problem = "has numbers that are not packed";
        return true;
    }
    tensor->storage =
        field->tag == dlcore_onnx_Tensor_raw_data_tag ? DLCORE_ONNX_RAW : DLCORE_ONNX_PACKED;
    tensor->field = field->tag;
    tensor->size = stream->bytes_left;
    tensor->offset = dlcore_onnx_pass_over(stream, target->reader);
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

static bool onnx_take_elsewhere(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    const dlcore_onnx_target_t *target = *arg;
    dlcore_onnx_elsewhere_t *elsewhere = target->to;
    const dlcore_onnx_graph_t *graph = target->reader->graph;
    size_t key = DLCORE_ONNX_NONE, value = DLCORE_ONNX_NONE;
    dlcore_onnx_target_t to_key = {target->reader, &key}, to_value = {target->reader, &value};
    dlcore_onnx_Pair pair = dlcore_onnx_Pair_init_zero;

    (void)field;
    pair.key = (pb_callback_t){.funcs.decode = dlcore_onnx_take_text, .arg = &to_key};
    pair.value = (pb_callback_t){.funcs.decode = dlcore_onnx_take_text, .arg = &to_value};
    if (!dlcore_onnx_is_delimited(stream))
        return dlcore_onnx_proto_refuse(target->reader, "external_data is of the wrong kind");
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

void dlcore_onnx_prepare_tensor(dlcore_onnx_reader_t *reader, dlcore_onnx_Tensor *message,
                                dlcore_onnx_tensor_t *tensor, dlcore_onnx_tensor_parts_t *parts)
{
    pb_callback_t data = {.funcs.decode = onnx_take_data, .arg = &parts->tensor};

    *tensor = (dlcore_onnx_tensor_t){.name = DLCORE_ONNX_NONE, .location = DLCORE_ONNX_NONE};
    parts->external = (dlcore_onnx_elsewhere_t){.tensor = tensor, .location = DLCORE_ONNX_NONE};
    parts->tensor = (dlcore_onnx_target_t){reader, tensor};
    parts->name = (dlcore_onnx_target_t){reader, &tensor->name};
    parts->elsewhere = (dlcore_onnx_target_t){reader, &parts->external};
    message->dims = (pb_callback_t){.funcs.decode = onnx_take_dimensions, .arg = &parts->tensor};
    message->name = (pb_callback_t){.funcs.decode = dlcore_onnx_take_text, .arg = &parts->name};
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

void dlcore_onnx_finish_tensor(const dlcore_onnx_Tensor *message, dlcore_onnx_tensor_t *tensor,
                               const dlcore_onnx_tensor_parts_t *parts)
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

dlcore_onnx_tensor_t *dlcore_onnx_new_tensor(dlcore_onnx_reader_t *reader)
{
    return dlcore_onnx_append(reader->graph, &reader->graph->tensors, sizeof(dlcore_onnx_tensor_t),
                              DLCORE_ONNX_THINGS_MAX, "tensors");
}

bool dlcore_onnx_take_initializer(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    dlcore_onnx_reader_t *reader = ((const dlcore_onnx_target_t *)*arg)->reader;
    dlcore_onnx_Tensor message = dlcore_onnx_Tensor_init_zero;
    dlcore_onnx_tensor_t tensor, *kept;
    dlcore_onnx_tensor_parts_t parts;
    size_t value;

    (void)field;
    if (!dlcore_onnx_is_delimited(stream))
        return dlcore_onnx_proto_refuse(reader, "an initializer is of the wrong kind");
    dlcore_onnx_prepare_tensor(reader, &message, &tensor, &parts);
    if (!pb_decode(stream, dlcore_onnx_Tensor_fields, &message))
        return false;
    dlcore_onnx_finish_tensor(&message, &tensor, &parts);
    if (dlcore_onnx_text(reader->graph, tensor.name)[0] == '\0')
        return dlcore_onnx_proto_refuse(reader, "an initializer has no name");
    kept = dlcore_onnx_new_tensor(reader);
    if (kept == NULL)
        return dlcore_onnx_proto_failed(reader);
    *kept = tensor;
    value = dlcore_onnx_intern(reader->graph, tensor.name);
    if (value == DLCORE_ONNX_NONE)
        return dlcore_onnx_proto_failed(reader);
    if (dlcore_onnx_value(reader->graph, value)->tensor != DLCORE_ONNX_NONE)
        return dlcore_onnx_proto_refuse(reader, "two initializers have one name");
    dlcore_onnx_value(reader->graph, value)->tensor = reader->graph->tensors.count - 1;
    kept->name = dlcore_onnx_value(reader->graph, value)->name; /* its own text may be taken back */
    return true;
}
