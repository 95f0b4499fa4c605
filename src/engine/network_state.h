/* A network as the engine runs it: layers with their widths, and all parameters in one vector.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_NETWORK_STATE_H
#define DLCORE_ENGINE_NETWORK_STATE_H

#include "system/compiler.h"

#include <stdint.h>

#include "dlcore/layer.h"
#include "kernels/kernels.h"
#include "nn/layer.h"
#include "products/products.h"

typedef struct dlcore_node {
    dlcore_layer_t layer; /* as added; name filled in, input_width once built */
    const dlcore_layer_type_t *type;
    size_t declared_width;            /* input_width as added */
    size_t input_width, output_width; /* once built */
    size_t parameter_count;
    dlcore_parameter_t parameters[DLCORE_LAYER_PARAMETERS_MAX];
} dlcore_node_t;

struct dlcore_halves;

typedef struct dlcore_network {
    dlcore_allocator_t allocator;
    const dlcore_products_t *products;
    /* What training multiplies in bfloat16. NULL: float32. */
    const dlcore_half_t *half;
    const dlcore_kernels_t *kernels;
    dlcore_node_t *nodes;
    size_t node_count, node_capacity;
    dlcore_embedding_t *tables; /* those of the first layer's embeddings; NULL: none */
    /* Counts what changes the built layers, or which of them train: what was planned at another
     * count is stale. 0: never built. */
    uint64_t revision;
    /* Makes the pages of value_floats floats (model/place.h); NULL: whoever writes them does. */
    void (*place)(void *owner, float *floats);
    void *owner;

    /* once built */
    float *values;           /* every parameter, in the engine's layout, padding zero; else NULL */
    size_t value_floats;     /* with padding */
    size_t parameter_count;  /* without */
    size_t trainable_floats; /* statistics lie behind those that training moves */
    /* Layers before `first` are done by the gather: y = x * input_scale + input_offset. */
    size_t first;
    float input_scale, input_offset;
    struct dlcore_halves *halves; /* what training in bfloat16 multiplies, once it has (halves.h) */
} dlcore_network_t;

static inline size_t dlcore_parameter_size(const dlcore_parameter_t *parameter)
{
    return parameter->shape[0] * parameter->shape[1];
}

#endif
