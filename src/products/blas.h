/* The BLAS seam: blas.c is the only file that knows a BLAS.
 *
 * With the CMake option DLCORE_BLAS=portable, gemm_portable.c stands in: slower, seen through by
 * sanitizers, and the reference in tests.
 *
 * dlcore owns its parallelism: within a scope every gemm runs on the thread that calls it. Facts
 * about OpenBLAS behind this: its pthread build is right under concurrent callers only while its
 * thread count is 1, its OpenMP build obeys the calling thread's omp_set_num_threads, and its
 * serial build is not safe under concurrent callers at all.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_PRODUCTS_BLAS_H
#define DLCORE_PRODUCTS_BLAS_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>

DLCORE_HIDDEN_BEGIN

/* Brackets everything that calls dlcore_gemm. Scopes nest and may be open on several threads at
 * once: the first to enter sets BLAS to one thread, the last to leave puts the host's number back.
 * A host that changes the number meanwhile to anything but 1 keeps its change; it must not do so
 * while a gemm runs. Enter and leave on the same thread.
 *
 * With host_threads the count is left as the host set it, so BLAS may use threads of its own: then
 * call dlcore_gemm from the thread that entered only, and no other gemm of dlcore runs meanwhile.
 * The count belongs to the process: while another thread has a scope without host_threads open, it
 * is 1. A nested scope keeps what the outermost scope of its thread chose. */
void dlcore_blas_enter(bool host_threads);
void dlcore_blas_leave(void);

/* For threads of a team, around the work they do within somebody's scope: what must be set per
 * thread (OpenMP builds). Cheap, and nothing on a thread that has a scope open. */
void dlcore_blas_enter_worker(void);
void dlcore_blas_leave_worker(void);

/* "openblas pthread", "openblas openmp", "openblas serial", "blas" (another one), "portable". */
const char *dlcore_blas_name(void);
/* Whether several threads may call dlcore_gemm at once without a lock; where not, dlcore_gemm
 * takes a lock of its own, and a team gains nothing. */
bool dlcore_blas_is_concurrent(void);

/* Whether an element of C has the same bits in a product and in a part of its rows or columns, for
 * parts that begin at multiples of 64 and take 2^20 multiplications or more, with beta 1 or, of a
 * transposed operand, 0. That is so where every kernel of a BLAS adds up an element in one
 * register, in order: of OpenBLAS's those for AVX-512, not those for Haswell. False where it is not
 * known. */
bool dlcore_blas_sums_alike(void);

/* C = alpha op(A) op(B) + beta C, row-major; op(A) is (m, k), op(B) (k, n), C (m, n); lda, ldb, ldc
 * are the distances between stored rows. Sizes at most INT_MAX. beta 0 does not read C; alpha 0 or
 * k == 0 scales C and reads neither A nor B. Call within a scope. */
void dlcore_gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha,
                 const float *a, size_t lda, const float *b, size_t ldb, float beta, float *c,
                 size_t ldc);

/* What the BLAS engine calls instead where a and b hold pairs of bfloat16 (products_half.h), k of
 * them to a sum: C = op(A) B, or with `adds` C += op(A) B, whose sums then begin at C. In order. */
struct dlcore_tiles {
    void (*gemm)(bool transpose_a, size_t m, size_t n, size_t k, const float *a, size_t lda,
                 const float *b, size_t ldb, bool adds, float *c, size_t ldc);
};

DLCORE_HIDDEN_END

#endif
