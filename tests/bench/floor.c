/* The gemm floor.
 *
 * SPDX-License-Identifier: MIT */
#include "bench/floor.h"

#include <math.h>
#include <stdlib.h>

#include "bench/cases.h"
#include "bench/sgemm.h"
#include "bench/support.h"
#include "engine/team.h"
#include "products/blas.h"

#define PRODUCTS_MAX (3 * BENCH_LAYERS_MAX)
#define ARRAYS_MAX (4 * BENCH_LAYERS_MAX + 2)
#define SLICE 16 /* columns or rows: parts of a product begin at multiples of so many */

#define CHECKED 64     /* elements of each product */
#define TOLERANCE 1e-5 /* of the sum of absolute products */

typedef struct step {
    bench_product_t product;
    bool barrier; /* what follows needs its result */
} step_t;

struct bench_floor {
    step_t steps[PRODUCTS_MAX];
    size_t step_count;
    float *arrays[ARRAYS_MAX];
    size_t array_count;
    size_t threads;
    dlcore_team_t *team; /* NULL with one thread */
    size_t times;        /* of the steps, before the tail */
    bench_floor_t *tail;
    int host_threads; /* of BLAS, while its own are measured */
};

/* ---- making ---- */

static float *add_array(bench_floor_t *floor, size_t rows, size_t columns)
{
    float *values = bench_allocate(rows * columns, sizeof *values);

    bench_fill(values, rows * columns, sqrtf(3.0f / (float)columns), floor->array_count);
    floor->arrays[floor->array_count++] = values;
    return values;
}

static void add_step(bench_floor_t *floor, bench_product_t product, bool barrier)
{
    product.lda = product.transpose_a ? product.m : product.k;
    product.ldb = product.transpose_b ? product.k : product.n;
    product.ldc = product.n;
    floor->steps[floor->step_count++] = (step_t){product, barrier};
}

static bench_floor_t *create(size_t threads)
{
    bench_floor_t *floor = bench_allocate(1, sizeof *floor);

    floor->threads = threads;
    floor->times = 1;
    if (threads > 1)
        bench_check(dlcore_team_create(NULL, threads, &floor->team), "no memory for threads");
    return floor;
}

bench_floor_t *bench_floor_create(const size_t *widths, size_t layers, size_t rows, bool trains,
                                  size_t threads)
{
    bench_floor_t *floor = create(threads);
    float *kernels[BENCH_LAYERS_MAX];
    float *outputs[BENCH_LAYERS_MAX + 1];
    float *dz;
    size_t l;

    outputs[0] = add_array(floor, rows, widths[0]);
    for (l = 0; l < layers; l++) {
        const size_t inputs = widths[l];
        const size_t units = widths[l + 1];

        kernels[l] = add_array(floor, inputs, units);
        outputs[l + 1] = add_array(floor, rows, units);
        add_step(floor,
                 (bench_product_t){false, false, rows, units, inputs, outputs[l], kernels[l],
                                   outputs[l + 1], 0, 0, 0},
                 true);
    }
    dz = outputs[layers];
    for (l = trains ? layers : 0; l-- > 0;) {
        const size_t inputs = widths[l];
        const size_t units = widths[l + 1];
        float *dx = l == 0 ? NULL : add_array(floor, rows, inputs);

        if (dx != NULL)
            add_step(
                floor,
                (bench_product_t){false, true, rows, inputs, units, dz, kernels[l], dx, 0, 0, 0},
                false);
        add_step(floor,
                 (bench_product_t){true, false, inputs, units, rows, outputs[l], dz,
                                   add_array(floor, inputs, units), 0, 0, 0},
                 true);
        dz = dx;
    }
    return floor;
}

bench_floor_t *bench_floor_create_square(size_t size, size_t threads)
{
    return bench_floor_create((size_t[]){size, size}, 1, size, false, threads);
}

/* Of epochs: all full batches, then the short ones that remain. */
bench_floor_t *bench_floor_create_case(const bench_case_t *which, size_t threads)
{
    const size_t layers = bench_case_layers(which);
    const size_t epochs = bench_case_epochs(which);
    const size_t rest = BENCH_MNIST_IMAGES % which->batch;
    const bool trains = which->work == BENCH_TRAIN || epochs > 0;
    bench_floor_t *floor = bench_floor_create(which->widths, layers, which->batch, trains, threads);
    bench_floor_t *tail = NULL;

    if (epochs == 0)
        return floor;
    if (rest > 0) {
        tail = bench_floor_create(which->widths, layers, rest, true, 1);
        bench_floor_extend(tail, epochs, NULL);
    }
    bench_floor_extend(floor, epochs * (BENCH_MNIST_IMAGES / which->batch), tail);
    return floor;
}

void bench_floor_free(bench_floor_t *floor)
{
    size_t i;

    if (floor == NULL)
        return;
    bench_floor_free(floor->tail);
    dlcore_team_free(floor->team);
    for (i = 0; i < floor->array_count; i++)
        bench_release(floor->arrays[i]);
    bench_release(floor);
}

void bench_floor_extend(bench_floor_t *floor, size_t times, bench_floor_t *tail)
{
    floor->times = times;
    floor->tail = tail;
}

/* ---- one call per thread ---- */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* This worker's part of `length`. */
static void take_part(size_t length, size_t worker, size_t workers, size_t *begin, size_t *count)
{
    const size_t slices = (length + SLICE - 1) / SLICE;
    const size_t end = smaller(length, (slices * (worker + 1) / workers) * SLICE);

    *begin = smaller(length, (slices * worker / workers) * SLICE);
    *count = end - *begin;
}

/* Columns are shared out, or rows where there are more of them. */
static void run_part(bench_product_t product, size_t worker, size_t workers)
{
    size_t begin;

    if (product.n >= product.m) {
        take_part(product.n, worker, workers, &begin, &product.n);
        product.b += product.transpose_b ? begin * product.ldb : begin;
        product.c += begin;
    } else {
        take_part(product.m, worker, workers, &begin, &product.m);
        product.a += product.transpose_a ? begin : begin * product.lda;
        product.c += begin * product.ldc;
    }
    if (product.m > 0 && product.n > 0)
        bench_sgemm(&product);
}

static void run_steps(const bench_floor_t *floor, dlcore_team_t *team, size_t worker,
                      size_t workers)
{
    size_t times;
    size_t i;

    for (times = floor->times; times > 0; times--)
        for (i = 0; i < floor->step_count; i++) {
            run_part(floor->steps[i].product, worker, workers);
            if (floor->steps[i].barrier)
                dlcore_team_barrier(team, worker);
        }
    if (floor->tail != NULL)
        run_steps(floor->tail, team, worker, workers);
}

/* ---- checking ---- */

static double element(const float *values, size_t stride, bool transposed, size_t row,
                      size_t column)
{
    return (double)(transposed ? values[column * stride + row] : values[row * stride + column]);
}

static bool is_right(const bench_product_t *p, size_t row, size_t column)
{
    double sum = 0, size = 0;

    for (size_t i = 0; i < p->k; i++) {
        const double term = element(p->a, p->lda, p->transpose_a, row, i) *
                            element(p->b, p->ldb, p->transpose_b, i, column);

        sum += term;
        size += fabs(term);
    }
    return fabs((double)p->c[row * p->ldc + column] - sum) <= TOLERANCE * size + 1e-30;
}

void bench_floor_check(const bench_floor_t *floor)
{
    for (size_t i = 0; i < floor->step_count; i++) {
        const bench_product_t *product = &floor->steps[i].product;

        run_part(*product, 0, 1);
        for (size_t e = 0; e < CHECKED; e++)
            if (!is_right(product, e * 7919 % product->m, e * 104729 % product->n))
                bench_fail("a product of the linked BLAS is wrong");
    }
    if (floor->tail != NULL)
        bench_floor_check(floor->tail);
}

typedef struct share {
    const bench_floor_t *floor;
    size_t count;
} share_t;

static void run_worker(void *argument, size_t worker, size_t workers)
{
    const share_t *share = argument;
    size_t i;

    dlcore_blas_enter_worker();
    for (i = 0; i < share->count; i++)
        run_steps(share->floor, share->floor->team, worker, workers);
    dlcore_blas_leave_worker();
}

static void run_by_own_threads(void *state, size_t count)
{
    const bench_floor_t *floor = state;
    share_t share = {floor, count};

    dlcore_blas_enter(false);
    dlcore_team_run(floor->team, floor->threads, run_worker, &share);
    dlcore_blas_leave();
}

bench_contender_t bench_floor_by_own_threads(bench_floor_t *floor)
{
    return (bench_contender_t){.run = run_by_own_threads, .state = floor};
}

/* ---- threads of BLAS ---- */

static void begin_blas_threads(void *state)
{
    bench_floor_t *floor = state;

    floor->host_threads = bench_blas_set_threads((int)floor->threads);
}

static void end_blas_threads(void *state)
{
    const bench_floor_t *floor = state;

    bench_blas_set_threads(floor->host_threads);
}

static void run_by_blas_threads(void *state, size_t count)
{
    const bench_floor_t *floor = state;

    for (; count > 0; count--)
        run_steps(floor, NULL, 0, 1);
}

bench_contender_t bench_floor_by_blas_threads(bench_floor_t *floor)
{
    return (bench_contender_t){
        .run = run_by_blas_threads,
        .before = begin_blas_threads,
        .after = end_blas_threads,
        .state = floor,
    };
}

bench_floor_ways_t bench_floor_ways(size_t threads)
{
    bench_floor_ways_t ways = {false, false};

    if (bench_blas_exists()) {
        ways.own_threads = threads == 1 || dlcore_blas_is_concurrent();
        ways.blas_threads = threads > 1 && (bench_blas_has_threads() || !ways.own_threads);
    }
    return ways;
}
