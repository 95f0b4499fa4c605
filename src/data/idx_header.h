/* The header of IDX files, plain or packed by gzip.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATA_IDX_HEADER_H
#define DLCORE_DATA_IDX_HEADER_H

#include "system/compiler.h"

#include "data/elements.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_idx_header {
    dlcore_file_elements_t elements; /* big-endian, row-major */
    size_t bytes;                    /* of the header itself */
} dlcore_idx_header_t;

/* Reads and checks a header; the source then stands at the first element. */
dlcore_status dlcore_idx_read_header(const dlcore_elements_source_t *source,
                                     dlcore_idx_header_t *header, dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
