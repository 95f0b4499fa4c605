/* Products with lists of entries.
 *
 * SPDX-License-Identifier: MIT */
#include "products/products_sparse.h"

#include <string.h>

#include "base/size.h"

enum {
    STRETCH_FLOATS = 32768, /* of a kernel gradient: 128 KB, a share of the second-level cache */
    STRETCHES = 8,          /* of a panel, so that threads have something to share ... */
    STRETCH_LEAST = 256     /* ... but of so many inputs at least: each walks over all rows */
};

/* ---- forward ---- */

static size_t list_of_row(const dlcore_lists_t *lists, size_t row)
{
    return lists->order != NULL ? lists->order[lists->begin + row] : lists->begin + row;
}

/* Asks for the entries of a row that will be read soon: shuffled ones lie anywhere in memory. */
static void fetch_list(const dlcore_lists_t *lists, size_t row)
{
    size_t list = list_of_row(lists, row);
    size_t begin = lists->starts[list], end = lists->starts[list + 1];

    for (size_t i = begin; i < end; i += 16) {
        __builtin_prefetch(lists->indices + i);
        if (lists->values != NULL)
            __builtin_prefetch(lists->values + i);
    }
}

static dlcore_entries_t entries_of(const dlcore_lists_t *lists, size_t begin, size_t end)
{
    if (begin == end) /* there may be no arrays */
        return (dlcore_entries_t){.scale = lists->scale};
    return (dlcore_entries_t){.indices = lists->indices + begin,
                              .values = lists->values != NULL ? lists->values + begin : NULL,
                              .count = end - begin,
                              .scale = lists->scale};
}

static void forward_row(const dlcore_forward_t *f, size_t panel, size_t row)
{
    const dlcore_lists_t *lists = f->x->lists;
    size_t list = list_of_row(lists, row);
    dlcore_entries_t entries = entries_of(lists, lists->starts[list], lists->starts[list + 1]);

    for (size_t c = 0; c < f->units; c += panel) {
        float *y = dlcore_matrix_at(f->y, row, c / f->y->panel) + c % f->y->panel;
        size_t room = dlcore_size_min(panel, f->y->panel - c % f->y->panel);
        /* a bias has no more */
        size_t n = dlcore_size_min(room, dlcore_size_round_up(f->units - c, 16));

        f->kernels->entries_sum(&entries, f->kernel + c * f->inputs, panel,
                                f->bias != NULL ? f->bias + c : NULL, y, n);
        memset(y + n, 0, (room - n) * sizeof *y);
        if (f->activation.kind != DLCORE_ACTIVATION_LINEAR)
            dlcore_activate(f->kernels, f->activation, y, n);
    }
}

void dlcore_sparse_forward(const dlcore_forward_t *product, size_t panel, size_t begin, size_t end)
{
    const dlcore_lists_t *lists = product->x->lists;

    for (size_t row = begin; row < end; row++) {
        if (lists->order != NULL && row + 2 < end)
            fetch_list(lists, row + 2);
        forward_row(product, panel, row);
    }
}

/* ---- the kernel's gradient ---- */

typedef struct stretch_grid {
    size_t inputs; /* of one, but for the last */
    size_t count;  /* of a panel */
    size_t panels;
} stretch_grid_t;

static stretch_grid_t stretches_of(size_t inputs, size_t units, size_t panel)
{
    size_t most = dlcore_size_max(STRETCH_FLOATS / panel, 1);
    size_t count = (inputs + most - 1) / most;

    count = dlcore_size_max(count, dlcore_size_min(STRETCHES, inputs / STRETCH_LEAST));
    /* even: a pair of inputs is one worker's (engine/halves.h) */
    return (stretch_grid_t){.inputs = dlcore_size_round_up((inputs + count - 1) / count, 2),
                            .count = count,
                            .panels = (units + panel - 1) / panel};
}

size_t dlcore_sparse_gradient_tiles(size_t inputs, size_t units, size_t panel)
{
    stretch_grid_t stretches = stretches_of(inputs, units, panel);

    return stretches.count * stretches.panels;
}

/* A stretch of gradients, a mark for each of its inputs, and where each row has come to. */
typedef struct entry_walk {
    const dlcore_kernel_gradient_t *product;
    const dlcore_training_kernels_t *kernels;
    size_t panel;
    float *gradients; /* (inputs of a stretch, panel), zero between stretches */
    uint8_t *touched; /* where the sink may be spared zeros; likewise */
    size_t *next;     /* of each row: its first entry in the stretch that comes next */
} entry_walk_t;

/* Bytes, each a multiple of an alignment's. */
static size_t gradient_bytes(const stretch_grid_t *stretches, size_t panel)
{
    return dlcore_size_round_up(stretches->inputs * panel * sizeof(float), 64);
}

static size_t touched_bytes(const stretch_grid_t *stretches)
{
    return dlcore_size_round_up(stretches->inputs, 64);
}

size_t dlcore_sparse_scratch_floats(size_t rows, size_t inputs, size_t units, size_t panel)
{
    stretch_grid_t stretches = stretches_of(inputs, units, panel);

    return (gradient_bytes(&stretches, panel) + touched_bytes(&stretches)) / sizeof(float) +
           rows * (sizeof(size_t) / sizeof(float));
}

/* Each row's first entry for an input from `input` on. */
static void seek_input(const entry_walk_t *walk, size_t input)
{
    const dlcore_lists_t *lists = walk->product->x->lists;

    for (size_t row = 0; row < walk->product->x->rows; row++) {
        size_t list = list_of_row(lists, row);
        size_t low = lists->starts[list], high = input > 0 ? lists->starts[list + 1] : low;

        while (low < high) {
            size_t middle = low + (high - low) / 2;

            if ((size_t)lists->indices[middle] < input)
                low = middle + 1;
            else
                high = middle;
        }
        walk->next[row] = low;
    }
}

/* Adds the entries of all rows for inputs first .. end-1, row after row. */
static void add_stretch(const entry_walk_t *walk, size_t p, size_t first, size_t end)
{
    const dlcore_matrix_t *dz = walk->product->dz;
    const dlcore_lists_t *lists = walk->product->x->lists;
    size_t column = p * walk->panel;
    size_t n = dlcore_size_min(walk->panel, dz->panel - column % dz->panel);
    for (size_t row = 0; row < walk->product->x->rows; row++) {
        size_t begin = walk->next[row], last = lists->starts[list_of_row(lists, row) + 1], at;
        const float *d = dlcore_matrix_at(dz, row, column / dz->panel) + column % dz->panel;
        dlcore_entries_t entries = entries_of(lists, begin, last);

        at = begin + walk->kernels->entries_add(&entries, end, d, walk->gradients,
                                                first * walk->panel, walk->panel, n);
        walk->next[row] = at;
        if (!walk->product->sink->rests)
            continue;
        for (size_t i = begin; i < at; i++)
            walk->touched[(size_t)lists->indices[i] - first] = 1;
    }
}

static void take_stretch(const entry_walk_t *walk, size_t offset, size_t count)
{
    const dlcore_gradient_sink_t *sink = walk->product->sink;

    if (!sink->rests) {
        sink->take(sink, offset, walk->gradients, count * walk->panel);
        memset(walk->gradients, 0, count * walk->panel * sizeof *walk->gradients);
        return;
    }
    for (size_t i = 0, run; i < count; i += run) { /* neighbours at once */
        const uint8_t *mark = memchr(walk->touched + i, 1, count - i);
        float *from;

        if (mark == NULL)
            return;
        i = (size_t)(mark - walk->touched);
        for (run = 0; i + run < count && walk->touched[i + run] != 0; run++)
            walk->touched[i + run] = 0;
        from = walk->gradients + i * walk->panel;
        sink->take(sink, offset + i * walk->panel, from, run * walk->panel);
        memset(from, 0, run * walk->panel * sizeof *from);
    }
}

void dlcore_sparse_kernel_gradient(const dlcore_kernel_gradient_t *product,
                                   const dlcore_training_kernels_t *kernels, size_t panel,
                                   size_t begin, size_t end, float *scratch)
{
    stretch_grid_t stretches = stretches_of(product->inputs, product->units, panel);
    size_t bytes = gradient_bytes(&stretches, panel), marks = touched_bytes(&stretches);
    unsigned char *memory = (unsigned char *)scratch;
    entry_walk_t walk = {.product = product,
                         .kernels = kernels,
                         .panel = panel,
                         .gradients = scratch,
                         .touched = memory + bytes,
                         .next = (size_t *)(void *)(memory + bytes + marks)};

    if (begin < end)
        memset(memory, 0, bytes + marks);
    for (size_t tile = begin; tile < end; tile++) {
        size_t p = tile / stretches.count, stretch = tile % stretches.count;
        size_t first = dlcore_size_min(stretch * stretches.inputs, product->inputs);
        size_t last = dlcore_size_min(first + stretches.inputs, product->inputs);

        if (tile == begin || stretch == 0)
            seek_input(&walk, first);
        add_stretch(&walk, p, first, last);
        take_stretch(&walk, product->offset + (p * product->inputs + first) * panel, last - first);
    }
}
