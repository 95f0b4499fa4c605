/* ONNX models written by hand, field by field, so that tests need no Python and can be wrong on
 * purpose.
 *
 *     onnx_bytes_t model;
 *     onnx_begin(&model);
 *     onnx_tensor(&model, "w", "3,2", numbers);
 *     onnx_node(&model, "Gemm", "x,w", "y", "transB=i1 alpha=f0.5");
 *     bytes = onnx_end(&model, 17, "?,3", &size);
 *
 * The graph's input is x and its output y. The structs have fixed room, and a test that needs more
 * fails.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_ONNX_BYTES_H
#define DLCORE_TESTS_ONNX_BYTES_H

#include <stddef.h>
#include <stdint.h>

#define ONNX_BYTES_ROOM 32768

typedef struct onnx_bytes {
    unsigned char graph[ONNX_BYTES_ROOM]; /* the fields of GraphProto */
    size_t graph_size;
    unsigned char model[ONNX_BYTES_ROOM + 4096];
    size_t model_size;
    unsigned char notes[2048]; /* metadata_props, as fields of the model */
    size_t notes_size;
    const char *domain; /* of the nodes that follow; NULL: ONNX's own */
    int input_type;     /* of x; float32 after onnx_begin */
} onnx_bytes_t;

void onnx_begin(onnx_bytes_t *model);

/* A node: inputs and outputs apart by commas, an empty word for one that is left out; attributes
 * apart by blanks, each NAME=<kind>VALUE with kind i (int), f (float), s (string), I (ints, by
 * commas, or none), F (floats), t (a tensor of these floats, of one axis) or T (one whose shape has
 * one number less). */
void onnx_node(onnx_bytes_t *model, const char *operation, const char *inputs, const char *outputs,
               const char *attributes);
/* A float32 initializer of raw_data; dims "" : a scalar. */
void onnx_tensor(onnx_bytes_t *model, const char *name, const char *dims, const float *numbers);
/* One of another type: `field` of TensorProto has these bytes. */
void onnx_typed_tensor(onnx_bytes_t *model, const char *name, const char *dims, int type,
                       unsigned field, const void *bytes, size_t size);
/* int64 numbers, as a shape has. */
void onnx_ints(onnx_bytes_t *model, const char *name, size_t count, const int64_t *numbers);
/* A float32 initializer in another file. */
void onnx_external(onnx_bytes_t *model, const char *name, const char *dims, const char *location,
                   const char *offset, const char *length);

/* One more input (field 11) or output (12) of the graph, of that type; dims NULL: none are said. */
void onnx_port(onnx_bytes_t *model, unsigned field, const char *name, const char *dims, int type);

/* An entry of metadata_props, whose value is `size` bytes. */
void onnx_note(onnx_bytes_t *model, const char *key, const char *value, size_t size);

/* The whole model, in `model` until it is begun anew. input: dims of x, "?" for a batch; NULL: none
 * are said. */
const unsigned char *onnx_end(onnx_bytes_t *model, int opset, const char *input, size_t *size);

#endif
