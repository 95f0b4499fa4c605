/* Random networks for the gradient check.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_RANDOM_NETWORK_H
#define DLCORE_TESTS_RANDOM_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/reference.h"

/* A network of 1 to 3 dense layers, with others between, that ends in `last` under `loss`, with its
 * samples (whole numbers below 256 with `pixels`) and labels, away from kinks; its forward values
 * are those of reference_loss. Answers the seed that draws it again. */
uint64_t random_network(reference_t *network, dlcore_activation_t last, dlcore_loss_t loss,
                        bool pixels);

/* Labels that suit the loss, for every row. */
void random_labels(reference_t *network);

#endif
