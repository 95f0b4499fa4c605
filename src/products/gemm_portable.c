/* The BLAS seam without a BLAS: a cache-blocked product in plain C.
 *
 * C is computed in tiles of 4 x 8 whose sums stay in registers, from blocks of op(A) and op(B) that
 * are copied into the order in which the tile reads them, so that all four transposes run the same
 * loop. Edges are filled up with zeros and run it as well: an element's sum has the same order and
 * the same bits wherever in C it lies. Scratch is 9 KB of stack.
 *
 * SPDX-License-Identifier: MIT */
#include "products/blas.h"

#include <string.h>

#include "base/size.h"

enum {
    GEMM_ROWS = 4, /* of a tile */
    GEMM_COLUMNS = 8,
    GEMM_DEPTH = 32,              /* of a block: its part of k; blocks lie on the stack */
    GEMM_WIDTH = 4 * GEMM_COLUMNS /* of a block of op(B) */
};

/* Lanes of a vector, as wide as any CPU with vectors has them. Left to themselves compilers choose
 * the wrong loop of add_tile to vectorise, depending on version and flags: a tenth of the speed. */
#if defined(__GNUC__)
typedef float lanes_t __attribute__((vector_size(16)));
#else
typedef float lanes_t;
#endif
#define LANES (sizeof(lanes_t) / sizeof(float))

/* A stored matrix, seen through its transposition: element (row, column) of op(X) is
 * at[row * down + column * right]. */
typedef struct view {
    const float *at;
    size_t down, right;
} view_t;

static view_t view(const float *x, size_t stride, bool transpose)
{
    return transpose ? (view_t){x, 1, stride} : (view_t){x, stride, 1};
}

static const float *view_element(const view_t *x, size_t row, size_t column)
{
    return x->at + row * x->down + column * x->right;
}

static void scale_matrix(float *c, size_t m, size_t n, size_t ldc, float beta)
{
    for (size_t i = 0; i < m; i++) {
        float *row = c + i * ldc;

        if (beta == 0.0f)
            memset(row, 0, n * sizeof *row);
        else if (beta != 1.0f)
            for (size_t j = 0; j < n; j++)
                row[j] *= beta;
    }
}

/* packed[p][i] = op(A)(i, p), rows beyond `rows` zero. */
static void pack_a(const view_t *a, size_t rows, size_t depth, float packed[GEMM_DEPTH][GEMM_ROWS])
{
    for (size_t i = 0; i < GEMM_ROWS; i++) {
        const float *from = view_element(a, i < rows ? i : 0, 0);

        for (size_t p = 0; p < depth; p++)
            packed[p][i] = i < rows ? from[p * a->right] : 0.0f;
    }
}

/* packed[tile][p][j] = op(B)(p, tile * GEMM_COLUMNS + j), columns beyond `columns` zero. */
static void pack_b(const view_t *b, size_t columns, size_t depth,
                   float packed[GEMM_WIDTH / GEMM_COLUMNS][GEMM_DEPTH][GEMM_COLUMNS])
{
    for (size_t first = 0; first < columns; first += GEMM_COLUMNS) {
        float(*tile)[GEMM_COLUMNS] = packed[first / GEMM_COLUMNS];
        size_t width = dlcore_size_min(GEMM_COLUMNS, columns - first);

        for (size_t p = 0; p < depth; p++) {
            const float *from = view_element(b, p, first);

            for (size_t j = 0; j < width; j++)
                tile[p][j] = from[j * b->right];
            for (size_t j = width; j < GEMM_COLUMNS; j++)
                tile[p][j] = 0.0f;
        }
    }
}

/* c (rows, columns) += alpha * the product of the packed blocks. */
static void add_tile(float a[GEMM_DEPTH][GEMM_ROWS], float b[GEMM_DEPTH][GEMM_COLUMNS],
                     size_t depth, float alpha, float *c, size_t ldc, size_t rows, size_t columns)
{
    lanes_t lanes[GEMM_ROWS][GEMM_COLUMNS / LANES];
    float sum[GEMM_ROWS][GEMM_COLUMNS];

    memset(lanes, 0, sizeof lanes);
    for (size_t p = 0; p < depth; p++) {
        for (size_t v = 0; v < GEMM_COLUMNS / LANES; v++) {
            lanes_t row;

            memcpy(&row, &b[p][v * LANES], sizeof row);
            for (size_t i = 0; i < GEMM_ROWS; i++)
                lanes[i][v] += a[p][i] * row;
        }
    }
    memcpy(sum, lanes, sizeof sum);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            c[i * ldc + j] += alpha * sum[i][j];
}

bool dlcore_blas_sums_alike(void)
{
    return true;
}

void dlcore_gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha,
                 const float *a, size_t lda, const float *b, size_t ldb, float beta, float *c,
                 size_t ldc)
{
    float packed_a[GEMM_DEPTH][GEMM_ROWS];
    float packed_b[GEMM_WIDTH / GEMM_COLUMNS][GEMM_DEPTH][GEMM_COLUMNS];
    view_t op_a = view(a, lda, transpose_a);
    view_t op_b = view(b, ldb, transpose_b);

    scale_matrix(c, m, n, ldc, beta);
    if (alpha == 0.0f)
        return;
    for (size_t j = 0; j < n; j += GEMM_WIDTH) {
        size_t width = dlcore_size_min(GEMM_WIDTH, n - j);

        for (size_t p = 0; p < k; p += GEMM_DEPTH) {
            size_t depth = dlcore_size_min(GEMM_DEPTH, k - p);
            view_t block_b = {view_element(&op_b, p, j), op_b.down, op_b.right};

            pack_b(&block_b, width, depth, packed_b);
            for (size_t i = 0; i < m; i += GEMM_ROWS) {
                size_t rows = dlcore_size_min(GEMM_ROWS, m - i);
                view_t block_a = {view_element(&op_a, i, p), op_a.down, op_a.right};

                pack_a(&block_a, rows, depth, packed_a);
                for (size_t t = 0; t < width; t += GEMM_COLUMNS)
                    add_tile(packed_a, packed_b[t / GEMM_COLUMNS], depth, alpha,
                             c + i * ldc + j + t, ldc, rows,
                             dlcore_size_min(GEMM_COLUMNS, width - t));
            }
        }
    }
}

void dlcore_blas_enter(bool host_threads)
{
    (void)host_threads;
}

void dlcore_blas_leave(void) {}

void dlcore_blas_enter_worker(void) {}

void dlcore_blas_leave_worker(void) {}

const char *dlcore_blas_name(void)
{
    return "portable";
}

bool dlcore_blas_is_concurrent(void)
{
    return true;
}
