/* Writing a tensor's elements to a file behind a header.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATA_TENSOR_OUTPUT_H
#define DLCORE_DATA_TENSOR_OUTPUT_H

#include "system/compiler.h"

#include "dlcore/tensor.h"
#include "files/output.h"

DLCORE_HIDDEN_BEGIN

/* Takes the next bytes; an error, also in `error`, ends the writing. */
typedef dlcore_status dlcore_tensor_sink_t(void *to, const void *bytes, size_t size,
                                           dlcore_error_record_t *error);

/* Hands all elements to `write`, row-major, big-endian or little-endian. */
dlcore_status dlcore_tensor_write(const dlcore_tensor_t *tensor, bool big_endian,
                                  dlcore_tensor_sink_t *write, void *to,
                                  dlcore_error_record_t *error);

/* Writes the header and all elements, row-major, big-endian or little-endian, as a file that is
 * there whole or not at all; it is not forced to the disk. `system` NULL: the real one. */
dlcore_status dlcore_tensor_output(const dlcore_system_t *system, const char *path,
                                   const void *header, size_t header_size,
                                   const dlcore_tensor_t *tensor, bool big_endian,
                                   dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
