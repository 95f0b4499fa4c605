/* What a descriptor holds, as a number to compare it with one of another process.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_SETTING_HASH_H
#define DLCORE_NN_SETTING_HASH_H

#include "system/compiler.h"

#include "base/hash.h"
#include "nn/setting.h"

DLCORE_HIDDEN_BEGIN

/* Adds the settings of a table; NULL: none. Not initializers, nor a schedule's pieces. */
void dlcore_settings_hash(dlcore_hash_t *hash, const dlcore_setting_t *settings,
                          const void *descriptor);
void dlcore_hash_number(dlcore_hash_t *hash, double number);

DLCORE_HIDDEN_END

#endif
