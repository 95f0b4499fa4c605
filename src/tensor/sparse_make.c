/* Sparse tensors out of index lists and dense tensors, and dense ones out of sparse.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdint.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "base/traces.h"
#include "tensor/sparse.h"

/* ---- index lists ---- */

typedef struct index_lists {
    size_t rows, columns;
    const int32_t *const *lists;
    const size_t *lengths;
    int32_t *sorted; /* twice the longest list: one that is sorted, and room */
    size_t longest;
} index_lists_t;

static dlcore_status check_index_list(const index_lists_t *from, size_t row,
                                      dlcore_error_record_t *error)
{
    const int32_t *list = from->lists[row];

    if (list == NULL && from->lengths[row] > 0)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "sparse_from_lists: list %zu is NULL, but has %zu numbers", row,
                           from->lengths[row]);
    for (size_t i = 0; i < from->lengths[row]; i++) {
        if (list[i] < 0 || (size_t)list[i] >= from->columns)
            return dlcore_fail(error, DLCORE_ERROR_RANGE,
                               "sparse_from_lists: number %zu of list %zu is %d, outside 0 .. %zu",
                               i, row, (int)list[i], from->columns - 1);
    }
    return DLCORE_OK;
}

static dlcore_status check_index_lists(index_lists_t *from, dlcore_error_record_t *error)
{
    dlcore_status status = DLCORE_OK;

    if (from->columns == 0 || from->columns > INT32_MAX)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "sparse_from_lists: columns must lie in 1 .. %d, got %zu",
                           (int)INT32_MAX, from->columns);
    if (from->rows > 0 && (from->lists == NULL || from->lengths == NULL))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "sparse_from_lists: %s is NULL for %zu rows",
                           from->lists == NULL ? "lists" : "lengths", from->rows);
    for (size_t row = 0; row < from->rows && status == DLCORE_OK; row++) {
        status = check_index_list(from, row, error);
        from->longest = dlcore_size_max(from->longest, from->lengths[row]);
    }
    return status;
}

static bool list_ascends(const int32_t *list, size_t length)
{
    for (size_t i = 1; i < length; i++) {
        if (list[i] <= list[i - 1])
            return false;
    }
    return true;
}

/* Merges neighbouring runs, which double in length, from one half of the room to the other and
 * back; answers the half that has the sorted list. */
static int32_t *sort_index_list(int32_t *list, int32_t *room, size_t length)
{
    for (size_t run = 1; run < length; run *= 2) {
        int32_t *to = room;

        for (size_t begin = 0; begin < length; begin += 2 * run) {
            size_t a = begin, a_end = dlcore_size_min(begin + run, length);
            size_t b = a_end, b_end = dlcore_size_min(begin + 2 * run, length);

            while (a < a_end || b < b_end)
                *to++ = b == b_end || (a < a_end && list[a] <= list[b]) ? list[a++] : list[b++];
        }
        to = list;
        list = room;
        room = to;
    }
    return list;
}

/* A list, ascending and without repetition: the caller's, or one in from->sorted. */
static const int32_t *tidy_index_list(const index_lists_t *from, size_t row, size_t *count)
{
    size_t length = from->lengths[row], kept = 0;
    int32_t *sorted;

    *count = length;
    if (list_ascends(from->lists[row], length))
        return from->lists[row];
    memcpy(from->sorted, from->lists[row], length * sizeof *sorted);
    sorted = sort_index_list(from->sorted, from->sorted + from->longest, length);
    for (size_t i = 0; i < length; i++) {
        if (i == 0 || sorted[i] != sorted[i - 1])
            sorted[kept++] = sorted[i];
    }
    *count = kept;
    return sorted;
}

static dlcore_status fill_index_lists(const index_lists_t *from,
                                      const dlcore_allocator_t *allocator, dlcore_tensor_t **out,
                                      dlcore_error_record_t *error)
{
    size_t entries = 0, count;
    dlcore_sparse_arrays_t to;
    dlcore_status status;

    for (size_t row = 0; row < from->rows; row++) {
        (void)tidy_index_list(from, row, &count);
        entries += count;
    }
    status = dlcore_sparse_allocate(allocator, from->rows, from->columns, entries, false, &to, out,
                                    error);
    if (status != DLCORE_OK)
        return status;
    entries = 0;
    for (size_t row = 0; row < from->rows; row++) {
        const int32_t *list = tidy_index_list(from, row, &count);

        to.starts[row] = entries;
        if (count > 0)
            memcpy(to.indices + entries, list, count * sizeof *list);
        entries += count;
    }
    to.starts[from->rows] = entries;
    return DLCORE_OK;
}

static dlcore_status make_from_lists(index_lists_t *from, const dlcore_allocator_t *allocator,
                                     dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    dlcore_allocator_t memory;
    dlcore_status status;

    if (out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "sparse_from_lists: out is NULL");
    *out = NULL;
    status = dlcore_check_allocator(allocator, error);
    if (status == DLCORE_OK)
        status = check_index_lists(from, error);
    if (status != DLCORE_OK)
        return status;
    memory = dlcore_allocator_or_default(allocator);
    from->sorted = dlcore_allocate_raw(&memory, from->longest, 2 * sizeof *from->sorted);
    if (from->sorted == NULL)
        return dlcore_fail_memory(error, "sparse_from_lists",
                                  2 * from->longest * sizeof *from->sorted);
    status = fill_index_lists(from, &memory, out, error);
    dlcore_release(&memory, from->sorted);
    return status;
}

dlcore_status dlcore_sparse_from_lists(const dlcore_allocator_t *allocator, size_t rows,
                                       size_t columns, const int32_t *const *lists,
                                       const size_t *lengths, dlcore_tensor_t **out,
                                       dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    index_lists_t from = {.rows = rows, .columns = columns, .lists = lists, .lengths = lengths};

    return dlcore_traces_end(before, make_from_lists(&from, allocator, out, error));
}

/* ---- dense tensors ---- */

/* Counts what is not zero, and whether that is 1 everywhere. */
static dlcore_status count_dense_entries(const dlcore_tensor_t *dense, size_t *entries,
                                         bool *all_ones, dlcore_error_record_t *error)
{
    *entries = 0;
    *all_ones = true;
    for (size_t row = 0; row < dense->shape[0]; row++) {
        for (size_t c = 0; c < dense->row_size; c++) {
            double number = dlcore_row_number(dense, row, c);

            if (!isfinite(number))
                return dlcore_fail(error, DLCORE_ERROR_RANGE,
                                   "sparse_from_dense: number %zu of row %zu is %s", c, row,
                                   dlcore_not_finite_name(number));
            *entries += number != 0.0;
            *all_ones = *all_ones && (number == 0.0 || number == 1.0);
        }
    }
    return DLCORE_OK;
}

static void fill_nonzeros(const dlcore_tensor_t *dense, const dlcore_sparse_arrays_t *to)
{
    size_t entries = 0;

    for (size_t row = 0; row < dense->shape[0]; row++) {
        to->starts[row] = entries;
        for (size_t c = 0; c < dense->row_size; c++) {
            double number = dlcore_row_number(dense, row, c);

            if (number == 0.0)
                continue;
            to->indices[entries] = (int32_t)c;
            if (to->values != NULL)
                to->values[entries] = (float)number;
            entries++;
        }
    }
    to->starts[dense->shape[0]] = entries;
}

static dlcore_status make_from_dense(const dlcore_tensor_t *dense, dlcore_tensor_t **out,
                                     dlcore_error_record_t *error)
{
    dlcore_sparse_arrays_t to;
    dlcore_status status;
    size_t entries;
    bool all_ones;

    if (out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "sparse_from_dense: out is NULL");
    *out = NULL;
    if (dense == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "sparse_from_dense: dense is NULL");
    if (dense->is_sparse)
        return dlcore_sparse_take_rows(dense, NULL, dense->shape[0], out, error);
    if (dense->rank != 2 || dense->shape[1] == 0 || dense->shape[1] > INT32_MAX)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "sparse_from_dense: rank 2 and 1 .. %d columns are needed, got rank %zu "
                           "and %zu numbers in a row",
                           (int)INT32_MAX, dense->rank, dense->row_size);
    status = count_dense_entries(dense, &entries, &all_ones, error);
    if (status == DLCORE_OK)
        status = dlcore_sparse_allocate(&dense->allocator, dense->shape[0], dense->shape[1],
                                        entries, !all_ones, &to, out, error);
    if (status == DLCORE_OK)
        fill_nonzeros(dense, &to);
    return status;
}

dlcore_status dlcore_sparse_from_dense(const dlcore_tensor_t *dense, dlcore_tensor_t **out,
                                       dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, make_from_dense(dense, out, error));
}

static dlcore_status make_dense(const dlcore_tensor_t *from, dlcore_tensor_t **out,
                                dlcore_error_record_t *error)
{
    const dlcore_sparse_t *sparse = dlcore_sparse_of(from);
    dlcore_status status;
    float *to;

    if (out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "sparse_to_dense: out is NULL");
    *out = NULL;
    if (sparse == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "sparse_to_dense: sparse is %s",
                           from == NULL ? "NULL" : "a dense tensor");
    status =
        dlcore_tensor_create(&from->allocator, DLCORE_DTYPE_FLOAT32, 2, from->shape, out, error);
    if (status != DLCORE_OK)
        return status;
    to = (float *)(void *)(*out)->data;
    for (size_t row = 0; row < sparse->rows; row++, to += sparse->columns) {
        for (size_t i = sparse->starts[row]; i < sparse->starts[row + 1]; i++)
            to[sparse->indices[i]] = sparse->values != NULL ? sparse->values[i] : 1.0f;
    }
    return DLCORE_OK;
}

dlcore_status dlcore_sparse_to_dense(const dlcore_tensor_t *sparse, dlcore_tensor_t **out,
                                     dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, make_dense(sparse, out, error));
}
