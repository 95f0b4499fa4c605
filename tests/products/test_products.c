/* The engines behind products.h, each that this machine has: every product against plain loops in
 * double precision, and what the engine promises about padding, tiles, scratch and the sink.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "support/products_case.h"
#include "support/sanitizers.h"

typedef void (*check_t)(const products_case_t *c, const dlcore_products_t *products);

enum { ENGINES_MAX = 4 };

static size_t engines(const dlcore_products_t *list[ENGINES_MAX])
{
    size_t count = 1;

    list[0] = dlcore_products_blas();
    for (; dlcore_products_native(count - 1) != NULL; count++)
        list[count] = dlcore_products_native(count - 1);
    return count;
}

static bool is_native(const dlcore_products_t *products)
{
    return strncmp(products->name(), "native", 6) == 0;
}

static void check_shape(size_t rows, size_t inputs, size_t units, check_t check)
{
    const dlcore_products_t *list[ENGINES_MAX];
    size_t count = engines(list);
    products_case_t c = products_case(rows, inputs, units, (unsigned)(rows + inputs + units));

    for (size_t i = 0; i < count; i++)
        check(&c, list[i]);
    products_case_free(&c);
}

/* Every number of units to 70, inputs to 100 and rows to 40, the others drawn (each third under an
 * emulator); and shapes that cross the lengths at which an engine cuts its sums. */
static void check_shapes(check_t check)
{
    static const size_t larger[][3] = {
        {128, 784, 512}, {96, 784, 512}, {128, 512, 10}, {5, 1030, 40},  {3, 2100, 70},
        {7, 40, 1100},   {1100, 20, 20}, {2060, 3, 33},  {200, 17, 129}, {1, 300, 200},
    };
    unsigned seed = 1;

    for (size_t n = 1; n <= 100; n += EMULATED ? 3 : 1) {
        size_t drawn[3];
        for (size_t i = 0; i < 3; i++) {
            seed = seed * 1664525u + 1013904223u;
            drawn[i] = (seed >> 8) % (i == 0 ? 40 : 70) + 1;
        }
        if (n <= 40)
            check_shape(n, drawn[1], drawn[2], check);
        check_shape(drawn[0], n, drawn[2], check);
        if (n <= 70)
            check_shape(drawn[0], drawn[1], n, check);
    }
    for (size_t i = 0; i < sizeof larger / sizeof *larger; i++)
        check_shape(larger[i][0], larger[i][1], larger[i][2], check);
}

/* ---- comparing ---- */

static double activate(dlcore_activation_t activation, double x)
{
    switch (activation) {
    case DLCORE_ACTIVATION_RELU:
        return x > 0.0 ? x : 0.0;
    case DLCORE_ACTIVATION_SIGMOID:
        return 1.0 / (1.0 + exp(-x));
    case DLCORE_ACTIVATION_TANH:
        return tanh(x);
    default:
        return x;
    }
}

static double derivative(dlcore_activation_t activation, double y)
{
    switch (activation) {
    case DLCORE_ACTIVATION_RELU:
        return y > 0.0 ? 1.0 : 0.0;
    case DLCORE_ACTIVATION_SIGMOID:
        return y * (1.0 - y);
    case DLCORE_ACTIVATION_TANH:
        return 1.0 - y * y;
    default:
        return 1.0;
    }
}

static void compare(const products_case_t *c, const dlcore_products_t *products, const char *what,
                    size_t place, float value, double expected, double error)
{
    /* not below, so that NaN fails */
    if (!(fabs((double)value - expected) <= error))
        fail_msg("%s, %zu x %zu x %zu: %s %zu is %.9g instead of %.9g", products->name(), c->rows,
                 c->inputs, c->units, what, place, (double)value, expected);
}

static void check_forward(const products_case_t *c, const dlcore_products_t *products)
{
    static const dlcore_activation_t activations[] = {
        DLCORE_ACTIVATION_RELU, DLCORE_ACTIVATION_LINEAR, DLCORE_ACTIVATION_SIGMOID,
        DLCORE_ACTIVATION_TANH};
    dlcore_activation_t activation = activations[(c->rows + c->inputs + c->units) % 4];
    dlcore_matrix_t y = products_case_forward(c, products, activation, PRODUCTS_ASCENDING);

    for (size_t r = 0; r < c->rows; r++) {
        for (size_t u = 0; u < dlcore_matrix_panels(&y) * y.panel; u++) {
            float value = *products_case_at(&y, r, u);
            size_t i = r * c->units + u;
            if (u < c->units)
                compare(c, products, "output", i, value, activate(activation, c->y[i]),
                        c->y_error[i] + 4e-7);
            else
                assert_true(isfinite(value));
        }
    }
    free(y.data);
}

static void check_kernel_gradient(const products_case_t *c, const dlcore_products_t *products)
{
    float *packed = products_case_kernel_gradient(c, products, PRODUCTS_ASCENDING);
    float *gradient = calloc(c->inputs * c->units, sizeof *gradient);

    assert_non_null(gradient);
    products->unpack_kernel(c->inputs, c->units, packed, gradient);
    for (size_t i = 0; i < c->inputs * c->units; i++)
        compare(c, products, "kernel gradient", i, gradient[i], c->kernel_gradient[i],
                c->kernel_error[i]);
    free(packed);
    free(gradient);
}

static void check_input_gradient(const products_case_t *c, const dlcore_products_t *products)
{
    static const dlcore_activation_t activations[] = {
        DLCORE_ACTIVATION_TANH, DLCORE_ACTIVATION_RELU, DLCORE_ACTIVATION_LINEAR,
        DLCORE_ACTIVATION_SIGMOID};
    dlcore_activation_t activation = activations[(c->rows + c->inputs + c->units) % 4];
    dlcore_matrix_t dx = products_case_input_gradient(c, products, activation, PRODUCTS_ASCENDING);

    for (size_t r = 0; r < c->rows; r++) {
        for (size_t i = 0; i < dlcore_matrix_panels(&dx) * dx.panel; i++) {
            float value = *products_case_at(&dx, r, i);
            size_t at = r * c->inputs + i;
            if (i < c->inputs) {
                double slope = derivative(activation, (double)c->x[at]);
                compare(c, products, "input gradient", at, value, c->dx[at] * slope,
                        2.0 * c->dx_error[at]);
            } else {
                compare(c, products, "padding of row", r, value, 0.0, 0.0);
            }
        }
    }
    free(dx.data);
}

static void test_products_forward_equals_plain_loops(void **state)
{
    (void)state;
    check_shapes(check_forward);
}

static void test_products_kernel_gradient_equals_plain_loops(void **state)
{
    (void)state;
    check_shapes(check_kernel_gradient);
}

static void test_products_input_gradient_equals_plain_loops(void **state)
{
    (void)state;
    check_shapes(check_input_gradient);
}

static void assert_same_bits(const dlcore_matrix_t *a, const dlcore_matrix_t *b)
{
    assert_memory_equal(a->data, b->data,
                        dlcore_matrix_panels(a) * a->panel_stride * sizeof *a->data);
}

/* ---- inputs left out ---- */

static void check_left_out(const products_case_t *given, const dlcore_products_t *products)
{
    static const double shares[] = {0.1, 0.5, 0.97};
    products_case_t c = *given;
    size_t floats = products->kernel_floats(c.inputs, c.units);
    dlcore_matrix_t y, all_y;
    float *gradient, *all_gradient;

    if (!products->takes_index)
        return;
    products_case_leave_out(&c, shares[(c.rows + c.units) % 3], (unsigned)c.inputs);
    y = products_case_forward(&c, products, DLCORE_ACTIVATION_RELU, PRODUCTS_ASCENDING);
    gradient = products_case_kernel_gradient(&c, products, PRODUCTS_ASCENDING);
    products_case_put_back(&c);
    all_y = products_case_forward(&c, products, DLCORE_ACTIVATION_RELU, PRODUCTS_ASCENDING);
    all_gradient = products_case_kernel_gradient(&c, products, PRODUCTS_ASCENDING);
    for (size_t r = 0; r < c.rows; r++) {
        for (size_t u = 0; u < c.units; u++)
            compare(&c, products, "output", r * c.units + u, *products_case_at(&y, r, u),
                    (double)*products_case_at(&all_y, r, u),
                    is_native(products) ? 0.0 : given->y_error[r * c.units + u]);
    }
    for (size_t i = 0; i < floats; i++)
        compare(&c, products, "kernel gradient", i, gradient[i], (double)all_gradient[i],
                is_native(products) ? 0.0 : 1e-4);
    free(y.data);
    free(gradient);
    free(all_y.data);
    free(all_gradient);
}

/* Not a bit changes where the engine says in which order it sums; BLAS keeps that to itself. */
static void test_products_left_out_inputs_change_nothing(void **state)
{
    (void)state;
    check_shapes(check_left_out);
}

/* Zeros in most rows of an input, and NaN, infinity and -0 among the rest. */
static void check_zeros(const products_case_t *given, const dlcore_products_t *products)
{
    products_case_t c = *given;
    size_t count = c.rows * c.inputs, floats = products->kernel_floats(c.inputs, c.units);
    float *kept = malloc(count * sizeof *kept);
    dlcore_matrix_t y, all_y;
    float *gradient, *all_gradient;

    if (products->zeros_words == NULL || products->zeros_words(c.rows, c.inputs, c.units) == 0) {
        free(kept);
        return;
    }
    assert_non_null(kept);
    memcpy(kept, c.x, count * sizeof *kept);
    for (size_t i = 0; i < count; i++) {
        size_t r = i / c.inputs, input = i % c.inputs;
        if ((input * 7 + r / 5) % 11 < 6 || (i * 2654435761u >> 7) % 4 != 0)
            c.x[i] = i % 3 == 0 ? -0.0f : 0.0f;
    }
    c.x[c.inputs + 5] = INFINITY;
    c.x[count - 3] = NAN;
    c.x[count / 2] = 1e-42f; /* denormal */
    c.notes_zeros = true;
    y = products_case_forward(&c, products, DLCORE_ACTIVATION_TANH, PRODUCTS_SHARES);
    gradient = products_case_kernel_gradient(&c, products, PRODUCTS_SHARES);
    c.notes_zeros = false;
    all_y = products_case_forward(&c, products, DLCORE_ACTIVATION_TANH, PRODUCTS_ASCENDING);
    all_gradient = products_case_kernel_gradient(&c, products, PRODUCTS_ASCENDING);
    assert_same_bits(&y, &all_y);
    assert_memory_equal(gradient, all_gradient, floats * sizeof *gradient);
    memcpy(c.x, kept, count * sizeof *kept);
    free(kept);
    free(y.data);
    free(gradient);
    free(all_y.data);
    free(all_gradient);
}

static void check_zeros_left_out(const products_case_t *given, const dlcore_products_t *products)
{
    products_case_t c = *given;

    products_case_leave_out(&c, 0.4, (unsigned)c.units);
    check_zeros(&c, products);
    products_case_put_back(&c);
}

static void test_products_zeros_of_register_tiles_change_no_bit(void **state)
{
    (void)state;
    check_shape(128, 784, 512, check_zeros);
    check_shape(17, 130, 160, check_zeros);
    check_shape(30, 1500, 140, check_zeros);
    check_shape(1030, 70, 129, check_zeros);
    check_shape(128, 784, 512, check_zeros_left_out);
    check_shape(21, 200, 190, check_zeros_left_out);
}

/* A row that is zero but in the last columns of a panel: the tile of the first ones leaves it out,
 * so that what it would add there, 0 * NaN, does not come. */
static void check_tile_without_a_row(const products_case_t *given,
                                     const dlcore_products_t *products)
{
    products_case_t c = *given;
    size_t words =
               products->zeros_words != NULL ? products->zeros_words(c.rows, c.inputs, c.units) : 0,
           panel = products->panel(c.inputs), row = c.rows / 2;
    float kept_dz = c.dz[row * c.units], *kept = malloc(panel * sizeof *kept), *packed, *gradient;

    if (words == 0) {
        free(kept);
        return;
    }
    gradient = malloc(c.inputs * c.units * sizeof *gradient);
    assert_non_null(kept);
    assert_non_null(gradient);
    memcpy(kept, c.x + row * c.inputs, panel * sizeof *kept);
    memset(c.x + row * c.inputs, 0, (panel - 1) * sizeof *kept);
    c.dz[row * c.units] = NAN;
    c.notes_zeros = true;
    packed = products_case_kernel_gradient(&c, products, PRODUCTS_ASCENDING);
    products->unpack_kernel(c.inputs, c.units, packed, gradient);
    assert_true(isfinite(gradient[0]));
    assert_true(isnan(gradient[(panel - 1) * c.units]));
    memcpy(c.x + row * c.inputs, kept, panel * sizeof *kept);
    c.dz[row * c.units] = kept_dz;
    free(kept);
    free(packed);
    free(gradient);
}

static void test_products_zeros_leave_rows_out_of_the_tiles_that_do_not_use_them(void **state)
{
    (void)state;
    check_shape(128, 784, 512, check_tile_without_a_row);
    check_shape(17, 130, 160, check_tile_without_a_row);
}

/* ---- layout ---- */

static void check_packing(const products_case_t *c, const dlcore_products_t *products)
{
    size_t count = c->inputs * c->units;
    size_t floats = products->kernel_floats(c->inputs, c->units);
    float *packed = malloc(floats * sizeof *packed);
    float *back = malloc(count * sizeof *back);
    size_t zeros = 0;

    assert_non_null(packed);
    assert_non_null(back);
    assert_true(floats >= count && floats % 16 == 0);
    assert_int_equal(products->panel(c->units) % 16, 0);
    memset(packed, 0xff, floats * sizeof *packed);
    products->pack_kernel(c->inputs, c->units, c->kernel, packed);
    products->unpack_kernel(c->inputs, c->units, packed, back);
    assert_memory_equal(back, c->kernel, count * sizeof *back);
    for (size_t i = 0; i < floats; i++)
        zeros += packed[i] == 0.0f;
    for (size_t i = 0; i < count; i++)
        zeros -= c->kernel[i] == 0.0f;
    assert_int_equal(zeros, floats - count);
    if (is_native(products)) {
        /* panels of the width of a row of y: [panels][inputs][panel] */
        size_t panel = products->panel(c->units), i = c->inputs - 1, u = c->units - 1;
        assert_true(packed[(u / panel * c->inputs + i) * panel + u % panel] ==
                    c->kernel[i * c->units + u]);
    }
    free(packed);
    free(back);
}

static void test_products_pack_kernel_round_trips_with_zero_padding(void **state)
{
    (void)state;
    check_shapes(check_packing);
}

static void test_products_native_panels_are_narrow_for_few_columns(void **state)
{
    const dlcore_products_t *list[ENGINES_MAX];
    size_t count = engines(list);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        if (!is_native(list[i]))
            continue;
        for (size_t columns = 1; columns <= 16; columns++)
            assert_int_equal(list[i]->panel(columns), 16);
        assert_int_equal(list[i]->panel(17), list[i]->panel(512));
    }
}

/* ---- tiles ---- */

static void check_tiles(const products_case_t *c, const dlcore_products_t *products)
{
    static const products_order_t orders[] = {PRODUCTS_DESCENDING, PRODUCTS_SHARES,
                                              PRODUCTS_THREADS};
    static const size_t workers[] = {1, 17, 128};
    dlcore_activation_t relu = DLCORE_ACTIVATION_RELU;
    dlcore_matrix_t y = products_case_forward(c, products, relu, PRODUCTS_ASCENDING);
    dlcore_matrix_t dx = products_case_input_gradient(c, products, relu, PRODUCTS_ASCENDING);
    float *gradient = products_case_kernel_gradient(c, products, PRODUCTS_ASCENDING);

    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        products_case_t cut = *c; /* into tiles for so many */
        dlcore_matrix_t other_y, other_dx;
        float *other;

        cut.workers = workers[i];
        other_y = products_case_forward(&cut, products, relu, orders[i]);
        other_dx = products_case_input_gradient(&cut, products, relu, orders[i]);
        other = products_case_kernel_gradient(&cut, products, orders[i]);
        assert_same_bits(&y, &other_y);
        assert_same_bits(&dx, &other_dx);
        assert_memory_equal(gradient, other,
                            products->kernel_floats(c->inputs, c->units) * sizeof *gradient);
        free(other_y.data);
        free(other_dx.data);
        free(other);
    }
    free(y.data);
    free(dx.data);
    free(gradient);
}

/* The same with a third of the inputs left out. */
static void check_tiles_left_out(const products_case_t *given, const dlcore_products_t *products)
{
    products_case_t c = *given;

    if (!products->takes_index)
        return;
    products_case_leave_out(&c, 0.33, (unsigned)c.units);
    check_tiles(&c, products);
    products_case_put_back(&c);
}

static void test_products_tiles_in_any_order_give_the_same_bits(void **state)
{
    (void)state;
    check_shape(128, 784, 512, check_tiles);
    check_shape(96, 100, 300, check_tiles);
    check_shape(500, 70, 10, check_tiles);
    check_shape(3, 700, 600, check_tiles);
    check_shape(33, 33, 33, check_tiles);
    check_shape(131, 450, 1090, check_tiles);
    check_shape(700, 90, 200, check_tiles);
    check_shape(32, 256, 64, check_tiles);
    check_shape(32, 2000, 100, check_tiles);
    check_shape(128, 784, 512, check_tiles_left_out);
    check_shape(40, 900, 1100, check_tiles_left_out);
    check_shape(700, 300, 200, check_tiles_left_out);
}

/* Rows of a batch, first .. first+rows-1, on their own. */
static products_case_t some_rows(const products_case_t *c, size_t first, size_t rows)
{
    products_case_t part = products_case(rows, c->inputs, c->units, 1);

    memcpy(part.x, c->x + first * c->inputs, rows * c->inputs * sizeof *part.x);
    memcpy(part.dz, c->dz + first * c->units, rows * c->units * sizeof *part.dz);
    memcpy(part.kernel, c->kernel, c->inputs * c->units * sizeof *part.kernel);
    memcpy(part.bias, c->bias, c->units * sizeof *part.bias);
    return part;
}

static void assert_rows_equal(const dlcore_matrix_t *part, const dlcore_matrix_t *whole,
                              size_t first)
{
    for (size_t r = 0; r < part->rows; r++) {
        for (size_t p = 0; p < dlcore_matrix_panels(part); p++)
            assert_memory_equal(dlcore_matrix_at(part, r, p), dlcore_matrix_at(whole, first + r, p),
                                part->panel * sizeof(float));
    }
}

/* The native engines promise more: a row's bits are the same in any batch. */
static void check_rows(const products_case_t *c, const dlcore_products_t *products)
{
    dlcore_activation_t tanh_ = DLCORE_ACTIVATION_TANH;

    if (!is_native(products))
        return;
    dlcore_matrix_t y = products_case_forward(c, products, tanh_, PRODUCTS_ASCENDING);
    dlcore_matrix_t dx = products_case_input_gradient(c, products, tanh_, PRODUCTS_ASCENDING);
    for (size_t rows = 1; rows <= 14; rows++) {
        products_case_t part = some_rows(c, rows, rows);
        dlcore_matrix_t part_y = products_case_forward(&part, products, tanh_, PRODUCTS_ASCENDING);
        dlcore_matrix_t part_dx =
            products_case_input_gradient(&part, products, tanh_, PRODUCTS_ASCENDING);
        assert_rows_equal(&part_y, &y, rows);
        assert_rows_equal(&part_dx, &dx, rows);
        free(part_y.data);
        free(part_dx.data);
        products_case_free(&part);
    }
    free(y.data);
    free(dx.data);
}

static void test_products_native_rows_do_not_depend_on_the_batch(void **state)
{
    (void)state;
    check_shape(40, 70, 150, check_rows);
    check_shape(28, 1100, 10, check_rows);
    check_shape(28, 20, 600, check_rows);
}

static void check_grids(const products_case_t *c, const dlcore_products_t *products)
{
    size_t large[] = {
        products->forward_tiles(c->rows, c->inputs, c->units, 1),
        dlcore_products_training(products)->kernel_gradient_tiles(c->rows, c->inputs, c->units, 1),
        dlcore_products_training(products)->input_gradient_tiles(c->rows, c->inputs, c->units, 1)};

    if (!is_native(products))
        return;
    for (size_t i = 0; i < 3; i++)
        assert_in_range(large[i], 16, 128);
    assert_int_equal(products->forward_tiles(32, 64, 64, 1), 1);
    assert_int_equal(dlcore_products_training(products)->kernel_gradient_tiles(32, 64, 64, 1), 1);
    assert_int_equal(dlcore_products_training(products)->input_gradient_tiles(32, 64, 64, 1), 1);
    assert_int_equal(products->forward_tiles(1, 2, 8, 1), 1);
    assert_int_equal(products->forward_tiles(256, 1024, 1024, 16),
                     products->forward_tiles(256, 1024, 1024, 1));
    assert_in_range(products->forward_tiles(256, 1024, 1024, 64), 128, 256);
}

static void test_products_native_grids_are_fine_for_large_and_one_tile_for_small(void **state)
{
    (void)state;
    check_shape(128, 784, 512, check_grids);
    check_shape(1024, 128, 128, check_grids);
    check_shape(256, 520, 530, check_grids);
}

/* ---- numbers that are none ---- */

/* Whether a row of `columns` elements is all NaN (1), all finite (0) or mixed (-1); what is beyond
 * must be finite. */
static int not_a_number(const dlcore_matrix_t *m, size_t row)
{
    size_t nan = 0;

    for (size_t c = 0; c < dlcore_matrix_panels(m) * m->panel; c++) {
        float value = *products_case_at(m, row, c);
        if (c < m->columns)
            nan += isnan(value) != 0;
        else
            assert_true(isfinite(value));
    }
    return nan == m->columns ? 1 : nan == 0 ? 0 : -1;
}

static void check_nan_forward(const products_case_t *c, const dlcore_products_t *products)
{
    size_t bad = c->rows / 2;
    float before = c->x[bad * c->inputs];
    float *kernel_before = malloc(c->inputs * c->units * sizeof(float));

    assert_non_null(kernel_before);
    memcpy(kernel_before, c->kernel, c->inputs * c->units * sizeof(float));
    for (size_t infinite = 0; infinite < 2; infinite++) {
        /* Inf * 0 is NaN: a zero weight must not be skipped */
        c->x[bad * c->inputs] = infinite ? INFINITY : NAN;
        if (infinite)
            memset(c->kernel, 0, c->inputs * c->units * sizeof(float));
        dlcore_matrix_t y =
            products_case_forward(c, products, DLCORE_ACTIVATION_RELU, PRODUCTS_ASCENDING);
        for (size_t r = 0; r < c->rows; r++)
            assert_int_equal(not_a_number(&y, r), r == bad);
        free(y.data);
    }
    memcpy(c->kernel, kernel_before, c->inputs * c->units * sizeof(float));
    c->x[bad * c->inputs] = before;
    free(kernel_before);
}

static void check_nan_kernel_gradient(const products_case_t *c, const dlcore_products_t *products)
{
    size_t bad = c->inputs / 2;
    float *place = &c->x[c->rows / 2 * c->inputs + bad], before = *place;
    float *gradient = malloc(c->inputs * c->units * sizeof *gradient);

    assert_non_null(gradient);
    *place = NAN;
    float *packed = products_case_kernel_gradient(c, products, PRODUCTS_ASCENDING);
    products->unpack_kernel(c->inputs, c->units, packed, gradient);
    for (size_t i = 0; i < c->inputs * c->units; i++)
        assert_int_equal(isnan(gradient[i]) != 0, i / c->units == bad);
    *place = before;
    free(packed);
    free(gradient);
}

static void check_nan_input_gradient(const products_case_t *c, const dlcore_products_t *products)
{
    size_t bad = c->rows / 2;
    float *place = &c->dz[bad * c->units + c->units / 2], before = *place;

    *place = NAN;
    dlcore_matrix_t dx =
        products_case_input_gradient(c, products, DLCORE_ACTIVATION_LINEAR, PRODUCTS_ASCENDING);
    for (size_t r = 0; r < c->rows; r++)
        assert_int_equal(not_a_number(&dx, r), r == bad);
    *place = before;
    free(dx.data);
}

static void test_products_not_finite_operands_reach_their_results_only(void **state)
{
    static const check_t checks[] = {check_nan_forward, check_nan_kernel_gradient,
                                     check_nan_input_gradient};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        check_shape(1, 1, 1, checks[i]);
        check_shape(2, 30, 70, checks[i]);
        check_shape(13, 17, 5, checks[i]);
        check_shape(25, 40, 41, checks[i]);
        check_shape(30, 100, 100, checks[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products_forward_equals_plain_loops),
        cmocka_unit_test(test_products_kernel_gradient_equals_plain_loops),
        cmocka_unit_test(test_products_input_gradient_equals_plain_loops),
        cmocka_unit_test(test_products_left_out_inputs_change_nothing),
        cmocka_unit_test(test_products_zeros_of_register_tiles_change_no_bit),
        cmocka_unit_test(test_products_zeros_leave_rows_out_of_the_tiles_that_do_not_use_them),
        cmocka_unit_test(test_products_pack_kernel_round_trips_with_zero_padding),
        cmocka_unit_test(test_products_native_panels_are_narrow_for_few_columns),
        cmocka_unit_test(test_products_tiles_in_any_order_give_the_same_bits),
        cmocka_unit_test(test_products_native_rows_do_not_depend_on_the_batch),
        cmocka_unit_test(test_products_native_grids_are_fine_for_large_and_one_tile_for_small),
        cmocka_unit_test(test_products_not_finite_operands_reach_their_results_only),
    };
    return cmocka_run_group_tests_name("products", tests, NULL, NULL);
}
