/* Where a layer's numbers lie in a file of Keras.
 *
 * Keras 3: "layers/dense_1/vars/0", the name being the class in snake case and the count of layers
 * of that class before it. Keras 2: by lists of names, of layers and of each layer's weights;
 * layers without weights are in them, too, and which is whose is told by position alone.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_KERAS_LAYERS_H
#define DLCORE_EXCHANGE_KERAS_LAYERS_H

#include "system/compiler.h"

#include "engine/network.h"
#include "exchange/keras_file.h"

DLCORE_HIDDEN_BEGIN

/* A list of arrays: numbered in a group, or with names. */
typedef struct dlcore_keras_arrays {
    char group[DLCORE_HDF5_PATH_SIZE];
    char *names; /* NULL: numbered */
    size_t count;
} dlcore_keras_arrays_t;

/* Those of a group with numbers, "optimizer/vars"; or with the list "weight_names". */
dlcore_status dlcore_keras_arrays_open(dlcore_keras_file_t *file, const char *group, bool by_name,
                                       dlcore_keras_arrays_t *arrays);
void dlcore_keras_arrays_close(const dlcore_keras_file_t *file, dlcore_keras_arrays_t *arrays);
/* The path of the index-th, below the count. DLCORE_ERROR_UNSUPPORTED where it is too long. */
dlcore_status dlcore_keras_arrays_path(const dlcore_keras_file_t *file,
                                       const dlcore_keras_arrays_t *arrays, size_t index,
                                       char path[DLCORE_HDF5_PATH_SIZE]);

/* Steps through a network's layers and their arrays. */
typedef struct dlcore_keras_layers {
    dlcore_keras_file_t *file;
    const dlcore_network_t *network;
    char *names;      /* Keras 2: of the layers */
    const char *next; /* likewise */
    size_t left;      /* likewise, from `next` on */
    size_t node;      /* the next */
} dlcore_keras_layers_t;

/* Ended by dlcore_keras_layers_end in any case. */
dlcore_status dlcore_keras_layers_begin(dlcore_keras_layers_t *layers, dlcore_keras_file_t *file,
                                        const dlcore_network_t *network);
/* The arrays of the next layer: `wanted` of them; else DLCORE_ERROR_FORMAT. To be closed on
 * success.
 */
dlcore_status dlcore_keras_layers_step(dlcore_keras_layers_t *layers, size_t wanted,
                                       dlcore_keras_arrays_t *arrays);
/* After the last layer: that the file has no weights of more layers. */
dlcore_status dlcore_keras_layers_check_end(dlcore_keras_layers_t *layers);
void dlcore_keras_layers_end(dlcore_keras_layers_t *layers);

/* "dense_1": the name of a layer's group in files of Keras 3. */
void dlcore_keras_group_name(const dlcore_network_t *network, size_t node,
                             char name[DLCORE_NAME_SIZE]);

/* That an array has the numbers of a parameter; `layer` is for the message. */
dlcore_status dlcore_keras_check_array(dlcore_keras_file_t *file, const char *path,
                                       const char *layer, const dlcore_parameter_t *parameter);

DLCORE_HIDDEN_END

#endif
