/* Cross-validation of several settings: each is trained and tested on the same folds, and the
 * results make a table.
 *
 *     cross_candidate_t candidates[] = {{.name = "small", .model = small},
 *                                       {.name = "large", .model = large}};
 *     cross_validation_t *table = NULL;
 *     if (cross_validate(candidates, 2, x, y, NULL, &table) == DLCORE_OK)
 *         cross_validation_print(table, stdout, NULL);
 *     size_t best = cross_validation_best(table, "accuracy", true);
 *     cross_validation_free(table);
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_CROSS_VALIDATION_H
#define DLCORE_CROSS_VALIDATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "api.h"
#include "data.h"
#include "model.h"
#include "status.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DLCORE_CROSS_CANDIDATE_NAME_SIZE 48

/* A setting: a compiled model, and how it is trained. Both are only read. For each fold the model
 * is copied: with its weights when it is built, else the copy is built with the model's seed. */
typedef struct dlcore_cross_candidate {
    const char *name; /* UTF-8, copied; NULL: its number */
    const dlcore_model_t *model;
    const dlcore_fit_options_t *fit; /* NULL: the defaults. No sample_weight, no resume. */
} dlcore_cross_candidate_t;

typedef struct dlcore_cross_validate_options {
    size_t structure_size;         /* set by ..._default() */
    dlcore_k_fold_options_t folds; /* 5, not shuffled; stratify and groups work, too */
    /* Models that are trained at the same time. 1: one after the other, each with the threads of
     * its model; 2 or more: so many, each on one thread; 0, the default: as many as there are CPUs,
     * or 1 where something of yours would be called from several threads (callbacks, losses,
     * metrics or schedules that are functions, a validation_dataset, verbose); 2 or more are then
     * DLCORE_ERROR_ARGUMENT. Results are the same bits either way. Each model at work holds a copy
     * of its fold. */
    size_t at_once;
    /* true: normalization layers at the beginning of a copy are adapted to the training part of its
     * fold. What they learnt from all samples would be a glimpse of the test. */
    bool adapt;
    const dlcore_allocator_t *allocator; /* of the table; NULL: malloc */
    dlcore_error_record_t *error;        /* NULL: no message wanted */
} dlcore_cross_validate_options_t;

DLCORE_API dlcore_cross_validate_options_t dlcore_cross_validate_options_default(void);

/* The results: opaque, the caller's to free. */
typedef struct dlcore_cross_validation dlcore_cross_validation_t;

/* Trains and tests every candidate on every fold of x and y (as for fit; x may be sparse).
 * `options` NULL: the defaults. On failure *table is NULL, and the message is that of the first
 * candidate and fold, in their order, that failed. Allocators of tensors and models must be
 * thread-safe unless at_once is 1. Callbacks must not leave by an exception or longjmp. */
DLCORE_API dlcore_status dlcore_cross_validate(const dlcore_cross_candidate_t *candidates,
                                               size_t count, const dlcore_tensor_t *x,
                                               const dlcore_tensor_t *y,
                                               const dlcore_cross_validate_options_t *options,
                                               dlcore_cross_validation_t **table);
/* NULL is fine. */
DLCORE_API void dlcore_cross_validation_free(dlcore_cross_validation_t *table);

/* Queries: they never fail; 0, NULL or NaN for NULL and for what is not there. Names of values are
 * those of dlcore_evaluation_value ("loss", "accuracy"), of the test part, and "seconds", the time
 * of fit. */
DLCORE_API size_t dlcore_cross_validation_candidates(const dlcore_cross_validation_t *table);
DLCORE_API size_t dlcore_cross_validation_folds(const dlcore_cross_validation_t *table);
DLCORE_API const char *dlcore_cross_validation_name(const dlcore_cross_validation_t *table,
                                                    size_t candidate);
DLCORE_API double dlcore_cross_validation_value(const dlcore_cross_validation_t *table,
                                                size_t candidate, size_t fold, const char *name);
/* Over folds: the mean, and the standard deviation of a fold (divided by folds - 1). */
DLCORE_API double dlcore_cross_validation_mean(const dlcore_cross_validation_t *table,
                                               size_t candidate, const char *name);
DLCORE_API double dlcore_cross_validation_deviation(const dlcore_cross_validation_t *table,
                                                    size_t candidate, const char *name);
/* The candidate with the least mean, or with `larger` the largest; the first of equal ones, NaN
 * never. */
DLCORE_API size_t dlcore_cross_validation_best(const dlcore_cross_validation_t *table,
                                               const char *name, bool larger);

/* A row for each candidate: mean and deviation of the loss and of every metric, and the seconds of
 * a fit. Metrics are those of the first candidate; "-" where another has none of that name. */
DLCORE_API dlcore_status dlcore_cross_validation_print(const dlcore_cross_validation_t *table,
                                                       FILE *stream, dlcore_error_record_t *error);

#ifdef __cplusplus
}
#endif

#endif
