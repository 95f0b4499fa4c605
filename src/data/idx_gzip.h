/* IDX from gzip files.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATA_IDX_GZIP_H
#define DLCORE_DATA_IDX_GZIP_H

#include "system/compiler.h"

#include "dlcore/tensor.h"
#include "files/input.h"

DLCORE_HIDDEN_BEGIN

/* Reads a gzip file from its start. */
dlcore_status dlcore_idx_load_gzip(dlcore_input_t *input, const dlcore_allocator_t *allocator,
                                   dlcore_tensor_t **out, dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
