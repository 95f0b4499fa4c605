/* An ONNX graph being made from a model: nodes and initializers, by name. onnx_write.c writes it.
 *
 * What is put begins with the value at hand, the model's input or the last node's output, and its
 * output becomes the value at hand. Names are those of layers with a suffix: "dense/kernel".
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_ONNX_PUT_H
#define DLCORE_EXCHANGE_ONNX_PUT_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/model.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_ONNX_PUTS_MAX 14 /* nodes, and tensors, of one layer at most */

/* A value's name: the layer's, a slash and the suffix, or the suffix alone. */
typedef struct dlcore_onnx_name {
    const char *layer; /* NULL: none */
    const char *suffix;
} dlcore_onnx_name_t;

typedef enum dlcore_onnx_numbers {
    DLCORE_ONNX_PARAMETER, /* a weight of the layer */
    DLCORE_ONNX_DEVIATION, /* max(sqrt(weight), 1e-7) of one that is a variance */
    DLCORE_ONNX_FILLED,    /* `value` everywhere */
    DLCORE_ONNX_COUNTED,   /* 1, 2, 3, ... */
    DLCORE_ONNX_INTEGERS,  /* of int64: `integers` */
    DLCORE_ONNX_COMPUTED   /* of int64: what `compute` answers */
} dlcore_onnx_numbers_t;

/* The i-th number of a list that follows from a layer. */
typedef int64_t dlcore_onnx_compute_t(const dlcore_node_t *layer, size_t i);

typedef struct dlcore_onnx_put_tensor {
    dlcore_onnx_name_t name;
    size_t rank;
    size_t shape[2]; /* 1 beyond the rank */
    dlcore_onnx_numbers_t numbers;
    const dlcore_parameter_t *parameter;
    float value;
    int64_t integers[3];
    dlcore_onnx_compute_t *compute;
    const dlcore_node_t *layer; /* that it is asked about */
} dlcore_onnx_put_tensor_t;

typedef struct dlcore_onnx_put_attribute {
    const char *name;
    bool is_float;
    bool is_list; /* of the one number i */
    float f;
    int64_t i;
} dlcore_onnx_put_attribute_t;

typedef struct dlcore_onnx_put_node {
    const char *operation;
    dlcore_onnx_name_t inputs[5];
    size_t input_count;
    dlcore_onnx_name_t output;
    dlcore_onnx_name_t second_output; /* suffix NULL: none */
    dlcore_onnx_put_attribute_t attributes[2];
    size_t attribute_count;
} dlcore_onnx_put_node_t;

typedef struct dlcore_onnx_putting {
    const dlcore_model_t *model;
    dlcore_error_record_t *error;
    dlcore_onnx_put_node_t *nodes; /* room for all that the layers can put */
    dlcore_onnx_put_tensor_t *tensors;
    size_t node_count, tensor_count;
    int64_t opset;              /* the least that has all operators */
    const dlcore_node_t *layer; /* whose turn it is */
    dlcore_onnx_name_t value;   /* at hand */
} dlcore_onnx_putting_t;

/* Nodes and tensors for every layer of a built model: onnx_put_model.c. DLCORE_ERROR_UNSUPPORTED
 * names a layer that ONNX has no operators for. Whatever it answers, dlcore_onnx_put_end. */
dlcore_status dlcore_onnx_put_model(dlcore_onnx_putting_t *putting, const dlcore_model_t *model,
                                    dlcore_error_record_t *error);
void dlcore_onnx_put_end(dlcore_onnx_putting_t *putting);

/* Whether a tensor is of int64, and the i-th number then. */
bool dlcore_onnx_put_is_int64(const dlcore_onnx_put_tensor_t *tensor);
int64_t dlcore_onnx_put_int64(const dlcore_onnx_put_tensor_t *tensor, size_t i);

/* ---- for what puts layers; suffixes are static texts, each once in a layer ---- */

/* A node that takes the value at hand; `suffix` names its output. */
dlcore_onnx_put_node_t *dlcore_onnx_put_node(dlcore_onnx_putting_t *putting, const char *operation,
                                             const char *suffix);
/* The same with a second input: a name, or one number. */
dlcore_onnx_put_node_t *dlcore_onnx_put_binary(dlcore_onnx_putting_t *putting,
                                               const char *operation, const char *suffix,
                                               dlcore_onnx_name_t second);
void dlcore_onnx_put_with(dlcore_onnx_putting_t *putting, const char *operation, const char *suffix,
                          const char *number_suffix, double number);
void dlcore_onnx_put_float(dlcore_onnx_put_node_t *node, const char *name, double value);
void dlcore_onnx_put_int(dlcore_onnx_put_node_t *node, const char *name, int64_t value);
/* The mean over the units, or another reduction, kept as an axis of one. */
void dlcore_onnx_put_reduction(dlcore_onnx_putting_t *putting, const char *operation,
                               const char *suffix);
void dlcore_onnx_put_input(dlcore_onnx_put_node_t *node, dlcore_onnx_name_t name);

/* Tensors: a weight of the layer, one number, or `width` times one. */
dlcore_onnx_name_t dlcore_onnx_put_parameter(dlcore_onnx_putting_t *putting, size_t index);
dlcore_onnx_name_t dlcore_onnx_put_number(dlcore_onnx_putting_t *putting, const char *suffix,
                                          double value);
dlcore_onnx_name_t dlcore_onnx_put_filled(dlcore_onnx_putting_t *putting, const char *suffix,
                                          size_t width, double value);

/* 1, 2, 3 to `count`. */
dlcore_onnx_name_t dlcore_onnx_put_counted(dlcore_onnx_putting_t *putting, const char *suffix,
                                           size_t count);
/* One int64, alone (rank 0) or as a list of one (rank 1). */
dlcore_onnx_name_t dlcore_onnx_put_integer(dlcore_onnx_putting_t *putting, const char *suffix,
                                           size_t rank, int64_t value);
/* A list of so many int64. */
dlcore_onnx_name_t dlcore_onnx_put_computed(dlcore_onnx_putting_t *putting, const char *suffix,
                                            size_t count, dlcore_onnx_compute_t *compute);
/* The shape that makes rows of `width` of all numbers there are. */
dlcore_onnx_name_t dlcore_onnx_put_rows(dlcore_onnx_putting_t *putting, const char *suffix,
                                        size_t width);
/* The shape that makes (batch, groups, width) of samples. */
dlcore_onnx_name_t dlcore_onnx_put_groups(dlcore_onnx_putting_t *putting, const char *suffix,
                                          size_t width);

/* The layer's activation: onnx_put_activation.c. False: ONNX has none like it. */
bool dlcore_onnx_put_activation(dlcore_onnx_putting_t *putting);
/* Sparsemax, the paper's and Keras's: onnx_put_sparsemax.c. */
void dlcore_onnx_put_sparsemax(dlcore_onnx_putting_t *putting);
void dlcore_onnx_put_sparsemax_keras(dlcore_onnx_putting_t *putting);
/* Tables: onnx_put_embedding.c. */
void dlcore_onnx_put_embedding(dlcore_onnx_putting_t *putting);
/* A setting of the layer that is not its default and would be dropped; NULL: none. */
const char *dlcore_onnx_put_lacks(const dlcore_node_t *node);
/* The layer: onnx_put_layer.c. False: ONNX has none like it. */
bool dlcore_onnx_put_layer(dlcore_onnx_putting_t *putting);

DLCORE_HIDDEN_END

#endif
