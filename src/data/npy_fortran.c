/* Fortran order of a .npy file, made row-major.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/size.h"
#include "data/npy.h"

#define NPY_TILE 16 /* rows and columns of a square that is transposed at a time */

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
