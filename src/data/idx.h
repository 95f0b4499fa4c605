/* What the plain and the gzip reader of IDX share.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATA_IDX_H
#define DLCORE_DATA_IDX_H

#include "dlcore/tensor.h"
#include "files/input.h"

typedef struct dlcore_idx_header {
    dlcore_dtype_t dtype;
    size_t rank;
    size_t shape[DLCORE_RANK_MAX];
    size_t bytes;   /* of the header itself */
    size_t content; /* bytes of the elements that follow: checked not to overflow */
} dlcore_idx_header_t;

/* Reads as dlcore_input_read and dlcore_gunzip_read do; `from` is theirs. */
typedef dlcore_status dlcore_idx_read_t(void *from, void *to, size_t want, size_t *got,
                                        dlcore_error_record_t *error);

/* Reads and checks a header. `name` is for messages. */
dlcore_status dlcore_idx_read_header(dlcore_idx_read_t *read, void *from, const char *name,
                                     dlcore_idx_header_t *header, dlcore_error_record_t *error);

/* Reads a gzip file from its start, elements still big-endian. */
dlcore_status dlcore_idx_load_gzip(dlcore_input_t *input, const dlcore_allocator_t *allocator,
                                   dlcore_tensor_t **out, dlcore_error_record_t *error);

#endif
