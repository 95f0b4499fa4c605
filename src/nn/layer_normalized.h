/* What batch and layer normalization have in common.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_LAYER_NORMALIZED_H
#define DLCORE_NN_LAYER_NORMALIZED_H

#include "nn/layer.h"

/* epsilon, momentum, and the initializers of gamma and beta. */
dlcore_status dlcore_layer_validate_normalized(const dlcore_layer_t *layer,
                                               dlcore_error_record_t *error);
/* gamma and beta, those of them that the layer has. */
size_t dlcore_layer_declare_normalized(const dlcore_layer_t *layer, size_t width,
                                       dlcore_parameter_t *parameters);

#endif
