/* Prediction of many samples at once: calls of model_predict.
 *
 * SPDX-License-Identifier: MIT */
#include "bench/subject.h"
#include "bench/support.h"

typedef struct prediction {
    dlcore_model_t *model;
    dlcore_tensor_t *x;
    dlcore_tensor_t *y;
} prediction_t;

static void run(void *state, size_t count)
{
    prediction_t *prediction = state;

    for (; count > 0; count--)
        bench_check(dlcore_model_predict(prediction->model, prediction->x, prediction->y),
                    "model_predict failed");
}

static void release(void *state)
{
    prediction_t *prediction = state;

    dlcore_model_free(prediction->model);
    dlcore_tensor_free(prediction->x);
    dlcore_tensor_free(prediction->y);
    bench_release(prediction);
}

bench_subject_t bench_subject_predict(const bench_case_t *which, dlcore_engine_t engine,
                                      size_t threads)
{
    prediction_t *prediction = bench_allocate(1, sizeof *prediction);
    const size_t inputs = which->widths[0];
    const size_t outputs = which->widths[bench_case_layers(which)];
    dlcore_error_record_t error = {0};

    prediction->model = bench_case_model(which, engine, threads);
    bench_check(dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2,
                                     (size_t[]){which->batch, inputs}, &prediction->x, &error),
                error.message);
    bench_check(dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2,
                                     (size_t[]){which->batch, outputs}, &prediction->y, &error),
                error.message);
    bench_fill(dlcore_tensor_data(prediction->x), which->batch * inputs, 1.0f, 1);
    return (bench_subject_t){
        .contender = {.run = run, .state = prediction},
        .free = release,
        .model = prediction->model,
        .steps = 1,
        .rows = which->batch,
    };
}
