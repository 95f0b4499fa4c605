/* Making a network and asking about it: layers, names, widths, parameters.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_NETWORK_H
#define DLCORE_ENGINE_NETWORK_H

#include "system/compiler.h"

#include <stdint.h>

#include "dlcore/status.h"
#include "engine/network_state.h"

DLCORE_HIDDEN_BEGIN

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

/* Widths and places as build has them, without weights: value_floats says how many floats these
 * would be. Until then dlcore_network_unbuild takes it back. */
dlcore_status dlcore_network_settle(dlcore_network_t *network, size_t input_width,
                                    dlcore_error_record_t *error);

/* The same with weights that are not set, for a caller who sets every parameter whole with
 * dlcore_network_import_rows. */
dlcore_status dlcore_network_build_unset(dlcore_network_t *network, size_t input_width,
                                         dlcore_error_record_t *error);

/* Draws the initial values of a built network; `keeps_adapted`: but for those of normalization
 * layers, which come from data. On failure nothing has changed. */
dlcore_status dlcore_network_draw(dlcore_network_t *network, uint64_t seed, bool keeps_adapted,
                                  dlcore_error_record_t *error);

/* As before it was built. */
void dlcore_network_unbuild(dlcore_network_t *network);

/* Finds the leading layers that the gather can do: flattens, and one rescaling; the last layer
 * stays, so that there is an output. Building does so. */
void dlcore_network_settle_input(dlcore_network_t *network);

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

DLCORE_HIDDEN_END

#endif
