/* Activations in the JSON of models: by name, "relu", or as Keras writes one that has a parameter,
 * as a layer in the place of the name:
 *
 *     {"module":"keras.layers","class_name":"LeakyReLU","config":{"negative_slope":0.3},...}
 *
 * "sparsemax" is Keras's (DLCORE_ACTIVATION_SPARSEMAX_KERAS); the paper's is "sparsemax_paper".
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_ACTIVATION_CONFIG_H
#define DLCORE_STORE_ACTIVATION_CONFIG_H

#include "system/compiler.h"

#include "dlcore/layer.h"
#include "store/config_reading.h"
#include "json/json_writer.h"

DLCORE_HIDDEN_BEGIN

/* Keras's class of an activation whose parameters are not those of its name, "LeakyReLU", and the
 * members of its config; NULL: a name says all. */
const char *dlcore_activation_config_class(const dlcore_layer_t *layer);
void dlcore_activation_config_put_parameters(dlcore_json_writer_t *writer,
                                             const dlcore_layer_t *layer);
/* The member "activation" of a layer's config. */
void dlcore_activation_config_put(dlcore_json_writer_t *writer, const dlcore_layer_t *layer);

/* Reads its value to the layer's activation and parameters. */
dlcore_status dlcore_activation_config_read(const dlcore_config_reading_t *reading,
                                            const dlcore_json_t *value, dlcore_layer_t *layer);

/* Whether Keras's layer of that class is an activation: LeakyReLU, ELU, ReLU or Softmax. */
bool dlcore_activation_config_is_class(const char *class_name);
/* Reads its config to an activation layer, trainable and all. ReLU is relu, relu6, leaky_relu or
 * relu_general, by its settings. */
dlcore_status dlcore_activation_config_read_class(const dlcore_config_reading_t *reading,
                                                  const char *class_name,
                                                  const dlcore_json_t *config,
                                                  dlcore_layer_t *layer);

DLCORE_HIDDEN_END

#endif
