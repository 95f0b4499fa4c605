/* The same training on one model alone and on the ranks of a loopback, for tests that compare them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_RANKED_FIT_H
#define DLCORE_TESTS_RANKED_FIT_H

#include "dlcore.h"
#include "support/collective_loopback.h"

enum { RANKED_WEIGHTS_MAX = 4096, RANKED_VALUES_MAX = 64 };

/* What is trained: 12 inputs, a softmax over 3 classes (or, with `regression`, 2 numbers). */
typedef struct ranked_case {
    dlcore_layer_t hidden[4]; /* between the inputs and the last layer */
    size_t hidden_count;
    bool regression;
    bool binary; /* of regression: labels are 0 and 1, the last layer sigmoid units */
    dlcore_compile_options_t compile; /* optimizer, loss, metrics */
    dlcore_fit_options_t fit;
    size_t samples, validation; /* rows; validation 0: none */
    size_t lbfgs;               /* iterations of fit_lbfgs instead of fit; 0: fit */
    bool sample_weights;
    bool sparse;  /* x is */
    bool indices; /* columns 1 and 7 hold whole numbers 0 .. 4 */
    dlcore_model_options_t options;
    /* Changes the case for one rank; alone, for rank 0. NULL: the same for all. */
    void (*adjust)(size_t rank, struct ranked_case *ranked_case);
    /* Called when the rank's model is made, before fit. NULL: nothing. */
    void (*before_fit)(size_t rank);
} ranked_case_t;

/* What came of it, on one rank. */
typedef struct ranked_result {
    dlcore_status status;
    char message[DLCORE_ERROR_MESSAGE_SIZE];
    size_t parameters;
    float weights[RANKED_WEIGHTS_MAX];
    size_t values; /* of the history, rows one after the other */
    double history[RANKED_VALUES_MAX];
    double loss, metric; /* evaluate's over the same samples, of the trained model */
    bool stopped;
} ranked_result_t;

/* A dense layer, softmax cross-entropy, accuracy, sgd; 2 epochs of 48 samples in batches of 16. */
ranked_case_t ranked_case_default(void);

/* Alone. */
void ranked_run_alone(const ranked_case_t *ranked_case, ranked_result_t *result);
/* One rank of a collective. */
void ranked_run_rank(const ranked_case_t *ranked_case, const dlcore_collective_t *collective,
                     ranked_result_t *result);
/* On `size` ranks; results are those of each. `settings` NULL: none. */
void ranked_run(const ranked_case_t *ranked_case, size_t size, const dlcore_collective_t *settings,
                ranked_result_t *results);
/* On a loopback of the caller's. */
void ranked_run_on(const ranked_case_t *ranked_case, loopback_t *loopback,
                   const dlcore_collective_t *settings, ranked_result_t *results);

/* norm(difference) / norm of weights; and the largest difference of histories, relative to 1. */
double ranked_weights_error(const ranked_result_t *a, const ranked_result_t *b);
double ranked_history_error(const ranked_result_t *a, const ranked_result_t *b);
/* The samples of the case, the same on every rank: for those who train in another way. */
void ranked_samples(const ranked_case_t *ranked_case, float *x, float *y, float *weights);

#endif
