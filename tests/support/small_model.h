/* A small model with everything in it that a file can hold, for the tests of model files.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_SMALL_MODEL_H
#define DLCORE_TESTS_SMALL_MODEL_H

#include "dlcore/file.h"

/* rescaling, flatten, dense, activation, dense; compiled with `optimizer`; 3 inputs, 2 outputs.
 * NULL without memory. */
dlcore_model_t *small_model(const dlcore_model_options_t *options,
                            const dlcore_optimizer_t *optimizer);
/* Trains it for epochs first .. end-1 on 20 samples of its own, batches of 8. */
dlcore_status small_model_fit(dlcore_model_t *model, size_t first, size_t end);

/* Its file, for free(); fails the test when it cannot be made. */
unsigned char *small_model_file(size_t *size);

#endif
