/* What products.py times: the products of a step, one after the other, by another library's
 * function. A call from Python takes longer than a small product. Compiled there as a library, with
 * LIBXSMM where its headers are.
 *
 * SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

/* c = op(a) op(b), row-major: (m, k) by (k, n). */
typedef struct product {
    int64_t m, n, k, lda, ldb, ldc;
    int64_t transpose_a, transpose_b;
    const float *a, *b;
    float *c;
} product_t;

enum { ROW_MAJOR = 101, NO_TRANSPOSE = 111, TRANSPOSE = 112 };

/* With integers of 32 bits, or of 64. */
#define RUN_CBLAS(name, integer)                                                                   \
    typedef void name##_t(int, int, int, integer, integer, integer, float, const float *, integer, \
                          const float *, integer, float, float *, integer);                        \
    void run_##name(name##_t *sgemm, const product_t *products, size_t count, size_t times);       \
    void run_##name(name##_t *sgemm, const product_t *products, size_t count, size_t times)        \
    {                                                                                              \
        while (times-- > 0)                                                                        \
            for (const product_t *p = products; p < products + count; p++)                         \
                sgemm(ROW_MAJOR, p->transpose_a ? TRANSPOSE : NO_TRANSPOSE,                        \
                      p->transpose_b ? TRANSPOSE : NO_TRANSPOSE, (integer)p->m, (integer)p->n,     \
                      (integer)p->k, 1.0f, p->a, (integer)p->lda, p->b, (integer)p->ldb, 0.0f,     \
                      p->c, (integer)p->ldc);                                                      \
    }
RUN_CBLAS(cblas, int)
RUN_CBLAS(cblas64, int64_t)

#ifdef WITH_LIBXSMM
#    include <libxsmm.h>

enum { PRODUCTS_MAX = 64 };

/* Column-major, so that the factors change places. 0: it has no kernel of such a shape. */
int run_libxsmm(const product_t *products, size_t count, size_t times);
int run_libxsmm(const product_t *products, size_t count, size_t times)
{
    libxsmm_smmfunction kernels[PRODUCTS_MAX];
    const float alpha = 1.0f, beta = 0.0f;

    if (count > PRODUCTS_MAX)
        return 0;
    for (size_t i = 0; i < count; i++) {
        const product_t *p = products + i;
        int lda = (int)p->ldb, ldb = (int)p->lda, ldc = (int)p->ldc;
        int flags = p->transpose_a ? LIBXSMM_GEMM_FLAG_TRANS_B : LIBXSMM_GEMM_FLAG_NONE;

        if (p->transpose_b)
            flags |= LIBXSMM_GEMM_FLAG_TRANS_A;
        kernels[i] = libxsmm_smmdispatch((int)p->n, (int)p->m, (int)p->k, &lda, &ldb, &ldc, &alpha,
                                         &beta, &flags, NULL);
        if (kernels[i] == NULL)
            return 0;
    }
    while (times-- > 0)
        for (size_t i = 0; i < count; i++)
            kernels[i](products[i].b, products[i].a, products[i].c);
    return 1;
}
#endif
