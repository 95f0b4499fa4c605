/* How many entries a zip archive says it has, before anything else of it is read.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_ZIP_CLAIM_H
#define DLCORE_EXCHANGE_ZIP_CLAIM_H

#include "system/compiler.h"

#include <stdint.h>

#include "files/input.h"

DLCORE_HIDDEN_BEGIN

/* The largest number that a reader could find in it; 0 where it is no archive. */
dlcore_status dlcore_zip_claim(dlcore_input_t *input, const dlcore_allocator_t *allocator,
                               uint64_t *count, dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
