/* MNIST's images.
 *
 * SPDX-License-Identifier: MIT */
#include "bench/data.h"

#include <stdio.h>

#include "bench/support.h"
#include "dlcore/data.h"

#define CLASSES 10
#define PIXELS 784

static dlcore_tensor_t *load(const char *folder, const char *name)
{
    static const char *const endings[] = {"", ".gz"};
    char path[4096];
    dlcore_error_record_t error = {0};
    dlcore_tensor_t *tensor = NULL;
    size_t i;

    for (i = 0; i < 2; i++) {
        FILE *file;

        snprintf(path, sizeof path, "%s/%s%s", folder, name, endings[i]);
        file = fopen(path, "rb");
        if (file == NULL)
            continue;
        fclose(file);
        bench_check(dlcore_idx_load(path, NULL, &tensor, &error), error.message);
        return tensor;
    }
    snprintf(path, sizeof path, "neither %s nor %s.gz can be read in %s", name, name, folder);
    bench_fail(path);
}

static bool load_part(const char *folder, const char *part, bench_mnist_t *mnist)
{
    char name[64];
    dlcore_error_record_t error = {0};
    dlcore_tensor_t *labels;

    *mnist = (bench_mnist_t){NULL, NULL};
    if (folder == NULL)
        return false;
    snprintf(name, sizeof name, "%s-images-idx3-ubyte", part);
    mnist->images = load(folder, name);
    snprintf(name, sizeof name, "%s-labels-idx1-ubyte", part);
    labels = load(folder, name);
    bench_check(dlcore_tensor_one_hot(labels, CLASSES, &mnist->one_hot, &error), error.message);
    dlcore_tensor_free(labels);
    if (dlcore_tensor_dtype(mnist->images) != DLCORE_DTYPE_UINT8 ||
        dlcore_tensor_row_size(mnist->images) != PIXELS ||
        dlcore_tensor_length(mnist->images, 0) != dlcore_tensor_length(mnist->one_hot, 0))
        bench_fail("the data is not of MNIST's form");
    return true;
}

bool bench_mnist_load(const char *folder, bench_mnist_t *mnist)
{
    return load_part(folder, "train", mnist);
}

bool bench_mnist_load_test(const char *folder, bench_mnist_t *mnist)
{
    return load_part(folder, "t10k", mnist);
}

void bench_mnist_free(bench_mnist_t *mnist)
{
    dlcore_tensor_free(mnist->images);
    dlcore_tensor_free(mnist->one_hot);
}
