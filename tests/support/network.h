/* Builds dlcore models from the descriptions that fixture files hold.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_NETWORK_H
#define DLCORE_TESTS_NETWORK_H

#include "dlcore/model.h"
#include "support/fixture.h"

/* The model of "scope/layer0", "scope/layer1", ..., built for samples of `input_width` numbers;
 * with the weights of "scope/weights" where the file has some. The caller frees it. */
dlcore_model_t *network_model(const fixture_t *fixture, const char *scope, size_t input_width);

/* Loss and metrics of the scope ("loss", "metric0", ...), and sgd for an optimizer. A scope without
 * a loss gives mean squared error. */
dlcore_compile_options_t network_compile_options(const fixture_t *fixture, const char *scope);

/* The optimizer under "scope/optimizer". */
dlcore_optimizer_t network_optimizer(const fixture_t *fixture, const char *scope);

/* The name that dlcore gives a metric of the scope in its results. */
const char *network_metric_name(const fixture_t *fixture, const char *scope, size_t index);

/* The metric of a line: "precision threshold 0x1p-1 class_id 0x1p+1". */
dlcore_metric_t network_metric(const char *line);

#endif
