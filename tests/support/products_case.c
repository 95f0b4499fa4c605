/* Operands, references and runs: see products_case.h.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "support/products_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "products/blas.h"

enum { THREADS = 3, SHARES = 3, GUARD_FLOATS = 32, OFFSET = 48 };

static const float guard = 12345.0f;

static void *zeroed(size_t count, size_t size)
{
    size_t bytes = dlcore_size_round_up(count * size + 1, 64);
    void *memory = aligned_alloc(64, bytes);

    assert_non_null(memory);
    return memset(memory, 0, bytes);
}

/* ---- operands and references ---- */

static float random_float(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (float)((int)(*seed >> 8) - (1 << 23)) / (float)(1 << 23);
}

static float *random_floats(size_t count, size_t room, unsigned *seed)
{
    float *floats = zeroed(room, sizeof *floats);

    for (size_t i = 0; i < count; i++)
        floats[i] = random_float(seed);
    return floats;
}

products_case_t products_case(size_t rows, size_t inputs, size_t units, unsigned seed)
{
    products_case_t c = {.rows = rows, .inputs = inputs, .units = units};

    c.x = random_floats(rows * inputs, rows * inputs, &seed);
    c.kernel = random_floats(inputs * units, inputs * units, &seed);
    c.bias = random_floats(units, dlcore_size_round_up(units, 16), &seed);
    c.dz = random_floats(rows * units, rows * units, &seed);
    c.y = zeroed(rows * units, sizeof *c.y);
    c.y_error = zeroed(rows * units, sizeof *c.y);
    c.kernel_gradient = zeroed(inputs * units, sizeof *c.y);
    c.kernel_error = zeroed(inputs * units, sizeof *c.y);
    c.dx = zeroed(rows * inputs, sizeof *c.y);
    c.dx_error = zeroed(rows * inputs, sizeof *c.y);
    products_case_update(&c);
    return c;
}

void products_case_free(products_case_t *c)
{
    free(c->x);
    free(c->kernel);
    free(c->bias);
    free(c->dz);
    free(c->y);
    free(c->y_error);
    free(c->kernel_gradient);
    free(c->kernel_error);
    free(c->dx);
    free(c->dx_error);
    *c = (products_case_t){0};
}

/* sums += a(m, k) b(k, n) for all k, and sizes += the absolute values. */
static void add_products(size_t m, size_t n, size_t depth, const float *a, size_t a_row,
                         size_t a_step, const float *b, size_t b_step, size_t b_column,
                         double *sums, double *sizes)
{
    for (size_t i = 0; i < m; i++) {
        for (size_t k = 0; k < depth; k++) {
            double factor = (double)a[i * a_row + k * a_step];
            for (size_t j = 0; j < n; j++) {
                double product = factor * (double)b[k * b_step + j * b_column];
                sums[i * n + j] += product;
                sizes[i * n + j] += fabs(product);
            }
        }
    }
    /* Higham, Accuracy and Stability of Numerical Algorithms, 3.1: |error| <= gamma_n sum |a b| */
    for (size_t i = 0; i < m * n; i++)
        sizes[i] = (sizes[i] + 1.0) * (double)(depth + 2) * (double)FLT_EPSILON / 2.0;
}

void products_case_update(products_case_t *c)
{
    memset(c->y_error, 0, c->rows * c->units * sizeof(double));
    memset(c->kernel_gradient, 0, c->inputs * c->units * sizeof(double));
    memset(c->kernel_error, 0, c->inputs * c->units * sizeof(double));
    memset(c->dx, 0, c->rows * c->inputs * sizeof(double));
    memset(c->dx_error, 0, c->rows * c->inputs * sizeof(double));
    for (size_t i = 0; i < c->rows * c->units; i++)
        c->y[i] = (double)c->bias[i % c->units];
    add_products(c->rows, c->units, c->inputs, c->x, c->inputs, 1, c->kernel, c->units, 1, c->y,
                 c->y_error);
    add_products(c->inputs, c->units, c->rows, c->x, 1, c->inputs, c->dz, c->units, 1,
                 c->kernel_gradient, c->kernel_error);
    add_products(c->rows, c->inputs, c->units, c->dz, c->units, 1, c->kernel, 1, c->units, c->dx,
                 c->dx_error);
}

/* ---- matrices ---- */

float *products_case_at(const dlcore_matrix_t *m, size_t r, size_t c)
{
    return dlcore_matrix_at(m, r, c / m->panel) + c % m->panel;
}

dlcore_matrix_t products_case_matrix(const dlcore_products_t *products, size_t rows, size_t columns,
                                     const float *elements, float padding)
{
    size_t panel = products->panel(columns);
    dlcore_matrix_t m = {.rows = rows,
                         .columns = columns,
                         .panel = panel,
                         .panel_stride = panel * (rows + PRODUCTS_CASE_SPARE_ROWS)};
    size_t floats = dlcore_matrix_panels(&m) * m.panel_stride;

    m.data = zeroed(floats, sizeof(float));
    for (size_t i = 0; i < floats; i++)
        m.data[i] = guard;
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < dlcore_matrix_panels(&m) * panel; c++) {
            float *element = products_case_at(&m, r, c);
            if (c >= columns)
                *element = padding;
            else
                *element = elements != NULL ? elements[r * columns + c] : NAN;
        }
    }
    return m;
}

static void assert_spare_rows_untouched(const dlcore_matrix_t *m)
{
    for (size_t r = m->rows; r < m->rows + PRODUCTS_CASE_SPARE_ROWS; r++) {
        for (size_t c = 0; c < dlcore_matrix_panels(m) * m->panel; c++) {
            if (*products_case_at(m, r, c) != guard)
                fail_msg("row %zu of %zu was written, column %zu", r, m->rows, c);
        }
    }
}

/* ---- leaving inputs out ---- */

void products_case_leave_out(products_case_t *c, double share, unsigned seed)
{
    c->index = zeroed(c->inputs, sizeof *c->index);
    c->gaps = zeroed(c->inputs, sizeof *c->gaps);
    c->columns = 0;
    for (size_t i = 0; i < c->inputs; i++) {
        seed = seed * 1664525u + 1013904223u;
        if ((double)(seed >> 8) / 16777216.0 >= share) {
            c->index[c->columns++] = (uint32_t)i;
            continue;
        }
        for (size_t r = 0; r < c->rows; r++)
            c->x[r * c->inputs + i] = 0.0f;
    }
    if (c->columns == 0)
        c->columns = 1;
    for (size_t i = 0; i + 1 < c->columns; i++)
        c->gaps[i] = c->index[i + 1] - c->index[i];
}

void products_case_put_back(products_case_t *c)
{
    free(c->index);
    free(c->gaps);
    c->index = c->gaps = NULL;
}

/* x, with the columns that it has. */
static dlcore_matrix_t input_without_notes(const products_case_t *c,
                                           const dlcore_products_t *products)
{
    dlcore_matrix_t m;
    float *elements;

    if (c->index == NULL)
        return products_case_matrix(products, c->rows, c->inputs, c->x, 1e30f);
    elements = zeroed(c->rows * c->columns, sizeof *elements);
    for (size_t r = 0; r < c->rows; r++) {
        for (size_t i = 0; i < c->columns; i++)
            elements[r * c->columns + i] = c->x[r * c->inputs + c->index[i]];
    }
    /* as wide as for all inputs: the buffer is made before it is known how many there will be */
    m = products_case_matrix(products, c->rows, c->inputs, NULL, 1e30f);
    m.columns = c->columns;
    m.index = c->index;
    m.gaps = c->gaps;
    for (size_t r = 0; r < c->rows; r++) {
        for (size_t i = 0; i < c->columns; i++)
            *products_case_at(&m, r, i) = elements[r * c->columns + i];
    }
    free(elements);
    return m;
}

/* With what two workers note of its zeros. */
static dlcore_matrix_t input_matrix(const products_case_t *c, const dlcore_products_t *products)
{
    dlcore_matrix_t m = input_without_notes(c, products);
    size_t words = 0;

    if (c->notes_zeros && products->zeros_words != NULL)
        words = products->zeros_words(m.panel_stride / m.panel, c->inputs, c->units);
    if (words > 0) {
        uint32_t *notes = zeroed(words + GUARD_FLOATS, sizeof *notes);

        memset(notes, 0xff, (words + GUARD_FLOATS) * sizeof *notes);
        for (size_t worker = 0; worker < 2; worker++)
            products->note_zeros(&m, c->inputs, c->units, true, notes, worker, 2);
        for (size_t i = 0; i < GUARD_FLOATS; i++)
            assert_int_equal(notes[words + i], UINT32_MAX);
        m.zeros = notes;
    }
    return m;
}

/* ---- running tiles ---- */

typedef struct run {
    void (*run)(const void *product, const dlcore_products_t *products, size_t begin, size_t end,
                float *scratch);
    const void *product;
    const dlcore_products_t *products;
    size_t scratch_floats;
    size_t tiles;
    atomic_size_t next;
} run_t;

static void run_range(run_t *run, size_t begin, size_t end)
{
    float *scratch = zeroed(run->scratch_floats + GUARD_FLOATS, sizeof *scratch);

    for (size_t i = 0; i < run->scratch_floats + GUARD_FLOATS; i++)
        scratch[i] = i < run->scratch_floats ? NAN : guard;
    run->run(run->product, run->products, begin, end, scratch);
    for (size_t i = 0; i < GUARD_FLOATS; i++) {
        if (scratch[run->scratch_floats + i] != guard)
            fail_msg("tile %zu wrote beyond its %zu floats of scratch", begin, run->scratch_floats);
    }
    free(scratch);
}

static void *run_some(void *argument)
{
    run_t *run = argument;
    size_t tile;

    dlcore_blas_enter_worker();
    while ((tile = atomic_fetch_add(&run->next, 1)) < run->tiles)
        run_range(run, tile, tile + 1);
    dlcore_blas_leave_worker();
    return NULL;
}

static void run_tiles(run_t *run, products_order_t order)
{
    pthread_t threads[THREADS];

    dlcore_blas_enter(false);
    if (order == PRODUCTS_ASCENDING)
        run_range(run, 0, run->tiles);
    for (size_t i = run->tiles; i > 0 && order == PRODUCTS_DESCENDING; i--)
        run_range(run, i - 1, i);
    for (size_t i = 0; i < SHARES && order == PRODUCTS_SHARES; i++)
        run_range(run, run->tiles * i / SHARES, run->tiles * (i + 1) / SHARES);
    for (size_t i = 0; i < THREADS && order == PRODUCTS_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_some, run), 0);
    for (size_t i = 0; i < THREADS && order == PRODUCTS_THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    dlcore_blas_leave();
}

static float *packed_kernel(const products_case_t *c, const dlcore_products_t *products)
{
    float *kernel = zeroed(products->kernel_floats(c->inputs, c->units), sizeof *kernel);

    products->pack_kernel(c->inputs, c->units, c->kernel, kernel);
    return kernel;
}

static void run_forward(const void *product, const dlcore_products_t *products, size_t begin,
                        size_t end, float *scratch)
{
    products->forward(product, begin, end, scratch);
}

dlcore_matrix_t products_case_forward(const products_case_t *c, const dlcore_products_t *products,
                                      dlcore_activation_t activation, products_order_t order)
{
    dlcore_matrix_t x = input_matrix(c, products);
    dlcore_matrix_t y = products_case_matrix(products, c->rows, c->units, NULL, 7.0f);
    float *kernel = packed_kernel(c, products);
    dlcore_forward_t product = {.kernels = dlcore_kernels(),
                                .inputs = c->inputs,
                                .units = c->units,
                                .x = &x,
                                .kernel = kernel,
                                .bias = c->bias,
                                .activation.kind = activation,
                                .y = &y,
                                .workers = c->workers};
    run_t run = {.run = run_forward,
                 .product = &product,
                 .products = products,
                 .scratch_floats = products->scratch_floats(c->rows, c->inputs, c->units),
                 .tiles = products->forward_tiles(c->rows, c->inputs, c->units, c->workers)};

    run_tiles(&run, order);
    assert_spare_rows_untouched(&y);
    free(x.zeros);
    free(x.data);
    free(kernel);
    return y;
}

/* A sink that notes what came, and how often. */
typedef struct noting_sink {
    dlcore_gradient_sink_t sink; /* first, so that one is the other */
    size_t floats;
    float *gradients;
    atomic_uint *times;
} noting_sink_t;

static void note(const dlcore_gradient_sink_t *sink, size_t offset, const float *gradient,
                 size_t count)
{
    const noting_sink_t *noting = (const noting_sink_t *)(const void *)sink;

    assert_true(offset >= OFFSET && offset - OFFSET + count <= noting->floats);
    for (size_t i = 0; i < count; i++) {
        noting->gradients[offset - OFFSET + i] = gradient[i];
        atomic_fetch_add(&noting->times[offset - OFFSET + i], 1);
    }
}

static void run_kernel_gradient(const void *product, const dlcore_products_t *products,
                                size_t begin, size_t end, float *scratch)
{
    dlcore_products_training(products)->kernel_gradient(product, begin, end, scratch);
}

/* Which floats are elements, and not padding, shows when a kernel of ones is packed. */
static void assert_all_once(const products_case_t *c, const dlcore_products_t *products,
                            const noting_sink_t *noting)
{
    float *ones = zeroed(c->inputs * c->units, sizeof *ones);
    float *packed = zeroed(noting->floats, sizeof *packed);

    for (size_t i = 0; i < c->inputs * c->units; i++)
        ones[i] = 1.0f;
    products->pack_kernel(c->inputs, c->units, ones, packed);
    for (size_t i = 0; i < noting->floats; i++) {
        unsigned times = atomic_load(&noting->times[i]);
        if (times > 1 || (packed[i] == 1.0f && times == 0))
            fail_msg("%s, %zu x %zu x %zu: float %zu came %u times", products->name(), c->rows,
                     c->inputs, c->units, i, times);
        if (packed[i] == 0.0f && times == 1 && noting->gradients[i] != 0.0f)
            fail_msg("%s, %zu x %zu x %zu: padding %zu has gradient %g", products->name(), c->rows,
                     c->inputs, c->units, i, (double)noting->gradients[i]);
    }
    free(ones);
    free(packed);
}

float *products_case_kernel_gradient(const products_case_t *c, const dlcore_products_t *products,
                                     products_order_t order)
{
    dlcore_matrix_t x = input_matrix(c, products);
    dlcore_matrix_t dz = products_case_matrix(products, c->rows, c->units, c->dz, 0.0f);
    noting_sink_t noting = {.sink = {.take = note},
                            .floats = products->kernel_floats(c->inputs, c->units)};
    dlcore_kernel_gradient_t product = {.inputs = c->inputs,
                                        .units = c->units,
                                        .x = &x,
                                        .dz = &dz,
                                        .sink = &noting.sink,
                                        .offset = OFFSET,
                                        .workers = c->workers};
    run_t run = {.run = run_kernel_gradient,
                 .product = &product,
                 .products = products,
                 .scratch_floats = products->scratch_floats(c->rows, c->inputs, c->units),
                 .tiles = dlcore_products_training(products)->kernel_gradient_tiles(
                     c->rows, c->inputs, c->units, c->workers)};

    noting.gradients = zeroed(noting.floats, sizeof *noting.gradients);
    noting.times = zeroed(noting.floats, sizeof *noting.times);
    run_tiles(&run, order);
    assert_all_once(c, products, &noting);
    free(noting.times);
    free(x.zeros);
    free(x.data);
    free(dz.data);
    return noting.gradients;
}

static void run_input_gradient(const void *product, const dlcore_products_t *products, size_t begin,
                               size_t end, float *scratch)
{
    dlcore_products_training(products)->input_gradient(product, begin, end, scratch);
}

dlcore_matrix_t products_case_input_gradient(const products_case_t *c,
                                             const dlcore_products_t *products,
                                             dlcore_activation_t activation, products_order_t order)
{
    dlcore_matrix_t x = products_case_matrix(products, c->rows, c->inputs, c->x, 1e30f);
    dlcore_matrix_t dx = products_case_matrix(products, c->rows, c->inputs, NULL, NAN);
    dlcore_matrix_t dz = products_case_matrix(products, c->rows, c->units, c->dz, 0.0f);
    float *kernel = packed_kernel(c, products);
    dlcore_input_gradient_t product = {.kernels = dlcore_training_kernels(dlcore_kernels()),
                                       .inputs = c->inputs,
                                       .units = c->units,
                                       .dz = &dz,
                                       .kernel = kernel,
                                       .activation.kind = activation,
                                       .x = activation == DLCORE_ACTIVATION_LINEAR ? NULL : &x,
                                       .dx = &dx,
                                       .workers = c->workers};
    run_t run = {.run = run_input_gradient,
                 .product = &product,
                 .products = products,
                 .scratch_floats = products->scratch_floats(c->rows, c->inputs, c->units),
                 .tiles = dlcore_products_training(products)->input_gradient_tiles(
                     c->rows, c->inputs, c->units, c->workers)};

    run_tiles(&run, order);
    assert_spare_rows_untouched(&dx);
    free(x.data);
    free(dz.data);
    free(kernel);
    return dx;
}
