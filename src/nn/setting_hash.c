/* What a descriptor holds, as a number to compare it with one of another process.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/setting_hash.h"

#include <stdint.h>
#include <string.h>

#include "dlcore/constraint.h"
#include "dlcore/layer.h"
#include "dlcore/metric.h"
#include "dlcore/regularizer.h"

void dlcore_hash_number(dlcore_hash_t *hash, double number)
{
    uint64_t bits;

    number += 0.0; /* -0 is 0 */
    memcpy(&bits, &number, sizeof bits);
    dlcore_hash_add(hash, &bits, sizeof bits);
}

static void hash_regularizer(dlcore_hash_t *hash, const dlcore_regularizer_t *regularizer)
{
    dlcore_hash_number(hash, regularizer->l1);
    dlcore_hash_number(hash, regularizer->l2);
}

static void hash_constraint(dlcore_hash_t *hash, const dlcore_constraint_t *constraint)
{
    dlcore_hash_number(hash, (double)constraint->kind);
    dlcore_hash_number(hash, constraint->min_value);
    dlcore_hash_number(hash, constraint->max_value);
    dlcore_hash_number(hash, constraint->rate);
}

static void hash_tables(dlcore_hash_t *hash, const dlcore_embeddings_t *tables)
{
    dlcore_hash_number(hash, (double)tables->count);
    for (size_t i = 0; i < tables->count; i++) {
        dlcore_hash_number(hash, (double)tables->table[i].column);
        dlcore_hash_number(hash, (double)tables->table[i].count);
        dlcore_hash_number(hash, (double)tables->table[i].units);
    }
}

static void hash_list(dlcore_hash_t *hash, const dlcore_metric_list_t *list)
{
    dlcore_hash_number(hash, (double)list->count);
    for (size_t i = 0; i < list->count; i++)
        dlcore_hash_number(hash, (double)list->values[i]);
}

static void hash_setting(dlcore_hash_t *hash, const dlcore_setting_t *setting, const void *at)
{
    switch (setting->type) {
    case DLCORE_SETTING_DOUBLE:
    case DLCORE_SETTING_RATE:
        dlcore_hash_number(hash, *(const double *)at);
        break;
    case DLCORE_SETTING_BOOL:
    case DLCORE_SETTING_UNITS_AXIS:
        dlcore_hash_number(hash, *(const bool *)at ? 1.0 : 0.0);
        break;
    case DLCORE_SETTING_SIZE:
        dlcore_hash_number(hash, (double)*(const size_t *)at);
        break;
    case DLCORE_SETTING_COUNT:
        dlcore_hash_number(hash, (double)*(const uint64_t *)at);
        break;
    case DLCORE_SETTING_INT:
    case DLCORE_SETTING_CHOICE:
    case DLCORE_SETTING_ACTIVATION:
        dlcore_hash_number(hash, (double)*(const int *)at);
        break;
    case DLCORE_SETTING_REGULARIZER:
        hash_regularizer(hash, at);
        break;
    case DLCORE_SETTING_CONSTRAINT:
        hash_constraint(hash, at);
        break;
    case DLCORE_SETTING_TABLES:
        hash_tables(hash, at);
        break;
    case DLCORE_SETTING_LIST:
        hash_list(hash, at);
        break;
    case DLCORE_SETTING_INITIALIZER: /* what it made is compared */
    case DLCORE_SETTING_PIECES:      /* a schedule's: its rates are */
    case DLCORE_SETTING_TEXT:
    case DLCORE_SETTING_END:
        break;
    }
}

void dlcore_settings_hash(dlcore_hash_t *hash, const dlcore_setting_t *settings,
                          const void *descriptor)
{
    for (; settings != NULL && settings->type != DLCORE_SETTING_END; settings++)
        hash_setting(hash, settings, (const char *)descriptor + settings->place);
}
