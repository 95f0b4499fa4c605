/* Learning rate schedules: constructors, names, and what they allow.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/schedule.h"

#include <float.h>
#include <string.h>

#include "base/error.h"
#include "base/name.h"

static const char *const schedule_names[] = {
    [DLCORE_SCHEDULE_NONE] = NULL,
    [DLCORE_SCHEDULE_EXPONENTIAL_DECAY] = "ExponentialDecay",
    [DLCORE_SCHEDULE_PIECEWISE_CONSTANT_DECAY] = "PiecewiseConstantDecay",
    [DLCORE_SCHEDULE_POLYNOMIAL_DECAY] = "PolynomialDecay",
    [DLCORE_SCHEDULE_INVERSE_TIME_DECAY] = "InverseTimeDecay",
    [DLCORE_SCHEDULE_COSINE_DECAY] = "CosineDecay",
    [DLCORE_SCHEDULE_COSINE_DECAY_RESTARTS] = "CosineDecayRestarts",
    [DLCORE_SCHEDULE_FUNCTION] = NULL,
};

enum { SCHEDULE_NAME_COUNT = sizeof schedule_names / sizeof schedule_names[0] };
_Static_assert(SCHEDULE_NAME_COUNT == DLCORE_SCHEDULE_FUNCTION + 1, "one name each");

/* ---- descriptors ---- */

static dlcore_schedule_t schedule_defaults(dlcore_schedule_kind_t kind, double rate, uint64_t steps)
{
    return (dlcore_schedule_t){.kind = kind,
                               .initial_learning_rate = rate,
                               .decay_steps = steps,
                               .decay_rate = 1.0,
                               .end_learning_rate = 0.0001,
                               .power = 1.0,
                               .t_mul = 2.0,
                               .m_mul = 1.0};
}

dlcore_schedule_t dlcore_schedule_exponential_decay(double initial_learning_rate,
                                                    uint64_t decay_steps, double decay_rate)
{
    dlcore_schedule_t schedule =
        schedule_defaults(DLCORE_SCHEDULE_EXPONENTIAL_DECAY, initial_learning_rate, decay_steps);
    schedule.decay_rate = decay_rate;
    return schedule;
}

dlcore_schedule_t dlcore_schedule_piecewise_constant_decay(const uint64_t *boundaries,
                                                           const double *values,
                                                           size_t boundary_count)
{
    dlcore_schedule_t schedule =
        schedule_defaults(DLCORE_SCHEDULE_PIECEWISE_CONSTANT_DECAY, 0.0, 1);

    if (boundaries == NULL || values == NULL)
        return schedule;
    schedule.boundary_count = boundary_count;
    if (boundary_count > DLCORE_SCHEDULE_BOUNDARIES_MAX)
        return schedule;
    memcpy(schedule.boundaries, boundaries, boundary_count * sizeof *boundaries);
    memcpy(schedule.values, values, (boundary_count + 1) * sizeof *values);
    return schedule;
}

dlcore_schedule_t dlcore_schedule_polynomial_decay(double initial_learning_rate,
                                                   uint64_t decay_steps)
{
    return schedule_defaults(DLCORE_SCHEDULE_POLYNOMIAL_DECAY, initial_learning_rate, decay_steps);
}

dlcore_schedule_t dlcore_schedule_inverse_time_decay(double initial_learning_rate,
                                                     uint64_t decay_steps, double decay_rate)
{
    dlcore_schedule_t schedule =
        schedule_defaults(DLCORE_SCHEDULE_INVERSE_TIME_DECAY, initial_learning_rate, decay_steps);
    schedule.decay_rate = decay_rate;
    return schedule;
}

dlcore_schedule_t dlcore_schedule_cosine_decay(double initial_learning_rate, uint64_t decay_steps)
{
    return schedule_defaults(DLCORE_SCHEDULE_COSINE_DECAY, initial_learning_rate, decay_steps);
}

dlcore_schedule_t dlcore_schedule_cosine_decay_restarts(double initial_learning_rate,
                                                        uint64_t first_decay_steps)
{
    return schedule_defaults(DLCORE_SCHEDULE_COSINE_DECAY_RESTARTS, initial_learning_rate,
                             first_decay_steps);
}

dlcore_schedule_t dlcore_schedule_function(dlcore_schedule_function_t function, void *user)
{
    return (dlcore_schedule_t){
        .kind = DLCORE_SCHEDULE_FUNCTION, .function = function, .user = user};
}

dlcore_schedule_t dlcore_schedule_from_name(const char *name)
{
    for (int kind = 1; kind < SCHEDULE_NAME_COUNT; kind++) {
        if (schedule_names[kind] != NULL && dlcore_name_is(name, schedule_names[kind]))
            return schedule_defaults((dlcore_schedule_kind_t)kind, 0.0, 0);
    }
    return (dlcore_schedule_t){.kind = DLCORE_SCHEDULE_UNKNOWN};
}

const char *dlcore_schedule_name(dlcore_schedule_kind_t kind)
{
    if ((int)kind < 0 || (int)kind >= SCHEDULE_NAME_COUNT || schedule_names[kind] == NULL)
        return "unknown";
    return schedule_names[kind];
}

/* ---- checking ---- */

static dlcore_status check_number(const dlcore_schedule_t *schedule, const char *setting,
                                  double value, double low, double high,
                                  dlcore_error_record_t *error)
{
    return dlcore_check_range(dlcore_schedule_name(schedule->kind), setting, value, low, high,
                              error);
}

static dlcore_status check_boundaries(const dlcore_schedule_t *s, dlcore_error_record_t *error)
{
    const char *name = dlcore_schedule_name(s->kind);
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
        status = check_number(s, "values", s->values[i], 0.0, FLT_MAX, error);
    return status;
}

/* A warm-up that is set but not switched on would be dropped in silence. */
static dlcore_status check_warmup(const dlcore_schedule_t *s, dlcore_error_record_t *error)
{
    if (s->has_warmup)
        return check_number(s, "warmup_target", s->warmup_target, 0.0, FLT_MAX, error);
    if (s->warmup_steps == 0 && s->warmup_target == 0.0)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                       "%s: has_warmup is false, but warmup_steps is %llu and warmup_target is %g",
                       dlcore_schedule_name(s->kind), (unsigned long long)s->warmup_steps,
                       s->warmup_target);
}

/* What the kind has besides the initial rate and the steps. */
static dlcore_status check_own(const dlcore_schedule_t *s, dlcore_error_record_t *error)
{
    dlcore_status status = DLCORE_OK;

    switch (s->kind) {
    case DLCORE_SCHEDULE_EXPONENTIAL_DECAY:
    case DLCORE_SCHEDULE_INVERSE_TIME_DECAY:
        return check_number(s, "decay_rate", s->decay_rate, -FLT_MAX, FLT_MAX, error);
    case DLCORE_SCHEDULE_POLYNOMIAL_DECAY:
        status = check_number(s, "end_learning_rate", s->end_learning_rate, 0.0, FLT_MAX, error);
        if (status == DLCORE_OK)
            status = check_number(s, "power", s->power, 0.0, FLT_MAX, error);
        return status;
    case DLCORE_SCHEDULE_COSINE_DECAY:
        status = check_warmup(s, error);
        break;
    case DLCORE_SCHEDULE_COSINE_DECAY_RESTARTS:
        status = check_number(s, "t_mul", s->t_mul, FLT_MIN, FLT_MAX, error);
        if (status == DLCORE_OK)
            status = check_number(s, "m_mul", s->m_mul, -FLT_MAX, FLT_MAX, error);
        break;
    case DLCORE_SCHEDULE_PIECEWISE_CONSTANT_DECAY:
    case DLCORE_SCHEDULE_FUNCTION:
    case DLCORE_SCHEDULE_NONE:
    case DLCORE_SCHEDULE_UNKNOWN:
        return DLCORE_OK;
    }
    return status == DLCORE_OK ? check_number(s, "alpha", s->alpha, 0.0, 1.0, error) : status;
}

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
    dlcore_status status;

    if ((int)s->kind < 0 || (int)s->kind >= SCHEDULE_NAME_COUNT)
        return dlcore_check_choice("schedule", "kind", (int)s->kind, 0, SCHEDULE_NAME_COUNT - 1,
                                   schedule_choice, error);
    if (s->kind == DLCORE_SCHEDULE_NONE)
        return DLCORE_OK;
    if (s->kind == DLCORE_SCHEDULE_FUNCTION)
        return s->function != NULL
                   ? DLCORE_OK
                   : dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "schedule: function is NULL");
    if (s->kind == DLCORE_SCHEDULE_PIECEWISE_CONSTANT_DECAY)
        return check_boundaries(s, error);
    status =
        check_number(s, "initial_learning_rate", s->initial_learning_rate, 0.0, FLT_MAX, error);
    if (status == DLCORE_OK && s->decay_steps == 0)
        status = dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: %s must be 1 or more, got 0",
                             dlcore_schedule_name(s->kind),
                             s->kind == DLCORE_SCHEDULE_COSINE_DECAY_RESTARTS ? "first_decay_steps"
                                                                              : "decay_steps");
    return status == DLCORE_OK ? check_own(s, error) : status;
}
