/* values[i] up to boundaries[i] (keras/src/optimizers/schedules/learning_rate_schedule.py,
 * PiecewiseConstantDecay).
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <string.h>

#include "base/error.h"
#include "nn/schedule.h"

static double piecewise_constant_decay_value(const dlcore_schedule_t *s, uint64_t step)
{
    size_t i = 0;

    while (i < s->boundary_count && step > s->boundaries[i])
        i++;
    return s->values[i];
}

static dlcore_status check_boundaries(const dlcore_schedule_t *s, dlcore_error_record_t *error)
{
    const char *name = "PiecewiseConstantDecay";
    dlcore_status status = dlcore_check_count(name, "boundary_count", s->boundary_count, 1,
                                              DLCORE_SCHEDULE_BOUNDARIES_MAX, error);

    if (status != DLCORE_OK)
        return status;
    for (size_t i = 1; i < s->boundary_count; i++) {
        if (s->boundaries[i] <= s->boundaries[i - 1])
            return dlcore_fail(
                error, DLCORE_ERROR_ARGUMENT, "%s: boundaries must rise, got %llu after %llu", name,
                (unsigned long long)s->boundaries[i], (unsigned long long)s->boundaries[i - 1]);
    }
    for (size_t i = 0; i <= s->boundary_count && status == DLCORE_OK; i++)
        status = dlcore_check_range(name, "values", s->values[i], 0.0, FLT_MAX, error);
    return status;
}

static const dlcore_setting_t piecewise_constant_decay_settings[] = {
    {.key = "boundaries", .type = DLCORE_SETTING_PIECES},
    {.key = "values", .type = DLCORE_SETTING_PIECES, .only_read = true}, /* written with them */
    {0},
};

dlcore_schedule_t dlcore_schedule_piecewise_constant_decay(const uint64_t *boundaries,
                                                           const double *values,
                                                           size_t boundary_count)
{
    dlcore_schedule_t schedule = dlcore_schedule_make(DLCORE_SCHEDULE_PIECEWISE_CONSTANT_DECAY,
                                                      piecewise_constant_decay_settings, 0.0, 1);

    if (boundaries == NULL || values == NULL)
        return schedule;
    schedule.boundary_count = boundary_count;
    if (boundary_count > DLCORE_SCHEDULE_BOUNDARIES_MAX)
        return schedule;
    memcpy(schedule.boundaries, boundaries, boundary_count * sizeof *boundaries);
    memcpy(schedule.values, values, (boundary_count + 1) * sizeof *values);
    return schedule;
}

const dlcore_schedule_type_t dlcore_schedule_type_piecewise_constant_decay = {
    .name = "PiecewiseConstantDecay",
    .settings = piecewise_constant_decay_settings,
    .check = check_boundaries,
    .value = piecewise_constant_decay_value,
};

const dlcore_setting_key_t dlcore_schedule_keys_piecewise_constant_decay[] = {{0}};
