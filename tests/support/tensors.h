/* Making tensors and asserting about them in one line each.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_TENSORS_H
#define DLCORE_TESTS_TENSORS_H

#include <stdint.h>

#include "dlcore/tensor.h"

/* SHAPE(2, 3): a rank and its lengths, as arguments. */
#define SHAPE(...) (sizeof((size_t[]){__VA_ARGS__}) / sizeof(size_t)), ((size_t[]){__VA_ARGS__})
#define NO_SHAPE 0, NULL

/* Tensors by malloc; they fail the test when they cannot be made. */
dlcore_tensor_t *tensor_of_floats(size_t rank, const size_t *shape, const float *elements);
dlcore_tensor_t *tensor_of_bytes(size_t rank, const size_t *shape, const uint8_t *elements);
dlcore_tensor_t *tensor_of_ints(size_t rank, const size_t *shape, const int32_t *elements);

/* (rows, columns) float32 over `elements`, `stride` apart. */
dlcore_tensor_t *strided_floats(size_t rows, size_t columns, float *elements, size_t stride);

/* A tensor of that dtype and shape, contiguous, whose elements are exactly `elements`. */
void assert_floats(const dlcore_tensor_t *tensor, size_t rank, const size_t *shape,
                   const float *elements);
void assert_bytes(const dlcore_tensor_t *tensor, size_t rank, const size_t *shape,
                  const uint8_t *elements);
void assert_ints(const dlcore_tensor_t *tensor, size_t rank, const size_t *shape,
                 const int32_t *elements);

/* The call failed with that status, the record says so, and its message has `text` in it. */
void assert_failed(dlcore_status status, dlcore_status expected, const dlcore_error_record_t *error,
                   const char *text);

#endif
