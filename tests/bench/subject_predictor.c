/* Prediction of few samples: runs of a predictor.
 *
 * Each run has other rows than the run before, taken in turn from a pool: enough of them that the
 * processor does not learn the branches over zeros by heart.
 *
 * SPDX-License-Identifier: MIT */
#include <stdint.h>

#include "bench/subject.h"
#include "bench/support.h"
#include "dlcore/predictor.h"

#define DIGITS 1024
#define DENSE_ROWS 64

typedef struct prediction {
    dlcore_model_t *model;
    dlcore_predictor_t *predictor;
    size_t rows, inputs;
    size_t pool_runs; /* runs whose rows are in the pool */
    size_t next;
    float *pool;
    float *y;
} prediction_t;

static void run(void *state, size_t count)
{
    prediction_t *prediction = state;
    const size_t stride = prediction->rows * prediction->inputs;
    size_t next = prediction->next;
    dlcore_status status = DLCORE_OK;

    for (; count > 0 && status == DLCORE_OK; count--) {
        status = dlcore_predictor_run(prediction->predictor, prediction->pool + next * stride,
                                      prediction->rows, prediction->y);
        next = next + 1 < prediction->pool_runs ? next + 1 : 0;
    }
    prediction->next = next;
    bench_check(status, "predictor_run failed");
}

static void release(void *state)
{
    prediction_t *prediction = state;

    dlcore_predictor_free(prediction->predictor);
    dlcore_model_free(prediction->model);
    bench_release(prediction->pool);
    bench_release(prediction->y);
    bench_release(prediction);
}

static void fill_pool(prediction_t *prediction, size_t count, const bench_mnist_t *digits)
{
    const uint8_t *pixels;
    size_t i;

    if (digits == NULL) {
        bench_fill(prediction->pool, count, 0.5f, 1);
        for (i = 0; i < count; i++)
            prediction->pool[i] += prediction->pool[i] < 0 ? -0.5f : 0.5f;
        return;
    }
    pixels = dlcore_tensor_data_const(digits->images);
    for (i = 0; i < count; i++)
        prediction->pool[i] = (float)pixels[i] / 255.0f;
}

static const dlcore_predictor_precision_t *precision_of(const bench_case_t *which)
{
    return which->precision == BENCH_INT8       ? dlcore_predictor_int8()
           : which->precision == BENCH_BFLOAT16 ? dlcore_predictor_bfloat16()
                                                : NULL;
}

bench_subject_t bench_subject_predictor(const bench_case_t *which, dlcore_engine_t engine,
                                        const bench_mnist_t *mnist)
{
    prediction_t *prediction = bench_allocate(1, sizeof *prediction);
    const size_t least = which->digits ? DIGITS : DENSE_ROWS;
    const size_t runs = which->batch < least ? least / which->batch : 2;
    const size_t count = runs * which->batch * which->widths[0];
    dlcore_predictor_options_t options = dlcore_predictor_options_default();
    dlcore_error_record_t error = {0};

    prediction->model = bench_case_model(which, engine, 1);
    prediction->rows = which->batch;
    prediction->inputs = which->widths[0];
    prediction->pool_runs = runs;
    prediction->pool = bench_allocate(count, sizeof(float));
    prediction->y =
        bench_allocate(which->batch * which->widths[bench_case_layers(which)], sizeof(float));
    fill_pool(prediction, count, which->digits ? mnist : NULL);
    options.batch_size = which->batch;
    options.precision = precision_of(which);
    options.error = &error;
    bench_check(dlcore_predictor_create(prediction->model, &options, &prediction->predictor),
                error.message);
    return (bench_subject_t){
        .contender = {.run = run, .state = prediction},
        .free = release,
        .model = prediction->model,
        .steps = 1,
        .rows = which->batch,
    };
}
