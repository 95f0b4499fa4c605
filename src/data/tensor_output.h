/* Writing a tensor's elements to a file behind a header.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATA_TENSOR_OUTPUT_H
#define DLCORE_DATA_TENSOR_OUTPUT_H

#include "system/compiler.h"

#include "dlcore/tensor.h"
#include "files/output.h"

DLCORE_HIDDEN_BEGIN

/* Writes the header and all elements, row-major, big-endian or little-endian, as a file that is
 * there whole or not at all; it is not forced to the disk. `system` NULL: the real one. */
dlcore_status dlcore_tensor_output(const dlcore_system_t *system, const char *path,
                                   const void *header, size_t header_size,
                                   const dlcore_tensor_t *tensor, bool big_endian,
                                   dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
