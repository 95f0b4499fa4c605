/* The cases: which network does what. Names are part of the interface; the peer programs use the
 * same.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BENCH_CASES_H
#define DLCORE_BENCH_CASES_H

#include <stdbool.h>
#include <stddef.h>

#include "dlcore/model.h"

#define BENCH_LAYERS_MAX 3
#define BENCH_RECIPE_EPOCHS 3
#define BENCH_MNIST_IMAGES 60000 /* to train on */

typedef enum bench_work {
    BENCH_TRAIN = 1, /* a step of model_fit over generated samples */
    BENCH_PREDICTOR, /* a run of a predictor */
    BENCH_PREDICT,   /* a call of model_predict */
    BENCH_EPOCH,     /* an epoch of model_fit over MNIST's training images, as uint8 */
    BENCH_RECIPE     /* a whole training on them, to 98 % of the test images: `fast` of
                        examples/mnist_recipes.c, which tells the accuracy */
} bench_work_t;

typedef enum bench_head {
    BENCH_CLASSES = 1, /* relu, softmax at the end, categorical cross-entropy */
    BENCH_NUMBERS,     /* relu, linear at the end, mean squared error */
    BENCH_YES_OR_NO    /* tanh, sigmoid at the end, binary cross-entropy */
} bench_head_t;

typedef enum bench_precision { BENCH_FLOAT32, BENCH_BFLOAT16, BENCH_INT8 } bench_precision_t;

typedef struct bench_case {
    const char *name;
    bench_work_t work;
    bench_head_t head;
    size_t widths[BENCH_LAYERS_MAX + 1]; /* of the inputs, then of each layer; 0: no more layers */
    size_t batch;                        /* samples of a step or a call */
    size_t batches;                      /* BENCH_TRAIN: of generated samples, an epoch */
    dlcore_optimizer_kind_t optimizer;
    bool digits;                 /* needs MNIST */
    bench_precision_t precision; /* that training or, BENCH_PREDICTOR, a predictor multiplies in */
} bench_case_t;

extern const bench_case_t bench_cases[];
extern const size_t bench_case_count;

/* Whether the peer programs have this case, too. */
bool bench_case_has_peers(const bench_case_t *which);

size_t bench_case_layers(const bench_case_t *which);
/* Epochs over MNIST; 0: other work. */
size_t bench_case_epochs(const bench_case_t *which);

/* Floating-point operations of the products of `rows` samples: forward, and to train also every
 * kernel gradient and all input gradients but the first layer's. A multiply-add counts two. */
double bench_case_operations(const bench_case_t *which, size_t rows);

/* A compiled model of that case, the same each time; ends the program where it cannot be made. */
dlcore_model_t *bench_case_model(const bench_case_t *which, dlcore_engine_t engine, size_t threads);

#endif
