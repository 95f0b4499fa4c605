/* A report of which tensor is which weight, from a matching.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_WEIGHTS_REPORT_H
#define DLCORE_STORE_WEIGHTS_REPORT_H

#include "system/compiler.h"

#include "store/weight_matching.h"

DLCORE_HIDDEN_BEGIN

/* A new report, from the matching's allocator; the file is sorted by name. */
dlcore_status dlcore_weights_report_make(const dlcore_matching_t *matching,
                                         dlcore_weights_report_t **report);

DLCORE_HIDDEN_END

#endif
