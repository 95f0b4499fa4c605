/* dlcore_bench_workers: what 2, 16, 64 and 128 workers would do with a training step, as a model
 * made of counts. No such machine is needed, and none is measured.
 *
 *     build/tests/bench/dlcore_bench_workers [--quick] [--rate G] [--pass NS]
 *
 * Counted, of the engine that this CPU has: every tile of every product is run by itself, and what
 * it writes shows which rows and columns it stands for; workers get tiles as a step gives them out
 * (dlcore_share). Barriers are those that two workers meet at in one step of model_fit. Assumed: G
 * thousand million multiplications a second and core (default 70), and NS nanoseconds for a cache
 * line to pass from core to core (60), of which a barrier takes one for each of 8 workers and one
 * for each such group (engine/team.c); in a single group it would take one for each worker. Loops
 * over elements, memory and the optimizer are left out.
 *
 * "busiest" is what the busiest worker multiplies, of an even share; "own" the share of the weights
 * that a worker reads in forward which it wrote itself in the update before: the others come out of
 * another core's cache, or another socket's memory, so many MB a step for all workers together.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "bench/support.h"
#include "dlcore.h"
#include "engine/path.h"
#include "engine/team.h"
#include "nn/layer.h"
#include "products/products_training.h"

enum { TILES_MAX = 4096, LAYERS_MAX = 4, GROUP = 8 };

/* ---- barriers: those of a step are counted where they are called ---- */

static size_t barriers;

void __real_dlcore_team_barrier(dlcore_team_t *team, size_t worker);
void __wrap_dlcore_team_barrier(dlcore_team_t *team, size_t worker);
void __wrap_dlcore_team_barrier(dlcore_team_t *team, size_t worker)
{
    __atomic_fetch_add(&barriers, 1, __ATOMIC_RELAXED);
    __real_dlcore_team_barrier(team, worker);
}

/* ---- tiles ---- */

/* What a tile writes: rows (of a kernel gradient, inputs) and columns. */
typedef struct rectangle {
    size_t row, rows_end, column, columns_end;
} rectangle_t;

typedef struct grid {
    size_t count, depth; /* tiles; multiplications for each number of a tile */
    rectangle_t tiles[TILES_MAX];
} grid_t;

typedef struct counted {
    size_t rows, inputs, units, workers;
    grid_t forward, kernel_gradient, input_gradient;
} counted_t;

static void include(rectangle_t *in, size_t row, size_t column)
{
    in->row = dlcore_size_min(in->row, row);
    in->column = dlcore_size_min(in->column, column);
    in->rows_end = dlcore_size_max(in->rows_end, row + 1);
    in->columns_end = dlcore_size_max(in->columns_end, column + 1);
}

static const rectangle_t nothing = {SIZE_MAX, 0, SIZE_MAX, 0};

static float *floats(size_t count, float value)
{
    float *made = aligned_alloc(64, dlcore_size_round_up(count * sizeof *made, 64));

    if (made == NULL)
        bench_fail("no memory");
    for (size_t i = 0; i < count; i++)
        made[i] = value;
    return made;
}

static dlcore_matrix_t matrix(const dlcore_products_t *products, size_t rows, size_t columns,
                              float value)
{
    dlcore_matrix_t m = {.rows = rows, .columns = columns, .panel = products->panel(columns)};

    m.panel_stride = m.panel * rows;
    m.data = floats(dlcore_matrix_panels(&m) * m.panel_stride, value);
    return m;
}

/* Where the first column of a panel, which tiles have whole, is no longer NaN; it is so again
 * afterwards. */
static rectangle_t written(const dlcore_matrix_t *m)
{
    rectangle_t found = nothing;

    for (size_t p = 0; p < dlcore_matrix_panels(m); p++) {
        size_t first = p * m->panel, last = first + dlcore_matrix_panel_columns(m, p) - 1;

        for (size_t r = 0; r < m->rows; r++) {
            float *row = dlcore_matrix_at(m, r, p);

            if (!isnan(*row)) {
                include(&found, r, first);
                include(&found, r, last);
            }
            *row = NAN;
        }
    }
    return found;
}

/* A sink that notes what comes. */
typedef struct noting {
    dlcore_gradient_sink_t sink; /* first */
    size_t inputs, units, panel;
    rectangle_t found;
} noting_t;

static void note(const dlcore_gradient_sink_t *sink, size_t offset, const float *gradient,
                 size_t count)
{
    noting_t *to = (noting_t *)(uintptr_t)sink;
    size_t last = offset + count - 1, of_panel = to->inputs * to->panel;

    (void)gradient;
    include(&to->found, offset % of_panel / to->panel, offset / of_panel * to->panel);
    include(&to->found, last % of_panel / to->panel,
            dlcore_size_min(last / of_panel * to->panel + to->panel, to->units) - 1);
}

static void count_forward(counted_t *layer, const dlcore_products_t *products,
                          const dlcore_matrix_t *x, const float *kernel, float *scratch)
{
    dlcore_matrix_t y = matrix(products, layer->rows, layer->units, NAN);
    dlcore_forward_t product = {.kernels = dlcore_kernels(),
                                .inputs = layer->inputs,
                                .units = layer->units,
                                .x = x,
                                .kernel = kernel,
                                .activation = dlcore_activate_linear(),
                                .y = &y,
                                .workers = layer->workers};
    grid_t *grid = &layer->forward;

    grid->count = products->forward_tiles(layer->rows, layer->inputs, layer->units, layer->workers);
    grid->depth = layer->inputs;
    for (size_t t = 0; t < grid->count; t++) {
        products->forward(&product, t, t + 1, scratch);
        grid->tiles[t] = written(&y);
    }
    free(y.data);
}

static void count_gradients(counted_t *layer, const dlcore_products_t *products,
                            const dlcore_matrix_t *x, const float *kernel, float *scratch)
{
    const dlcore_products_training_t *training = dlcore_products_training(products);
    dlcore_matrix_t dz = matrix(products, layer->rows, layer->units, 1.0f);
    dlcore_matrix_t dx = matrix(products, layer->rows, layer->inputs, NAN);
    noting_t sink = {.sink = {.take = note},
                     .inputs = layer->inputs,
                     .units = layer->units,
                     .panel = products->kernel_panel(layer->units)};
    dlcore_kernel_gradient_t by_kernel = {.inputs = layer->inputs,
                                          .units = layer->units,
                                          .x = x,
                                          .dz = &dz,
                                          .sink = &sink.sink,
                                          .workers = layer->workers};
    dlcore_input_gradient_t by_inputs = {.kernels = dlcore_training_kernels(dlcore_kernels()),
                                         .inputs = layer->inputs,
                                         .units = layer->units,
                                         .dz = &dz,
                                         .kernel = kernel,
                                         .activation = dlcore_activate_linear(),
                                         .x = x,
                                         .dx = &dx,
                                         .workers = layer->workers};

    layer->kernel_gradient.count =
        training->kernel_gradient_tiles(layer->rows, layer->inputs, layer->units, layer->workers);
    layer->kernel_gradient.depth = layer->rows;
    for (size_t t = 0; t < layer->kernel_gradient.count; t++) {
        sink.found = nothing;
        training->kernel_gradient(&by_kernel, t, t + 1, scratch);
        layer->kernel_gradient.tiles[t] = sink.found;
    }
    layer->input_gradient.count =
        training->input_gradient_tiles(layer->rows, layer->inputs, layer->units, layer->workers);
    layer->input_gradient.depth = layer->units;
    for (size_t t = 0; t < layer->input_gradient.count; t++) {
        training->input_gradient(&by_inputs, t, t + 1, scratch);
        layer->input_gradient.tiles[t] = written(&dx);
    }
    free(dz.data);
    free(dx.data);
}

static void count_layer(counted_t *layer, const dlcore_products_t *products)
{
    size_t scratch_floats = products->scratch_floats(layer->rows, layer->inputs, layer->units);
    dlcore_matrix_t x = matrix(products, layer->rows, layer->inputs, 1.0f);
    float *kernel = floats(products->kernel_floats(layer->inputs, layer->units), 0.0f);
    float *scratch = floats(scratch_floats + 1, 0.0f);

    if (products->forward_tiles(layer->rows, layer->inputs, layer->units, layer->workers) >
        TILES_MAX)
        bench_fail("more tiles than there is room for");
    count_forward(layer, products, &x, kernel, scratch);
    count_gradients(layer, products, &x, kernel, scratch);
    free(x.data);
    free(kernel);
    free(scratch);
}

/* ---- shares ---- */

static double area(const rectangle_t *tile)
{
    if (tile->rows_end <= tile->row || tile->columns_end <= tile->column)
        return 0.0;
    return (double)(tile->rows_end - tile->row) * (double)(tile->columns_end - tile->column);
}

static double share_of(const grid_t *grid, size_t worker, size_t workers)
{
    double sum = 0.0;

    for (size_t t = dlcore_share(grid->count, worker, workers);
         t < dlcore_share(grid->count, worker + 1, workers); t++)
        sum += area(&grid->tiles[t]);
    return sum * (double)grid->depth;
}

static double busiest(const grid_t *grid, size_t workers)
{
    double most = 0.0;

    for (size_t w = 0; w < workers; w++)
        most = fmax(most, share_of(grid, w, workers));
    return most;
}

/* Of the weights that this worker reads in forward, and *own of those that it wrote. */
static double read_by(const counted_t *layer, size_t worker, size_t workers, double *own)
{
    const grid_t *forward = &layer->forward, *update = &layer->kernel_gradient;
    char *reads = calloc(layer->units, 1);
    double all = 0.0;

    if (reads == NULL)
        bench_fail("no memory");
    for (size_t t = dlcore_share(forward->count, worker, workers);
         t < dlcore_share(forward->count, worker + 1, workers); t++)
        memset(reads + forward->tiles[t].column, 1,
               forward->tiles[t].columns_end - forward->tiles[t].column);
    for (size_t c = 0; c < layer->units; c++)
        all += reads[c] * (double)layer->inputs;
    for (size_t t = dlcore_share(update->count, worker, workers);
         t < dlcore_share(update->count, worker + 1, workers); t++) {
        const rectangle_t *tile = &update->tiles[t];

        for (size_t c = tile->column; c < tile->columns_end && c < layer->units; c++)
            *own += reads[c] * (double)(tile->rows_end - tile->row);
    }
    free(reads);
    return all;
}

/* ---- a network ---- */

typedef struct network {
    const char *name;
    size_t batch, widths[LAYERS_MAX + 1];
} network_t;

static size_t barriers_of(const network_t *network)
{
    size_t counts[2], width = network->widths[0], depth = 1;
    model_options_t options = model_options_default();
    fit_options_t how = fit_options_default();

    while (depth < LAYERS_MAX && network->widths[depth + 1] != 0)
        depth++;
    options.threads = 2;
    how.epochs = 1;
    how.batch_size = network->batch;
    for (size_t n = 0; n < 2; n++) {
        size_t rows = (n + 1) * network->batch, outputs = network->widths[depth];
        optimizer_t rmsprop = optimizer_rmsprop();
        float *x = floats(rows * width, 0.5f), *y = floats(rows * outputs, 0.5f);
        tensor_t *inputs = NULL, *labels = NULL;
        model_t *model = NULL;

        if (tensor_borrow(NULL, DTYPE_FLOAT32, 2, (size_t[]){rows, width}, x, 0, &inputs, NULL) !=
                DLCORE_OK ||
            tensor_borrow(NULL, DTYPE_FLOAT32, 2, (size_t[]){rows, outputs}, y, 0, &labels, NULL) !=
                DLCORE_OK ||
            model_create(&options, &model) != DLCORE_OK)
            bench_fail("no model");
        for (size_t l = 1; l <= depth; l++)
            model_add(model, layer_dense(network->widths[l],
                                         l < depth ? ACTIVATION_RELU : ACTIVATION_LINEAR));
        model_compile(model, &rmsprop, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE);
        barriers = 0;
        if (model_fit(model, inputs, labels, &how, NULL) != DLCORE_OK)
            bench_fail("the fit failed");
        counts[n] = barriers / 2; /* of two workers */
        model_free(model);
        tensor_free(inputs);
        tensor_free(labels);
        free(x);
        free(y);
    }
    return counts[1] - counts[0];
}

/* A line of the table. */
static void print_workers(const network_t *network, const dlcore_products_t *products, double rate,
                          double pass, size_t meets, size_t workers)
{
    static counted_t layer;
    size_t groups = (workers + GROUP - 1) / GROUP;
    double most = 0.0, all = 0.0, own = 0.0, read = 0.0, flat_us, grouped_us;

    for (size_t l = 0; l < LAYERS_MAX && network->widths[l + 1] != 0; l++) {
        layer.rows = network->batch;
        layer.inputs = network->widths[l];
        layer.units = network->widths[l + 1];
        layer.workers = workers;
        count_layer(&layer, products);
        all +=
            (double)layer.rows * (double)layer.inputs * (double)layer.units * (l > 0 ? 3.0 : 2.0);
        most += busiest(&layer.forward, workers) + busiest(&layer.kernel_gradient, workers);
        most += l > 0 ? busiest(&layer.input_gradient, workers) : 0.0;
        for (size_t w = 0; w < workers; w++)
            read += read_by(&layer, w, workers, &own);
    }
    flat_us = workers > 1 ? (double)(meets * workers) * pass / 1e3 : 0.0;
    grouped_us = flat_us;
    if (workers > GROUP)
        grouped_us = (double)(meets * (GROUP + groups)) * pass / 1e3;
    printf("| %s | %zu | %.2f | %.0f %% | %.1f | %zu | %.1f | %.1f | %.1f |\n", network->name,
           workers, most * (double)workers / all, 100.0 * own / read,
           (read - own) * sizeof(float) / 1e6, workers > 1 ? meets : 0, most / rate / 1e3,
           grouped_us, flat_us);
}

static void print_network(const network_t *network, const dlcore_products_t *products, double rate,
                          double pass)
{
    static const size_t workers[] = {1, 2, 16, 64, 128};
    size_t meets = barriers_of(network);

    for (size_t i = 0; i < sizeof workers / sizeof *workers; i++)
        print_workers(network, products, rate, pass, meets, workers[i]);
}

int main(int argc, char **argv)
{
    static const network_t networks[] = {{"64-64-64-10 b32", 32, {64, 64, 64, 10, 0}},
                                         {"784-512-10 b128", 128, {784, 512, 10, 0}},
                                         {"3 x 1024 b256", 256, {1024, 1024, 1024, 1024, 0}},
                                         {"2 x 4096 b1024", 1024, {4096, 4096, 4096, 0}}};
    const dlcore_products_t *products = dlcore_path_products(DLCORE_ENGINE_AUTO, false);
    double rate = 70.0, pass = 60.0;
    size_t count = sizeof networks / sizeof *networks;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0)
            count = 2;
        else if (i + 1 < argc && strcmp(argv[i], "--rate") == 0)
            rate = strtod(argv[++i], NULL);
        else if (i + 1 < argc && strcmp(argv[i], "--pass") == 0)
            pass = strtod(argv[++i], NULL);
        else
            bench_fail("usage: dlcore_bench_workers [--quick] [--rate G] [--pass NS]");
    }
    printf("A model made of counts, engine \"%s\", %.0f thousand million multiplications a second "
           "and core, %.0f ns for a cache line from core to core.\n\n",
           products->name(), rate, pass);
    printf("| network | workers | busiest / even | own weights | MB of others' | barriers a step | "
           "us of products | us of barriers | in one group "
           "|\n|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < count; i++)
        print_network(&networks[i], products, rate, pass);
    return 0;
}
