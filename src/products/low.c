/* What products in fewer bits share that needs no vectors: where things lie, and lists of words.
 *
 * SPDX-License-Identifier: MIT */
#include "products/low.h"

#include "base/size.h"

const float dlcore_low_zeros[160];

static size_t words_of(const dlcore_low_functions_t *low, size_t inputs)
{
    return (inputs + low->inputs_per_word - 1) / low->inputs_per_word;
}

size_t dlcore_low_kernel_bytes(const dlcore_low_functions_t *low, size_t inputs, size_t units)
{
    size_t width = dlcore_size_round_up(units, low->panel(units)), bytes;

    if (!dlcore_size_multiply(words_of(low, inputs) + low->unit_floats, sizeof(uint32_t), &bytes) ||
        !dlcore_size_multiply(bytes, width, &bytes))
        return 0;
    return bytes;
}

dlcore_low_kernel_t dlcore_low_kernel_at(const dlcore_low_functions_t *low, size_t inputs,
                                         size_t units, void *memory)
{
    size_t panel = low->panel(units), width = dlcore_size_round_up(units, panel);
    float *factors = memory;

    return (dlcore_low_kernel_t){
        .inputs = inputs,
        .units = units,
        .words = words_of(low, inputs),
        .panel = panel,
        .width = width,
        .factors = factors,
        .elements = (uint32_t *)(void *)(factors + low->unit_floats * width),
    };
}

size_t dlcore_low_stride(const dlcore_low_functions_t *low, size_t inputs)
{
    return dlcore_size_round_up(words_of(low, inputs), 16);
}

size_t dlcore_low_nonzeros(const dlcore_low_kernel_t *kernel, const dlcore_low_rows_t *x,
                           size_t row)
{
    const uint32_t *words = x->words + row * x->stride;
    uint32_t count = 0;

    for (size_t i = 0; i < kernel->words; i++)
        count += words[i] != 0;
    return count;
}

/* Without branches, which a row of digits would make a guess of. */
void dlcore_low_make_list(const dlcore_low_kernel_t *kernel, const dlcore_low_rows_t *x, size_t row,
                          bool all, dlcore_low_list_t *list)
{
    const uint32_t *words = x->words + row * x->stride;
    size_t count = 0;

    for (size_t i = 0; i < kernel->words; i++) {
        list->index[count] = (uint32_t)i;
        list->word[count] = words[i];
        count += all || words[i] != 0;
    }
    list->row = row;
    list->count = count;
}
