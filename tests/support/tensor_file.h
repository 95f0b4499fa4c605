/* Files that one tensor is saved in, whatever their format: what holds for all of them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_TENSOR_FILE_H
#define DLCORE_TESTS_TENSOR_FILE_H

#include "dlcore/tensor.h"

typedef struct tensor_file {
    const char *name; /* of a scratch file */
    dlcore_status (*save)(const char *path, const dlcore_tensor_t *tensor,
                          dlcore_error_record_t *error);
    dlcore_status (*load)(const char *path, const dlcore_allocator_t *allocator,
                          dlcore_tensor_t **out, dlcore_error_record_t *error);
} tensor_file_t;

/* Saves a tensor; reads its file back as bytes, of which it answers how many there are. */
size_t tensor_file_bytes(const tensor_file_t *file, const dlcore_tensor_t *tensor,
                         unsigned char *bytes, size_t room);
/* Saves a tensor, and loads what was saved. */
dlcore_tensor_t *tensor_file_again(const tensor_file_t *file, const dlcore_tensor_t *tensor);

/* Ranks 0 to 8 of every dtype; rows apart; no rows. */
void assert_every_tensor_comes_back(const tensor_file_t *file);
/* NULL, folders that do not exist, folders. */
void assert_no_place_is_an_error(const tensor_file_t *file);

#endif
