/* Tables and arrays.
 *
 * SPDX-License-Identifier: MIT */
#include "convert_data.h"

#ifdef CONVERT_NPZ
#    include <dlcore/npz.h>
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

error_record_t convert_error;

void check(dlcore_status status)
{
    if (status == DLCORE_OK)
        return;
    fprintf(stderr, "convert: %s: %s\n", dlcore_status_name(status), convert_error.message);
    exit(EXIT_FAILURE);
}

void fail(const char *path, const char *why)
{
    fprintf(stderr, "convert: %s: %s\n", path, why);
    exit(EXIT_FAILURE);
}

void lacks(const char *path, const char *part)
{
    fprintf(stderr, "convert: %s: needs the part %s, without which this program was built\n", path,
            part);
    exit(EXIT_FAILURE);
}

/* ---- files ---- */

/* All columns as numbers. */
static tensor_t *load_csv(const char *path)
{
    csv_options_t columns = csv_options_default();
    csv_t *table = NULL;
    tensor_t *copy = NULL;
    dlcore_status status;

    columns.label_kind = CSV_LABEL_NONE;
    status = csv_load(path, &columns, NULL, &table, &convert_error);
    if (status != DLCORE_OK)
        fprintf(stderr, "convert takes tables of numbers; examples/csv.c shows one with words\n");
    check(status);
    check(tensor_copy(csv_x(table), &copy, &convert_error));
    csv_free(table);
    return copy;
}

static tensor_t *dense_rows(tensor_t *sparse)
{
    tensor_t *dense = NULL;

    check(sparse_to_dense(sparse, &dense, &convert_error));
    tensor_free(sparse);
    return dense;
}

/* The features of each row, then its label. */
static tensor_t *load_svmlight(const char *path)
{
    tensor_t *x = NULL, *y = NULL, *rows = NULL;
    size_t columns;

    check(svmlight_load(path, NULL, NULL, &x, &y, &convert_error));
    x = dense_rows(x);
    columns = tensor_row_size(x);
    check(tensor_create(NULL, DTYPE_FLOAT32, 2, (size_t[]){tensor_length(x, 0), columns + 1}, &rows,
                        &convert_error));
    for (size_t row = 0; row < tensor_length(x, 0); row++) {
        float *to = (float *)tensor_data(rows) + row * (columns + 1);

        memcpy(to, (const float *)tensor_data_const(x) + row * columns, columns * sizeof *to);
        to[columns] = ((const float *)tensor_data_const(y))[row];
    }
    tensor_free(x);
    tensor_free(y);
    printf("%s: the labels are the last column\n", path);
    return rows;
}

/* An array by its name; without one the only array, or the matrix that SciPy's save_npz wrote. */
static tensor_t *load_npz(const char *path, const char *name)
{
    tensor_t *tensor = NULL;
#ifdef CONVERT_NPZ
    if (name == NULL && npz_load_sparse(path, NULL, &tensor, &convert_error) == DLCORE_OK)
        return dense_rows(tensor);
    check(npz_load(path, name, NULL, &tensor, &convert_error));
#else
    lacks(path, "npz");
    (void)name;
#endif
    return tensor;
}

tensor_t *load_data(const char *path, kind_t kind, const char *name)
{
    tensor_t *tensor = NULL;

    if (kind == CSV)
        return load_csv(path);
    if (kind == SVMLIGHT)
        return load_svmlight(path);
    if (kind == NPZ)
        return load_npz(path, name);
    if (kind == NPY)
        check(npy_load(path, NULL, &tensor, &convert_error));
    else
        check(idx_load(path, NULL, &tensor, &convert_error));
    return tensor;
}

static double number_at(const tensor_t *tensor, size_t row, size_t column)
{
    const void *data = tensor_data_const(tensor);
    size_t at = row * tensor_row_size(tensor) + column;

    if (tensor_dtype(tensor) == DTYPE_UINT8)
        return ((const unsigned char *)data)[at];
    return tensor_dtype(tensor) == DTYPE_INT32 ? ((const int *)data)[at]
                                               : (double)((const float *)data)[at];
}

/* A line for each sample. 9 digits give a float32 back. */
static void save_csv(const tensor_t *tensor, const char *path)
{
    size_t rows = tensor_rank(tensor) > 0 ? tensor_length(tensor, 0) : 1;
    size_t columns = tensor_row_size(tensor);
    FILE *file = fopen(path, "w");

    if (file == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    for (size_t row = 0; row < rows; row++)
        for (size_t column = 0; column < columns; column++)
            fprintf(file, "%.9g%c", number_at(tensor, row, column),
                    column + 1 < columns ? ',' : '\n');
    if (fclose(file) != 0)
        fail(path, "could not be written");
}

void save_data(const tensor_t *tensor, const char *path, kind_t kind, const char *name)
{
    if (kind == CSV)
        save_csv(tensor, path);
    else if (kind == NPY)
        check(npy_save(path, tensor, &convert_error));
    else if (kind == IDX)
        check(idx_save(path, tensor, &convert_error));
#ifdef CONVERT_NPZ
    else
        check(npz_save(path, &name, &tensor, 1, NULL, &convert_error));
#else
    else
        lacks(path, "npz");
    (void)name;
#endif
}

/* ---- what is in them ---- */

void print_shape(const char *name, const char *dtype, size_t rank, const size_t *shape)
{
    printf("%s: %s (", name, dtype);
    for (size_t axis = 0; axis < rank; axis++)
        printf(axis > 0 ? ", %zu" : "%zu", shape[axis]);
    printf(")\n");
}

void inspect_npz(const char *path)
{
#ifdef CONVERT_NPZ
    npz_t *npz = NULL;
    npz_array_t array;

    check(npz_open(path, NULL, &npz, &convert_error));
    for (size_t i = 0; i < npz_count(npz); i++) {
        if (npz_inspect(npz, i, &array, &convert_error) == DLCORE_OK)
            print_shape(npz_name(npz, i), dtype_name(array.dtype), array.rank, array.shape);
        else
            printf("%s: cannot be read: %s\n", npz_name(npz, i), convert_error.message);
    }
    npz_free(npz);
#else
    lacks(path, "npz");
#endif
}
