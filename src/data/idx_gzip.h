/* IDX from gzip files.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATA_IDX_GZIP_H
#define DLCORE_DATA_IDX_GZIP_H

#include "dlcore/tensor.h"
#include "files/input.h"

/* Reads a gzip file from its start, elements still big-endian. */
dlcore_status dlcore_idx_load_gzip(dlcore_input_t *input, const dlcore_allocator_t *allocator,
                                   dlcore_tensor_t **out, dlcore_error_record_t *error);

#endif
