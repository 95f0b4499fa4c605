/* The texts of a .keras file.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_KERAS_CONFIG_H
#define DLCORE_EXCHANGE_KERAS_CONFIG_H

#include "system/compiler.h"

#include <stddef.h>

#include "dlcore/model.h"
#include "engine/network.h"

DLCORE_HIDDEN_BEGIN

/* DLCORE_ERROR_UNSUPPORTED for a setting of a built model that Keras does not have. */
dlcore_status dlcore_keras_config_check(const dlcore_model_t *model, dlcore_error_record_t *error);

/* DLCORE_ERROR_UNSUPPORTED for a layer that Keras has by the same name and with other numbers;
 * `what` begins the message. */
dlcore_status dlcore_keras_config_check_layers(const dlcore_network_t *network, const char *what,
                                               dlcore_error_record_t *error);

/* config.json: layers and compile settings, with the smallest set of keys, because Keras refuses
 * what a version does not know; metadata.json, which Keras never reads, with the notes. *text is to
 * be released to the allocator. */
dlcore_status dlcore_keras_config_make(const dlcore_model_t *model,
                                       const dlcore_allocator_t *allocator, char **text,
                                       size_t *size, dlcore_error_record_t *error);
dlcore_status dlcore_keras_metadata_make(const dlcore_model_t *model,
                                         const dlcore_allocator_t *allocator, char **text,
                                         size_t *size, dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
