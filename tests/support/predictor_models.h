/* Models with random weights, predictors of them, and samples: for the tests of predictors.
 * Whatever cannot be made fails the test.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_PREDICTOR_MODELS_H
#define DLCORE_TESTS_PREDICTOR_MODELS_H

#include <stddef.h>
#include <stdint.h>

#include "dlcore/predictor.h"

#define PREDICTOR_FLOATS (40 * 1200)

/* The best for this CPU, and the one whose weights lie otherwise. */
extern const dlcore_engine_t predictor_engines[2];

/* Samples, as floats and as bytes. One number in `keep` is not zero; keep 0: none is. */
extern float inputs[PREDICTOR_FLOATS];
extern uint8_t pixels[PREDICTOR_FLOATS];
void draw_inputs(size_t keep);

/* Weights of about unit gain, and biases, too. */
void draw_weights(dlcore_model_t *model);

/* Without layers, for one thread. NULL: malloc. */
dlcore_model_t *empty_model(dlcore_engine_t engine, const dlcore_allocator_t *allocator);
/* width - hidden relu - hidden `middle` - units `last`; no hidden layer for a width of 0. */
dlcore_model_t *dense_model(dlcore_engine_t engine, size_t width, size_t hidden,
                            dlcore_activation_t middle, size_t units, dlcore_activation_t last);

dlcore_predictor_t *predictor_of(const dlcore_model_t *model, size_t batch_size);
dlcore_predictor_t *precise_predictor_of(const dlcore_model_t *model, size_t batch_size,
                                         const dlcore_predictor_precision_t *precision);
/* float32 (NULL) and the others. */
#define PREDICTOR_PRECISIONS 3
const dlcore_predictor_precision_t *predictor_precision(size_t i);

#endif
