/* Which subject does the work of a case.
 *
 * SPDX-License-Identifier: MIT */
#include "bench/subject.h"

#include "bench/support.h"

bench_subject_t bench_subject_create(const bench_case_t *which, dlcore_engine_t engine,
                                     size_t threads, bool quick, const bench_mnist_t *mnist)
{
    switch (which->work) {
    case BENCH_TRAIN:
        return bench_subject_train(which, engine, threads, quick);
    case BENCH_EPOCH:
        return bench_subject_epoch(which, engine, threads, mnist);
    case BENCH_RECIPE:
        return bench_subject_recipe(which, engine, threads, mnist);
    case BENCH_PREDICT:
        return bench_subject_predict(which, engine, threads);
    case BENCH_PREDICTOR:
        return bench_subject_predictor(which, engine, mnist);
    }
    bench_fail("a case without work");
}
