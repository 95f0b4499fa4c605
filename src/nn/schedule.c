/* Learning rate schedules: names, the table of tables, checking and evaluating.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/schedule.h"

#include <math.h>

#include "base/error.h"
#include "base/name.h"
#include "base/traces.h"

static const dlcore_schedule_type_t *const schedule_types[] = {
    NULL,
#define DLCORE_SCHEDULE_ROW(kind, name) [DLCORE_SCHEDULE_##kind] = &dlcore_schedule_type_##name,
    DLCORE_SCHEDULE_KINDS(DLCORE_SCHEDULE_ROW)
#undef DLCORE_SCHEDULE_ROW
};

enum { SCHEDULE_TYPES = sizeof schedule_types / sizeof schedule_types[0] };
_Static_assert((int)SCHEDULE_TYPES == (int)DLCORE_SCHEDULE_FUNCTION, "one row each");

const dlcore_schedule_type_t *dlcore_schedule_type(dlcore_schedule_kind_t kind)
{
    return (int)kind > 0 && (int)kind < SCHEDULE_TYPES ? schedule_types[kind] : NULL;
}

/* ---- descriptors ---- */

dlcore_schedule_t dlcore_schedule_function(dlcore_schedule_function_t function, void *user)
{
    return (dlcore_schedule_t){
        .kind = DLCORE_SCHEDULE_FUNCTION, .function = function, .user = user};
}

dlcore_schedule_t dlcore_schedule_from_name(const char *name)
{
    for (int kind = 1; kind < SCHEDULE_TYPES; kind++) {
        if (dlcore_name_is(name, schedule_types[kind]->name))
            return dlcore_schedule_make((dlcore_schedule_kind_t)kind,
                                        schedule_types[kind]->settings, 0.0, 0);
    }
    return (dlcore_schedule_t){.kind = DLCORE_SCHEDULE_UNKNOWN};
}

const char *dlcore_schedule_name(dlcore_schedule_kind_t kind)
{
    const dlcore_schedule_type_t *type = dlcore_schedule_type(kind);
    return type != NULL ? type->name : "unknown";
}

/* ---- checking ---- */

static const char *schedule_choice(int value)
{
    if (value == DLCORE_SCHEDULE_NONE)
        return "none";
    if (value == DLCORE_SCHEDULE_FUNCTION)
        return "function";
    return dlcore_schedule_name((dlcore_schedule_kind_t)value);
}

dlcore_status dlcore_schedule_validate(const dlcore_schedule_t *s, dlcore_error_record_t *error)
{
    const dlcore_schedule_type_t *type = dlcore_schedule_type(s->kind);
    dlcore_status status;

    if (s->kind == DLCORE_SCHEDULE_NONE)
        return DLCORE_OK;
    if (s->kind == DLCORE_SCHEDULE_FUNCTION)
        return s->function != NULL
                   ? DLCORE_OK
                   : dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "schedule: function is NULL");
    if (type == NULL)
        return dlcore_check_choice("schedule", "kind", (int)s->kind, 0, DLCORE_SCHEDULE_FUNCTION,
                                   schedule_choice, error);
    status = dlcore_settings_validate(type->settings, s, type->name, error);
    return status == DLCORE_OK && type->check != NULL ? type->check(s, error) : status;
}

/* ---- values ---- */

static double rate_at(const dlcore_schedule_t *schedule, uint64_t step)
{
    if (schedule->kind == DLCORE_SCHEDULE_FUNCTION)
        return schedule->function(schedule->user, step);
    if (schedule->kind == DLCORE_SCHEDULE_NONE)
        return (double)NAN;
    return dlcore_schedule_type(schedule->kind)->value(schedule, step);
}

double dlcore_schedule_value(const dlcore_schedule_t *schedule, uint64_t step)
{
    dlcore_traces_t before = dlcore_traces_note();
    double value = (double)NAN;

    if (schedule != NULL && dlcore_schedule_validate(schedule, NULL) == DLCORE_OK)
        value = rate_at(schedule, step);
    (void)dlcore_traces_end(before, DLCORE_OK);
    return value;
}
