/* Samples for the tests of sparse tensors.
 *
 * SPDX-License-Identifier: MIT */
#include "support/sparse_data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/random_numbers.h"
#include "support/tensors.h"

sparse_data_t sparse_data(size_t rows, size_t columns, double share, bool values, size_t units)
{
    float *numbers = calloc(rows * columns + 1, sizeof *numbers);
    float *labels = calloc(rows * units + 1, sizeof *labels);
    sparse_data_t data = {.y = NULL};

    assert_non_null(numbers);
    assert_non_null(labels);
    for (size_t i = 0; i < rows * columns; i++) {
        if (i / columns != 1 && random_unit() < share)
            numbers[i] = values ? (float)random_normal() : 1.0f;
    }
    for (size_t i = 0; i < rows * units; i++)
        labels[i] = (float)random_below(2);
    data.dense = tensor_of_floats(2, (size_t[]){rows, columns}, numbers);
    data.y = tensor_of_floats(2, (size_t[]){rows, units}, labels);
    assert_int_equal(dlcore_sparse_from_dense(data.dense, &data.sparse, NULL), DLCORE_OK);
    free(numbers);
    free(labels);
    return data;
}

void sparse_data_free(sparse_data_t *data)
{
    dlcore_tensor_free(data->sparse);
    dlcore_tensor_free(data->dense);
    dlcore_tensor_free(data->y);
}
