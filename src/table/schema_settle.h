/* Which columns a schema is about to have, and their settings.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TABLE_SCHEMA_SETTLE_H
#define DLCORE_TABLE_SCHEMA_SETTLE_H

#include "system/compiler.h"

#include "table/schema.h"

DLCORE_HIDDEN_BEGIN

/* Makes a schema whose steps have names and settings, and nothing that is learned. *which says the
 * step of each column (SIZE_MAX: none), *rare_below the setting of each step; both come from the
 * table's allocator, and are the caller's to release, as *out is, also on failure. */
dlcore_status dlcore_schema_settle(const dlcore_table_t *table,
                                   const dlcore_schema_options_t *options, dlcore_schema_t **out,
                                   size_t **which, size_t **rare_below,
                                   dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
