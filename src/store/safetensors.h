/* The safetensors format: u64 little-endian N, N bytes of JSON, then the tensors' bytes.
 *
 *     {"__metadata__": {"key": "text", ...},
 *      "dense/kernel": {"dtype": "F32", "shape": [784, 512], "data_offsets": [0, 1605632]}, ...}
 *
 * A header is taken as hostile: everything that the format demands is checked before anything is
 * believed. Memory: the header's text is the caller's, and the list of tensors takes 32 bytes for
 * each, fewer than its text.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_SAFETENSORS_H
#define DLCORE_STORE_SAFETENSORS_H

#include "system/compiler.h"

#include "store/safetensors_entries.h"

DLCORE_HIDDEN_BEGIN

/* Reads N, for a file of that size: DLCORE_ERROR_FORMAT when it is no safetensors file. `name`
 * stands for the file in messages here and below. */
dlcore_status dlcore_safetensors_prefix(const unsigned char prefix[DLCORE_SAFETENSORS_PREFIX],
                                        size_t file_size, const char *name, size_t *text_size,
                                        dlcore_error_record_t *error);

/* Parses a header of `text_size` bytes before `data_size` bytes of tensors. `text` must outlive
 * the result, whose list comes from `allocator`. DLCORE_ERROR_FORMAT, DLCORE_ERROR_UNSUPPORTED for
 * ranks above DLCORE_RANK_MAX, DLCORE_ERROR_MEMORY. On failure there is nothing to clear. */
dlcore_status dlcore_safetensors_parse(const char *text, size_t text_size, size_t data_size,
                                       const char *name, const dlcore_allocator_t *allocator,
                                       dlcore_safetensors_t *file, dlcore_error_record_t *error);
void dlcore_safetensors_clear(dlcore_safetensors_t *file, const dlcore_allocator_t *allocator);

DLCORE_HIDDEN_END

#endif
