/* The header of IDX files, plain or packed by gzip.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATA_IDX_HEADER_H
#define DLCORE_DATA_IDX_HEADER_H

#include "system/compiler.h"

#include <stdint.h>

#include "dlcore/tensor.h"

DLCORE_HIDDEN_BEGIN

/* A number of four bytes, the highest first. */
static inline uint32_t dlcore_idx_number(const unsigned char bytes[4])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

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

DLCORE_HIDDEN_END

#endif
