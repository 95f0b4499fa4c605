/* The tables and arrays of the example convert: files of data, read and written.
 *
 * SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_SUPPORT_CONVERT_DATA_H
#define EXAMPLES_SUPPORT_CONVERT_DATA_H

#include <dlcore.h>

typedef enum kind {
    UNKNOWN,
    SAFETENSORS,
    KERAS,
    HDF5,
    ONNX,
    C_SOURCE,
    CSV,
    NPY,
    NPZ,
    IDX,
    SVMLIGHT
} kind_t;

/* What the last call says of its failure. */
extern error_record_t convert_error;

/* Each ends the program where something failed. */
void check(dlcore_status status);
void fail(const char *path, const char *why);
/* A format whose part this program was built without. */
void lacks(const char *path, const char *part);

/* `name` is of the array in an .npz file; NULL: the only one, or the matrix that SciPy wrote. */
tensor_t *load_data(const char *path, kind_t kind, const char *name);
void save_data(const tensor_t *tensor, const char *path, kind_t kind, const char *name);
void print_shape(const char *name, const char *dtype, size_t rank, const size_t *shape);
void inspect_npz(const char *path);

#endif
