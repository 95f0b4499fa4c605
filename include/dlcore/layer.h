/* Layers: the parts of a Sequential model, as value descriptors.
 *
 * A constructor fills in Keras's defaults, you change fields, and model_add copies the descriptor:
 *
 *     dlcore_layer_t hidden = dlcore_layer_dense(512, DLCORE_ACTIVATION_RELU);
 *     hidden.use_bias = false;
 *     dlcore_model_add(model, hidden);
 *
 * Nothing to free. Layers work on (batch, width). A sample of higher rank, an image of 28 x 28,
 * counts as its flattened size, 784. (Keras's Dense would act on the last axis alone.)
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_LAYER_H
#define DLCORE_LAYER_H

#include <stdbool.h>
#include <stddef.h>

#include "activation.h"
#include "initializer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum dlcore_layer_kind {
    DLCORE_LAYER_UNKNOWN = 0,
    DLCORE_LAYER_DENSE,
    DLCORE_LAYER_ACTIVATION,
    DLCORE_LAYER_FLATTEN,
    DLCORE_LAYER_RESCALING
} dlcore_layer_kind_t;

#define DLCORE_NAME_SIZE 64 /* bytes of a layer's or metric's name, its terminator included */

typedef struct dlcore_layer {
    dlcore_layer_kind_t kind;
    char name[DLCORE_NAME_SIZE]; /* "" : named as Keras does, "dense", "dense_1", ... */
    size_t input_width; /* numbers per sample; 0: from the layer before, or from the data */

    /* dense: y = activation(x kernel + bias), kernel (inputs, units), bias (units) */
    size_t units; /* 1 or more */
    bool use_bias;
    dlcore_initializer_t kernel_initializer;
    dlcore_initializer_t bias_initializer;

    /* dense and activation */
    dlcore_activation_t activation;
    double negative_slope; /* of leaky_relu: 0 or more; constructors set 0.2 */
    double alpha;          /* of elu: 0 or more; constructors set 1 */

    /* rescaling: y = x * scale + offset */
    double scale;
    double offset;
} dlcore_layer_t;

/* Fully connected: (batch, inputs) to (batch, units). Kernel glorot_uniform, bias zeros. */
dlcore_layer_t dlcore_layer_dense(size_t units, dlcore_activation_t activation);
/* An activation on its own; the width stays. */
dlcore_layer_t dlcore_layer_activation(dlcore_activation_t activation);
/* (batch, a, b, ...) to (batch, a * b * ...). Every layer does this to its input already, so it
 * only documents the intent, and keeps a model line by line the same as its Keras counterpart. */
dlcore_layer_t dlcore_layer_flatten(void);
/* y = x * scale + offset: rescaling(1 / 255.0, 0) maps uint8 pixels to 0..1. As the first layer it
 * costs nothing: it is folded into the copy of each batch. */
dlcore_layer_t dlcore_layer_rescaling(double scale, double offset);

/* By Keras name, "dense", "activation", "flatten" or "rescaling", in either
 * case, with defaults (dense: linear and 0 units, which you must set; activation: linear;
 * rescaling: scale 1). An unknown name, or NULL, gives kind DLCORE_LAYER_UNKNOWN, which adding
 * refuses. dlcore_layer_kind_name answers the class name: "Dense". */
dlcore_layer_t dlcore_layer_from_name(const char *name);
const char *dlcore_layer_kind_name(dlcore_layer_kind_t kind);

#ifdef __cplusplus
}
#endif

#endif
