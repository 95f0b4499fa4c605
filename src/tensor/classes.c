/* Classes and groups of samples.
 *
 * SPDX-License-Identifier: MIT */
#include "tensor/classes.h"

#include "base/allocator.h"
#include "base/error.h"
#include "base/sort.h"
#include "dlcore/data.h"
#include "tensor/sparse.h"

static dlcore_status class_of_floats(const dlcore_tensor_t *y, size_t row, const char *call,
                                     int32_t *class_number, dlcore_error_record_t *error)
{
    size_t best = 0;
    double value = dlcore_row_number(y, row, 0);

    for (size_t i = 1; i < y->row_size; i++)
        best = dlcore_row_number(y, row, i) > dlcore_row_number(y, row, best) ? i : best;
    *class_number = (int32_t)best;
    if (y->row_size > 1)
        return DLCORE_OK;
    *class_number = value == 1.0;
    if (value == 0.0 || value == 1.0)
        return DLCORE_OK;
    return dlcore_fail(
        error, DLCORE_ERROR_RANGE,
        "%s: label %g of sample %zu is no class: classes are integers, one-hot rows, "
        "or the floats 0 and 1",
        call, value, row);
}

dlcore_status dlcore_classes_of(const dlcore_tensor_t *y, const char *call, int32_t *classes,
                                dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_refuse_sparse(call, "y", y, error);
    bool integers = y->dtype != DLCORE_DTYPE_FLOAT32 && y->row_size == 1;

    if (status == DLCORE_OK && y->row_size == 0)
        status = dlcore_fail(error, DLCORE_ERROR_SHAPE,
                             "%s: each of the %zu labels has 0 numbers, at least 1 is needed", call,
                             y->shape[0]);
    for (size_t row = 0; row < y->shape[0] && status == DLCORE_OK; row++) {
        if (integers)
            classes[row] = (int32_t)dlcore_row_number(y, row, 0);
        else
            status = class_of_floats(y, row, call, &classes[row], error);
    }
    return status;
}

/* ---- kinds ---- */

static dlcore_status check_groups(const dlcore_tensor_t *groups, size_t samples, const char *call,
                                  dlcore_error_record_t *error)
{
    if (groups->is_sparse || groups->dtype == DLCORE_DTYPE_FLOAT32)
        return dlcore_fail(error, DLCORE_ERROR_DTYPE, "%s: groups must be int32 or uint8, got %s",
                           call, groups->is_sparse ? "a sparse tensor" : "float32");
    if (groups->rank == 0 || groups->shape[0] != samples || groups->row_size != 1)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "%s: groups must be a number for each of %zu samples, got %zu x %zu",
                           call, samples, groups->rank == 0 ? 0 : groups->shape[0],
                           groups->row_size);
    return DLCORE_OK;
}

static bool is_lower_label(const void *things, size_t a, size_t b)
{
    const int32_t *labels = things;

    return labels[a] < labels[b];
}

static void number_kinds(dlcore_kinds_t *kinds, const int32_t *labels)
{
    for (size_t i = 0; i < kinds->samples; i++)
        kinds->order[i] = i;
    dlcore_sort_numbers(kinds->order, kinds->samples, is_lower_label, labels);
    kinds->count = 0;
    for (size_t i = 0; i < kinds->samples; i++) {
        size_t sample = kinds->order[i];

        if (i == 0 || labels[sample] != labels[kinds->order[i - 1]])
            kinds->begin[kinds->count++] = i;
        kinds->kind_of[sample] = kinds->count - 1;
    }
    kinds->begin[kinds->count] = kinds->samples;
}

dlcore_status dlcore_kinds_make(const dlcore_tensor_t *y, const dlcore_tensor_t *groups,
                                size_t samples, const char *call,
                                const dlcore_allocator_t *allocator, dlcore_kinds_t *kinds,
                                dlcore_error_record_t *error)
{
    int32_t *labels;
    dlcore_status status = DLCORE_OK;

    *kinds = (dlcore_kinds_t){.allocator = *allocator, .samples = samples};
    if (groups != NULL)
        status = check_groups(groups, samples, call, error);
    if (status != DLCORE_OK)
        return status;
    labels = dlcore_allocate_raw(allocator, samples, sizeof *labels);
    kinds->order = dlcore_allocate_raw(allocator, samples, sizeof *kinds->order);
    kinds->kind_of = dlcore_allocate_raw(allocator, samples, sizeof *kinds->kind_of);
    kinds->begin = dlcore_allocate_raw(allocator, samples + 1, sizeof *kinds->begin);
    if (labels == NULL || kinds->order == NULL || kinds->kind_of == NULL || kinds->begin == NULL)
        status = dlcore_fail_memory(error, call, samples * sizeof *kinds->order);
    if (status == DLCORE_OK)
        status = dlcore_classes_of(groups != NULL ? groups : y, call, labels, error);
    if (status == DLCORE_OK)
        number_kinds(kinds, labels);
    dlcore_release(allocator, labels);
    if (status != DLCORE_OK)
        dlcore_kinds_clear(kinds);
    return status;
}

void dlcore_kinds_clear(dlcore_kinds_t *kinds)
{
    dlcore_release(&kinds->allocator, kinds->order);
    dlcore_release(&kinds->allocator, kinds->kind_of);
    dlcore_release(&kinds->allocator, kinds->begin);
    *kinds = (dlcore_kinds_t){0};
}
