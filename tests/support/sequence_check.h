/* Inside of the oracles.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_SEQUENCE_CHECK_H
#define DLCORE_TESTS_SEQUENCE_CHECK_H

#include "support/sequence.h"

typedef struct sequence_bytes {
    void *data;
    size_t size;
} sequence_bytes_t;

typedef struct sequence_check {
    const sequence_t *sequence;
    sequence_counts_t *counts;
    model_options_t options, other_options; /* of the engine; of the other */
    bool skips_pure;                        /* `alone` leaves out calls that change nothing */
    sequence_model_t model, alone, other;
    size_t trained;          /* calls since `other` was made */
    size_t call;             /* at hand */
    sequence_bytes_t before; /* the model; data NULL: not built */
    sequence_verdict_t verdict;
} sequence_check_t;

/* The first reason counts. */
void sequence_fail(sequence_check_t *check, const char *oracle, const char *what,
                   const char *detail);

/* data NULL: it cannot be saved. */
sequence_bytes_t sequence_save(const model_t *model);
void sequence_release(sequence_bytes_t *bytes);
/* Like another in all but the model, which comes from the bytes; NULL where it does not. */
sequence_model_t sequence_load(const sequence_bytes_t *bytes, const model_options_t *options,
                               const sequence_model_t *like);
/* A copy of all weights, for free(). */
float *sequence_weights(const model_t *model, size_t *count);

/* Runs the call at hand on the other engine and compares, up to rounding; `after`: the model now.
 * sequence_rounding.c */
void sequence_compare_other(sequence_check_t *check, const sequence_outcome_t *outcome,
                            const sequence_bytes_t *after);

#endif
