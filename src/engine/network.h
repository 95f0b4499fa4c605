/* A network as the engine runs it: layers with their widths, and all parameters in one vector.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_NETWORK_H
#define DLCORE_ENGINE_NETWORK_H

#include "system/compiler.h"

#include <stdint.h>

#include "dlcore/status.h"
#include "kernels/kernels.h"
#include "nn/layer.h"
#include "products/products.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_node {
    dlcore_layer_t layer; /* as added; name filled in, input_width once built */
    const dlcore_layer_type_t *type;
    size_t declared_width;            /* input_width as added */
    size_t input_width, output_width; /* once built */
    size_t parameter_count;
    dlcore_parameter_t parameters[DLCORE_LAYER_PARAMETERS_MAX];
} dlcore_node_t;

typedef struct dlcore_network {
    dlcore_allocator_t allocator;
    const dlcore_products_t *products;
    const dlcore_kernels_t *kernels;
    dlcore_node_t *nodes;
    size_t node_count, node_capacity;
    /* Counts what changes the built layers, or which of them train: what was planned at another
     * count is stale. 0: never built. */
    uint64_t revision;

    /* once built */
    float *values;           /* every parameter, in the engine's layout, padding zero; else NULL */
    size_t value_floats;     /* with padding */
    size_t parameter_count;  /* without */
    size_t trainable_floats; /* statistics lie behind those that training moves */
    /* Layers before `first` are done by the gather: y = x * input_scale + input_offset. */
    size_t first;
    float input_scale, input_offset;
} dlcore_network_t;

/* Room for that many layers. */
dlcore_status dlcore_network_reserve(dlcore_network_t *network, size_t capacity,
                                     dlcore_error_record_t *error);
/* Checks the name of a layer that is about to be added; a nameless one gets Keras's: "dense", then
 * "dense_1", ... */
dlcore_status dlcore_network_settle_name(const dlcore_network_t *network, dlcore_layer_t *layer,
                                         const char *base, dlcore_error_record_t *error);
/* Appends a layer, whose fields are checked and whose name is made unique. */
dlcore_status dlcore_network_add(dlcore_network_t *network, const dlcore_layer_t *layer,
                                 dlcore_error_record_t *error);

/* Settles widths and places, allocates the parameters and draws their initial values. On failure
 * the network is as before. */
dlcore_status dlcore_network_build(dlcore_network_t *network, size_t input_width, uint64_t seed,
                                   dlcore_error_record_t *error);

/* The same with weights that are not set, for a caller who sets every parameter whole with
 * dlcore_network_import_rows. */
dlcore_status dlcore_network_build_unset(dlcore_network_t *network, size_t input_width,
                                         dlcore_error_record_t *error);

/* As before it was built. */
void dlcore_network_unbuild(dlcore_network_t *network);

/* Freezes layer i, or lets training move it. */
void dlcore_network_set_trainable(dlcore_network_t *network, size_t i, bool trainable);

/* Frees what the network holds, not the struct. */
void dlcore_network_clear(dlcore_network_t *network);

/* Width into the first layer and out of the last; 0 before the network is built. */
size_t dlcore_network_input_width(const dlcore_network_t *network);
size_t dlcore_network_output_width(const dlcore_network_t *network);

/* Whether the backward pass needs what node i gave its activation. */
bool dlcore_network_keeps_input(const dlcore_network_t *network, size_t i);

/* Whether node i's outputs, or those of any node, have a penalty (engine/activity.h). */
bool dlcore_network_has_penalty(const dlcore_network_t *network, size_t i);
bool dlcore_network_has_penalties(const dlcore_network_t *network);

/* The index-th parameter over all layers; NULL past the end. *node (may be NULL): its layer. */
const dlcore_parameter_t *dlcore_network_parameter(const dlcore_network_t *network, size_t index,
                                                   const dlcore_node_t **node);
static inline size_t dlcore_parameter_size(const dlcore_parameter_t *parameter)
{
    return parameter->shape[0] * parameter->shape[1];
}

/* ---- between layouts: network_exchange.c ---- */

/* One parameter between Keras's row-major order and its place in a flat vector of the engine's
 * layout (the values, gradients, an optimizer's slot). */
void dlcore_network_export(const dlcore_network_t *network, const dlcore_parameter_t *parameter,
                           const float *flat, float *row_major);
void dlcore_network_import(const dlcore_network_t *network, const dlcore_parameter_t *parameter,
                           const float *row_major, float *flat);
/* Rows first .. first+count-1 of a parameter; a bias of n units has n rows of one number. */
void dlcore_network_export_rows(const dlcore_network_t *network,
                                const dlcore_parameter_t *parameter, size_t first, size_t count,
                                const float *flat, float *rows);
void dlcore_network_import_rows(const dlcore_network_t *network,
                                const dlcore_parameter_t *parameter, size_t first, size_t count,
                                const float *rows, float *flat);

DLCORE_HIDDEN_END

#endif
