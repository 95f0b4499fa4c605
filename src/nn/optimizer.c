/* The kinds of optimizers: descriptors with Keras's defaults, names, and what all kinds share.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/optimizer.h"

#include <float.h>
#include <math.h>

#include "base/error.h"
#include "base/name.h"
#include "nn/schedule.h"

static const dlcore_optimizer_type_t *const optimizer_types[] = {
    [DLCORE_OPTIMIZER_UNKNOWN] = NULL,
    [DLCORE_OPTIMIZER_SGD] = &dlcore_optimizer_type_sgd,
    [DLCORE_OPTIMIZER_RMSPROP] = &dlcore_optimizer_type_rmsprop,
    [DLCORE_OPTIMIZER_ADAM] = &dlcore_optimizer_type_adam,
    [DLCORE_OPTIMIZER_ADAMW] = &dlcore_optimizer_type_adamw,
    [DLCORE_OPTIMIZER_ADAGRAD] = &dlcore_optimizer_type_adagrad,
    [DLCORE_OPTIMIZER_ADADELTA] = &dlcore_optimizer_type_adadelta,
    [DLCORE_OPTIMIZER_ADAMAX] = &dlcore_optimizer_type_adamax,
    [DLCORE_OPTIMIZER_NADAM] = &dlcore_optimizer_type_nadam,
};

enum { OPTIMIZER_TYPE_COUNT = sizeof optimizer_types / sizeof optimizer_types[0] };
_Static_assert(OPTIMIZER_TYPE_COUNT == DLCORE_OPTIMIZER_NADAM + 1, "one row each");

const dlcore_optimizer_type_t *dlcore_optimizer_type(dlcore_optimizer_kind_t kind)
{
    if ((int)kind < 0 || (int)kind >= OPTIMIZER_TYPE_COUNT)
        return NULL;
    return optimizer_types[kind];
}

/* ---- descriptors ---- */

static dlcore_optimizer_t optimizer_defaults(dlcore_optimizer_kind_t kind)
{
    return (dlcore_optimizer_t){.kind = kind,
                                .learning_rate = 0.001,
                                .rho = 0.9,
                                .epsilon = 1e-7,
                                .beta_1 = 0.9,
                                .beta_2 = 0.999,
                                .initial_accumulator_value = 0.1,
                                .ema_momentum = 0.99};
}

dlcore_optimizer_t dlcore_optimizer_sgd(void)
{
    dlcore_optimizer_t optimizer = optimizer_defaults(DLCORE_OPTIMIZER_SGD);
    optimizer.learning_rate = 0.01;
    return optimizer;
}

dlcore_optimizer_t dlcore_optimizer_rmsprop(void)
{
    return optimizer_defaults(DLCORE_OPTIMIZER_RMSPROP);
}

dlcore_optimizer_t dlcore_optimizer_adam(void)
{
    return optimizer_defaults(DLCORE_OPTIMIZER_ADAM);
}

dlcore_optimizer_t dlcore_optimizer_adamw(void)
{
    dlcore_optimizer_t optimizer = optimizer_defaults(DLCORE_OPTIMIZER_ADAMW);
    optimizer.weight_decay = 0.004;
    return optimizer;
}

dlcore_optimizer_t dlcore_optimizer_adagrad(void)
{
    return optimizer_defaults(DLCORE_OPTIMIZER_ADAGRAD);
}

dlcore_optimizer_t dlcore_optimizer_adadelta(void)
{
    dlcore_optimizer_t optimizer = optimizer_defaults(DLCORE_OPTIMIZER_ADADELTA);
    optimizer.rho = 0.95;
    return optimizer;
}

dlcore_optimizer_t dlcore_optimizer_adamax(void)
{
    return optimizer_defaults(DLCORE_OPTIMIZER_ADAMAX);
}

dlcore_optimizer_t dlcore_optimizer_nadam(void)
{
    return optimizer_defaults(DLCORE_OPTIMIZER_NADAM);
}

dlcore_optimizer_t dlcore_optimizer_from_name(const char *name)
{
    for (int kind = 1; kind < OPTIMIZER_TYPE_COUNT; kind++) {
        if (dlcore_name_is(name, optimizer_types[kind]->name))
            return optimizer_types[kind]->make();
    }
    return (dlcore_optimizer_t){.kind = DLCORE_OPTIMIZER_UNKNOWN};
}

const char *dlcore_optimizer_name(dlcore_optimizer_kind_t kind)
{
    const dlcore_optimizer_type_t *type = dlcore_optimizer_type(kind);
    return type != NULL ? type->name : "unknown";
}

/* ---- checking ---- */

dlcore_status dlcore_optimizer_check_epsilon(const dlcore_optimizer_t *optimizer, const char *name,
                                             dlcore_error_record_t *error)
{
    return dlcore_check_range(name, "epsilon", optimizer->epsilon, FLT_MIN, FLT_MAX, error);
}

dlcore_status dlcore_optimizer_check_betas(const dlcore_optimizer_t *optimizer, const char *name,
                                           dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_check_below(name, "beta_1", optimizer->beta_1, 0.0, 1.0, error);

    if (status == DLCORE_OK)
        status = dlcore_check_below(name, "beta_2", optimizer->beta_2, 0.0, 1.0, error);
    return status == DLCORE_OK ? dlcore_optimizer_check_epsilon(optimizer, name, error) : status;
}

static dlcore_status check_clipping(const dlcore_optimizer_t *o, const char *name,
                                    dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_check_range(name, "clipnorm", o->clipnorm, 0.0, FLT_MAX, error);

    if (status == DLCORE_OK)
        status =
            dlcore_check_range(name, "global_clipnorm", o->global_clipnorm, 0.0, FLT_MAX, error);
    if (status == DLCORE_OK)
        status = dlcore_check_range(name, "clipvalue", o->clipvalue, 0.0, FLT_MAX, error);
    if (status == DLCORE_OK &&
        (o->clipnorm > 0.0) + (o->global_clipnorm > 0.0) + (o->clipvalue > 0.0) > 1)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: only one of clipnorm, global_clipnorm and clipvalue can be set, "
                           "got %g, %g and %g",
                           name, o->clipnorm, o->global_clipnorm, o->clipvalue);
    return status;
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
                                   OPTIMIZER_TYPE_COUNT - 1, optimizer_choice, error);
    status = dlcore_check_range(type->name, "learning_rate", o->learning_rate, 0.0, FLT_MAX, error);
    if (status == DLCORE_OK)
        status = type->validate(o, type->name, error);
    if (status == DLCORE_OK)
        status = dlcore_schedule_validate(&o->schedule, error);
    if (status == DLCORE_OK)
        status = check_clipping(o, type->name, error);
    if (status == DLCORE_OK)
        status =
            dlcore_check_range(type->name, "weight_decay", o->weight_decay, 0.0, FLT_MAX, error);
    if (status == DLCORE_OK)
        status = dlcore_check_range(type->name, "ema_momentum", o->ema_momentum, 0.0, 1.0, error);
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

float dlcore_optimizer_power(double beta, const dlcore_optimizer_clock_t *clock)
{
    return (float)pow((double)(float)beta, (double)((float)clock->iterations + 1.0f));
}
