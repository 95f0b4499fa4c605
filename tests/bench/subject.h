/* What is measured: dlcore doing the work of a case, through its public functions.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BENCH_SUBJECT_H
#define DLCORE_BENCH_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/cases.h"
#include "bench/data.h"
#include "bench/timing.h"

typedef struct bench_subject {
    bench_contender_t contender;
    void (*free)(void *state);
    const dlcore_model_t *model; /* borrowed from the state; a recipe's until its first run */
    size_t steps;                /* of the case, in one repeat of the contender */
    size_t rows;                 /* samples in one step */
} bench_subject_t;

/* Whichever of those below the case is about. */
bench_subject_t bench_subject_create(const bench_case_t *which, dlcore_engine_t engine,
                                     size_t threads, bool quick, const bench_mnist_t *mnist);

/* subject_fit.c: steps of training; with `quick` over few samples */
bench_subject_t bench_subject_train(const bench_case_t *which, dlcore_engine_t engine,
                                    size_t threads, bool quick);
/* The same with a compiled model of one's own, which the subject frees. */
bench_subject_t bench_subject_train_model(const bench_case_t *which, dlcore_model_t *model,
                                          bool quick);
/* Of those two: one fit without an end, but for the one that the callback brings about. */
void bench_subject_watch(const bench_subject_t *subject, const dlcore_callback_t *callback);
bench_subject_t bench_subject_epoch(const bench_case_t *which, dlcore_engine_t engine,
                                    size_t threads, const bench_mnist_t *mnist);
bench_subject_t bench_subject_recipe(const bench_case_t *which, dlcore_engine_t engine,
                                     size_t threads, const bench_mnist_t *mnist);

/* subject_predict.c */
bench_subject_t bench_subject_predict(const bench_case_t *which, dlcore_engine_t engine,
                                      size_t threads);
/* subject_predictor.c: over digits where the case says so, else over numbers none of which is 0 */
bench_subject_t bench_subject_predictor(const bench_case_t *which, dlcore_engine_t engine,
                                        const bench_mnist_t *mnist);

#endif
