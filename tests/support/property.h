/* Properties that hold for any network: the same step, or the same outputs, in two ways.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_PROPERTY_H
#define DLCORE_TESTS_PROPERTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dlcore/loss.h"
#include "dlcore/model.h"

enum { PROPERTY_ROWS = 12, PROPERTY_NUMBERS = PROPERTY_ROWS * 128 };

typedef struct property_samples {
    float x[PROPERTY_NUMBERS], y[PROPERTY_NUMBERS];
    size_t inputs, units;
} property_samples_t;

/* Gets a network, a second one that is the same, and samples. */
typedef void property_t(size_t number, dlcore_model_t *model, dlcore_model_t *twin,
                        property_samples_t *sample);

/* Asks for the property of each network (support/any_network.h) whose loss is a number and whose
 * gradient is more than rounding; with `only_alone` of those whose samples do not depend on their
 * place or on each other. Numbers of networks begin at DLCORE_PROPERTY_SEED of the environment, 0
 * if it is not set, and are DLCORE_PROPERTIES, 200: both are printed, and how many were asked. */
void property_holds(property_t *property, bool only_alone);

/* Squared errors, SGD with rate 1. */
void property_compile(dlcore_model_t *model, uint64_t accumulation, dlcore_reduction_t reduction);
/* A step on rows begin .. end-1; weights of these samples, or NULL. */
void property_step(dlcore_model_t *model, const property_samples_t *sample, size_t begin,
                   size_t end, const float *weights);
void property_predict(const dlcore_model_t *model, const property_samples_t *sample,
                      float *outputs);
/* Two models that were network `number` have moved alike: the difference is held against the way
 * that they went, or, where that is short, what rounding leaves of it in weights of their size.
 * Ways that round differently give the samples: one network, and one more in each thousand, may
 * then be further apart, if roundings of its weights move a step on them by a sixteenth of that or
 * more; it is printed. */
void assert_moved_alike(size_t number, const dlcore_model_t *a, const dlcore_model_t *b,
                        const property_samples_t *sample);

#endif
