/* Copies of tensors, in the same or another dtype.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/error.h"
#include "base/size.h"
#include "base/traces.h"
#include "tensor/sparse.h"

#define CONVERT_BLOCK 256 /* elements that pass through double at a time: 2 KB of stack */

dlcore_status dlcore_tensor_copy(const dlcore_tensor_t *source, dlcore_tensor_t **out,
                                 dlcore_error_record_t *error)
{
    dlcore_status status;
    size_t runs, length;

    if (out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "out is NULL");
    *out = NULL;
    if (source == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "source is NULL");
    if (source->is_sparse)
        return dlcore_sparse_take_rows(source, NULL, source->shape[0], out, error);
    status = dlcore_tensor_create_unset(&source->allocator, source->dtype, source->rank,
                                        source->shape, out, error);
    if (status != DLCORE_OK || source->size == 0)
        return status;
    runs = dlcore_tensor_runs(source, &length);
    length *= dlcore_dtype_size(source->dtype);
    for (size_t run = 0; run < runs; run++)
        memcpy((*out)->data + run * length, dlcore_tensor_run(source, run), length);
    return DLCORE_OK;
}

static void load_block(dlcore_dtype_t dtype, const unsigned char *from, double *to, size_t n)
{
    const float *floats = (const float *)(const void *)from;
    const int32_t *int32s = (const int32_t *)(const void *)from;

    switch (dtype) {
    case DLCORE_DTYPE_FLOAT32:
        for (size_t i = 0; i < n; i++)
            to[i] = (double)floats[i];
        break;
    case DLCORE_DTYPE_UINT8:
        for (size_t i = 0; i < n; i++)
            to[i] = from[i];
        break;
    case DLCORE_DTYPE_INT32:
        for (size_t i = 0; i < n; i++)
            to[i] = int32s[i];
        break;
    }
}

/* Rounded, then moved into low .. high; NaN gives 0. */
static int32_t saturate(double value, double low, double high)
{
    double whole = dlcore_round_to_even(value);

    if (whole >= high)
        return (int32_t)high;
    if (whole <= low)
        return (int32_t)low;
    return isnan(whole) ? 0 : (int32_t)whole;
}

static void store_block(dlcore_dtype_t dtype, const double *from, unsigned char *to, size_t n)
{
    float *floats = (float *)(void *)to;
    int32_t *int32s = (int32_t *)(void *)to;
    double low, high;

    dlcore_dtype_limits(dtype, &low, &high);
    switch (dtype) {
    case DLCORE_DTYPE_FLOAT32:
        for (size_t i = 0; i < n; i++)
            floats[i] = (float)from[i];
        break;
    case DLCORE_DTYPE_UINT8:
        for (size_t i = 0; i < n; i++)
            to[i] = (unsigned char)saturate(from[i], low, high);
        break;
    case DLCORE_DTYPE_INT32:
        for (size_t i = 0; i < n; i++)
            int32s[i] = saturate(from[i], low, high);
        break;
    }
}

/* n elements without a gap. The product is taken in double and rounded once: uint8 times 1/255.0
 * comes out as the float division by 255 would have it. */
static void cast_run(const unsigned char *from, dlcore_dtype_t from_dtype, unsigned char *to,
                     dlcore_dtype_t to_dtype, double scale, size_t n)
{
    double block[CONVERT_BLOCK];
    size_t count;

    for (size_t begin = 0; begin < n; begin += count) {
        count = dlcore_size_min(CONVERT_BLOCK, n - begin);
        load_block(from_dtype, from + begin * dlcore_dtype_size(from_dtype), block, count);
        for (size_t i = 0; i < count; i++)
            block[i] *= scale;
        store_block(to_dtype, block, to + begin * dlcore_dtype_size(to_dtype), count);
    }
}

static dlcore_status cast_all(const dlcore_tensor_t *source, dlcore_dtype_t dtype, double scale,
                              dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    dlcore_status status;
    size_t runs, length;

    if (out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "out is NULL");
    *out = NULL;
    if (source == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "source is NULL");
    status = dlcore_refuse_sparse("cast", "source", source, error);
    if (status == DLCORE_OK)
        status = dlcore_tensor_create_unset(&source->allocator, dtype, source->rank, source->shape,
                                            out, error);
    if (status != DLCORE_OK || source->size == 0)
        return status;
    runs = dlcore_tensor_runs(source, &length);
    for (size_t run = 0; run < runs; run++)
        cast_run(dlcore_tensor_run(source, run), source->dtype,
                 (*out)->data + run * length * dlcore_dtype_size(dtype), dtype, scale, length);
    return DLCORE_OK;
}

dlcore_status dlcore_tensor_cast(const dlcore_tensor_t *source, dlcore_dtype_t dtype, double scale,
                                 dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, cast_all(source, dtype, scale, out, error));
}
