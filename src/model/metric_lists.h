/* Lists of numbers in compile settings: whoever makes the settings keeps them, a model has its own.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_METRIC_LISTS_H
#define DLCORE_MODEL_METRIC_LISTS_H

#include "system/compiler.h"

#include "dlcore/model.h"

DLCORE_HIDDEN_BEGIN

/* All numbers of the lists of metrics that have such (auc), one list after the other, in a block of
 * their own; NULL: there are none. Lists of other metrics are not looked at. */
dlcore_status dlcore_metric_lists_make(const dlcore_compile_options_t *settings,
                                       const dlcore_allocator_t *allocator, float **numbers,
                                       dlcore_error_record_t *error);
/* Points the lists of settings like those to them; those of other metrics become empty. */
void dlcore_metric_lists_point(dlcore_compile_options_t *settings, const float *numbers);

DLCORE_HIDDEN_END

#endif
