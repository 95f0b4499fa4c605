/* Reading the four IDX files.
 *
 * SPDX-License-Identifier: MIT */
#include "mnist_data.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *message)
{
    fprintf(stderr, "mnist: %s\n", message);
    exit(EXIT_FAILURE);
}

/* NULL when there is no such file. */
static tensor_t *load_file(const char *path, size_t rank)
{
    char message[4352];
    error_record_t error;
    tensor_t *tensor = NULL;
    FILE *file = fopen(path, "rb");

    if (file == NULL)
        return NULL;
    fclose(file);
    if (idx_load(path, NULL, &tensor, &error) != DLCORE_OK)
        fail(error.message);
    if (tensor_rank(tensor) != rank || tensor_dtype(tensor) != DTYPE_UINT8) {
        snprintf(message, sizeof message, "%s: uint8 of rank %zu was expected, not %s of rank %zu",
                 path, rank, dtype_name(tensor_dtype(tensor)), tensor_rank(tensor));
        fail(message);
    }
    return tensor;
}

static tensor_t *load_plain_or_gz(const char *folder, const char *prefix, const char *end,
                                  size_t rank)
{
    char path[4096], message[4352];
    tensor_t *tensor;

    if (snprintf(path, sizeof path, "%s/%s-%s.gz", folder, prefix, end) >= (int)sizeof path)
        fail("the name of the data folder is too long");
    tensor = load_file(path, rank);
    if (tensor != NULL)
        return tensor;
    path[strlen(path) - strlen(".gz")] = '\0';
    tensor = load_file(path, rank);
    if (tensor == NULL) {
        snprintf(message, sizeof message,
                 "neither %s-%s nor %s-%s.gz can be read in %s: examples/mnist.sh gets "
                 "them, --data names their folder",
                 prefix, end, prefix, end, folder);
        fail(message);
    }
    return tensor;
}

mnist_images_t mnist_load(const char *folder, const char *prefix)
{
    mnist_images_t set = {load_plain_or_gz(folder, prefix, "images-idx3-ubyte", 3),
                          load_plain_or_gz(folder, prefix, "labels-idx1-ubyte", 1), NULL};
    error_record_t error;

    if (tensor_one_hot(set.labels, MNIST_CLASSES, &set.one_hot, &error) != DLCORE_OK)
        fail(error.message);
    return set;
}

void mnist_free(mnist_images_t *set)
{
    tensor_free(set->one_hot);
    tensor_free(set->labels);
    tensor_free(set->images);
}

const char *const *mnist_class_names(const mnist_images_t *train)
{
    static const uint8_t fashion_begins[] = {9, 0, 0, 3, 0, 2, 7, 2, 5, 5};
    static const char *const digits[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
    static const char *const clothes[] = {"T-shirt", "trouser", "pullover", "dress", "coat",
                                          "sandal",  "shirt",   "sneaker",  "bag",   "boot"};
    bool is_fashion =
        tensor_length(train->labels, 0) >= sizeof fashion_begins &&
        memcmp(tensor_data_const(train->labels), fashion_begins, sizeof fashion_begins) == 0;

    return is_fashion ? clothes : digits;
}
