/* Random networks of all layers for the gradient check, under weights of samples, regularizers and
 * every reduction.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_RANDOM_LAYERS_H
#define DLCORE_TESTS_RANDOM_LAYERS_H

#include <stdint.h>

#include "support/reference.h"

/* One to three dense layers, others before, between and behind them; some frozen. What dropout and
 * noise draw while training is asked of dlcore, by `recover`, once layers and rows are known.
 * Away from kinks, as random_network. Answers the seed that draws it again. */
uint64_t random_layers(reference_t *network, void (*recover)(reference_t *network));

#endif
