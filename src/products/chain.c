/* Chains of small layers, as far as it needs no vectors: packing, and which functions this CPU
 * runs.
 *
 * The build defines the same names as for products_native.c.
 *
 * SPDX-License-Identifier: MIT */
#include "products/chain.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/size.h"
#include "kernels/cpu.h"

bool dlcore_chain_takes(dlcore_activation_t activation)
{
    return activation >= DLCORE_ACTIVATION_LINEAR && activation <= DLCORE_ACTIVATION_TANH;
}

static size_t padded_units(size_t units)
{
    return dlcore_size_round_up(units, DLCORE_CHAIN_BLOCK);
}

size_t dlcore_chain_floats(size_t inputs, size_t units)
{
    return (1 + dlcore_size_round_up(inputs, DLCORE_CHAIN_STEP)) * padded_units(units);
}

void dlcore_chain_pack(size_t inputs, size_t units, const float *kernel, const float *bias,
                       bool flush, float *weights)
{
    size_t width = padded_units(units), floats = dlcore_chain_floats(inputs, units);

    memset(weights, 0, floats * sizeof *weights);
    if (bias != NULL)
        memcpy(weights, bias, units * sizeof *weights);
    for (size_t i = 0; i < inputs; i++)
        memcpy(weights + (1 + i) * width, kernel + i * units, units * sizeof *weights);
    for (size_t i = 0; flush && i < floats; i++) {
        if (fabsf(weights[i]) < FLT_MIN)
            weights[i] = 0.0f;
    }
}

const dlcore_chain_functions_t *dlcore_chain_functions(bool flush)
{
#ifdef DLCORE_AVX512_KERNELS
    if (flush && dlcore_cpu_has_avx512())
        return dlcore_chain_avx512();
#endif
#ifdef DLCORE_AVX2_KERNELS
    if (dlcore_cpu_has_avx2())
        return dlcore_chain_avx2();
#endif
    (void)flush;
#ifdef DLCORE_NEON_KERNELS
    return dlcore_chain_neon();
#else
    return dlcore_chain_portable();
#endif
}
