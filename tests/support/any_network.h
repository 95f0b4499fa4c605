/* Networks with every layer and activation, for what takes whole models elsewhere.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_ANY_NETWORK_H
#define DLCORE_TESTS_ANY_NETWORK_H

#include <stddef.h>

#include "dlcore/model.h"

/* A built network, of 1 to 4 dense layers with others before, between and behind them, drawn by its
 * number. 40 of them in a row have every layer and every activation, the first 31 of these every
 * activation, but no embedding. Weights are of a gain of 0.7, statistics of data that the network
 * might have seen. The caller frees it. */
dlcore_model_t *any_network(size_t number, const dlcore_allocator_t *allocator);
/* Samples that suit it, of dlcore_model_input_width numbers. */
void any_network_samples(const dlcore_model_t *model, size_t rows, float *x);

#endif
