/* Reading a tensor from a file or from memory, in whatever format.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATA_TENSOR_INPUT_H
#define DLCORE_DATA_TENSOR_INPUT_H

#include "system/compiler.h"

#include "dlcore/tensor.h"
#include "files/input.h"

DLCORE_HIDDEN_BEGIN

/* Reads the format; on failure *out is left NULL. */
typedef dlcore_status dlcore_tensor_reader_t(dlcore_input_t *input,
                                             const dlcore_allocator_t *allocator,
                                             dlcore_tensor_t **out, dlcore_error_record_t *error);

/* What users call: arguments are checked, *out is NULL on failure. */
dlcore_status dlcore_tensor_load(const char *path, dlcore_tensor_reader_t *read,
                                 const dlcore_allocator_t *allocator, dlcore_tensor_t **out,
                                 dlcore_error_record_t *error);
/* `name` stands for the bytes in messages. */
dlcore_status dlcore_tensor_parse(const void *bytes, size_t size, const char *name,
                                  dlcore_tensor_reader_t *read, const dlcore_allocator_t *allocator,
                                  dlcore_tensor_t **out, dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
