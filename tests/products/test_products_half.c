/* Products of bfloat16, each kind that this machine runs: bit for bit against plain loops that
 * round and add as products_half.h says, and so against each other.
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

#include "base/float_mode.h"
#include "base/half.h"
#include "base/size.h"
#include "kernels/cpu.h"
#include "products/products_half.h"
#include "products/products_training.h"
#include "support/aligned.h"
#include "support/sanitizers.h"

/* ---- the kinds ---- */

typedef struct kind {
    const dlcore_products_t *products;
    const dlcore_half_t *half;
} kind_t;

/* Of AVX-512 two, of AVX2 one, and plain C's; or NEON's and plain C's. */
#define KINDS_MAX 4

static size_t kinds(kind_t list[KINDS_MAX])
{
    const dlcore_products_t *engine = dlcore_products_blas();
    size_t count = 0;

    for (size_t i = 0; engine != NULL; engine = dlcore_products_native(i++)) {
        const dlcore_half_t *half;

        for (size_t k = 0; (half = dlcore_half_kind(engine, k)) != NULL; k++) {
            assert_true(count < KINDS_MAX);
            list[count++] = (kind_t){engine, half};
        }
    }
    return count;
}

/* ---- plain loops ---- */

static float flushed(float x)
{
    uint32_t bits = dlcore_float_bits(x);

    return (bits & 0x7F800000u) == 0 ? dlcore_float_of_bits(bits & 0x80000000u) : x;
}

static float rounded(float x)
{
    return dlcore_float_from_bfloat16(dlcore_bfloat16_from_float(x));
}

/* A factor of each kind of operand: rows and columns that are not there are zero. */
typedef struct operand {
    const float *at;
    size_t rows, columns;
    bool turned;
} operand_t;

static float factor(const operand_t *x, size_t row, size_t column)
{
    size_t r = x->turned ? column : row, c = x->turned ? row : column;

    return r < x->rows && c < x->columns ? rounded(x->at[r * x->columns + c]) : 0.0f;
}

/* start + the sum over k of a(m, k) b(k, n): of each pair the odd factors first. */
static float sum_of(const operand_t *a, const operand_t *b, size_t m, size_t n, size_t count,
                    float start)
{
    float sum = start;

    for (size_t k = 0; k < count; k += 2) {
        sum = flushed(fmaf(factor(a, m, k + 1), factor(b, k + 1, n), flushed(sum)));
        sum = flushed(fmaf(factor(a, m, k), factor(b, k, n), sum));
    }
    return sum;
}

/* ---- a case ---- */

typedef struct half_case {
    size_t rows, inputs, units;
    float *x, *kernel, *dz, *bias;
} half_case_t;

static unsigned draw(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Numbers about 1, and some that are zero, tiny or denormal, or whose products are. */
static float *numbers(size_t count, unsigned *seed)
{
    float *list = malloc(dlcore_size_round_up(count, 16) * sizeof *list);

    assert_non_null(list);
    for (size_t i = 0; i < dlcore_size_round_up(count, 16); i++) {
        unsigned kind = draw(seed) % 64;
        float x = ((float)(draw(seed) % 65536) - 32768.0f) / 32768.0f;

        list[i] = i >= count  ? 0.0f
                  : kind == 0 ? 0.0f
                  : kind == 1 ? x * 0x1p-126f
                  : kind == 2 ? x * 0x1p-64f
                  : kind == 3 ? x * 0x1p-100f
                              : x;
    }
    return list;
}

static half_case_t half_case(size_t rows, size_t inputs, size_t units)
{
    unsigned seed = (unsigned)(rows * 31 + inputs * 7 + units);

    return (half_case_t){.rows = rows,
                         .inputs = inputs,
                         .units = units,
                         .x = numbers(rows * inputs, &seed),
                         .kernel = numbers(inputs * units, &seed),
                         .dz = numbers(rows * units, &seed),
                         .bias = numbers(units, &seed)};
}

static void half_case_free(half_case_t *c)
{
    free(c->x);
    free(c->kernel);
    free(c->dz);
    free(c->bias);
}

static float *memory(size_t floats)
{
    size_t bytes = dlcore_size_round_up((floats > 0 ? floats : 1) * sizeof(float), 64);
    float *block = aligned_alloc(64, bytes);

    assert_non_null(block);
    memset(block, 0, bytes);
    return block;
}

/* With room for one more row, so that padding rows have a place of their own. */
static dlcore_matrix_t matrix(const dlcore_products_t *products, size_t rows, size_t columns)
{
    size_t panel = products->panel(columns);
    size_t stride = panel * (rows + 1);

    return (dlcore_matrix_t){.data = memory(stride * ((columns + panel - 1) / panel)),
                             .rows = rows,
                             .columns = columns,
                             .panel = panel,
                             .panel_stride = stride};
}

static float *at(const dlcore_matrix_t *m, size_t row, size_t column)
{
    return dlcore_matrix_at(m, row, column / m->panel) + column % m->panel;
}

/* Padding is NaN: none of it may count. */
static dlcore_matrix_t filled(const dlcore_products_t *products, size_t rows, size_t columns,
                              const float *numbers_of, float padding)
{
    dlcore_matrix_t m = matrix(products, rows, columns);

    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < dlcore_matrix_panels(&m) * m.panel; c++)
            *at(&m, r, c) = c < columns ? numbers_of[r * columns + c] : padding;
    }
    return m;
}

/* The case's kernel in panels, and its copies, which follow it in stretches of `step` inputs. */
static dlcore_half_kernel_t half_kernel(const half_case_t *c, const kind_t *kind, size_t step)
{
    const dlcore_products_t *products = kind->products;
    size_t panel = products->kernel_panel(c->units);
    float *values = memory(products->kernel_floats(c->inputs, c->units));
    dlcore_half_kernel_t kernel = {
        .inputs = c->inputs,
        .units = c->units,
        .values = values,
        .forward = memory(products->kernel_floats(dlcore_pairs(c->inputs), c->units)),
        .turned = memory(products->kernel_floats(dlcore_pairs(c->units), c->inputs))};

    products->pack_kernel(c->inputs, c->units, c->kernel, values);
    for (size_t p = 0; p * panel < c->units; p++) {
        for (size_t i = 0; i < c->inputs; i += step)
            kind->half->follow(&kernel, p, i, dlcore_size_min(step, c->inputs - i));
    }
    return kernel;
}

static void half_kernel_free(dlcore_half_kernel_t *kernel)
{
    free((void *)(uintptr_t)kernel->values);
    free(kernel->forward);
    free(kernel->turned);
}

typedef void (*half_check_t)(const half_case_t *c, const kind_t *kind);

static void compare(const half_case_t *c, const kind_t *kind, const char *what, size_t place,
                    float value, float expected)
{
    if (dlcore_float_bits(value) != dlcore_float_bits(expected) &&
        !(value == 0.0f && expected == 0.0f))
        fail_msg("%s, %zu x %zu x %zu: %s %zu is %a instead of %a", kind->half->name, c->rows,
                 c->inputs, c->units, what, place, (double)value, (double)expected);
}

static void check_forward(const half_case_t *c, const kind_t *kind)
{
    const dlcore_products_t *products = kind->products;
    size_t pairs = dlcore_pairs(c->inputs);
    dlcore_matrix_t x = filled(products, c->rows, c->inputs, c->x, NAN);
    dlcore_matrix_t words = matrix(products, c->rows, pairs),
                    y = matrix(products, c->rows, c->units);
    dlcore_half_kernel_t kernel = half_kernel(c, kind, c->inputs);
    float *bias = memory(dlcore_size_round_up(c->units, 32));
    float *scratch = memory(products->scratch_floats(c->rows, pairs, c->units));
    dlcore_forward_t product = {.kernels = dlcore_kernels(),
                                .inputs = pairs,
                                .units = c->units,
                                .x = &words,
                                .kernel = kernel.forward,
                                .bias = bias,
                                .activation = dlcore_activate_linear(),
                                .y = &y,
                                .pairs = kind->half->tiles};
    operand_t a = {c->x, c->rows, c->inputs, false}, b = {c->kernel, c->inputs, c->units, false};

    memcpy(bias, c->bias, c->units * sizeof *bias);
    kind->half->pair_columns(&x, &words, 0, c->rows);
    for (size_t t = 0; t < products->forward_tiles(c->rows, pairs, c->units, 1); t++)
        products->forward(&product, t, t + 1, scratch);
    for (size_t r = 0; r < c->rows; r++) {
        for (size_t u = 0; u < c->units; u++)
            compare(c, kind, "output", r * c->units + u, *at(&y, r, u),
                    sum_of(&a, &b, r, u, c->inputs, c->bias[u]));
    }
    half_kernel_free(&kernel);
    free(x.data);
    free(words.data);
    free(y.data);
    free(bias);
    free(scratch);
}

static void check_input_gradient(const half_case_t *c, const kind_t *kind)
{
    const dlcore_products_t *products = kind->products;
    const dlcore_products_training_t *training = dlcore_products_training(products);
    size_t pairs = dlcore_pairs(c->units);
    dlcore_matrix_t dz = filled(products, c->rows, c->units, c->dz, 0.0f);
    dlcore_matrix_t words = matrix(products, c->rows, pairs);
    dlcore_matrix_t dx = matrix(products, c->rows, c->inputs);
    dlcore_half_kernel_t kernel = half_kernel(c, kind, 32);
    dlcore_input_gradient_t product = {.kernels = dlcore_training_kernels(dlcore_kernels()),
                                       .inputs = c->inputs,
                                       .units = pairs,
                                       .dz = &words,
                                       .kernel = kernel.turned,
                                       .activation = dlcore_activate_linear(),
                                       .dx = &dx,
                                       .pairs = kind->half->tiles};
    operand_t a = {c->dz, c->rows, c->units, false}, b = {c->kernel, c->inputs, c->units, true};

    kind->half->pair_columns(&dz, &words, 0, c->rows);
    for (size_t t = 0; t < training->input_gradient_tiles(c->rows, c->inputs, pairs, 1); t++)
        training->input_gradient(&product, t, t + 1, NULL);
    for (size_t r = 0; r < c->rows; r++) {
        for (size_t i = 0; i < dlcore_matrix_panels(&dx) * dx.panel; i++)
            compare(c, kind, "input gradient", r * c->inputs + i, *at(&dx, r, i),
                    i < c->inputs ? sum_of(&a, &b, r, i, c->units, 0.0f) : 0.0f);
    }
    half_kernel_free(&kernel);
    free(dz.data);
    free(words.data);
    free(dx.data);
}

typedef struct keeping {
    dlcore_gradient_sink_t sink;
    float *gradients;
} keeping_t;

static void keep(const dlcore_gradient_sink_t *sink, size_t offset, const float *gradient,
                 size_t count)
{
    memcpy(((const keeping_t *)(const void *)sink)->gradients + offset, gradient,
           count * sizeof *gradient);
}

static void check_kernel_gradient(const half_case_t *c, const kind_t *kind)
{
    const dlcore_products_t *products = kind->products;
    const dlcore_products_training_t *training = dlcore_products_training(products);
    size_t pairs = dlcore_pairs(c->rows);
    dlcore_matrix_t x = filled(products, c->rows, c->inputs, c->x, NAN);
    dlcore_matrix_t dz = filled(products, c->rows, c->units, c->dz, 0.0f);
    dlcore_matrix_t x_pairs = matrix(products, pairs, c->inputs);
    dlcore_matrix_t dz_pairs = matrix(products, pairs, c->units);
    float *packed = memory(products->kernel_floats(c->inputs, c->units));
    float *gradient = memory(c->inputs * c->units);
    float *scratch = memory(products->scratch_floats(c->rows, c->inputs, c->units));
    keeping_t sink = {.sink = {.take = keep}, .gradients = packed};
    dlcore_kernel_gradient_t product = {.inputs = c->inputs,
                                        .units = c->units,
                                        .x = &x_pairs,
                                        .dz = &dz_pairs,
                                        .sink = &sink.sink,
                                        .pairs = kind->half->tiles};
    operand_t a = {c->x, c->rows, c->inputs, true}, b = {c->dz, c->rows, c->units, false};

    kind->half->pair_rows(&x, &x_pairs, 0, pairs);
    kind->half->pair_rows(&dz, &dz_pairs, 0, pairs);
    for (size_t t = 0; t < training->kernel_gradient_tiles(pairs, c->inputs, c->units, 1); t++)
        training->kernel_gradient(&product, t, t + 1, scratch);
    products->unpack_kernel(c->inputs, c->units, packed, gradient);
    for (size_t i = 0; i < c->inputs; i++) {
        for (size_t u = 0; u < c->units; u++)
            compare(c, kind, "kernel gradient", i * c->units + u, gradient[i * c->units + u],
                    sum_of(&a, &b, i, u, c->rows, 0.0f));
    }
    free(x.data);
    free(dz.data);
    free(x_pairs.data);
    free(dz_pairs.data);
    free(packed);
    free(gradient);
    free(scratch);
}

static void check_shapes(half_check_t check)
{
    static const size_t larger[][3] = {
        {64, 100, 70}, {5, 2070, 33}, {7, 40, 1100}, {2070, 5, 20}, {99, 33, 65}};
    kind_t list[KINDS_MAX];
    size_t count = kinds(list);
    unsigned seed = 5;

    for (size_t n = 1; n <= 70 + sizeof larger / sizeof *larger; n++) {
        half_case_t c = n <= 70
                            ? half_case(draw(&seed) % 40 + 1, n, draw(&seed) % 70 + 1)
                            : half_case(larger[n - 71][0], larger[n - 71][1], larger[n - 71][2]);

        for (size_t i = 0; i < count; i++)
            check(&c, &list[i]);
        half_case_free(&c);
    }
}

static void test_half_forward_has_the_bits_of_plain_loops(void **state)
{
    (void)state;
    if (VALGRIND)
        skip(); /* it flushes no denormals */
    check_shapes(check_forward);
}

static void test_half_input_gradient_has_the_bits_of_plain_loops(void **state)
{
    (void)state;
    check_shapes(check_input_gradient);
}

static void test_half_kernel_gradient_has_the_bits_of_plain_loops(void **state)
{
    (void)state;
    check_shapes(check_kernel_gradient);
}

/* Whatever a host has set. */
static void test_half_bits_do_not_depend_on_the_mode_and_leave_it(void **state)
{
    (void)state;
    for (int flush = 0; flush < 2; flush++) {
        dlcore_float_mode_t before = dlcore_float_mode_enter(flush == 1);
        dlcore_float_mode_t mode = dlcore_float_mode_get();
        half_case_t c = half_case(9, 41, 35);
        kind_t list[KINDS_MAX];
        size_t count = kinds(list);

        for (size_t i = 0; i < count; i++) {
            check_forward(&c, &list[i]);
            assert_int_equal(dlcore_float_mode_get() & ~(dlcore_float_mode_t)0x3f,
                             mode & ~(dlcore_float_mode_t)0x3f);
        }
        half_case_free(&c);
        dlcore_float_mode_leave(before);
    }
}

static void check_stretches(const half_case_t *c, const kind_t *kind)
{
    const dlcore_products_t *products = kind->products;
    dlcore_half_kernel_t whole = half_kernel(c, kind, c->inputs);

    for (size_t step = 1; step <= 12; step++) {
        dlcore_half_kernel_t parts = half_kernel(c, kind, step);

        assert_memory_equal(parts.forward, whole.forward,
                            products->kernel_floats(dlcore_pairs(c->inputs), c->units) *
                                sizeof(float));
        assert_memory_equal(parts.turned, whole.turned,
                            products->kernel_floats(dlcore_pairs(c->units), c->inputs) *
                                sizeof(float));
        half_kernel_free(&parts);
    }
    half_kernel_free(&whole);
}

static void test_half_copies_follow_in_stretches_of_any_length(void **state)
{
    (void)state;
    check_shapes(check_stretches);
}

/* Infinities, NaN, the largest numbers, ties and denormals, in both places of a pair. */
static void test_half_special_numbers_are_rounded_as_alone(void **state)
{
    static const float special[] = {
        0.0f,          -0.0f,         INFINITY,        -INFINITY,   NAN,         3.4028235e38f,
        1e-45f,        -1e-39f,       1.17549435e-38f, 1.00390625f, 1.01171875f, -1.00390625f,
        1.175494e-38f, 3.3961775e38f, 1.0039064f,      65504.0f};
    enum { COUNT = sizeof special / sizeof *special };
    kind_t list[KINDS_MAX];
    size_t count = kinds(list);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        dlcore_matrix_t x = matrix(list[i].products, 2, COUNT);
        dlcore_matrix_t columns = matrix(list[i].products, 2, COUNT / 2);
        dlcore_matrix_t rows = matrix(list[i].products, 1, COUNT);

        for (size_t c = 0; c < COUNT; c++) { /* row 1 backwards */
            *at(&x, 0, c) = special[c];
            *at(&x, 1, c) = special[COUNT - 1 - c];
        }
        list[i].half->pair_columns(&x, &columns, 0, 2);
        list[i].half->pair_rows(&x, &rows, 0, 1);
        for (size_t c = 0; c < COUNT; c++) {
            uint32_t column = dlcore_float_bits(*at(&columns, 0, c / 2)) >> (c % 2 * 16);
            uint32_t row = dlcore_float_bits(*at(&rows, 0, c));

            assert_int_equal(column & 0xFFFF, dlcore_bfloat16_from_float(special[c]));
            assert_int_equal(row & 0xFFFF, dlcore_bfloat16_from_float(special[c]));
            assert_int_equal(row >> 16, dlcore_bfloat16_from_float(special[COUNT - 1 - c]));
        }
        free(x.data);
        free(columns.data);
        free(rows.data);
    }
}

/* start + a b, by the forward product of a row and a column of a pair, in either place of it. */
static float one_product(const kind_t *kind, float start, float a, float b, size_t place)
{
    half_case_t c = half_case(1, 2, 1);
    const dlcore_products_t *products = kind->products;
    dlcore_matrix_t x, words = matrix(products, 1, 1), y = matrix(products, 1, 1);
    dlcore_half_kernel_t kernel;
    float *bias = memory(32), *scratch = memory(products->scratch_floats(1, 1, 1)), sum;
    dlcore_forward_t product = {.kernels = dlcore_kernels(),
                                .inputs = 1,
                                .units = 1,
                                .x = &words,
                                .bias = bias,
                                .activation = dlcore_activate_linear(),
                                .y = &y,
                                .pairs = kind->half->tiles};

    bias[0] = start;
    c.x[1 - place] = c.kernel[1 - place] = 0.0f;
    c.x[place] = a;
    c.kernel[place] = b;
    x = filled(products, 1, 2, c.x, NAN);
    kernel = half_kernel(&c, kind, 2);
    product.kernel = kernel.forward;
    kind->half->pair_columns(&x, &words, 0, 1);
    products->forward(&product, 0, 1, scratch);
    sum = *at(&y, 0, 0);
    half_case_free(&c);
    half_kernel_free(&kernel);
    free(x.data);
    free(words.data);
    free(y.data);
    free(bias);
    free(scratch);
    return sum;
}

/* A product beyond float's range, a sum that is denormal, or would be but for rounding, and one
 * that is halfway between two floats but for a product far below. */
static void test_half_sums_are_those_of_a_fused_multiply_add(void **state)
{
    static const struct {
        float start, a, b, sum;
    } sums[] = {
        {-0x1p127f, 0x1p64f, 0x1p64f, 0x1p127f},
        {-0x1p127f, -0x1p64f, 0x1p64f, -INFINITY},
        {0x1.fffffep127f, 0x1p60f, 0x1p42f, 0x1.fffffep127f},
        {0x1.fffffep127f, 0x1p60f, 0x1p43f, INFINITY},
        {INFINITY, 0x1p64f, -0x1p64f, INFINITY},
        {0x1p-126f, 0x1p-70f, 0x1p-57f, 0x1.8p-126f},
        {0x1p-126f, 0x1p-70f, -0x1p-57f, 0.0f},
        {0x1p-127f, 1.0f, 0x1p-126f, 0x1p-126f},
        {0x1p-127f, 0x1p-70f, 0x1p-57f, 0.0f},
        {0x1.000002p-126f, 0x1p-80f, -0x1.8p-70f, 0x1p-126f},
        {0x1p-126f, 0x1p-80f, -0x1.8p-71f, 0.0f},
        {1.0f, 0x1p-12f, 0x1p-12f, 1.0f},
        {1.0f, 0x1.02p-12f, 0x1p-12f, 0x1.000002p0f},
        {1.0f, 0x1p-12f, -0x1p-13f, 1.0f},
        {1.0f, 0x1.02p-12f, -0x1p-13f, 0x1.fffffep-1f},
        {0x1p-60f, 0x1.02p-4f, 0x1p4f, 0x1.02p0f},
        {0x1p-126f, 0x1p-80f, -0x1p-71f, 0x1p-126f}, /* rounded up: not by NEON (pairs_neon.h) */
    };
    const size_t rounded_up = sizeof sums / sizeof *sums - 1;
    kind_t list[KINDS_MAX];
    size_t count = kinds(list);

    (void)state;
    if (VALGRIND)
        skip(); /* it flushes no denormals */
    for (size_t run = 0; run < 4 * count * (rounded_up + 1); run++) {
        const kind_t *kind = &list[run / 4 % count];
        size_t i = run / 4 / count;
        dlcore_float_mode_t before = dlcore_float_mode_enter(run % 2 == 1);
        float expected = sums[i].sum,
              sum = one_product(kind, sums[i].start, sums[i].a, sums[i].b, run / 2 % 2);

        dlcore_float_mode_leave(before);
        if (i == rounded_up && strcmp(kind->half->name, "fma neon") == 0)
            expected = 0.0f;
        if (dlcore_float_bits(sum) != dlcore_float_bits(expected))
            fail_msg("%s: sum %zu is %a instead of %a", kind->half->name, i, (double)sum,
                     (double)expected);
    }
}

static void test_half_an_engine_has_its_kind_and_blas_plain_c(void **state)
{
    const dlcore_products_t *engine;

    (void)state;
    assert_string_equal(dlcore_half(dlcore_products_blas())->name, "portable");
    for (size_t i = 0; (engine = dlcore_products_native(i)) != NULL; i++) {
        const char *name = dlcore_half(engine)->name;

        if (strcmp(engine->name(), "native avx512") == 0 && dlcore_cpu_has_fast_bfloat16())
            assert_string_equal(name, "vdpbf16ps");
        else /* "fma avx2" of "native avx2" */
            assert_string_equal(name + strlen("fma "), engine->name() + strlen("native "));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_half_forward_has_the_bits_of_plain_loops),
        cmocka_unit_test(test_half_input_gradient_has_the_bits_of_plain_loops),
        cmocka_unit_test(test_half_kernel_gradient_has_the_bits_of_plain_loops),
        cmocka_unit_test(test_half_bits_do_not_depend_on_the_mode_and_leave_it),
        cmocka_unit_test(test_half_copies_follow_in_stretches_of_any_length),
        cmocka_unit_test(test_half_special_numbers_are_rounded_as_alone),
        cmocka_unit_test(test_half_sums_are_those_of_a_fused_multiply_add),
        cmocka_unit_test(test_half_an_engine_has_its_kind_and_blas_plain_c),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
