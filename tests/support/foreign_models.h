/* The networks whose weights other programs wrote: tests/fixtures/make_foreign_weights.py.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_FOREIGN_MODELS_H
#define DLCORE_TESTS_FOREIGN_MODELS_H

#include "dlcore/weights.h"

/* "torch" (also "float16", "bfloat16", "float64"), "modules", "keras", "numpy": 5 inputs, built. */
dlcore_model_t *foreign_model(const char *name, const dlcore_model_options_t *options);
/* Of tests/fixtures; valid until the next call. */
const char *foreign_path(const char *name);
/* The largest difference between the model's outputs and those of the other program, by the largest
 * of these where that is above 1. */
double foreign_difference(const dlcore_model_t *model, const char *name);

/* A safetensors file of tensors of zeros, "name F32 2 3" each, by malloc. */
unsigned char *foreign_file(const char *const *tensors, size_t *size);
/* Loads such a file, which ends in NULL, into a model. */
dlcore_status foreign_load(dlcore_model_t *model, const char *const *tensors,
                           const dlcore_weights_options_t *options);

#endif
