/* Chains of small layers, as far as it needs no vectors: packing, and which functions this CPU
 * runs.
 *
 * DLCORE_AVX2_KERNELS and DLCORE_AVX512_KERNELS are defined by the build where those files are part
 * of it.
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

#ifndef DLCORE_AVX2_KERNELS
const dlcore_chain_functions_t *dlcore_chain_avx2(void)
{
    return NULL;
}
#endif

#ifndef DLCORE_AVX512_KERNELS
const dlcore_chain_functions_t *dlcore_chain_avx512(void)
{
    return NULL;
}
#endif

const dlcore_chain_functions_t *dlcore_chain_functions(bool flush)
{
    const dlcore_chain_functions_t *functions = NULL;

    if (flush && dlcore_cpu_has_avx512())
        functions = dlcore_chain_avx512();
    if (functions == NULL && dlcore_cpu_has_avx2())
        functions = dlcore_chain_avx2();
    return functions != NULL ? functions : dlcore_chain_portable();
}
