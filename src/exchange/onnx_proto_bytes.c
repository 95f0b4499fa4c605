/* The bytes of an ONNX file as nanopb reads them, and single values.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_proto_parts.h"

#include <string.h>

#include "base/error.h"

static bool onnx_fill(dlcore_onnx_reader_t *reader)
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
    dlcore_onnx_reader_t *reader = stream->state;

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

pb_istream_t dlcore_onnx_proto_stream(dlcore_onnx_reader_t *reader)
{
    return (pb_istream_t){
        .callback = onnx_read, .state = reader, .bytes_left = reader->graph->input->size};
}

bool dlcore_onnx_is_delimited(const pb_istream_t *stream)
{
    return stream->callback == onnx_read;
}

size_t dlcore_onnx_pass_over(pb_istream_t *stream, const dlcore_onnx_reader_t *from)
{
    dlcore_onnx_reader_t *reader = stream->state;
    size_t began = from->position;

    reader->position += stream->bytes_left;
    stream->bytes_left = 0;
    return began;
}

bool dlcore_onnx_proto_refuse(dlcore_onnx_reader_t *reader, const char *problem)
{
    reader->end = reader->begin;
    reader->status =
        dlcore_fail(reader->graph->error, DLCORE_ERROR_FORMAT, "%s: %s, before byte %zu",
                    reader->graph->input->name, problem, reader->position);
    return false;
}

bool dlcore_onnx_proto_failed(dlcore_onnx_reader_t *reader)
{
    reader->end = reader->begin; /* no byte is read after a failure */
    reader->status = reader->graph->error->status;
    return false;
}

/* ---- single values ---- */

bool dlcore_onnx_take_text(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    const dlcore_onnx_target_t *target = *arg;
    dlcore_onnx_graph_t *graph = target->reader->graph;
    size_t size = stream->bytes_left, text;
    char *bytes;

    (void)field;
    if (!dlcore_onnx_is_delimited(stream))
        return dlcore_onnx_proto_refuse(target->reader, "a text is of the wrong kind");
    text = dlcore_onnx_add_text(graph, size);
    if (text == DLCORE_ONNX_NONE)
        return dlcore_onnx_proto_failed(target->reader);
    bytes = (char *)graph->names.items + text;
    if (size > 0 && !pb_read(stream, (pb_byte_t *)bytes, size))
        return false;
    if (memchr(bytes, '\0', size) != NULL)
        return dlcore_onnx_proto_refuse(target->reader, "a text has a zero byte");
    *(size_t *)target->to = text;
    return true;
}

bool dlcore_onnx_varint(pb_istream_t *stream, int64_t *value)
{
    uint64_t bits;

    if (!pb_decode_varint(stream, &bits))
        return false;
    *value = (int64_t)bits;
    return true;
}

bool dlcore_onnx_take_numbers(pb_istream_t *stream, const dlcore_onnx_target_t *target,
                              dlcore_onnx_number_taker_t *take)
{
    bool packed = dlcore_onnx_is_delimited(stream);

    while (stream->bytes_left > 0) {
        if (!take(target->reader, target->to, stream))
            return false;
        if (!packed)
            break;
    }
    return stream->bytes_left == 0 ||
           dlcore_onnx_proto_refuse(target->reader, "a number is of the wrong kind");
}
