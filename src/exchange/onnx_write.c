/* Writing an ONNX graph as protocol buffers. A message is preceded by its size, so nanopb writes
 * each twice, first to a stream that only counts. There the numbers of a tensor are counted at
 * once; else they are copied out of the model, a tensor at a time.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_write.h"

#include <math.h>
#include <pb_encode.h>
#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/little_endian.h"
#include "dlcore/note.h"
#include "dlcore/version.h"
#include "engine/network_exchange.h"
#include "exchange/onnx.pb.h"
#include "exchange/onnx_graph.h"
#include "store/note_members.h"

#define ONNX_NAME_SIZE (DLCORE_NAME_SIZE + 64)
#define ONNX_LEAST_SPREAD 1e-7f /* of a normalization layer */

/* What callbacks get. Bytes are collected, because most come one by one. */
typedef struct onnx_sink {
    const dlcore_onnx_putting_t *putting;
    dlcore_onnx_writer_t *write;
    void *to;
    float *numbers; /* room for the largest tensor */
    dlcore_status status;
    size_t held;
    unsigned char bytes[2048];
} onnx_sink_t;

/* ---- bytes ---- */

static bool onnx_flush_bytes(onnx_sink_t *sink)
{
    if (sink->held > 0 && sink->status == DLCORE_OK)
        sink->status = sink->write(sink->to, sink->bytes, sink->held, sink->putting->error);
    sink->held = 0;
    return sink->status == DLCORE_OK;
}

static bool onnx_take_bytes(pb_ostream_t *stream, const pb_byte_t *bytes, size_t count)
{
    onnx_sink_t *sink = stream->state;

    if (sink->status != DLCORE_OK) /* no write behind one that failed */
        return false;
    if (count > sizeof sink->bytes - sink->held && !onnx_flush_bytes(sink))
        return false;
    if (count > sizeof sink->bytes) {
        sink->status = sink->write(sink->to, bytes, count, sink->putting->error);
        return sink->status == DLCORE_OK;
    }
    memcpy(sink->bytes + sink->held, bytes, count);
    sink->held += count;
    return true;
}

/* ---- texts ---- */

static bool onnx_write_text(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const char *text = *arg;

    return pb_encode_tag_for_field(stream, field) &&
           pb_encode_string(stream, (const pb_byte_t *)text, strlen(text));
}

static pb_callback_t onnx_text(const char *text)
{
    /* nanopb hands the argument back as it is and never writes to it */
    union {
        const char *given;
        void *taken;
    } argument = {.given = text};

    return (pb_callback_t){.funcs.encode = onnx_write_text, .arg = argument.taken};
}

static const char *onnx_full_name(const dlcore_onnx_name_t *name, char text[ONNX_NAME_SIZE])
{
    snprintf(text, ONNX_NAME_SIZE, "%s%s%s", name->layer != NULL ? name->layer : "",
             name->layer != NULL ? "/" : "", name->suffix);
    return text;
}

static bool onnx_write_name(pb_ostream_t *stream, const pb_field_t *field,
                            const dlcore_onnx_name_t *name)
{
    char text[ONNX_NAME_SIZE];

    onnx_full_name(name, text);
    return pb_encode_tag_for_field(stream, field) &&
           pb_encode_string(stream, (const pb_byte_t *)text, strlen(text));
}

/* ---- nodes ---- */

static bool onnx_write_inputs(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const dlcore_onnx_put_node_t *node = *arg;

    for (size_t i = 0; i < node->input_count; i++) {
        if (!onnx_write_name(stream, field, &node->inputs[i]))
            return false;
    }
    return true;
}

static bool onnx_write_output(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const dlcore_onnx_put_node_t *node = *arg;

    return onnx_write_name(stream, field, &node->output) &&
           (node->second_output.suffix == NULL ||
            onnx_write_name(stream, field, &node->second_output));
}

static bool onnx_write_list(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const dlcore_onnx_put_attribute_t *from = *arg;

    return pb_encode_tag_for_field(stream, field) && pb_encode_varint(stream, (uint64_t)from->i);
}

static bool onnx_write_attributes(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    dlcore_onnx_put_node_t *node = *arg;

    for (size_t i = 0; i < node->attribute_count; i++) {
        dlcore_onnx_put_attribute_t *from = &node->attributes[i];
        dlcore_onnx_Attribute attribute = dlcore_onnx_Attribute_init_zero;

        attribute.name = onnx_text(from->name);
        attribute.has_f = from->is_float;
        attribute.f = from->f;
        attribute.has_i = !from->is_float && !from->is_list;
        attribute.i = from->i;
        if (from->is_list)
            attribute.ints = (pb_callback_t){.funcs.encode = onnx_write_list, .arg = from};
        attribute.has_type = true;
        attribute.type = from->is_float  ? DLCORE_ONNX_ATTRIBUTE_FLOAT
                         : from->is_list ? DLCORE_ONNX_ATTRIBUTE_INTS
                                         : DLCORE_ONNX_ATTRIBUTE_INT;
        if (!pb_encode_tag_for_field(stream, field) ||
            !pb_encode_submessage(stream, dlcore_onnx_Attribute_fields, &attribute))
            return false;
    }
    return true;
}

static bool onnx_write_nodes(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const onnx_sink_t *sink = *arg;
    char name[ONNX_NAME_SIZE];

    for (size_t i = 0; i < sink->putting->node_count; i++) {
        dlcore_onnx_put_node_t *from = &sink->putting->nodes[i];
        dlcore_onnx_Node node = dlcore_onnx_Node_init_zero;

        node.input = (pb_callback_t){.funcs.encode = onnx_write_inputs, .arg = from};
        node.output = (pb_callback_t){.funcs.encode = onnx_write_output, .arg = from};
        node.name = onnx_text(onnx_full_name(&from->output, name));
        node.op_type = onnx_text(from->operation);
        node.attribute = (pb_callback_t){.funcs.encode = onnx_write_attributes, .arg = from};
        if (!pb_encode_tag_for_field(stream, field) ||
            !pb_encode_submessage(stream, dlcore_onnx_Node_fields, &node))
            return false;
    }
    return true;
}

/* ---- tensors ---- */

/* One tensor and what is needed to write it. */
typedef struct onnx_tensor_out {
    onnx_sink_t *sink;
    const dlcore_onnx_put_tensor_t *tensor;
} onnx_tensor_out_t;

/* Of 4 bytes. */
static size_t onnx_number_count(const dlcore_onnx_put_tensor_t *tensor)
{
    size_t words = dlcore_onnx_put_is_int64(tensor) ? 2 : 1;

    return tensor->shape[0] * tensor->shape[1] * words;
}

/* In 8 bytes each. */
static void onnx_get_integers(const onnx_tensor_out_t *out)
{
    unsigned char *bytes = (unsigned char *)out->sink->numbers;

    for (size_t i = 0; i < out->tensor->shape[0]; i++) {
        uint64_t number = (uint64_t)dlcore_onnx_put_int64(out->tensor, i);

        for (size_t byte = 0; byte < 8; byte++)
            bytes[8 * i + byte] = (unsigned char)(number >> (8 * byte));
    }
}

static void onnx_get_numbers(const onnx_tensor_out_t *out)
{
    const dlcore_network_t *network = &out->sink->putting->model->network;
    const dlcore_onnx_put_tensor_t *tensor = out->tensor;
    float *numbers = out->sink->numbers;
    size_t count = onnx_number_count(tensor);

    if (tensor->numbers == DLCORE_ONNX_FILLED) {
        for (size_t i = 0; i < count; i++)
            numbers[i] = tensor->value;
    } else if (tensor->numbers == DLCORE_ONNX_COUNTED) {
        for (size_t i = 0; i < count; i++)
            numbers[i] = (float)(i + 1);
    } else {
        dlcore_network_export(network, tensor->parameter, network->values, numbers);
    }
    for (size_t i = 0; i < count && tensor->numbers == DLCORE_ONNX_DEVIATION; i++)
        numbers[i] = fmaxf(sqrtf(numbers[i]), ONNX_LEAST_SPREAD);
    dlcore_floats_little_endian(numbers, count);
}

static bool onnx_write_raw(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const onnx_tensor_out_t *out = *arg;
    size_t size = onnx_number_count(out->tensor) * sizeof(float);

    if (!pb_encode_tag_for_field(stream, field) || !pb_encode_varint(stream, size))
        return false;
    if (stream->callback != NULL && dlcore_onnx_put_is_int64(out->tensor))
        onnx_get_integers(out);
    else if (stream->callback != NULL) /* else it only counts */
        onnx_get_numbers(out);
    return pb_write(stream, (const pb_byte_t *)out->sink->numbers, size);
}

static bool onnx_write_dims(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const onnx_tensor_out_t *out = *arg;

    for (size_t i = 0; i < out->tensor->rank; i++) {
        if (!pb_encode_tag_for_field(stream, field) ||
            !pb_encode_varint(stream, out->tensor->shape[i]))
            return false;
    }
    return true;
}

static bool onnx_write_tensors(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    onnx_sink_t *sink = *arg;
    char name[ONNX_NAME_SIZE];

    for (size_t i = 0; i < sink->putting->tensor_count; i++) {
        onnx_tensor_out_t out = {sink, &sink->putting->tensors[i]};
        dlcore_onnx_Tensor tensor = dlcore_onnx_Tensor_init_zero;

        tensor.dims = (pb_callback_t){.funcs.encode = onnx_write_dims, .arg = &out};
        tensor.has_data_type = true;
        tensor.data_type =
            dlcore_onnx_put_is_int64(out.tensor) ? DLCORE_ONNX_INT64 : DLCORE_ONNX_FLOAT;
        tensor.name = onnx_text(onnx_full_name(&out.tensor->name, name));
        tensor.raw_data = (pb_callback_t){.funcs.encode = onnx_write_raw, .arg = &out};
        if (!pb_encode_tag_for_field(stream, field) ||
            !pb_encode_submessage(stream, dlcore_onnx_Tensor_fields, &tensor))
            return false;
    }
    return true;
}

/* ---- input and output ---- */

/* (batch, width) */
static bool onnx_write_axes(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const size_t *width = *arg;

    for (int i = 0; i < 2; i++) {
        dlcore_onnx_Dimension dimension = dlcore_onnx_Dimension_init_zero;

        if (i == 0)
            dimension.dim_param = onnx_text("batch");
        dimension.has_dim_value = i == 1;
        dimension.dim_value = (int64_t)*width;
        if (!pb_encode_tag_for_field(stream, field) ||
            !pb_encode_submessage(stream, dlcore_onnx_Dimension_fields, &dimension))
            return false;
    }
    return true;
}

static bool onnx_write_port(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const onnx_sink_t *sink = *arg;
    const dlcore_network_t *network = &sink->putting->model->network;
    bool is_input = field->tag == dlcore_onnx_Graph_input_tag;
    size_t width =
        is_input ? dlcore_network_input_width(network) : dlcore_network_output_width(network);
    dlcore_onnx_ValueInfo port = dlcore_onnx_ValueInfo_init_zero;

    port.name = onnx_text(is_input ? "input" : "output");
    port.has_type = port.type.has_tensor_type = true;
    port.type.tensor_type.has_elem_type = port.type.tensor_type.has_shape = true;
    port.type.tensor_type.elem_type = DLCORE_ONNX_FLOAT;
    port.type.tensor_type.shape.dim =
        (pb_callback_t){.funcs.encode = onnx_write_axes, .arg = &width};
    return pb_encode_tag_for_field(stream, field) &&
           pb_encode_submessage(stream, dlcore_onnx_ValueInfo_fields, &port);
}

/* ---- the model ---- */

static bool onnx_write_opset(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const onnx_sink_t *sink = *arg;
    dlcore_onnx_Opset opset = dlcore_onnx_Opset_init_zero;

    opset.domain = onnx_text("");
    opset.has_version = true;
    opset.version = sink->putting->opset;
    return pb_encode_tag_for_field(stream, field) &&
           pb_encode_submessage(stream, dlcore_onnx_Opset_fields, &opset);
}

static bool onnx_write_notes(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const onnx_sink_t *sink = *arg;
    char key[sizeof DLCORE_NOTE_PREFIX + DLCORE_NOTE_KEY_MAX];

    for (const dlcore_note_t *note = sink->putting->model->notes.first; note != NULL;
         note = note->next) {
        dlcore_onnx_Pair pair = dlcore_onnx_Pair_init_zero;

        snprintf(key, sizeof key, "%s%s", DLCORE_NOTE_PREFIX, note->key);
        pair.key = onnx_text(key);
        pair.value = onnx_text(note->text);
        if (!pb_encode_tag_for_field(stream, field) ||
            !pb_encode_submessage(stream, dlcore_onnx_Pair_fields, &pair))
            return false;
    }
    return true;
}

static void onnx_prepare_model(onnx_sink_t *sink, dlcore_onnx_Model *model)
{
    *model = (dlcore_onnx_Model)dlcore_onnx_Model_init_zero;
    model->has_ir_version = true;
    model->ir_version = sink->putting->opset < 15 ? 7 : 8;
    model->producer_name = onnx_text("dlcore");
    model->producer_version = onnx_text(DLCORE_VERSION);
    model->opset_import = (pb_callback_t){.funcs.encode = onnx_write_opset, .arg = sink};
    model->metadata_props = (pb_callback_t){.funcs.encode = onnx_write_notes, .arg = sink};
    model->has_graph = true;
    model->graph.name = onnx_text("dlcore");
    model->graph.node = (pb_callback_t){.funcs.encode = onnx_write_nodes, .arg = sink};
    model->graph.initializer = (pb_callback_t){.funcs.encode = onnx_write_tensors, .arg = sink};
    model->graph.input = model->graph.output =
        (pb_callback_t){.funcs.encode = onnx_write_port, .arg = sink};
}

dlcore_status dlcore_onnx_write_size(const dlcore_onnx_putting_t *putting, size_t *size)
{
    onnx_sink_t sink = {.putting = putting};
    dlcore_onnx_Model model;
    uint64_t total = 0;

    for (size_t i = 0; i < putting->tensor_count; i++)
        total += onnx_number_count(&putting->tensors[i]) * sizeof(float);
    onnx_prepare_model(&sink, &model);
    if (total > INT32_MAX || !pb_get_encoded_size(size, dlcore_onnx_Model_fields, &model) ||
        *size > INT32_MAX)
        return dlcore_fail(putting->error, DLCORE_ERROR_UNSUPPORTED,
                           "onnx_save: the model takes more than the 2 GB of an ONNX file");
    return DLCORE_OK;
}

dlcore_status dlcore_onnx_write(const dlcore_onnx_putting_t *putting, dlcore_onnx_writer_t *writer,
                                void *to)
{
    const dlcore_allocator_t *allocator = &putting->model->allocator;
    onnx_sink_t sink = {.putting = putting, .write = writer, .to = to};
    pb_ostream_t stream = {.callback = onnx_take_bytes, .state = &sink, .max_size = SIZE_MAX};
    dlcore_onnx_Model model;
    size_t largest = 0;

    for (size_t i = 0; i < putting->tensor_count; i++) {
        if (onnx_number_count(&putting->tensors[i]) > largest)
            largest = onnx_number_count(&putting->tensors[i]);
    }
    sink.numbers = dlcore_allocate(allocator, largest, sizeof *sink.numbers);
    if (sink.numbers == NULL)
        return dlcore_fail_memory(putting->error, "onnx_save", largest * sizeof *sink.numbers);
    onnx_prepare_model(&sink, &model);
    if (pb_encode(&stream, dlcore_onnx_Model_fields, &model))
        (void)onnx_flush_bytes(&sink);
    else if (sink.status == DLCORE_OK)
        sink.status = dlcore_fail(putting->error, DLCORE_ERROR_STATE,
                                  "onnx_save: the model changed while it was written");
    dlcore_release(allocator, sink.numbers);
    return sink.status;
}
