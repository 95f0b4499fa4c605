/* MNIST's images, where the benchmark was told of them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BENCH_DATA_H
#define DLCORE_BENCH_DATA_H

#include <stdbool.h>

#include "dlcore/tensor.h"

typedef struct bench_mnist {
    dlcore_tensor_t *images;  /* (60000, 28, 28) uint8 */
    dlcore_tensor_t *one_hot; /* (60000, 10) float32 */
} bench_mnist_t;

/* Reads the training images and labels from the folder, plain or gzip. False, and nothing to free,
 * for NULL; ends the program where the folder does not hold them. */
bool bench_mnist_load(const char *folder, bench_mnist_t *mnist);
/* The same of the 10,000 to test on. */
bool bench_mnist_load_test(const char *folder, bench_mnist_t *mnist);
void bench_mnist_free(bench_mnist_t *mnist);

#endif
