/* A CPU with AVX-512 measured as one without.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BENCH_NO_AVX512_H
#define DLCORE_BENCH_NO_AVX512_H

/* From here on this process is told that the CPU has no AVX-512, where the compiler's run-time
 * library lets that be done. The library has no such switch; the floor's BLAS finds out for itself
 * and is told by OPENBLAS_CORETYPE. */
void bench_switch_avx512_off(void);

#endif
