/* Numbers of a layer that a file of Keras has in the layer's config: Normalization(mean=...,
 * variance=...) has no weights there. Here they become the layer's weights.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_KERAS_CONSTANTS_H
#define DLCORE_EXCHANGE_KERAS_CONSTANTS_H

#include "system/compiler.h"

#include "engine/network.h"
#include "exchange/keras_file.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_keras_constants {
    dlcore_json_t numbers[2]; /* mean, variance: a number, a list, or lists of lists */
} dlcore_keras_constants_t;

/* Those of the network's node of that number; false where its numbers are weights, or the file has
 * no layers. */
bool dlcore_keras_constants_find(const dlcore_keras_file_t *file, const dlcore_network_t *network,
                                 size_t node, dlcore_keras_constants_t *constants);
/* That there is one number for each of `width` columns, or one for all. */
dlcore_status dlcore_keras_constants_check(const dlcore_keras_file_t *file,
                                           const dlcore_keras_constants_t *constants,
                                           const dlcore_node_t *node, size_t width);
/* Puts them into a network's values. */
dlcore_status dlcore_keras_constants_read(const dlcore_keras_file_t *file,
                                          const dlcore_keras_constants_t *constants,
                                          const dlcore_network_t *network, size_t node,
                                          float *values);

DLCORE_HIDDEN_END

#endif
