/* .npy bytes, made by hand, right or wrong.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_NPY_BYTES_H
#define DLCORE_TESTS_NPY_BYTES_H

#include "support/idx_bytes.h"

/* The text of a header's dict, as NumPy writes it, in static memory. */
const char *npy_dict(const char *descr, const char *fortran_order, const char *shape);

/* A file of version `version`.0 whose header is `dict` and a newline, padded to 64 bytes. */
void npy_file(bytes_t *bytes, unsigned char version, const char *dict, const void *content,
              size_t size);

/* Row-major elements of the host, each of `item` bytes, made little-endian. */
void npy_little(bytes_t *bytes, const char *descr, const char *shape, const void *elements,
                size_t item, size_t count);
void npy_little_order(bytes_t *bytes, const char *descr, const char *fortran_order,
                      const char *shape, const void *elements, size_t item, size_t count);

#endif
