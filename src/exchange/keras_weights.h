/* The weights of a network out of a file of Keras.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_KERAS_WEIGHTS_H
#define DLCORE_EXCHANGE_KERAS_WEIGHTS_H

#include "system/compiler.h"

#include "exchange/keras_layers.h"

DLCORE_HIDDEN_BEGIN

/* That the file has every weight of the layers, for samples of that width, and no more, before
 * memory is asked for. The network need not be built. */
dlcore_status dlcore_keras_weights_check(dlcore_keras_file_t *file, const dlcore_network_t *network,
                                         size_t width);
/* Reads them all into a vector in the layout of the built network. After the check. */
dlcore_status dlcore_keras_weights_read(dlcore_keras_file_t *file, const dlcore_network_t *network,
                                        float *values);

/* One parameter from an array that was checked, to its place in a vector of that layout. */
dlcore_status dlcore_keras_parameter_read(dlcore_keras_file_t *file, const char *path,
                                          const dlcore_network_t *network,
                                          const dlcore_parameter_t *parameter, float *values);

DLCORE_HIDDEN_END

#endif
