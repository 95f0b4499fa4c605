/* Row products for plain C: any target.
 *
 * SPDX-License-Identifier: MIT */
#include "kernels/vector_portable.h"

#include "products/gemv.h"

static size_t count_nonzeros(const float *x, size_t n)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += x[i] != 0.0f;
    return count;
}

static void append_nonzeros(const float *x, size_t n, size_t first, dlcore_list_t *list)
{
    size_t count = list->count;

    for (size_t i = 0; i < n; i++) { /* without branches, which nobody could foresee */
        list->index[count] = (uint32_t)(first + i);
        list->value[count] = x[i];
        count += x[i] != 0.0f;
    }
    list->count = count;
}

#include "products/gemv_template.h"

const dlcore_gemv_functions_t *dlcore_gemv_portable(void)
{
    return &gemv_functions;
}
