/* What figures depend on besides the library: the processor, and which of its kernels BLAS runs.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BENCH_MACHINE_H
#define DLCORE_BENCH_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

/* "AMD EPYC", from where Linux tells it; else "unknown processor". */
void bench_machine_processor(char *name, size_t size);

/* Whether the floor may be slower than it need be: the kernels of BLAS are older than the
 * processor, or the environment chooses them. `text` says it. */
bool bench_machine_warning(char *text, size_t size);

#endif
