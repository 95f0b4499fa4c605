/* The four IDX files of MNIST, or of a data set in the same form such as Fashion-MNIST.
 *
 * SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_SUPPORT_MNIST_DATA_H
#define EXAMPLES_SUPPORT_MNIST_DATA_H

#include <dlcore.h>

#define MNIST_CLASSES 10

typedef struct mnist_images {
    tensor_t *images;  /* (count, rows, columns) uint8 */
    tensor_t *labels;  /* (count) uint8, 0 .. 9 */
    tensor_t *one_hot; /* (count, 10) float32 */
} mnist_images_t;

/* Reads <prefix>-images-idx3-ubyte and <prefix>-labels-idx1-ubyte, plain or with .gz, from a
 * folder. `prefix` is "train" or "t10k". Prints what is wrong and ends the program. */
mnist_images_t mnist_load(const char *folder, const char *prefix);
void mnist_free(mnist_images_t *set);

/* What the ten classes are called. The first labels of the training images tell which data set it
 * is: digits, unless they are those of Fashion-MNIST. */
const char *const *mnist_class_names(const mnist_images_t *train);

#endif
