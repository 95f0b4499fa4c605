/* What the parts of the .npy reader and writer share.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATA_NPY_H
#define DLCORE_DATA_NPY_H

#include "system/compiler.h"

#include <stdbool.h>

#include "dlcore/tensor.h"
#include "files/input.h"

DLCORE_HIDDEN_BEGIN

/* What the elements are in the file. */
typedef enum dlcore_npy_type {
    DLCORE_NPY_FLOAT32,
    DLCORE_NPY_UINT8,
    DLCORE_NPY_INT32,
    DLCORE_NPY_BOOL,   /* becomes uint8 */
    DLCORE_NPY_INT64,  /* becomes int32, range-checked */
    DLCORE_NPY_FLOAT64 /* becomes float32, rounded */
} dlcore_npy_type_t;

typedef struct dlcore_npy_header {
    dlcore_npy_type_t type;
    size_t item; /* bytes of an element in the file */
    bool big_endian;
    bool fortran_order;
    dlcore_dtype_t dtype; /* of the tensor */
    size_t rank;
    size_t shape[DLCORE_RANK_MAX];
    size_t size;    /* elements */
    size_t content; /* bytes of the elements in the file: checked not to overflow */
} dlcore_npy_header_t;

/* Reads and checks magic, version and header; `input` then stands at the first element. Memory for
 * the header's text is asked for and given back. */
dlcore_status dlcore_npy_read_header(dlcore_input_t *input, const dlcore_allocator_t *allocator,
                                     dlcore_npy_header_t *header, dlcore_error_record_t *error);

/* The dict literal of a header, `length` bytes: type, order, rank and shape. */
dlcore_status dlcore_npy_parse_dict(const char *text, size_t length, const char *name,
                                    dlcore_npy_header_t *header, dlcore_error_record_t *error);

/* Reads header->size elements in the file's order into `to`, as elements of header->dtype. */
dlcore_status dlcore_npy_read_elements(dlcore_input_t *input, const dlcore_npy_header_t *header,
                                       unsigned char *to, dlcore_error_record_t *error);

/* Elements of 1 or 4 bytes from Fortran order, first axis fastest, to row-major. */
void dlcore_npy_from_fortran(const unsigned char *from, unsigned char *to, size_t item, size_t rank,
                             const size_t *shape);

DLCORE_HIDDEN_END

#endif
