/* A model with notes of every kind, for what saves them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_NOTED_MODEL_H
#define DLCORE_TESTS_NOTED_MODEL_H

#include "dlcore/model.h"

/* A small compiled model with a text that needs escapes, a list of names, and an empty text under a
 * key that is not ASCII; NULL without memory. */
dlcore_model_t *noted_model(const dlcore_model_options_t *options);
/* Fails the test unless both have the same notes in the same order. */
void assert_same_notes(const dlcore_model_t *a, const dlcore_model_t *b);

#endif
