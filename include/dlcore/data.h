/* Data from files: IDX, the format of MNIST and Fashion-MNIST.
 *
 * Format: big-endian; two zero bytes, a type byte (0x08 uint8, 0x0C int32, 0x0D float32), a rank
 * byte, `rank` lengths as u32, then the elements, and nothing after them.
 *
 * Files are taken as hostile: sizes are checked before memory is asked for, a wrong length is an
 * error that names both numbers, and no more memory is taken than about twice what the file holds.
 *
 * Ownership: the tensor is the caller's. Threads: any.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATA_H
#define DLCORE_DATA_H

#include <stdbool.h>
#include <stddef.h>

#include "status.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reads an IDX file, plain or gzip (told apart by content, not by name): (60000, 28, 28) uint8 for
 * MNIST's training images. Errors: DLCORE_ERROR_IO with errno's text when the file cannot be read,
 * or when it is no regular file; DLCORE_ERROR_FORMAT when it is no IDX file, is cut short or too
 * long, or its gzip data is damaged; DLCORE_ERROR_UNSUPPORTED for a gzip file when the library was
 * built without zlib, for IDX types that have no dtype here (int8, int16, float64) and for ranks
 * above DLCORE_RANK_MAX; DLCORE_ERROR_OVERFLOW, DLCORE_ERROR_MEMORY. `allocator` NULL: malloc. */
dlcore_status dlcore_idx_load(const char *path, const dlcore_allocator_t *allocator,
                              dlcore_tensor_t **out, dlcore_error_record_t *error);

/* The same from memory. */
dlcore_status dlcore_idx_parse(const void *bytes, size_t size, const dlcore_allocator_t *allocator,
                               dlcore_tensor_t **out, dlcore_error_record_t *error);

/* Whether this build reads gzip files. */
bool dlcore_idx_reads_gzip(void);

#ifdef __cplusplus
}
#endif

#endif
