/* What the sources that read ONNX's protocol buffers share. Callbacks of nanopb answer false after
 * a failure, whose status the reader has.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_ONNX_PROTO_PARTS_H
#define DLCORE_EXCHANGE_ONNX_PROTO_PARTS_H

#include "system/compiler.h"

#include <pb_decode.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exchange/onnx.pb.h"
#include "exchange/onnx_graph.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_ONNX_WINDOW 4096 /* bytes of the file at hand */

typedef struct dlcore_onnx_reader {
    dlcore_onnx_graph_t *graph;
    size_t position;      /* of the next byte */
    size_t begin, end;    /* of what the window holds */
    dlcore_status status; /* of our own failures; the graph's error has the message */
    unsigned char window[DLCORE_ONNX_WINDOW];
} dlcore_onnx_reader_t;

/* What callbacks get: the reader, and what they fill. */
typedef struct dlcore_onnx_target {
    dlcore_onnx_reader_t *reader;
    void *to;
} dlcore_onnx_target_t;

/* ---- bytes, and single values: onnx_proto_bytes.c ---- */

/* The whole file. */
pb_istream_t dlcore_onnx_proto_stream(dlcore_onnx_reader_t *reader);
/* Whether a callback has a stream of file bytes before it, as texts, messages and packed lists do.
 */
bool dlcore_onnx_is_delimited(const pb_istream_t *stream);
/* Passes over the rest of a field; where it began. */
size_t dlcore_onnx_pass_over(pb_istream_t *stream, const dlcore_onnx_reader_t *from);

/* False, with DLCORE_ERROR_FORMAT, or with the error that the graph has written. nanopb calls
 * nothing more after a failure, so that the first is the one that is told. */
bool dlcore_onnx_proto_refuse(dlcore_onnx_reader_t *reader, const char *problem);
bool dlcore_onnx_proto_failed(dlcore_onnx_reader_t *reader);

/* to: size_t, a text */
bool dlcore_onnx_take_text(pb_istream_t *stream, const pb_field_t *field, void **arg);
bool dlcore_onnx_varint(pb_istream_t *stream, int64_t *value);
/* The numbers of a field that is repeated, packed or not, go to `take` one by one. */
typedef bool dlcore_onnx_number_taker_t(dlcore_onnx_reader_t *reader, void *to,
                                        pb_istream_t *stream);
bool dlcore_onnx_take_numbers(pb_istream_t *stream, const dlcore_onnx_target_t *target,
                              dlcore_onnx_number_taker_t *take);

/* ---- tensors: onnx_proto_tensor.c ---- */

/* What a tensor says of the file that its numbers are in. */
typedef struct dlcore_onnx_elsewhere {
    dlcore_onnx_tensor_t *tensor;
    size_t location, offset, length;
    bool has_length, wrong;
} dlcore_onnx_elsewhere_t;

/* A tensor message with its callbacks; the targets live as long as the decoding. */
typedef struct dlcore_onnx_tensor_parts {
    dlcore_onnx_target_t tensor, name, elsewhere;
    dlcore_onnx_elsewhere_t external;
} dlcore_onnx_tensor_parts_t;

void dlcore_onnx_prepare_tensor(dlcore_onnx_reader_t *reader, dlcore_onnx_Tensor *message,
                                dlcore_onnx_tensor_t *tensor, dlcore_onnx_tensor_parts_t *parts);
/* After the message was decoded. */
void dlcore_onnx_finish_tensor(const dlcore_onnx_Tensor *message, dlcore_onnx_tensor_t *tensor,
                               const dlcore_onnx_tensor_parts_t *parts);
/* One more of the graph; NULL, the error written, without memory or at its limit. */
dlcore_onnx_tensor_t *dlcore_onnx_new_tensor(dlcore_onnx_reader_t *reader);

/* ---- fields of the graph, each for pb_callback_t ---- */

/* An initializer. Its name is a value's. */
bool dlcore_onnx_take_initializer(pb_istream_t *stream, const pb_field_t *field, void **arg);
/* An input or output, a node: onnx_proto_graph.c */
bool dlcore_onnx_take_port(pb_istream_t *stream, const pb_field_t *field, void **arg);
bool dlcore_onnx_take_node(pb_istream_t *stream, const pb_field_t *field, void **arg);

DLCORE_HIDDEN_END

#endif
