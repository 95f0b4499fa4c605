/* Which tensor of a safetensors file is which weight of a network: dlcore/weights.h says the rules.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_WEIGHT_MATCH_H
#define DLCORE_STORE_WEIGHT_MATCH_H

#include "system/compiler.h"

#include "store/weight_matching.h"

DLCORE_HIDDEN_BEGIN

/* Options that are wrong in themselves: DLCORE_ERROR_ARGUMENT. */
dlcore_status dlcore_check_weights_options(const dlcore_weights_options_t *options,
                                           dlcore_error_record_t *error);

/* Finds out, or says in the error why not. Ended by dlcore_matching_clear, whatever it answers. */
dlcore_status dlcore_matching_find(dlcore_matching_t *matching);
void dlcore_matching_clear(dlcore_matching_t *matching);

DLCORE_HIDDEN_END

#endif
