/* The processor and the kernels of BLAS.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "bench/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bench/sgemm.h"
#include "kernels/cpu.h"

void bench_machine_processor(char *name, size_t size)
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[256];

    snprintf(name, size, "unknown processor");
    if (file == NULL)
        return;
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "model name", 10) == 0 && strchr(line, ':') != NULL) {
            const char *value = strchr(line, ':') + 1;

            snprintf(name, size, "%.*s", (int)strcspn(value + 1, "\n"), value + 1);
            break;
        }
    fclose(file);
}

/* OpenBLAS's names. Its Zen kernels are those of Haswell. */
static bool is_one_of(const char *core, const char *const *names)
{
    for (; *names != NULL; names++)
        if (strcasecmp(core, *names) == 0)
            return true;
    return false;
}

static bool uses_avx512(const char *core)
{
    static const char *const names[] = {"SkylakeX", "Cooperlake", "SapphireRapids", NULL};

    return is_one_of(core, names);
}

static bool uses_avx2(const char *core)
{
    static const char *const names[] = {"Haswell", "Zen", "Excavator", NULL};

    return uses_avx512(core) || is_one_of(core, names);
}

bool bench_machine_warning(char *text, size_t size)
{
    const char *core = bench_blas_core();
    const char *chosen = getenv("OPENBLAS_CORETYPE");
    const char *has = NULL;

    if (core[0] == '\0')
        return false;
    if (dlcore_cpu_has_avx512() && !uses_avx512(core))
        has = "AVX-512";
    else if (dlcore_cpu_has_avx2() && !uses_avx2(core))
        has = "AVX2";
    if (chosen != NULL && chosen[0] == '\0')
        chosen = NULL;
    if (has != NULL)
        snprintf(text, size,
                 "OpenBLAS runs its kernels for %s on a CPU with %s%s: the floor is slower than it "
                 "could be",
                 core, has, chosen != NULL ? ", because OPENBLAS_CORETYPE is set" : "");
    else if (chosen != NULL)
        snprintf(text, size, "OPENBLAS_CORETYPE is set: OpenBLAS runs its kernels for %s", core);
    return has != NULL || chosen != NULL;
}
