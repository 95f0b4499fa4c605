/* Reading what scipy.sparse.save_npz wrote: arrays indptr, indices, data, shape and format.
 *
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/traces.h"
#include "exchange/npz.h"
#include "tensor/sparse.h"

enum { SHAPE, FORMAT, STARTS, INDICES, VALUES, MATRIX_ARRAYS };

static const char *const array_names[MATRIX_ARRAYS] = {"shape", "format", "indptr", "indices",
                                                       "data"};

typedef struct matrix_file {
    dlcore_npz_t *npz;
    size_t arrays[MATRIX_ARRAYS];
    size_t rows, columns, entries;
} matrix_file_t;

static dlcore_status find_matrix_arrays(matrix_file_t *file, dlcore_error_record_t *error)
{
    for (size_t i = 0; i < MATRIX_ARRAYS; i++) {
        file->arrays[i] = dlcore_npz_find(file->npz, array_names[i]);
        if (file->arrays[i] == dlcore_npz_count(file->npz))
            return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                               "%s: is not what scipy.sparse.save_npz writes: it has no array "
                               "\"%s\"",
                               dlcore_npz_shown_name(file->npz), array_names[i]);
    }
    return DLCORE_OK;
}

/* The array of text has a type that no tensor has: three letters, the last bytes of its file, as
 * bytes or as UTF-32 of either order. */
static dlcore_status check_format(const matrix_file_t *file, dlcore_error_record_t *error)
{
    unsigned char bytes[256];
    char text[4] = "";
    size_t got, size, width;
    dlcore_status status = dlcore_npz_read_start(file->npz, file->arrays[FORMAT], bytes,
                                                 sizeof bytes, &got, &size, error);

    if (status != DLCORE_OK)
        return status;
    if (size != got || size < 64 || memcmp(bytes, "\x93NUMPY", 6) != 0)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: format: is no array of three letters, it has %zu bytes",
                           dlcore_npz_shown_name(file->npz), size);
    width = bytes[size - 2] == 0 || bytes[size - 1] == 0 ? 4 : 1;
    for (size_t i = 0; i < 3; i++)
        for (size_t b = 0; b < width; b++) {
            unsigned char byte = bytes[size - width * (3 - i) + b];

            if (byte != 0)
                text[i] = byte > 0x20 && byte < 0x7f ? (char)byte : '?';
        }
    if (strcmp(text, "csr") == 0)
        return DLCORE_OK;
    return dlcore_fail(
        error, DLCORE_ERROR_UNSUPPORTED,
        "%s: a matrix of the format \"%s\"; tocsr() before save_npz makes it \"csr\"",
        dlcore_npz_shown_name(file->npz), text);
}

/* Reads an array of rank 1 and that length; `integers`: not of floats. */
static dlcore_status read_vector(const matrix_file_t *file, int which, size_t length, bool integers,
                                 dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    dlcore_npz_array_t array;
    dlcore_status status = dlcore_npz_inspect(file->npz, file->arrays[which], &array, error);

    if (status != DLCORE_OK)
        return status;
    if (array.rank != 1 || array.shape[0] != length)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: %s: %zu numbers are expected, got rank %zu and %zu",
                           dlcore_npz_shown_name(file->npz), array_names[which], length, array.rank,
                           array.rank > 0 ? array.shape[0] : 1);
    if (integers && array.dtype == DLCORE_DTYPE_FLOAT32)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: %s: integers are expected",
                           dlcore_npz_shown_name(file->npz), array_names[which]);
    return dlcore_npz_read(file->npz, array_names[which], out, error);
}

static int64_t integer_at(const dlcore_tensor_t *tensor, size_t i)
{
    return (int64_t)dlcore_row_number(tensor, i, 0);
}

static dlcore_status read_shape(matrix_file_t *file, dlcore_error_record_t *error)
{
    dlcore_tensor_t *shape = NULL;
    dlcore_status status = read_vector(file, SHAPE, 2, true, &shape, error);
    int64_t rows, columns;

    if (status != DLCORE_OK)
        return status;
    rows = integer_at(shape, 0);
    columns = integer_at(shape, 1);
    dlcore_tensor_free(shape);
    if (rows < 0 || columns <= 0)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: shape: (%lld, %lld)",
                           dlcore_npz_shown_name(file->npz), (long long)rows, (long long)columns);
    file->rows = (size_t)rows;
    file->columns = (size_t)columns;
    return DLCORE_OK;
}

/* The number of entries, which indices and data must have. */
static dlcore_status read_starts(matrix_file_t *file, dlcore_tensor_t **starts,
                                 dlcore_error_record_t *error)
{
    dlcore_npz_array_t indices;
    dlcore_status status = read_vector(file, STARTS, file->rows + 1, true, starts, error);
    int64_t last;

    if (status == DLCORE_OK)
        status = dlcore_npz_inspect(file->npz, file->arrays[INDICES], &indices, error);
    if (status != DLCORE_OK)
        return status;
    last = integer_at(*starts, file->rows);
    if (integer_at(*starts, 0) != 0 || last < 0 || indices.rank != 1 ||
        (size_t)last != indices.shape[0])
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: indptr goes from %lld to %lld, but there are %zu indices",
                           dlcore_npz_shown_name(file->npz), (long long)integer_at(*starts, 0),
                           (long long)last, indices.rank == 1 ? indices.shape[0] : 0);
    file->entries = (size_t)last;
    return DLCORE_OK;
}

static bool all_ones(const dlcore_tensor_t *values)
{
    for (size_t i = 0; i < values->size; i++) {
        if (dlcore_row_number(values, i, 0) != 1.0)
            return false;
    }
    return true;
}

static dlcore_status fill_arrays(const matrix_file_t *file, const dlcore_tensor_t *starts,
                                 const dlcore_tensor_t *values, const dlcore_sparse_arrays_t *to,
                                 dlcore_error_record_t *error)
{
    dlcore_tensor_t *indices = NULL;
    dlcore_status status = read_vector(file, INDICES, file->entries, true, &indices, error);

    if (status != DLCORE_OK)
        return status;
    for (size_t i = 0; i < file->entries; i++)
        to->indices[i] = (int32_t)integer_at(indices, i);
    dlcore_tensor_free(indices);
    for (size_t i = 0; to->values != NULL && i < file->entries; i++)
        to->values[i] = (float)dlcore_row_number(values, i, 0);
    for (size_t row = 0; row <= file->rows; row++)
        to->starts[row] = (size_t)integer_at(starts, row); /* one below 0 decreases, or overflows */
    return DLCORE_OK;
}

/* The arrays are in place: are they what they should be? */
static dlcore_status check_matrix(const matrix_file_t *file, const dlcore_tensor_t *matrix,
                                  dlcore_error_record_t *error)
{
    dlcore_error_record_t found = {0};
    dlcore_status status =
        dlcore_sparse_check(dlcore_npz_shown_name(file->npz), &matrix->sparse, &found);

    if (status == DLCORE_OK)
        return status;
    return dlcore_fail(error, status, "%s%s", found.message,
                       status == DLCORE_ERROR_ARGUMENT
                           ? "; call sort_indices() and sum_duplicates() before save_npz"
                           : "");
}

static dlcore_status read_matrix(matrix_file_t *file, const dlcore_allocator_t *allocator,
                                 dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    dlcore_tensor_t *starts = NULL, *values = NULL;
    dlcore_sparse_arrays_t to;
    dlcore_status status = find_matrix_arrays(file, error);

    if (status == DLCORE_OK)
        status = check_format(file, error);
    if (status == DLCORE_OK)
        status = read_shape(file, error);
    if (status == DLCORE_OK)
        status = read_starts(file, &starts, error);
    if (status == DLCORE_OK)
        status = read_vector(file, VALUES, file->entries, false, &values, error);
    if (status == DLCORE_OK)
        status = dlcore_sparse_allocate(allocator, file->rows, file->columns, file->entries,
                                        !all_ones(values), &to, out, error);
    if (status == DLCORE_OK)
        status = fill_arrays(file, starts, values, &to, error);
    dlcore_tensor_free(starts);
    dlcore_tensor_free(values);
    if (status == DLCORE_OK)
        status = check_matrix(file, *out, error);
    if (status != DLCORE_OK) {
        dlcore_tensor_free(*out);
        *out = NULL;
    }
    return status;
}

/* Takes the archive over, opened or not. */
static dlcore_status finish_matrix(dlcore_npz_t *npz, dlcore_status status,
                                   const dlcore_allocator_t *allocator, dlcore_tensor_t **out,
                                   dlcore_error_record_t *error)
{
    matrix_file_t file = {.npz = npz};

    if (status == DLCORE_OK && out == NULL)
        status = dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "out is NULL");
    if (status == DLCORE_OK)
        status = read_matrix(&file, allocator, out, error);
    dlcore_npz_free(npz);
    return status;
}

dlcore_status dlcore_npz_load_sparse(const char *path, const dlcore_allocator_t *allocator,
                                     dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_npz_t *npz = NULL;
    dlcore_status status;

    if (out != NULL)
        *out = NULL;
    status = dlcore_npz_open(path, allocator, &npz, error);
    return dlcore_traces_end(before, finish_matrix(npz, status, allocator, out, error));
}

dlcore_status dlcore_npz_parse_sparse(const void *bytes, size_t size,
                                      const dlcore_allocator_t *allocator, dlcore_tensor_t **out,
                                      dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_npz_t *npz = NULL;
    dlcore_status status;

    if (out != NULL)
        *out = NULL;
    status = dlcore_npz_open_memory(bytes, size, allocator, &npz, error);
    return dlcore_traces_end(before, finish_matrix(npz, status, allocator, out, error));
}
