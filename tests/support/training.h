/* Optimizers, schedules and layers under training, as the fixtures of training_fixtures.py describe
 * them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_TRAINING_H
#define DLCORE_TESTS_TRAINING_H

#include "dlcore.h"
#include "support/fixture.h"

/* Of the text "scope/optimizer". */
dlcore_optimizer_t training_optimizer(const fixture_t *fixture, const char *scope);
/* Of the text "scope/schedule". */
dlcore_schedule_t training_schedule(const fixture_t *fixture, const char *scope);
/* Sets regularizers and constraints by the text "scope/trainingINDEX". */
void training_layer(const fixture_t *fixture, const char *scope, size_t index,
                    dlcore_layer_t *layer);

#endif
