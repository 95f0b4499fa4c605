/* Functional models in JSON, which say of each layer where its input comes from. One whose layers
 * stand in one chain, each used once, is what a Sequential is.
 *
 *     "layers": [{"class_name": "InputLayer", "name": "in", "config": ..., "inbound_nodes": []},
 *                {"class_name": "Dense", "name": "dense", "config": ..., "inbound_nodes": [
 *                    {"args": [{"class_name": "__keras_tensor__", "config":
 *                         {"shape": ..., "keras_history": ["in", 0, 0]}}], "kwargs": {}}]}],
 *     "input_layers": ["in", 0, 0], "output_layers": ["dense", 0, 0]
 *
 * Keras 2 has a list of ["in", 0, 0, {}] for a node, and lists of lists at the end.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_MODEL_CONFIG_CHAIN_H
#define DLCORE_STORE_MODEL_CONFIG_CHAIN_H

#include "system/compiler.h"

#include "store/config_reading.h"

DLCORE_HIDDEN_BEGIN

/* DLCORE_ERROR_UNSUPPORTED, which says what is no chain, for the config of a Functional; the layers
 * themselves are looked at by others. */
dlcore_status dlcore_model_config_check_chain(const dlcore_config_reading_t *reading,
                                              const dlcore_json_t *config);

DLCORE_HIDDEN_END

#endif
