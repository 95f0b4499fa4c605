/* The kinds of optimizers: names, and what all kinds share.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/optimizer.h"

#include <float.h>

#include "base/error.h"
#include "base/name.h"
#include "nn/schedule.h"

static const dlcore_optimizer_type_t *const optimizer_types[] = {
    NULL,
#define DLCORE_OPTIMIZER_ROW(kind, name) [DLCORE_OPTIMIZER_##kind] = &dlcore_optimizer_type_##name,
    DLCORE_OPTIMIZER_KINDS(DLCORE_OPTIMIZER_ROW)
#undef DLCORE_OPTIMIZER_ROW
};

_Static_assert(sizeof optimizer_types / sizeof optimizer_types[0] == DLCORE_OPTIMIZER_KIND_COUNT,
               "one row each");

const dlcore_optimizer_type_t *dlcore_optimizer_type(dlcore_optimizer_kind_t kind)
{
    if ((int)kind < 0 || (int)kind >= DLCORE_OPTIMIZER_KIND_COUNT)
        return NULL;
    return optimizer_types[kind];
}

/* ---- descriptors ---- */

const dlcore_setting_t dlcore_optimizer_common_settings[] = {
    {.key = "learning_rate",
     DLCORE_OPTIMIZER_SETTING(RATE, learning_rate),
     .high = FLT_MAX,
     .value = 0.001},
    {.key = "weight_decay",
     DLCORE_OPTIMIZER_SETTING(DOUBLE, weight_decay),
     .high = FLT_MAX,
     .has_none = true},
    {.key = "weight_decay_excludes_bias", /* dlcore's own: Keras keeps it in no config */
     DLCORE_OPTIMIZER_SETTING(BOOL, weight_decay_excludes_bias),
     .quiet = true},
    {.key = "clipnorm",
     DLCORE_OPTIMIZER_SETTING(DOUBLE, clipnorm),
     .high = FLT_MAX,
     .has_none = true},
    {.key = "global_clipnorm",
     DLCORE_OPTIMIZER_SETTING(DOUBLE, global_clipnorm),
     .high = FLT_MAX,
     .has_none = true},
    {.key = "clipvalue",
     DLCORE_OPTIMIZER_SETTING(DOUBLE, clipvalue),
     .high = FLT_MAX,
     .has_none = true},
    {.key = "use_ema", DLCORE_OPTIMIZER_SETTING(BOOL, use_ema)},
    {.key = "ema_momentum",
     DLCORE_OPTIMIZER_SETTING(DOUBLE, ema_momentum),
     .high = 1.0,
     .value = 0.99},
    {.key = "ema_overwrite_frequency",
     DLCORE_OPTIMIZER_SETTING(COUNT, ema_overwrite_frequency),
     .has_none = true},
    {.key = "loss_scale_factor", .type = DLCORE_SETTING_TEXT, .text = "null"},
    {.key = "gradient_accumulation_steps",
     DLCORE_OPTIMIZER_SETTING(COUNT, gradient_accumulation_steps),
     .has_none = true},
    {0},
};

const dlcore_setting_key_t dlcore_optimizer_common_keys[] = {
    {"name", NULL},
    {"loss_scale_factor", "[null, 1]"},
    {"decay", "[null, 0]"},        /* Keras 2, and the two below */
    {"jit_compile", NULL},         /* how it computes, not what */
    {"is_legacy_optimizer", NULL}, /* of which of its own classes it was */
    {0},
};

/* The settings of other kinds, too: a program may change the kind. */
static dlcore_optimizer_t optimizer_make(dlcore_optimizer_kind_t kind)
{
    dlcore_optimizer_t optimizer = {.kind = kind};

    for (int other = DLCORE_OPTIMIZER_KIND_COUNT - 1; other > 0; other--)
        dlcore_settings_default_unused(optimizer_types[other]->settings, &optimizer);
    dlcore_settings_default(dlcore_optimizer_common_settings, &optimizer);
    dlcore_settings_default(optimizer_types[kind]->settings, &optimizer);
    return optimizer;
}

/* dlcore_optimizer_adam() and so on. */
#define DLCORE_OPTIMIZER_MADE(kind, name)               \
    dlcore_optimizer_t dlcore_optimizer_##name(void)    \
    {                                                   \
        return optimizer_make(DLCORE_OPTIMIZER_##kind); \
    }
DLCORE_OPTIMIZER_KINDS(DLCORE_OPTIMIZER_MADE)
#undef DLCORE_OPTIMIZER_MADE

dlcore_optimizer_t dlcore_optimizer_from_name(const char *name)
{
    for (int kind = 1; kind < DLCORE_OPTIMIZER_KIND_COUNT; kind++) {
        if (dlcore_name_is(name, optimizer_types[kind]->name))
            return optimizer_make((dlcore_optimizer_kind_t)kind);
    }
    return (dlcore_optimizer_t){.kind = DLCORE_OPTIMIZER_UNKNOWN};
}

const char *dlcore_optimizer_name(dlcore_optimizer_kind_t kind)
{
    const dlcore_optimizer_type_t *type = dlcore_optimizer_type(kind);
    return type != NULL ? type->name : "unknown";
}

/* ---- checking ---- */

static dlcore_status check_clipping(const dlcore_optimizer_t *o, const char *name,
                                    dlcore_error_record_t *error)
{
    if ((o->clipnorm > 0.0) + (o->global_clipnorm > 0.0) + (o->clipvalue > 0.0) <= 1)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                       "%s: only one of clipnorm, global_clipnorm and clipvalue can be set, "
                       "got %g, %g and %g",
                       name, o->clipnorm, o->global_clipnorm, o->clipvalue);
}

static const char *optimizer_choice(int value)
{
    return dlcore_optimizer_name((dlcore_optimizer_kind_t)value);
}

dlcore_status dlcore_optimizer_validate(const dlcore_optimizer_t *o, dlcore_error_record_t *error)
{
    const dlcore_optimizer_type_t *type = dlcore_optimizer_type(o->kind);
    dlcore_status status;

    if (type == NULL)
        return dlcore_check_choice("compile", "optimizer", (int)o->kind, 1,
                                   DLCORE_OPTIMIZER_KIND_COUNT - 1, optimizer_choice, error);
    status = dlcore_settings_validate(dlcore_optimizer_common_settings, o, type->name, error);
    if (status == DLCORE_OK)
        status = dlcore_settings_validate(type->settings, o, type->name, error);
    if (status == DLCORE_OK)
        status = dlcore_schedule_validate(&o->schedule, error);
    if (status == DLCORE_OK)
        status = check_clipping(o, type->name, error);
    if (status == DLCORE_OK && o->gradient_accumulation_steps == 1)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: gradient_accumulation_steps must be 0 (none), or 2 or more, got 1",
                           type->name);
    return status;
}

/* ---- state vectors ---- */

size_t dlcore_optimizer_slots(const dlcore_optimizer_t *optimizer)
{
    return dlcore_optimizer_type(optimizer->kind)->slots(optimizer) +
           (optimizer->use_ema ? 1u : 0u) + (optimizer->gradient_accumulation_steps > 0 ? 1u : 0u);
}

const char *dlcore_optimizer_slot_name(const dlcore_optimizer_t *optimizer, size_t slot)
{
    const dlcore_optimizer_type_t *type = dlcore_optimizer_type(optimizer->kind);
    size_t own = type->slots(optimizer);

    if (slot < own)
        return type->slot_name(optimizer, slot);
    return slot == own && optimizer->use_ema ? "average" : "gradient_accumulator";
}

float dlcore_optimizer_slot_value(const dlcore_optimizer_t *optimizer, size_t slot)
{
    const dlcore_optimizer_type_t *type = dlcore_optimizer_type(optimizer->kind);

    if (type->slot_value == NULL || slot >= type->slots(optimizer))
        return 0.0f;
    return type->slot_value(optimizer, slot);
}

dlcore_slot_form_t dlcore_optimizer_slot_form(const dlcore_optimizer_t *optimizer, size_t slot)
{
    const dlcore_optimizer_type_t *type = dlcore_optimizer_type(optimizer->kind);

    if (type->slot_form == NULL || slot >= type->slots(optimizer))
        return DLCORE_SLOT_WHOLE;
    return type->slot_form(optimizer, slot);
}

size_t dlcore_optimizer_slot_size(const dlcore_optimizer_t *optimizer, size_t slot, size_t rank,
                                  const size_t shape[2])
{
    dlcore_slot_form_t form = dlcore_optimizer_slot_form(optimizer, slot);

    if (form == DLCORE_SLOT_WHOLE)
        return shape[0] * shape[1];
    return rank != 2 ? 0 : form == DLCORE_SLOT_INPUTS ? shape[0] : shape[1];
}
