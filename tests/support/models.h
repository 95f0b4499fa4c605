/* What many tests do with a model in one line each.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_MODELS_H
#define DLCORE_TESTS_MODELS_H

#include "dlcore/model.h"
#include "support/fixture.h"

/* Fails the test, with the model's message, unless the status is DLCORE_OK. */
void assert_accepted(const dlcore_model_t *model, dlcore_status status);

/* (rows, columns) float32 over `data`. */
dlcore_tensor_t *borrow_floats(const float *data, size_t rows, size_t columns);

/* A built model of dense layers of these units ("dense", "dense_1", ...), without activations. */
dlcore_model_t *dense_stack(size_t inputs, size_t count, const size_t *units);
#define DENSE_STACK(inputs, ...) \
    dense_stack(inputs, sizeof((size_t[]){__VA_ARGS__}) / sizeof(size_t), (size_t[]){__VA_ARGS__})

/* norm(difference) / norm of the model's weights against a reference. */
double weights_error(const dlcore_model_t *model, const fixture_array_t *reference);

#endif
