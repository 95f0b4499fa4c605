/* Classifiers and data to train them on, for the tests that compare engines, thread counts and
 * hosts. Everything here may be called from any thread: failures are answered, not asserted.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_CLASSIFIER_H
#define DLCORE_TESTS_CLASSIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dlcore/model.h"

/* Samples of classes that can be told apart, each with noise of its own; labels (rows) int32. */
typedef struct samples {
    dlcore_tensor_t *x, *y;
} samples_t;

/* x (rows, inputs), float32 in -0.5 .. 1.5 or uint8. Both NULL without memory. */
samples_t samples_of_floats(size_t rows, size_t inputs, size_t classes);
samples_t samples_of_pixels(size_t rows, size_t inputs, size_t classes);
void samples_free(samples_t samples);
/* Zeros in the first and the last `columns` of every row of floats, like the margins of pictures.
 */
void samples_blank_margins(samples_t samples, size_t columns);

/* A built model under sparse cross-entropy with accuracy; NULL on any failure. The widths: inputs,
 * hidden layers (relu), classes (softmax), and a 0 at the end. */
dlcore_model_t *classifier(const dlcore_model_options_t *options, const size_t *widths,
                           dlcore_optimizer_t optimizer);
/* The defaults, but for these. */
dlcore_model_options_t engine_options(dlcore_engine_t engine, size_t threads);
dlcore_fit_options_t batches_of(size_t batch_size);

/* Predictions for all samples, for the caller to free; NULL on failure. */
dlcore_tensor_t *predictions(const dlcore_model_t *model, samples_t samples);
/* Whether they are these, bit by bit. */
bool predicts(const dlcore_model_t *model, samples_t samples, const dlcore_tensor_t *expected);

/* The engines that are compared, and whether this CPU and build have them. */
#define ENGINES 2
extern const dlcore_engine_t engines[ENGINES];
bool engine_is_here(dlcore_engine_t engine);
const char *engine_name(dlcore_engine_t engine); /* "BLAS", "native" */
/* Calls `check` for every engine that is here. */
void with_every_engine(void (*check)(dlcore_engine_t engine));

/* A copy of all weights in Keras's layout, for the caller to free; NULL on failure. */
float *weights_of(const dlcore_model_t *model);
/* Whether two models have the same weights, bit by bit. */
bool same_weights(const dlcore_model_t *a, const dlcore_model_t *b);

#endif
