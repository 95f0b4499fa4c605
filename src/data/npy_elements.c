/* The elements of a .npy file: order of bytes, types that tensors do not have, Fortran order.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/error.h"
#include "base/float_mode.h"
#include "base/size.h"
#include "data/npy.h"
#include "files/bytes.h"
#include "tensor/tensor.h"

#define NPY_BLOCK 512 /* elements of 8 bytes that are converted at a time: 4 KB of stack */
#define NPY_TILE 16   /* rows and columns of a square that is transposed at a time */

/* The row, along axis 0, of the element that is n-th in the file. */
static size_t npy_row(const dlcore_npy_header_t *header, size_t n)
{
    if (header->rank == 0)
        return 0;
    return header->fortran_order ? n % header->shape[0] : n / (header->size / header->shape[0]);
}

static void doubles_to_floats(const unsigned char *from, unsigned char *to, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double wide;
        float narrow;

        memcpy(&wide, from + 8 * i, sizeof wide);
        narrow = (float)wide;
        memcpy(to + 4 * i, &narrow, sizeof narrow);
    }
}

/* Answers how many are converted: all, or those before the first that does not fit. */
static size_t int64s_to_int32s(const unsigned char *from, unsigned char *to, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t wide;
        int32_t narrow;

        memcpy(&wide, from + 8 * i, sizeof wide);
        if (wide < INT32_MIN || wide > INT32_MAX)
            return i;
        narrow = (int32_t)wide;
        memcpy(to + 4 * i, &narrow, sizeof narrow);
    }
    return count;
}

static void swap64_all(unsigned char *block, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t bits;

        memcpy(&bits, block + 8 * i, sizeof bits);
        bits = dlcore_swap64(bits);
        memcpy(block + 8 * i, &bits, sizeof bits);
    }
}

static dlcore_status refuse_int64(const dlcore_input_t *input, const dlcore_npy_header_t *header,
                                  size_t n, const unsigned char *element,
                                  dlcore_error_record_t *error)
{
    int64_t value;

    memcpy(&value, element, sizeof value);
    return dlcore_fail(error, DLCORE_ERROR_RANGE, "%s: row %zu: %lld does not fit int32",
                       input->name, npy_row(header, n), (long long)value);
}

/* float64 and int64: through a block on the stack. */
static dlcore_status read_wide(dlcore_input_t *input, const dlcore_npy_header_t *header,
                               unsigned char *to, dlcore_error_record_t *error)
{
    unsigned char block[8 * NPY_BLOCK];
    size_t count, got;

    for (size_t begin = 0; begin < header->size; begin += count) {
        dlcore_status status;

        count = dlcore_size_min(NPY_BLOCK, header->size - begin);
        status = dlcore_input_read(input, block, 8 * count, &got, error);
        if (status != DLCORE_OK)
            return status;
        if (header->big_endian != dlcore_host_is_big_endian())
            swap64_all(block, count);
        if (header->type == DLCORE_NPY_FLOAT64) {
            doubles_to_floats(block, to + 4 * begin, count);
        } else {
            size_t done = int64s_to_int32s(block, to + 4 * begin, count);

            if (done < count)
                return refuse_int64(input, header, begin + done, block + 8 * done, error);
        }
    }
    return DLCORE_OK;
}

static dlcore_status check_bools(const dlcore_input_t *input, const dlcore_npy_header_t *header,
                                 const unsigned char *elements, dlcore_error_record_t *error)
{
    unsigned char all = 0;

    for (size_t i = 0; i < header->size; i++)
        all |= elements[i];
    if (all <= 1)
        return DLCORE_OK;
    for (size_t i = 0;; i++)
        if (elements[i] > 1)
            return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: row %zu: %d is no bool",
                               input->name, npy_row(header, i), elements[i]);
}

dlcore_status dlcore_npy_read_elements(dlcore_input_t *input, const dlcore_npy_header_t *header,
                                       unsigned char *to, dlcore_error_record_t *error)
{
    dlcore_status status;
    size_t got;

    if (header->item == 8) {
        /* rounded to nearest, small numbers kept, whatever mode the host is in */
        dlcore_float_mode_t mode = dlcore_float_mode_enter(false);

        status = read_wide(input, header, to, error);
        dlcore_float_mode_leave(mode);
        return status;
    }
    status = dlcore_input_read(input, to, header->content, &got, error);
    if (status != DLCORE_OK)
        return status;
    if (header->item == 4 && header->big_endian != dlcore_host_is_big_endian())
        dlcore_swap32_all(to, to, header->size);
    return header->type == DLCORE_NPY_BOOL ? check_bools(input, header, to, error) : DLCORE_OK;
}

/* A plane of first and last axis: `from` has the first axis without a gap and the last one
 * `from_step` apart, `to` the last without a gap and the first `to_step` apart. */
static void transpose(const unsigned char *from, size_t from_step, unsigned char *to,
                      size_t to_step, size_t item, size_t first, size_t last)
{
    for (size_t row = 0; row < first; row += NPY_TILE)
        for (size_t column = 0; column < last; column += NPY_TILE) {
            size_t row_end = dlcore_size_min(row + NPY_TILE, first);
            size_t column_end = dlcore_size_min(column + NPY_TILE, last);

            for (size_t i = row; i < row_end; i++)
                for (size_t j = column; j < column_end; j++) {
                    if (item == 4)
                        memcpy(to + 4 * (i * to_step + j), from + 4 * (j * from_step + i), 4);
                    else
                        to[i * to_step + j] = from[j * from_step + i];
                }
        }
}

void dlcore_npy_from_fortran(const unsigned char *from, unsigned char *to, size_t item, size_t rank,
                             const size_t *shape)
{
    size_t index[DLCORE_RANK_MAX] = {0};
    size_t first = shape[0], last = shape[rank - 1], size = 1, planes;

    for (size_t axis = 0; axis < rank; axis++)
        size *= shape[axis];
    if (size == 0)
        return;
    planes = size / first / last;
    for (size_t plane = 0; plane < planes; plane++) {
        size_t from_at = 0, to_at = 0, axis;

        for (axis = rank - 1; axis-- > 1;)
            from_at = (from_at + index[axis]) * shape[axis - 1];
        for (axis = 1; axis + 1 < rank; axis++)
            to_at = (to_at + index[axis]) * shape[axis + 1];
        transpose(from + item * from_at, size / last, to + item * to_at, size / first, item, first,
                  last);
        for (axis = 1; axis + 1 < rank && ++index[axis] == shape[axis]; axis++)
            index[axis] = 0;
    }
}
