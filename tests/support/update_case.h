/* Models that are updated in every way there is, and data to train them on.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_UPDATE_CASE_H
#define DLCORE_TESTS_UPDATE_CASE_H

#include <stdbool.h>
#include <stddef.h>

#include "dlcore.h"

enum { ROWS = 96, INPUTS = 150, CLASSES = 7, SMALL = 5, WAYS = 9 };

/* Optimizers that update in every way there is: 0 .. WAYS - 1. */
dlcore_optimizer_t update_way(size_t index);

/* INPUTS or, `small`, SMALL numbers to CLASSES classes; built and compiled. `trained`: with
 * regularizers and constraints. NULL where options ask for what this CPU has not. */
dlcore_model_t *update_model(const dlcore_model_options_t *options, bool small, bool trained,
                             const dlcore_optimizer_t *optimizer);

typedef struct update_data {
    dlcore_tensor_t *x, *y; /* y (rows) int32 */
} update_data_t;

update_data_t update_data(size_t rows, size_t inputs);
void update_data_free(update_data_t *data);

/* `epochs` of two batches, in order. */
void update_fit(dlcore_model_t *model, const update_data_t *data, size_t epochs);

void assert_same_weights(const dlcore_model_t *a, const dlcore_model_t *b);
void assert_other_weights(const dlcore_model_t *a, const dlcore_model_t *b);

#endif
