/* Schedules in JSON.
 *
 * SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "dlcore/layer.h"
#include "nn/schedule.h"
#include "store/model_config.h"
#include "store/optimizer_config.h"

/* ---- writing schedules ---- */

static void put_pieces(dlcore_json_writer_t *writer, const dlcore_schedule_t *s)
{
    dlcore_json_open(writer, "boundaries", '[');
    for (size_t i = 0; i < s->boundary_count; i++)
        dlcore_json_put_uint64(writer, NULL, s->boundaries[i]);
    dlcore_json_close(writer, ']');
    dlcore_json_open(writer, "values", '[');
    for (size_t i = 0; i <= s->boundary_count; i++)
        dlcore_json_put_double(writer, NULL, s->values[i]);
    dlcore_json_close(writer, ']');
}

static void put_cosine(dlcore_json_writer_t *writer, const dlcore_schedule_t *s)
{
    dlcore_json_put_double(writer, "alpha", s->alpha);
    if (s->has_warmup)
        dlcore_json_put_double(writer, "warmup_target", s->warmup_target);
    else
        dlcore_json_put_null(writer, "warmup_target");
    dlcore_json_put_uint64(writer, "warmup_steps", s->warmup_steps);
}

static void put_schedule(dlcore_json_writer_t *writer, const dlcore_schedule_t *s)
{
    bool restarts = s->kind == DLCORE_SCHEDULE_COSINE_DECAY_RESTARTS;

    if (s->kind == DLCORE_SCHEDULE_PIECEWISE_CONSTANT_DECAY) {
        put_pieces(writer, s);
        return;
    }
    dlcore_json_put_double(writer, "initial_learning_rate", s->initial_learning_rate);
    dlcore_json_put_uint64(writer, restarts ? "first_decay_steps" : "decay_steps", s->decay_steps);
    if (s->kind == DLCORE_SCHEDULE_POLYNOMIAL_DECAY) {
        dlcore_json_put_double(writer, "end_learning_rate", s->end_learning_rate);
        dlcore_json_put_double(writer, "power", s->power);
        dlcore_json_put_bool(writer, "cycle", s->cycle);
    } else if (s->kind == DLCORE_SCHEDULE_COSINE_DECAY) {
        put_cosine(writer, s);
    } else if (restarts) {
        dlcore_json_put_double(writer, "t_mul", s->t_mul);
        dlcore_json_put_double(writer, "m_mul", s->m_mul);
        dlcore_json_put_double(writer, "alpha", s->alpha);
    } else {
        dlcore_json_put_double(writer, "decay_rate", s->decay_rate);
        dlcore_json_put_bool(writer, "staircase", s->staircase);
    }
}

void dlcore_schedule_config_put(dlcore_json_writer_t *writer, const char *name,
                                const dlcore_schedule_t *schedule)
{
    const char *class_name = dlcore_schedule_name(schedule->kind);

    dlcore_config_open(writer, name, "keras.optimizers.schedules", class_name);
    put_schedule(writer, schedule);
    dlcore_json_put_string(writer, "name", class_name);
    dlcore_config_close(writer);
}

/* ---- reading schedules ---- */

/* A count, which Python may have written as 1000.0. */
static bool is_count(const dlcore_json_t *value, uint64_t *count)
{
    double number;

    if (dlcore_json_uint64(value, count))
        return true;
    if (!dlcore_json_double(value, &number) || !(number >= 0.0 && number <= 0x1p53) ||
        number != (double)(uint64_t)number)
        return false;
    *count = (uint64_t)number;
    return true;
}

static dlcore_status get_count(const dlcore_config_reading_t *reading, const dlcore_json_t *config,
                               const char *name, uint64_t *count)
{
    dlcore_json_t found;
    dlcore_status status = dlcore_config_find(reading, config, name, &found);

    if (status != DLCORE_OK || found.kind == DLCORE_JSON_NONE || is_count(&found, count))
        return status;
    return dlcore_config_refuse(reading, DLCORE_ERROR_FORMAT, name, "is no count");
}

static dlcore_status get_pieces(const dlcore_config_reading_t *reading, const dlcore_json_t *config,
                                dlcore_schedule_t *s)
{
    dlcore_json_t boundaries, values, value;
    dlcore_json_steps_t steps;
    size_t count = 0;
    dlcore_status status = dlcore_config_find(reading, config, "boundaries", &boundaries);

    if (status == DLCORE_OK)
        status = dlcore_config_find(reading, config, "values", &values);
    if (status != DLCORE_OK)
        return status;
    steps = dlcore_json_steps(&boundaries);
    for (; dlcore_json_step(&steps, NULL, &value); s->boundary_count++) {
        if (s->boundary_count == DLCORE_SCHEDULE_BOUNDARIES_MAX)
            return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, "boundaries",
                                        "are too many");
        if (!is_count(&value, &s->boundaries[s->boundary_count]))
            return dlcore_config_refuse(reading, DLCORE_ERROR_FORMAT, "boundaries",
                                        "are no counts");
    }
    steps = dlcore_json_steps(&values);
    while (dlcore_json_step(&steps, NULL, &value)) {
        if (count > s->boundary_count || !dlcore_json_double(&value, &s->values[count])) {
            count = 0;
            break;
        }
        count++;
    }
    if (count != s->boundary_count + 1)
        return dlcore_config_refuse(reading, DLCORE_ERROR_FORMAT, "values",
                                    "are not one number more than boundaries");
    return DLCORE_OK;
}

static dlcore_status get_warmup(const dlcore_config_reading_t *reading, const dlcore_json_t *config,
                                dlcore_schedule_t *s)
{
    dlcore_json_t found;
    dlcore_status status = dlcore_config_find(reading, config, "warmup_target", &found);

    if (status != DLCORE_OK || found.kind == DLCORE_JSON_NONE || found.kind == DLCORE_JSON_NULL)
        return status;
    s->has_warmup = true;
    status = dlcore_config_double(reading, config, "warmup_target", &s->warmup_target);
    return status == DLCORE_OK ? get_count(reading, config, "warmup_steps", &s->warmup_steps)
                               : status;
}

static dlcore_status get_schedule_numbers(const dlcore_config_reading_t *reading,
                                          const dlcore_json_t *config, dlcore_schedule_t *s)
{
    const struct {
        const char *name;
        double *value;
    } members[] = {
        {"initial_learning_rate", &s->initial_learning_rate},
        {"decay_rate", &s->decay_rate},
        {"end_learning_rate", &s->end_learning_rate},
        {"power", &s->power},
        {"alpha", &s->alpha},
        {"t_mul", &s->t_mul},
        {"m_mul", &s->m_mul},
    };
    dlcore_status status = DLCORE_OK;

    for (size_t i = 0; i < sizeof members / sizeof members[0] && status == DLCORE_OK; i++)
        status = dlcore_config_double(reading, config, members[i].name, members[i].value);
    return status;
}

dlcore_status dlcore_schedule_config_read(const dlcore_config_reading_t *reading,
                                          const dlcore_json_t *object, dlcore_schedule_t *schedule)
{
    char name[DLCORE_NAME_SIZE];
    dlcore_json_t config;
    dlcore_status status = dlcore_config_name(reading, object, "class_name", name, sizeof name);

    if (status == DLCORE_OK)
        status = dlcore_config_find(reading, object, "config", &config);
    if (status != DLCORE_OK)
        return status;
    *schedule = dlcore_schedule_from_name(name);
    if (schedule->kind == DLCORE_SCHEDULE_UNKNOWN)
        return dlcore_fail(reading->error, DLCORE_ERROR_UNSUPPORTED,
                           "%s: compile_config: this version has no schedule \"%s\"", reading->file,
                           name);
    if (schedule->kind == DLCORE_SCHEDULE_PIECEWISE_CONSTANT_DECAY)
        return get_pieces(reading, &config, schedule);
    status = get_schedule_numbers(reading, &config, schedule);
    if (status == DLCORE_OK)
        status =
            get_count(reading, &config,
                      schedule->kind == DLCORE_SCHEDULE_COSINE_DECAY_RESTARTS ? "first_decay_steps"
                                                                              : "decay_steps",
                      &schedule->decay_steps);
    if (status == DLCORE_OK)
        status = dlcore_config_bool(reading, &config, "staircase", &schedule->staircase);
    if (status == DLCORE_OK)
        status = dlcore_config_bool(reading, &config, "cycle", &schedule->cycle);
    if (status == DLCORE_OK && schedule->kind == DLCORE_SCHEDULE_COSINE_DECAY)
        status = get_warmup(reading, &config, schedule);
    return status;
}
