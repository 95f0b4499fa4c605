/* What confusion matrices and reports share.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_REPORT_REPORT_H
#define DLCORE_REPORT_REPORT_H

#include "system/compiler.h"

#include <stddef.h>

#include "dlcore/status.h"

DLCORE_HIDDEN_BEGIN

/* Their square, in counts, is half of what addresses reach at most. */
#define DLCORE_CLASSES_MAX (((size_t)1 << (4 * sizeof(size_t) - 2)) - 1)

/* 1 .. DLCORE_CLASSES_MAX, else DLCORE_ERROR_ARGUMENT, which names the call and both. */
dlcore_status dlcore_check_class_count(const char *call, size_t class_count,
                                       dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
