/* The HDF5 file of Keras 3 with a model's weights and its optimizer's state.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_KERAS_NUMBERS_H
#define DLCORE_EXCHANGE_KERAS_NUMBERS_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>

#include "dlcore/model.h"

DLCORE_HIDDEN_BEGIN

/* Of a built model, compiled where its state is wanted. *bytes comes from the allocator's own
 * functions. DLCORE_ERROR_UNSUPPORTED for state of a frozen layer, for which there is no place. */
dlcore_status dlcore_keras_numbers_make(const dlcore_model_t *model, bool with_state,
                                        const dlcore_allocator_t *allocator, void **bytes,
                                        size_t *size, dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
