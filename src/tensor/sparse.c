/* Sparse tensors: checking arrays, borrowing and copying them, looking at them.
 *
 * SPDX-License-Identifier: MIT */
#include "tensor/sparse.h"

#include <math.h>
#include <stdint.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "base/traces.h"

dlcore_status dlcore_refuse_sparse(const char *call, const char *what,
                                   const dlcore_tensor_t *tensor, dlcore_error_record_t *error)
{
    if (tensor == NULL || !tensor->is_sparse)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                       "%s: %s is sparse, (%zu, %zu); sparse_to_dense makes a dense tensor of it",
                       call, what, tensor->shape[0], tensor->shape[1]);
}

/* ---- checking ---- */

static dlcore_status check_sparse_row(const char *call, const dlcore_sparse_t *sparse, size_t row,
                                      dlcore_error_record_t *error)
{
    int64_t before = -1;

    for (size_t i = sparse->starts[row]; sparse->indices != NULL && i < sparse->starts[row + 1];
         i++) {
        int32_t index = sparse->indices[i];

        if (index < 0 || (size_t)index >= sparse->columns)
            return dlcore_fail(error, DLCORE_ERROR_RANGE,
                               "%s: index %d in row %zu is outside 0 .. %zu, of %zu columns", call,
                               (int)index, row, sparse->columns - 1, sparse->columns);
        if (index == before)
            return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: row %zu has index %d twice", call,
                               row, (int)index);
        if (index < before)
            return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                               "%s: row %zu is not sorted: index %d comes after %d", call, row,
                               (int)index, (int)before);
        if (sparse->values != NULL && !isfinite(sparse->values[i]))
            return dlcore_fail(error, DLCORE_ERROR_RANGE, "%s: value %d of row %zu is %s", call,
                               (int)index, row, dlcore_not_finite_name((double)sparse->values[i]));
        before = index;
    }
    return DLCORE_OK;
}

static dlcore_status check_starts(const char *call, const dlcore_sparse_t *sparse,
                                  dlcore_error_record_t *error)
{
    const size_t most = PTRDIFF_MAX / sizeof(int32_t);

    for (size_t row = 0; row < sparse->rows; row++) {
        size_t begin = sparse->starts[row], end = sparse->starts[row + 1];

        if (end < begin)
            return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                               "%s: starts decrease: row %zu begins at %zu, the next at %zu", call,
                               row, begin, end);
        if (end - begin > sparse->columns)
            return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                               "%s: row %zu has %zu entries, more than the %zu columns", call, row,
                               end - begin, sparse->columns);
        if (end > most)
            return dlcore_fail(error, DLCORE_ERROR_OVERFLOW,
                               "%s: row %zu ends at entry %zu, more than %zu", call, row, end,
                               most);
    }
    return DLCORE_OK;
}

dlcore_status dlcore_sparse_check(const char *call, const dlcore_sparse_t *sparse,
                                  dlcore_error_record_t *error)
{
    dlcore_status status;

    if (sparse == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: sparse is NULL", call);
    if (sparse->columns == 0 || sparse->columns > INT32_MAX)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: columns must lie in 1 .. %d, got %zu",
                           call, (int)INT32_MAX, sparse->columns);
    if (sparse->rows == 0)
        return DLCORE_OK;
    if (sparse->starts == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: starts is NULL for %zu rows", call,
                           sparse->rows);
    status = check_starts(call, sparse, error);
    if (status != DLCORE_OK)
        return status;
    if (sparse->indices == NULL && dlcore_sparse_entries(sparse) > 0)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: indices is NULL for %zu entries",
                           call, dlcore_sparse_entries(sparse));
    for (size_t row = 0; row < sparse->rows && status == DLCORE_OK; row++)
        status = check_sparse_row(call, sparse, row, error);
    return status;
}

/* ---- making ---- */

/* A tensor without arrays. */
static dlcore_status sparse_layout(const dlcore_allocator_t *allocator, size_t rows, size_t columns,
                                   dlcore_tensor_t *layout, dlcore_error_record_t *error)
{
    size_t shape[2] = {rows, columns};
    dlcore_status status = dlcore_tensor_layout(layout, DLCORE_DTYPE_FLOAT32, 2, shape, error);

    if (status != DLCORE_OK)
        return status;
    layout->allocator = dlcore_allocator_or_default(allocator);
    layout->read_only = layout->is_sparse = true;
    layout->sparse = (dlcore_sparse_t){.rows = rows, .columns = columns};
    return DLCORE_OK;
}

static bool add_array(size_t *bytes, size_t count, size_t size)
{
    size_t more;

    return dlcore_size_multiply(count, size, &more) && dlcore_size_add(*bytes, more, bytes);
}

dlcore_status dlcore_sparse_allocate(const dlcore_allocator_t *allocator, size_t rows,
                                     size_t columns, size_t entries, bool has_values,
                                     dlcore_sparse_arrays_t *arrays, dlcore_tensor_t **out,
                                     dlcore_error_record_t *error)
{
    dlcore_tensor_t layout;
    size_t head = dlcore_size_round_up(sizeof layout, DLCORE_ALIGNMENT), bytes = head, more = 0;
    dlcore_status status = sparse_layout(allocator, rows, columns, &layout, error);

    if (status != DLCORE_OK)
        return status;
    if (!add_array(&bytes, rows, sizeof(size_t)) || !add_array(&bytes, 1, sizeof(size_t)) ||
        !add_array(&bytes, entries, sizeof(int32_t)) ||
        !add_array(&bytes, has_values ? entries : 0, sizeof(float)) || bytes > PTRDIFF_MAX)
        return dlcore_fail(error, DLCORE_ERROR_OVERFLOW,
                           "sparse: %zu rows with %zu entries are too large", rows, entries);
    *out = dlcore_allocate_raw(&layout.allocator, bytes, 1);
    if (*out == NULL)
        return dlcore_fail_memory(error, "sparse tensor", bytes);
    more = head;
    arrays->starts = (size_t *)(void *)((unsigned char *)*out + more);
    more += (rows + 1) * sizeof(size_t);
    arrays->indices = (int32_t *)(void *)((unsigned char *)*out + more);
    more += entries * sizeof(int32_t);
    arrays->values = has_values ? (float *)(void *)((unsigned char *)*out + more) : NULL;
    layout.sparse.starts = arrays->starts;
    layout.sparse.indices = arrays->indices;
    layout.sparse.values = arrays->values;
    **out = layout;
    return DLCORE_OK;
}

static dlcore_status check_making(const char *call, const dlcore_allocator_t *allocator,
                                  const dlcore_sparse_t *sparse, dlcore_tensor_t **out,
                                  dlcore_error_record_t *error)
{
    dlcore_status status;

    if (out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: out is NULL", call);
    *out = NULL;
    status = dlcore_check_allocator(allocator, error);
    return status == DLCORE_OK ? dlcore_sparse_check(call, sparse, error) : status;
}

static dlcore_status copy_rows(const dlcore_allocator_t *allocator, const dlcore_sparse_t *from,
                               const size_t *order, size_t count, dlcore_tensor_t **out,
                               dlcore_error_record_t *error)
{
    dlcore_sparse_arrays_t to;
    size_t entries = 0;
    dlcore_status status;

    for (size_t i = 0; i < count; i++) {
        size_t row = order != NULL ? order[i] : i;
        entries += from->starts[row + 1] - from->starts[row];
    }
    status = dlcore_sparse_allocate(allocator, count, from->columns, entries, from->values != NULL,
                                    &to, out, error);
    if (status != DLCORE_OK)
        return status;
    entries = 0;
    for (size_t i = 0; i < count; i++) {
        size_t row = order != NULL ? order[i] : i;
        size_t begin = from->starts[row], length = from->starts[row + 1] - begin;

        to.starts[i] = entries;
        if (length == 0)
            continue;
        memcpy(to.indices + entries, from->indices + begin, length * sizeof *to.indices);
        if (from->values != NULL)
            memcpy(to.values + entries, from->values + begin, length * sizeof *to.values);
        entries += length;
    }
    to.starts[count] = entries;
    return DLCORE_OK;
}

dlcore_status dlcore_sparse_take_rows(const dlcore_tensor_t *from, const size_t *order,
                                      size_t count, dlcore_tensor_t **out,
                                      dlcore_error_record_t *error)
{
    return copy_rows(&from->allocator, &from->sparse, order, count, out, error);
}

dlcore_status dlcore_sparse_create(const dlcore_allocator_t *allocator,
                                   const dlcore_sparse_t *sparse, dlcore_tensor_t **out,
                                   dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_status status = check_making("sparse_create", allocator, sparse, out, error);

    if (status == DLCORE_OK)
        status = copy_rows(allocator, sparse, NULL, sparse->rows, out, error);
    return dlcore_traces_end(before, status);
}

static dlcore_status borrow_arrays(const dlcore_allocator_t *allocator,
                                   const dlcore_sparse_t *sparse, dlcore_tensor_t **out,
                                   dlcore_error_record_t *error)
{
    static const size_t none[1] = {0};
    dlcore_tensor_t layout;
    dlcore_status status = check_making("sparse_borrow", allocator, sparse, out, error);

    if (status == DLCORE_OK)
        status = sparse_layout(allocator, sparse->rows, sparse->columns, &layout, error);
    if (status != DLCORE_OK)
        return status;
    layout.sparse = *sparse;
    if (sparse->rows == 0)
        layout.sparse.starts = none;
    *out = dlcore_allocate_raw(&layout.allocator, 1, sizeof **out);
    if (*out == NULL)
        return dlcore_fail_memory(error, "sparse tensor", sizeof **out);
    **out = layout;
    return DLCORE_OK;
}

dlcore_status dlcore_sparse_borrow(const dlcore_allocator_t *allocator,
                                   const dlcore_sparse_t *sparse, dlcore_tensor_t **out,
                                   dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, borrow_arrays(allocator, sparse, out, error));
}

/* ---- looking ---- */

const dlcore_sparse_t *dlcore_sparse_of(const dlcore_tensor_t *tensor)
{
    return tensor != NULL && tensor->is_sparse ? &tensor->sparse : NULL;
}

size_t dlcore_sparse_find(const dlcore_sparse_t *sparse, size_t row, size_t column)
{
    size_t low = sparse->starts[row], high = sparse->starts[row + 1];

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if ((size_t)sparse->indices[middle] < column)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

float dlcore_sparse_number(const dlcore_sparse_t *sparse, size_t row, size_t column)
{
    size_t at = dlcore_sparse_find(sparse, row, column);

    if (at == sparse->starts[row + 1] || (size_t)sparse->indices[at] != column)
        return 0.0f;
    return sparse->values != NULL ? sparse->values[at] : 1.0f;
}
