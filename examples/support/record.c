/* What the programs that are compared with PyTorch share.
 *
 * SPDX-License-Identifier: MIT */
#include "record.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

void require(dlcore_status status, const char *message)
{
    if (status == DLCORE_OK)
        return;
    fprintf(stderr, "%s: %s\n", dlcore_status_name(status), message);
    exit(EXIT_FAILURE);
}

tensor_t *matrix_of(float *data, size_t rows, size_t columns)
{
    const size_t shape[2] = {rows, columns};
    tensor_t *made = NULL;

    require(tensor_borrow(NULL, DTYPE_FLOAT32, 2, shape, data, 0, &made, NULL), "matrix");
    return made;
}

void record_matrix(const char *folder, const char *name, const tensor_t *matrix)
{
    char path[512];

    if (folder == NULL)
        return;
    snprintf(path, sizeof path, "%s/%s.npy", folder, name);
    require(npy_save(path, matrix, NULL), path);
}

void record_weights(const char *folder, const char *name, const model_t *model)
{
    char path[512];

    if (folder == NULL)
        return;
    snprintf(path, sizeof path, "%s/%s.safetensors", folder, name);
    require(model_save_weights(model, path, NULL), path);
}

float next_random(void)
{
    static uint32_t state = 2024;

    state = state * 1664525u + 1013904223u;
    return (float)(state >> 8) / 16777216.0F;
}
