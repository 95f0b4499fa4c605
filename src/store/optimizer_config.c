/* Optimizers in JSON.
 *
 * SPDX-License-Identifier: MIT */
#include "store/optimizer_config.h"

#include "base/error.h"
#include "dlcore/layer.h"
#include "nn/optimizer.h"

/* ---- writing ---- */

/* 0 is Keras's None. */
static void put_optional(dlcore_json_writer_t *writer, const char *name, double value)
{
    if (value > 0.0)
        dlcore_json_put_double(writer, name, value);
    else
        dlcore_json_put_null(writer, name);
}

static void put_optional_count(dlcore_json_writer_t *writer, const char *name, uint64_t value)
{
    if (value > 0)
        dlcore_json_put_uint64(writer, name, value);
    else
        dlcore_json_put_null(writer, name);
}

static void put_common(dlcore_json_writer_t *writer, const dlcore_optimizer_t *o)
{
    if (o->kind == DLCORE_OPTIMIZER_ADAMW) /* whose Keras wants a number */
        dlcore_json_put_double(writer, "weight_decay", o->weight_decay);
    else
        put_optional(writer, "weight_decay", o->weight_decay);
    if (o->weight_decay_excludes_bias)
        dlcore_json_put_bool(writer, "weight_decay_excludes_bias", true);
    put_optional(writer, "clipnorm", o->clipnorm);
    put_optional(writer, "global_clipnorm", o->global_clipnorm);
    put_optional(writer, "clipvalue", o->clipvalue);
    dlcore_json_put_bool(writer, "use_ema", o->use_ema);
    dlcore_json_put_double(writer, "ema_momentum", o->ema_momentum);
    put_optional_count(writer, "ema_overwrite_frequency", o->ema_overwrite_frequency);
    dlcore_json_put_null(writer, "loss_scale_factor");
    put_optional_count(writer, "gradient_accumulation_steps", o->gradient_accumulation_steps);
}

static void put_own(dlcore_json_writer_t *writer, const dlcore_optimizer_t *o)
{
    switch (o->kind) {
    case DLCORE_OPTIMIZER_SGD:
        dlcore_json_put_double(writer, "momentum", o->momentum);
        dlcore_json_put_bool(writer, "nesterov", o->nesterov);
        return;
    case DLCORE_OPTIMIZER_RMSPROP:
        dlcore_json_put_double(writer, "rho", o->rho);
        dlcore_json_put_double(writer, "momentum", o->momentum);
        dlcore_json_put_bool(writer, "centered", o->centered);
        break;
    case DLCORE_OPTIMIZER_ADADELTA:
        dlcore_json_put_double(writer, "rho", o->rho);
        break;
    case DLCORE_OPTIMIZER_ADAGRAD:
        dlcore_json_put_double(writer, "initial_accumulator_value", o->initial_accumulator_value);
        break;
    case DLCORE_OPTIMIZER_ADAM:
    case DLCORE_OPTIMIZER_ADAMW:
        dlcore_json_put_bool(writer, "amsgrad", o->amsgrad);
        dlcore_json_put_double(writer, "beta_1", o->beta_1);
        dlcore_json_put_double(writer, "beta_2", o->beta_2);
        break;
    case DLCORE_OPTIMIZER_ADAMAX:
    case DLCORE_OPTIMIZER_NADAM:
        dlcore_json_put_double(writer, "beta_1", o->beta_1);
        dlcore_json_put_double(writer, "beta_2", o->beta_2);
        break;
    case DLCORE_OPTIMIZER_UNKNOWN:
        return;
    }
    dlcore_json_put_double(writer, "epsilon", o->epsilon);
}

void dlcore_optimizer_config_put(dlcore_json_writer_t *writer, const dlcore_optimizer_t *optimizer,
                                 double learning_rate)
{
    const dlcore_optimizer_type_t *type = dlcore_optimizer_type(optimizer->kind);

    dlcore_config_open(writer, "optimizer", "keras.optimizers", type->class_name);
    dlcore_json_put_string(writer, "name", type->name);
    if (optimizer->schedule.kind == DLCORE_SCHEDULE_NONE)
        dlcore_json_put_double(writer, "learning_rate", optimizer->learning_rate);
    else if (optimizer->schedule.kind == DLCORE_SCHEDULE_FUNCTION)
        dlcore_json_put_double(writer, "learning_rate", learning_rate);
    else
        dlcore_schedule_config_put(writer, "learning_rate", &optimizer->schedule);
    put_common(writer, optimizer);
    put_own(writer, optimizer);
    dlcore_config_close(writer);
}

/* ---- reading ---- */

/* A number, or null for 0. */
static dlcore_status get_optional(const dlcore_config_reading_t *reading,
                                  const dlcore_json_t *config, const char *name, double *value)
{
    dlcore_json_t found;
    dlcore_status status = dlcore_config_find(reading, config, name, &found);

    if (status != DLCORE_OK || found.kind != DLCORE_JSON_NULL)
        return status == DLCORE_OK ? dlcore_config_double(reading, config, name, value) : status;
    *value = 0.0;
    return DLCORE_OK;
}

static dlcore_status get_optional_count(const dlcore_config_reading_t *reading,
                                        const dlcore_json_t *config, const char *name,
                                        uint64_t *value)
{
    dlcore_json_t found;
    dlcore_status status = dlcore_config_find(reading, config, name, &found);

    if (status != DLCORE_OK || found.kind == DLCORE_JSON_NONE)
        return status;
    *value = 0;
    if (found.kind == DLCORE_JSON_NULL || dlcore_json_uint64(&found, value))
        return DLCORE_OK;
    return dlcore_config_refuse(reading, DLCORE_ERROR_FORMAT, name, "is no count");
}

static dlcore_status get_learning_rate(const dlcore_config_reading_t *reading,
                                       const dlcore_json_t *config, dlcore_optimizer_t *optimizer)
{
    dlcore_json_t found;
    dlcore_status status = dlcore_config_find(reading, config, "learning_rate", &found);

    if (status == DLCORE_OK && found.kind == DLCORE_JSON_OBJECT)
        return dlcore_schedule_config_read(reading, &found, &optimizer->schedule);
    if (status != DLCORE_OK)
        return status;
    return dlcore_config_double(reading, config, "learning_rate", &optimizer->learning_rate);
}

static dlcore_status get_bools(const dlcore_config_reading_t *reading, const dlcore_json_t *config,
                               dlcore_optimizer_t *o)
{
    const struct {
        const char *name;
        bool *value;
    } members[] = {
        {"nesterov", &o->nesterov},
        {"centered", &o->centered},
        {"amsgrad", &o->amsgrad},
        {"use_ema", &o->use_ema},
        {"weight_decay_excludes_bias", &o->weight_decay_excludes_bias},
    };
    dlcore_status status = DLCORE_OK;

    for (size_t i = 0; i < sizeof members / sizeof members[0] && status == DLCORE_OK; i++)
        status = dlcore_config_bool(reading, config, members[i].name, members[i].value);
    return status;
}

static dlcore_status get_optimizer_numbers(const dlcore_config_reading_t *reading,
                                           const dlcore_json_t *config, dlcore_optimizer_t *o)
{
    const struct {
        const char *name;
        double *value;
        bool optional;
    } members[] = {
        {"momentum", &o->momentum, false},
        {"rho", &o->rho, false},
        {"epsilon", &o->epsilon, false},
        {"beta_1", &o->beta_1, false},
        {"beta_2", &o->beta_2, false},
        {"initial_accumulator_value", &o->initial_accumulator_value, false},
        {"ema_momentum", &o->ema_momentum, false},
        {"weight_decay", &o->weight_decay, true},
        {"clipnorm", &o->clipnorm, true},
        {"global_clipnorm", &o->global_clipnorm, true},
        {"clipvalue", &o->clipvalue, true},
    };
    dlcore_status status = DLCORE_OK;

    for (size_t i = 0; i < sizeof members / sizeof members[0] && status == DLCORE_OK; i++)
        status = members[i].optional
                     ? get_optional(reading, config, members[i].name, members[i].value)
                     : dlcore_config_double(reading, config, members[i].name, members[i].value);
    return status;
}

dlcore_status dlcore_optimizer_config_read(const dlcore_config_reading_t *reading,
                                           const dlcore_json_t *object,
                                           dlcore_optimizer_t *optimizer)
{
    char name[DLCORE_NAME_SIZE];
    dlcore_json_t config;
    dlcore_status status = dlcore_config_name(reading, object, "class_name", name, sizeof name);

    if (status == DLCORE_OK)
        status = dlcore_config_find(reading, object, "config", &config);
    if (status != DLCORE_OK)
        return status;
    *optimizer = dlcore_optimizer_from_name(name);
    if (optimizer->kind == DLCORE_OPTIMIZER_UNKNOWN)
        return dlcore_fail(reading->error, DLCORE_ERROR_UNSUPPORTED,
                           "%s: compile_config: this version has no optimizer \"%s\"",
                           reading->file, name);
    status = get_learning_rate(reading, &config, optimizer);
    if (status == DLCORE_OK)
        status = get_optimizer_numbers(reading, &config, optimizer);
    if (status == DLCORE_OK)
        status = get_bools(reading, &config, optimizer);
    if (status == DLCORE_OK)
        status = get_optional_count(reading, &config, "ema_overwrite_frequency",
                                    &optimizer->ema_overwrite_frequency);
    if (status == DLCORE_OK)
        status = get_optional_count(reading, &config, "gradient_accumulation_steps",
                                    &optimizer->gradient_accumulation_steps);
    return status;
}
