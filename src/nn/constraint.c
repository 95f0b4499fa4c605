/* Constraints by Keras's formulas (keras/src/constraints/constraints.py).
 *
 * SPDX-License-Identifier: MIT */
#include "nn/constraint.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/name.h"

#define NORM_EPSILON 1e-7f /* keras.backend.epsilon() */

/* The type and place of a row of settings. */
#define CONSTRAINT_SETTING(field) \
    .type = DLCORE_SETTING_DOUBLE, .place = offsetof(dlcore_constraint_t, field)
/* Of all weights into a unit. */
#define CONSTRAINT_AXIS                                         \
    {                                                           \
        .key = "axis", .type = DLCORE_SETTING_TEXT, .text = "0" \
    }

static const dlcore_setting_t max_norm_settings[] = {
    {.key = "max_value", CONSTRAINT_SETTING(max_value), .high = FLT_MAX, .value = 2.0},
    CONSTRAINT_AXIS,
    {0},
};
static const dlcore_setting_t unit_norm_settings[] = {CONSTRAINT_AXIS, {0}};
static const dlcore_setting_t min_max_norm_settings[] = {
    {.key = "min_value", CONSTRAINT_SETTING(min_value), .high = FLT_MAX},
    {.key = "max_value", CONSTRAINT_SETTING(max_value), .high = FLT_MAX, .value = 1.0},
    {.key = "rate", CONSTRAINT_SETTING(rate), .high = 1.0, .value = 1.0},
    CONSTRAINT_AXIS,
    {0},
};

static const struct {
    const char *name;
    const dlcore_setting_t *settings; /* of dlcore_constraint_t */
} constraints[] = {
    [DLCORE_CONSTRAINT_NONE] = {"none", dlcore_no_settings},
    [DLCORE_CONSTRAINT_MAX_NORM] = {"max_norm", max_norm_settings},
    [DLCORE_CONSTRAINT_NON_NEG] = {"non_neg", dlcore_no_settings},
    [DLCORE_CONSTRAINT_UNIT_NORM] = {"unit_norm", unit_norm_settings},
    [DLCORE_CONSTRAINT_MIN_MAX_NORM] = {"min_max_norm", min_max_norm_settings},
};

enum { CONSTRAINT_COUNT = sizeof constraints / sizeof constraints[0] };
_Static_assert(CONSTRAINT_COUNT == DLCORE_CONSTRAINT_MIN_MAX_NORM + 1, "one row each");

const dlcore_setting_key_t dlcore_constraint_keys[] = {{"axis", "[0, [0]]"}, {0}};

const dlcore_setting_t *dlcore_constraint_settings(dlcore_constraint_kind_t kind)
{
    return constraints[kind].settings;
}

dlcore_constraint_t dlcore_constraint_max_norm(double max_value)
{
    return (dlcore_constraint_t){.kind = DLCORE_CONSTRAINT_MAX_NORM, .max_value = max_value};
}

dlcore_constraint_t dlcore_constraint_non_neg(void)
{
    return (dlcore_constraint_t){.kind = DLCORE_CONSTRAINT_NON_NEG};
}

dlcore_constraint_t dlcore_constraint_unit_norm(void)
{
    return (dlcore_constraint_t){.kind = DLCORE_CONSTRAINT_UNIT_NORM};
}

dlcore_constraint_t dlcore_constraint_min_max_norm(double min_value, double max_value)
{
    return (dlcore_constraint_t){.kind = DLCORE_CONSTRAINT_MIN_MAX_NORM,
                                 .min_value = min_value,
                                 .max_value = max_value,
                                 .rate = 1.0};
}

dlcore_constraint_t dlcore_constraint_from_name(const char *name)
{
    for (int kind = 1; kind < CONSTRAINT_COUNT; kind++) {
        dlcore_constraint_t constraint = {.kind = (dlcore_constraint_kind_t)kind};

        if (dlcore_name_is(name, constraints[kind].name)) {
            dlcore_settings_default(constraints[kind].settings, &constraint);
            return constraint;
        }
    }
    return (dlcore_constraint_t){.kind = DLCORE_CONSTRAINT_UNKNOWN};
}

const char *dlcore_constraint_name(dlcore_constraint_kind_t kind)
{
    return (int)kind >= 0 && (int)kind < CONSTRAINT_COUNT ? constraints[kind].name : "unknown";
}

static const char *constraint_choice(int value)
{
    return dlcore_constraint_name((dlcore_constraint_kind_t)value);
}

dlcore_status dlcore_constraint_validate(const dlcore_constraint_t *constraint, const char *what,
                                         dlcore_error_record_t *error)
{
    dlcore_status status;

    if ((int)constraint->kind < 0 || (int)constraint->kind >= CONSTRAINT_COUNT)
        return dlcore_check_choice(what, "kind", (int)constraint->kind, 0, CONSTRAINT_COUNT - 1,
                                   constraint_choice, error);
    status = dlcore_settings_validate_numbers(constraints[constraint->kind].settings, constraint,
                                              what, error);
    if (status == DLCORE_OK && constraint->kind == DLCORE_CONSTRAINT_MIN_MAX_NORM)
        status = dlcore_check_range(what, "min_value", constraint->min_value, 0.0,
                                    constraint->max_value, error);
    return status;
}

static float clipped(float norm, double low, double high)
{
    if (norm < (float)low)
        return (float)low;
    return norm > (float)high ? (float)high : norm; /* NaN stays */
}

/* What weights of that norm are multiplied by. */
static float factor(const dlcore_constraint_t *constraint, float square)
{
    float norm = sqrtf(square), wanted = 1.0f;

    if (constraint->kind == DLCORE_CONSTRAINT_MAX_NORM)
        wanted = clipped(norm, 0.0, constraint->max_value);
    else if (constraint->kind == DLCORE_CONSTRAINT_MIN_MAX_NORM)
        wanted =
            (float)constraint->rate * clipped(norm, constraint->min_value, constraint->max_value) +
            (float)(1.0 - constraint->rate) * norm;
    return wanted / (NORM_EPSILON + norm);
}

void dlcore_constraint_apply_columns(const dlcore_constraint_t *constraint,
                                     const dlcore_training_kernels_t *kernels, float *weights,
                                     size_t rows, size_t columns, size_t stride)
{
    float values[DLCORE_CONSTRAINT_COLUMNS];

    if (constraint->kind == DLCORE_CONSTRAINT_NON_NEG) {
        for (size_t r = 0; r < rows; r++)
            kernels->plain->relu(weights + r * stride, columns);
        return;
    }
    kernels->column_squares(weights, rows, columns, stride, values);
    for (size_t c = 0; c < columns; c++)
        values[c] = factor(constraint, values[c]);
    kernels->column_scale(weights, rows, columns, stride, values);
}

void dlcore_constraint_apply_vector(const dlcore_constraint_t *constraint,
                                    const dlcore_training_kernels_t *kernels, float *weights,
                                    size_t n)
{
    if (constraint->kind == DLCORE_CONSTRAINT_NON_NEG)
        kernels->plain->relu(weights, n);
    else
        kernels->plain->scale(weights, n,
                              factor(constraint, kernels->plain->dot(weights, weights, n)));
}
