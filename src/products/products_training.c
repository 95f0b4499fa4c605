/* Which products of gradients an engine has, and handing gradients on to a sink.
 *
 * The build defines the same names as for products_native.c.
 *
 * SPDX-License-Identifier: MIT */
#include "products/products_training.h"

#include "base/size.h"

#define ZEROS 1024

static void take_stretch_of_zeros(const dlcore_taking_t *taking, size_t at, size_t left)
{
    static const float zeros[ZEROS];

    for (size_t count; left > 0; left -= count, at += count) {
        count = dlcore_size_min(left, ZEROS);
        taking->sink->take(taking->sink, at, zeros, count);
    }
}

static void take_zeros(const dlcore_taking_t *taking, size_t begin, size_t end)
{
    size_t at = taking->offset + begin * taking->stride;

    if (taking->width == taking->stride)
        take_stretch_of_zeros(taking, at, (end - begin) * taking->width);
    else
        for (; begin < end; begin++, at += taking->stride)
            take_stretch_of_zeros(taking, at, taking->width);
}

static void take_gradient(const dlcore_taking_t *taking, size_t input, size_t count,
                          const float *gradient)
{
    size_t at = taking->offset + input * taking->stride;

    if (taking->width == taking->stride)
        taking->sink->take(taking->sink, at, gradient, count * taking->width);
    else
        for (; count > 0; count--, at += taking->stride, gradient += taking->width)
            taking->sink->take(taking->sink, at, gradient, taking->width);
}

void dlcore_taking_expect(const dlcore_taking_t *taking, size_t first, size_t count)
{
    size_t begin = dlcore_matrix_input(taking->x, first);
    size_t end = dlcore_matrix_input(taking->x, first + count - 1) + 1;

    if (taking->sink->expect != NULL)
        taking->sink->expect(taking->sink, taking->offset + begin * taking->stride,
                             (end - begin) * taking->stride);
}

void dlcore_taking_columns(dlcore_taking_t *taking, size_t first, size_t count,
                           const float *gradient)
{
    const uint32_t *index = taking->x->index;

    if (index == NULL) {
        take_gradient(taking, first, count, gradient);
        taking->input = first + count;
        return;
    }
    index += first;
    for (size_t run, c = 0; c < count; c += run) { /* neighbours at once */
        for (run = 1; c + run < count && index[c + run] == index[c] + run;)
            run++;
        take_zeros(taking, taking->input, index[c]);
        take_gradient(taking, index[c], run, gradient + c * taking->width);
        taking->input = index[c] + run;
    }
}

void dlcore_taking_end(dlcore_taking_t *taking, size_t end)
{
    take_zeros(taking, taking->input, end);
    taking->input = end;
}

const dlcore_products_training_t *dlcore_products_training(const dlcore_products_t *products)
{
    switch (products->engine) {
#ifdef DLCORE_AVX512_KERNELS
    case DLCORE_PRODUCTS_NATIVE_AVX512:
        return &dlcore_products_training_avx512;
#endif
#ifdef DLCORE_AVX2_KERNELS
    case DLCORE_PRODUCTS_NATIVE_AVX2:
        return &dlcore_products_training_avx2;
#endif
#ifdef DLCORE_NEON_KERNELS
    case DLCORE_PRODUCTS_NATIVE_NEON:
        return &dlcore_products_training_neon;
#endif
    default:
        return &dlcore_products_training_blas;
    }
}
