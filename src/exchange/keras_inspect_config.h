/* What the texts in a file of Keras say, also where loading it is refused.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_KERAS_INSPECT_CONFIG_H
#define DLCORE_EXCHANGE_KERAS_INSPECT_CONFIG_H

#include "system/compiler.h"

#include <stdio.h>

#include "exchange/keras_file.h"

DLCORE_HIDDEN_BEGIN

/* A line for each layer, with its class, its settings but initializers, and what this version does
 * not have; and one for the settings of compile. Texts are cut and cleaned. */
void dlcore_keras_inspect_config(const dlcore_keras_file_t *file, FILE *stream);

DLCORE_HIDDEN_END

#endif
