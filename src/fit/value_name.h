/* Finding results by name: one way for evaluations, histories, events and monitors.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_FIT_VALUE_NAME_H
#define DLCORE_FIT_VALUE_NAME_H

#include "system/compiler.h"

#include <stddef.h>

#include "dlcore/model.h"

DLCORE_HIDDEN_BEGIN

/* The place of the value that `name` (may be NULL) asks for: the name itself, else one that differs
 * in case and underscores only, else what its short name stands for ("acc", "val_mae"). `count`
 * when there is none. */
size_t dlcore_value_find(const char *name, const char *const *names, size_t count);
/* Likewise in a history. */
size_t dlcore_history_find(const dlcore_history_t *history, const char *name);

DLCORE_HIDDEN_END

#endif
