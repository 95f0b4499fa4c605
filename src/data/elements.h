/* The elements of array files (.npy and IDX): what types there are, and reading them as elements of
 * a tensor.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATA_ELEMENTS_H
#define DLCORE_DATA_ELEMENTS_H

#include "system/compiler.h"

#include <stdbool.h>

#include "dlcore/tensor.h"
#include "files/input.h"

DLCORE_HIDDEN_BEGIN

/* What an element is in the file. */
typedef enum dlcore_element_type {
    DLCORE_ELEMENT_BOOL,    /* becomes uint8; anything but 0 and 1 is DLCORE_ERROR_FORMAT */
    DLCORE_ELEMENT_UINT8,   /* stays */
    DLCORE_ELEMENT_INT8,    /* becomes int32 */
    DLCORE_ELEMENT_INT16,   /* becomes int32 */
    DLCORE_ELEMENT_UINT16,  /* becomes int32 */
    DLCORE_ELEMENT_INT32,   /* stays */
    DLCORE_ELEMENT_UINT32,  /* becomes int32; DLCORE_ERROR_RANGE when it does not fit */
    DLCORE_ELEMENT_INT64,   /* the same */
    DLCORE_ELEMENT_UINT64,  /* the same */
    DLCORE_ELEMENT_FLOAT16, /* becomes float32: exact */
    DLCORE_ELEMENT_FLOAT32, /* stays */
    DLCORE_ELEMENT_FLOAT64  /* becomes float32, rounded to nearest */
} dlcore_element_type_t;

/* All elements of a file. */
typedef struct dlcore_file_elements {
    dlcore_element_type_t type;
    size_t item;          /* bytes of one in the file */
    dlcore_dtype_t dtype; /* of the tensor */
    bool big_endian;
    bool fortran_order;
    size_t rank;
    size_t shape[DLCORE_RANK_MAX];
    size_t size;    /* elements */
    size_t content; /* bytes of the elements in the file */
} dlcore_file_elements_t;

/* Where elements come from. `read` does what dlcore_input_read does; `from` is its first argument,
 * `name` is for messages. */
typedef struct dlcore_elements_source {
    dlcore_status (*read)(void *from, void *to, size_t want, size_t *got,
                          dlcore_error_record_t *error);
    void *from;
    const char *name;
} dlcore_elements_source_t;

dlcore_elements_source_t dlcore_elements_from_input(dlcore_input_t *input);

/* Sets type, item and dtype. */
void dlcore_elements_set_type(dlcore_file_elements_t *elements, dlcore_element_type_t type);

/* Sets size and content from dtype, item, rank and shape. DLCORE_ERROR_OVERFLOW when the elements
 * cannot be in memory, as they are in the file or in the tensor. */
dlcore_status dlcore_elements_set_size(dlcore_file_elements_t *elements, const char *name,
                                       dlcore_error_record_t *error);

/* Reads the next `count` elements, in the file's order, into `to` as elements of elements->dtype;
 * `first` of them were read before. *got says how many bytes the source gave. When the source ends
 * too early, these are fewer than count * item, and what is in `to` means nothing. */
dlcore_status dlcore_elements_read(const dlcore_file_elements_t *elements,
                                   const dlcore_elements_source_t *source, size_t first,
                                   size_t count, unsigned char *to, size_t *got,
                                   dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
