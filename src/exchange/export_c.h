/* Exporting a model, with a table of system calls that tests may choose.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_EXPORT_C_H
#define DLCORE_EXCHANGE_EXPORT_C_H

#include "system/compiler.h"

#include "dlcore/export.h"
#include "files/output.h"

DLCORE_HIDDEN_BEGIN

/* dlcore_model_export_c. `system` NULL: the real one. */
dlcore_status dlcore_model_export_c_with(const dlcore_system_t *system, const dlcore_model_t *model,
                                         const char *path,
                                         const dlcore_export_c_options_t *options);

DLCORE_HIDDEN_END

#endif
