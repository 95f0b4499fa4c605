/* Learning curves, with a table of system calls that tests may choose.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_REPORT_CURVES_H
#define DLCORE_REPORT_CURVES_H

#include "system/compiler.h"

#include "dlcore/curves.h"
#include "files/output.h"

DLCORE_HIDDEN_BEGIN

/* dlcore_history_save_svg; `system` NULL: the real one. */
dlcore_status dlcore_curves_save(const dlcore_system_t *system, const dlcore_history_t *history,
                                 const char *path, const dlcore_curves_options_t *options,
                                 dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
