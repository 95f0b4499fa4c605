/* What the parts of the .npy reader and writer share.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATA_NPY_H
#define DLCORE_DATA_NPY_H

#include "system/compiler.h"

#include "data/elements.h"
#include "dlcore/tensor.h"
#include "files/input.h"

DLCORE_HIDDEN_BEGIN

/* Bytes before the elements, at most: magic, version, length, and a dict of as many as are read. */
#define DLCORE_NPY_START_MAX (12 + 10000)

/* Reads the format: the tensor of a file. */
dlcore_status dlcore_npy_read(dlcore_input_t *input, const dlcore_allocator_t *allocator,
                              dlcore_tensor_t **out, dlcore_error_record_t *error);

/* Reads and checks magic, version and header; `input` then stands at the first element. Memory for
 * the header's text is asked for and given back. */
dlcore_status dlcore_npy_read_header(dlcore_input_t *input, const dlcore_allocator_t *allocator,
                                     dlcore_file_elements_t *elements,
                                     dlcore_error_record_t *error);

/* The dict literal of a header, `length` bytes: type, order, rank and shape. */
dlcore_status dlcore_npy_parse_dict(const char *text, size_t length, const char *name,
                                    dlcore_file_elements_t *elements, dlcore_error_record_t *error);

/* Elements of 1 or 4 bytes from Fortran order, first axis fastest, to row-major. */
void dlcore_npy_from_fortran(const unsigned char *from, unsigned char *to, size_t item, size_t rank,
                             const size_t *shape);

/* ---- npy_save.c ---- */

#define DLCORE_NPY_HEADER_ROOM 512 /* more than the longest header of rank 8 */

/* The header for a tensor's elements, little-endian and row-major; answers its size. */
size_t dlcore_npy_write_header(char to[DLCORE_NPY_HEADER_ROOM], const dlcore_tensor_t *tensor);

DLCORE_HIDDEN_END

#endif
