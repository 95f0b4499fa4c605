/* Products with lists of entries, on the kernels of every engine: against plain loops in double
 * precision, and to the bit against the native engine's products of the same numbers.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/size.h"
#include "products/products_sparse.h"
#include "support/products_case.h"
#include "support/random_numbers.h"

/* A case whose x has few numbers that are not zero, and the lists of those, in an order of their
 * own. */
typedef struct listed {
    products_case_t c;
    size_t *starts, *order;
    int32_t *indices;
    float *values;
    dlcore_lists_t lists;
} listed_t;

static void *room(size_t count, size_t size)
{
    void *memory = calloc(count + 1, size);

    assert_non_null(memory);
    return memory;
}

/* x = share of its numbers, times `scale`; with `ones` those are 1. */
static listed_t listed_case(size_t rows, size_t inputs, size_t units, double share, bool ones,
                            float scale)
{
    listed_t made = {.c = products_case(rows, inputs, units, (unsigned)(rows + inputs + units))};
    size_t entries = 0;

    made.starts = room(rows + 1, sizeof *made.starts);
    made.order = room(rows + 5, sizeof *made.order);
    made.indices = room(rows * inputs, sizeof *made.indices);
    made.values = room(rows * inputs, sizeof *made.values);
    for (size_t list = 0; list < rows; list++) {
        size_t row = (list * 7 + 3) % rows;

        if (rows % 7 == 0)
            row = list;
        made.order[row + 2] = list;
        made.starts[list] = entries;
        for (size_t i = 0; i < inputs; i++) {
            float *x = &made.c.x[row * inputs + i];
            float value = ones ? 1.0f : *x;

            if (random_unit() >= share) {
                *x = 0.0f;
                continue;
            }
            *x = value * scale;
            made.indices[entries] = (int32_t)i;
            made.values[entries++] = value;
        }
    }
    made.starts[rows] = entries;
    made.lists = (dlcore_lists_t){.starts = made.starts,
                                  .indices = made.indices,
                                  .values = ones ? NULL : made.values,
                                  .order = made.order,
                                  .begin = 2,
                                  .scale = scale};
    products_case_update(&made.c);
    return made;
}

static void free_listed(listed_t *made)
{
    products_case_free(&made->c);
    free(made->starts);
    free(made->order);
    free(made->indices);
    free(made->values);
}

static bool is_native(const dlcore_products_t *products)
{
    return strncmp(products->name(), "native", 6) == 0;
}

static dlcore_matrix_t lists_matrix(const listed_t *made)
{
    return (dlcore_matrix_t){
        .rows = made->c.rows, .columns = made->c.inputs, .panel = 16, .lists = &made->lists};
}

static float *packed_kernel(const products_case_t *c, const dlcore_products_t *products)
{
    float *kernel = room(products->kernel_floats(c->inputs, c->units), sizeof *kernel);

    products->pack_kernel(c->inputs, c->units, c->kernel, kernel);
    return kernel;
}

/* ---- forward ---- */

static void check_forward(const listed_t *made, const dlcore_products_t *products)
{
    const products_case_t *c = &made->c;
    dlcore_matrix_t x = lists_matrix(made);
    dlcore_matrix_t y = products_case_matrix(products, c->rows, c->units, NULL, NAN);
    dlcore_matrix_t dense =
        products_case_forward(c, products, DLCORE_ACTIVATION_RELU, PRODUCTS_ASCENDING);
    float *kernel = packed_kernel(c, products);
    dlcore_forward_t product = {.kernels = dlcore_kernels(),
                                .inputs = c->inputs,
                                .units = c->units,
                                .x = &x,
                                .kernel = kernel,
                                .bias = c->bias,
                                .activation = {.kind = DLCORE_ACTIVATION_RELU},
                                .y = &y};
    size_t middle = c->rows / 3;

    dlcore_sparse_forward(&product, products->kernel_panel(c->units), middle, c->rows);
    dlcore_sparse_forward(&product, products->kernel_panel(c->units), 0, middle);
    for (size_t r = 0; r < c->rows; r++) {
        for (size_t u = 0; u < c->units; u++) {
            double expected = fmax(c->y[r * c->units + u], 0.0);
            float got = *products_case_at(&y, r, u);

            if (!(fabs((double)got - expected) <= c->y_error[r * c->units + u]))
                fail_msg("%s: (%zu, %zu) is %.9g, not %.9g", products->name(), r, u, (double)got,
                         expected);
            if (is_native(products))
                assert_true(got == *products_case_at(&dense, r, u));
        }
        for (size_t u = c->units; is_native(products) && u < dlcore_matrix_panels(&y) * y.panel;
             u++)
            assert_true(isfinite(*products_case_at(&y, r, u)));
    }
    free(kernel);
    free(y.data);
    free(dense.data);
}

/* ---- the kernel's gradient ---- */

typedef struct collecting {
    dlcore_gradient_sink_t sink;
    float *gradients;
    size_t floats, offset, taken;
} collecting_t;

static void collect(const dlcore_gradient_sink_t *sink, size_t offset, const float *gradient,
                    size_t count)
{
    collecting_t *own = (collecting_t *)(uintptr_t)(const void *)sink;

    assert_true(offset >= own->offset && offset - own->offset + count <= own->floats);
    for (size_t i = 0; i < count; i++) {
        float *to = &own->gradients[offset - own->offset + i];

        assert_true(isnan(*to)); /* once */
        *to = gradient[i];
    }
    own->taken += count;
}

/* By the tiles that `workers` workers would have; what does not come is `missing`. */
static float *gradient_of(const listed_t *made, const dlcore_products_t *products, size_t workers,
                          bool rests, size_t *taken)
{
    const products_case_t *c = &made->c;
    size_t panel = products->kernel_panel(c->units);
    size_t tiles = dlcore_sparse_gradient_tiles(c->inputs, c->units, panel);
    size_t scratch_floats = dlcore_sparse_scratch_floats(c->rows, c->inputs, c->units, panel);
    float *scratch = room(scratch_floats, sizeof *scratch);
    dlcore_matrix_t x = lists_matrix(made);
    dlcore_matrix_t dz = products_case_matrix(products, c->rows, c->units, c->dz, 0.0f);
    collecting_t collecting = {.sink = {.take = collect, .rests = rests},
                               .floats = products->kernel_floats(c->inputs, c->units),
                               .offset = 48};
    dlcore_kernel_gradient_t product = {.inputs = c->inputs,
                                        .units = c->units,
                                        .x = &x,
                                        .dz = &dz,
                                        .sink = &collecting.sink,
                                        .offset = 48};

    collecting.gradients = room(collecting.floats, sizeof *collecting.gradients);
    for (size_t i = 0; i < collecting.floats; i++)
        collecting.gradients[i] = NAN;
    for (size_t i = 0; i < scratch_floats; i++)
        scratch[i] = NAN;
    for (size_t w = workers; w-- > 0;)
        dlcore_sparse_kernel_gradient(&product, dlcore_training_kernels(dlcore_kernels()), panel,
                                      tiles * w / workers, tiles * (w + 1) / workers, scratch);
    for (size_t i = 0; rests && i < collecting.floats; i++) {
        if (isnan(collecting.gradients[i]))
            collecting.gradients[i] = 0.0f;
    }
    if (taken != NULL)
        *taken = collecting.taken;
    free(scratch);
    free(dz.data);
    return collecting.gradients;
}

static void assert_gradient_is_right(const products_case_t *c, const dlcore_products_t *products,
                                     const float *gradient)
{
    float *row_major = room(c->inputs * c->units, sizeof *row_major);

    products->unpack_kernel(c->inputs, c->units, gradient, row_major);
    for (size_t i = 0; i < c->inputs * c->units; i++) {
        if (!(fabs((double)row_major[i] - c->kernel_gradient[i]) <= c->kernel_error[i]))
            fail_msg("%s: gradient %zu is %.9g, not %.9g", products->name(), i,
                     (double)row_major[i], c->kernel_gradient[i]);
    }
    free(row_major);
}

static void check_gradient(const listed_t *made, const dlcore_products_t *products)
{
    const products_case_t *c = &made->c;
    size_t floats = c->inputs * c->units;
    float *alone = gradient_of(made, products, 1, false, NULL);
    float *dense = products_case_kernel_gradient(c, products, PRODUCTS_ASCENDING);

    assert_gradient_is_right(c, products, alone);
    for (size_t i = 0; is_native(products) && i < floats; i++)
        assert_true(alone[i] == dense[i]);
    for (size_t workers = 2; workers < 6; workers++) {
        size_t taken = 0;
        float *shared = gradient_of(made, products, workers, false, NULL);
        float *resting = gradient_of(made, products, workers, true, &taken);

        assert_memory_equal(shared, alone, floats * sizeof *alone);
        for (size_t i = 0; i < floats; i++)
            assert_true(resting[i] == alone[i]);
        assert_true(taken <= products->kernel_floats(c->inputs, c->units));
        free(shared);
        free(resting);
    }
    free(alone);
    free(dense);
}

/* ---- shapes ---- */

static void check_listed(size_t rows, size_t inputs, size_t units, double share)
{
    const dlcore_products_t *engine = dlcore_products_blas();
    listed_t made = listed_case(rows, inputs, units, share, (rows + units) % 3 == 0,
                                inputs % 2 == 0 ? 1.0f : 0.37f);

    for (size_t i = 0; engine != NULL; engine = dlcore_products_native(i++)) {
        check_forward(&made, engine);
        check_gradient(&made, engine);
    }
    free_listed(&made);
}

static void test_products_sparse_of_every_shape_are_those_of_the_same_numbers(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 70; n++) {
        check_listed(random_below(40) + 1, random_below(90) + 1, n, 0.2);
        check_listed(n, random_below(90) + 1, random_below(70) + 1, 0.1);
    }
    check_listed(40, 9000, 16, 0.01);
    check_listed(21, 5000, 33, 0.01);
    check_listed(9, 700, 500, 0.05);
    check_listed(30, 300, 64, 1.0);
    check_listed(30, 300, 64, 0.0);
}

static void test_sparse_kernel_gradient_spares_a_sink_that_rests(void **state)
{
    listed_t made = listed_case(8, 6000, 16, 0.001, false, 1.0f);
    const dlcore_products_t *products = dlcore_products_blas();
    bool used[6000] = {false};
    size_t taken = 0, count = 0;

    (void)state;
    for (size_t i = 0; i < made.starts[8]; i++) {
        count += !used[made.indices[i]];
        used[made.indices[i]] = true;
    }
    free(gradient_of(&made, products, 1, true, &taken));
    assert_int_equal(taken, count * 16);
    free_listed(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products_sparse_of_every_shape_are_those_of_the_same_numbers),
        cmocka_unit_test(test_sparse_kernel_gradient_spares_a_sink_that_rests),
    };
    random_seed(11);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
