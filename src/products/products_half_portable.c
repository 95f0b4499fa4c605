/* Products of bfloat16 in plain C, behind the BLAS engine: for CPUs without a native engine, and
 * for whoever asks for BLAS. A kernel is row-major, a matrix one panel.
 *
 * Sums run in double, and are rounded to float as each product is added. The product of two factors
 * has 16 bits and is exact there. Its sum with a float is exact, too, or the smaller of the two is
 * below 2^-28 of the larger. Then it is no matter: what is halfway between two floats is 2^-25 or
 * more away from a float. So rounding twice gives the bits of a fused multiply-add.
 *
 * SPDX-License-Identifier: MIT */
#include "products/products_half.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/half.h"
#include "base/size.h"
#include "kernels/always_inline.h"
#include "products/blas.h"

enum {
    BLOCK_COLUMNS = 8, /* whose sums run side by side */
    BLOCK_PAIRS = 32   /* of each, whose factors lie on the stack: 4 KB */
};

/* ---- pairs ---- */

static void put_pair(float *to, float even, float odd)
{
    uint32_t word = dlcore_bfloat16_from_float(even);

    word |= (uint32_t)dlcore_bfloat16_from_float(odd) << 16;
    memcpy(to, &word, sizeof word);
}

static void put_column_pairs(const dlcore_matrix_t *from, const dlcore_matrix_t *to, size_t begin,
                             size_t end)
{
    for (size_t r = begin; r < end; r++) {
        const float *row = dlcore_matrix_at(from, r, 0);
        float *words = dlcore_matrix_at(to, r, 0);

        for (size_t c = 0; c < from->columns; c += 2)
            put_pair(words + c / 2, row[c], c + 1 < from->columns ? row[c + 1] : 0.0f);
    }
}

/* Rows 2i and 2i + 1; `odd` NULL: that row is zero. */
static void put_row_pair(float *words, const float *even, const float *odd, size_t columns)
{
    for (size_t c = 0; c < columns; c++)
        put_pair(words + c, even[c], odd != NULL ? odd[c] : 0.0f);
}

static void put_row_pairs(const dlcore_matrix_t *from, const dlcore_matrix_t *to, size_t begin,
                          size_t end)
{
    for (size_t r = begin; r < end; r++) {
        const float *even = dlcore_matrix_at(from, 2 * r, 0);

        put_row_pair(dlcore_matrix_at(to, r, 0), even,
                     2 * r + 1 < from->rows ? even + from->panel : NULL, from->columns);
    }
}

static void put_kernel(const dlcore_half_kernel_t *kernel, size_t p, size_t first, size_t count)
{
    size_t inputs = kernel->inputs, units = kernel->units;

    (void)p; /* there is one */
    for (size_t k = first / 2; k < dlcore_pairs(first + count); k++) {
        const float *even = kernel->values + 2 * k * units;

        put_row_pair(kernel->forward + k * units, even, 2 * k + 1 < inputs ? even + units : NULL,
                     units);
    }
    for (size_t i = first; kernel->turned != NULL && i < first + count; i++) {
        const float *row = kernel->values + i * units;

        for (size_t u = 0; u < units; u += 2)
            put_pair(kernel->turned + u / 2 * inputs + i, row[u],
                     u + 1 < units ? row[u + 1] : 0.0f);
    }
}

/* ---- sums ---- */

/* Factors of so many columns, the odd and the even one of each pair. */
typedef struct factors {
    double odd[BLOCK_COLUMNS], even[BLOCK_COLUMNS];
} factors_t;

ALWAYS_INLINE void split_word(uint32_t word, double *odd, double *even)
{
    *odd = (double)dlcore_float_of_bits(word & 0xffff0000u);
    *even = (double)dlcore_float_of_bits(word << 16);
}

/* Columns beyond `columns` are zero. */
static void read_block(const float *b, size_t ldb, size_t pairs, size_t columns, factors_t *block)
{
    uint32_t words[BLOCK_COLUMNS] = {0};

    for (size_t k = 0; k < pairs; k++, b += ldb, block++) {
        memcpy(words, b, columns * sizeof *words);
        for (size_t j = 0; j < BLOCK_COLUMNS; j++)
            split_word(words[j], &block->odd[j], &block->even[j]);
    }
}

/* The nearest float of 24 bits; where that is denormal, zero with its sign. Whatever the thread's
 * mode: what is near enough to the least normal number becomes that before it is converted. */
ALWAYS_INLINE double nearest_float(double sum)
{
    const double least = (double)FLT_MIN, up = least - 0x1p-151;
    double size = fabs(sum);

    size = size < up ? 0.0 : size < least ? least : size;
    return (double)(float)copysign(size, sum);
}

ALWAYS_INLINE void add_products(double sums[BLOCK_COLUMNS], double a, const double *b)
{
    for (size_t j = 0; j < BLOCK_COLUMNS; j++)
        sums[j] = nearest_float(sums[j] + a * b[j]);
}

/* c[j] += the products of `pairs` pairs of a, a_step apart, and those of the block. */
static void add_row(const float *a, size_t a_step, const factors_t *block, size_t pairs, float *c,
                    size_t columns)
{
    float floats[BLOCK_COLUMNS] = {0};
    double sums[BLOCK_COLUMNS], odd, even;
    uint32_t word;

    memcpy(floats, c, columns * sizeof *c);
    for (size_t j = 0; j < BLOCK_COLUMNS; j++)
        sums[j] = nearest_float((double)floats[j]);
    for (size_t k = 0; k < pairs; k++, a += a_step, block++) {
        memcpy(&word, a, sizeof word);
        split_word(word, &odd, &even);
        add_products(sums, odd, block->odd);
        add_products(sums, even, block->even);
    }
    for (size_t j = 0; j < BLOCK_COLUMNS; j++)
        floats[j] = (float)sums[j];
    memcpy(c, floats, columns * sizeof *c);
}

static void gemm_of_pairs(bool transpose_a, size_t m, size_t n, size_t k, const float *a,
                          size_t lda, const float *b, size_t ldb, bool adds, float *c, size_t ldc)
{
    size_t down = transpose_a ? 1 : lda, right = transpose_a ? lda : 1;
    factors_t block[BLOCK_PAIRS];

    for (size_t i = 0; !adds && i < m; i++)
        memset(c + i * ldc, 0, n * sizeof *c);
    for (size_t j = 0; j < n; j += BLOCK_COLUMNS) {
        size_t columns = dlcore_size_min(BLOCK_COLUMNS, n - j);

        for (size_t p = 0; p < k; p += BLOCK_PAIRS) {
            size_t pairs = dlcore_size_min(BLOCK_PAIRS, k - p);

            read_block(b + p * ldb + j, ldb, pairs, columns, block);
            for (size_t i = 0; i < m; i++)
                add_row(a + i * down + p * right, right, block, pairs, c + i * ldc + j, columns);
        }
    }
}

static const dlcore_tiles_t plain_tiles = {.gemm = gemm_of_pairs};

const dlcore_half_t dlcore_half_portable = {
    .name = "portable",
    .tiles = &plain_tiles,
    .pair_columns = put_column_pairs,
    .pair_rows = put_row_pairs,
    .follow = put_kernel,
};
