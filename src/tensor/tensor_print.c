/* Comparing tensors and showing them as text.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "base/traces.h"
#include "tensor/tensor.h"

#define EDGE 3        /* elements shown at either end of a shortened axis */
#define AXIS_SHOWN 10 /* the longest axis that is shown whole: ten classes */

static bool close_enough(double a, double b, double tolerance)
{
    double size;

    if (a == b) /* infinities, too, whose difference is NaN */
        return tolerance >= 0;
    if (isinf(a) || isinf(b))
        return false;
    size = fabs(a) > fabs(b) ? fabs(a) : fabs(b);
    return fabs(a - b) <= tolerance * (1 + size);
}

static bool equals(const dlcore_tensor_t *a, const dlcore_tensor_t *b, double tolerance)
{
    size_t rows;

    if (a == NULL || b == NULL || a->dtype != b->dtype || a->rank != b->rank)
        return false;
    for (size_t axis = 0; axis < a->rank; axis++)
        if (a->shape[axis] != b->shape[axis])
            return false;
    if (a->size == 0)
        return true;
    rows = a->size / a->row_size;
    for (size_t row = 0; row < rows; row++) {
        for (size_t i = 0; i < a->row_size; i++)
            if (!close_enough(dlcore_row_number(a, row, i), dlcore_row_number(b, row, i),
                              tolerance))
                return false;
    }
    return true;
}

bool dlcore_tensor_equal(const dlcore_tensor_t *a, const dlcore_tensor_t *b, double tolerance)
{
    dlcore_traces_t before = dlcore_traces_note();
    bool equal = equals(a, b, tolerance);

    (void)dlcore_traces_end(before, DLCORE_OK);
    return equal;
}

/* snprintf writes the host locale's decimal point, one or several bytes: always "." here. */
static void plain_point(char *number)
{
    const char *from = number;
    char *to = number;

    while (*from != '\0') {
        size_t plain = strspn(from, "+-0123456789einfa");

        memmove(to, from, plain);
        to += plain;
        from += plain;
        if (*from != '\0') {
            *to++ = '.';
            from += strcspn(from, "0123456789");
        }
    }
    *to = '\0';
}

static bool print_element(const dlcore_tensor_t *tensor, size_t offset, FILE *stream)
{
    /* of a tensor of more than one row; a row's stride is then not 0 */
    size_t row = offset / dlcore_size_max(tensor->row_stride, 1);
    double value = dlcore_row_number(tensor, row, offset - row * tensor->row_stride);
    char text[48];

    if (isnan(value)) /* some C libraries show its sign */
        return fputs("nan", stream) >= 0;
    snprintf(text, sizeof text, "%.*g", tensor->dtype == DLCORE_DTYPE_FLOAT32 ? 6 : 10, value);
    plain_point(text);
    return fputs(text, stream) >= 0;
}

/* What stands between two entries of an axis: entries that are lists start on lines of their own,
 * below the first. */
static bool print_separator(size_t axis, size_t rank, FILE *stream)
{
    if (axis + 1 == rank)
        return fputs(", ", stream) >= 0;
    return fprintf(stream, ",\n%*s", (int)(axis + 1), "") >= 0;
}

/* The part of the tensor whose first element is `offset` elements from the start and which has
 * axes `axis` .. rank-1. */
static bool print_axis(const dlcore_tensor_t *tensor, size_t axis, size_t offset, FILE *stream)
{
    size_t length, step;
    bool good;

    if (axis == tensor->rank)
        return print_element(tensor, offset, stream);
    length = tensor->shape[axis];
    step = axis == 0 ? tensor->row_stride : 1;
    for (size_t below = axis + 1; axis > 0 && below < tensor->rank; below++)
        step *= tensor->shape[below];
    good = fputs("[", stream) >= 0;
    for (size_t i = 0; i < length && good; i++) {
        good = i == 0 || print_separator(axis, tensor->rank, stream);
        if (good && length > AXIS_SHOWN && i == EDGE) {
            good = fputs("...", stream) >= 0 && print_separator(axis, tensor->rank, stream);
            i = length - EDGE;
        }
        good = good && print_axis(tensor, axis + 1, offset + i * step, stream);
    }
    return good && fputs("]", stream) >= 0;
}

static dlcore_status print_tensor(const dlcore_tensor_t *tensor, FILE *stream,
                                  dlcore_error_record_t *error)
{
    char shape[DLCORE_SHAPE_TEXT_SIZE];

    if (tensor == NULL || stream == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s is NULL",
                           tensor == NULL ? "tensor" : "stream");
    dlcore_shape_text(shape, tensor->rank, tensor->shape);
    errno = 0;
    /* Flushed, so that what only the write itself shows, such as a full disk, is seen here. */
    if (fprintf(stream, "%s%s %s\n", tensor->is_sparse ? "sparse " : "",
                dlcore_dtype_name(tensor->dtype), shape) < 0 ||
        !print_axis(tensor, 0, 0, stream) || fputs("\n", stream) < 0 || fflush(stream) != 0)
        return dlcore_fail_errno(error, errno != 0 ? errno : EIO, "cannot write tensor of shape %s",
                                 shape);
    return DLCORE_OK;
}

dlcore_status dlcore_tensor_print(const dlcore_tensor_t *tensor, FILE *stream,
                                  dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, print_tensor(tensor, stream, error));
}
