/* Initializers by Keras's formulas (keras/src/initializers/random_initializers.py).
 *
 * SPDX-License-Identifier: MIT */
#include "nn/initializer.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

#include "base/error.h"
#include "base/name.h"

/* scale / fan is the variance; 0 means a constant instead. */
typedef struct initializer_row {
    const char *name;
    double scale;
    bool by_fan_in; /* else by the mean of fan_in and fan_out */
    bool normal;    /* else uniform */
    double value;
} initializer_row_t;

static const initializer_row_t initializer_rows[] = {
    [DLCORE_INITIALIZER_GLOROT_UNIFORM] = {.name = "glorot_uniform", .scale = 1.0},
    [DLCORE_INITIALIZER_GLOROT_NORMAL] = {.name = "glorot_normal", .scale = 1.0, .normal = true},
    [DLCORE_INITIALIZER_HE_UNIFORM] = {.name = "he_uniform", .scale = 2.0, .by_fan_in = true},
    [DLCORE_INITIALIZER_HE_NORMAL] = {.name = "he_normal",
                                      .scale = 2.0,
                                      .by_fan_in = true,
                                      .normal = true},
    [DLCORE_INITIALIZER_ZEROS] = {.name = "zeros"},
    [DLCORE_INITIALIZER_ONES] = {.name = "ones", .value = 1.0},
    [DLCORE_INITIALIZER_CONSTANT] = {.name = "constant"},
};
_Static_assert(sizeof initializer_rows / sizeof initializer_rows[0] == DLCORE_INITIALIZER_NAMED,
               "one row each");

enum { INITIALIZER_COUNT = sizeof initializer_rows / sizeof initializer_rows[0] };

/* ---- settings ---- */

static const dlcore_setting_t random_settings[] = {
    {.key = "seed", .type = DLCORE_SETTING_TEXT, .text = "null"}, /* drawn from the model's */
    {0},
};
static const dlcore_setting_t constant_settings[] = {
    {.key = "value",
     .type = DLCORE_SETTING_DOUBLE,
     .place = offsetof(dlcore_initializer_t, value),
     .low = -FLT_MAX,
     .high = FLT_MAX},
    {0},
};

const dlcore_setting_key_t dlcore_initializer_keys[] = {
    {"seed", NULL},
    {"input_axes", "[null]"},
    {"output_axes", "[null]"},
    {0},
};

const dlcore_setting_t *dlcore_initializer_settings(dlcore_initializer_kind_t kind)
{
    if (kind == DLCORE_INITIALIZER_CONSTANT)
        return constant_settings;
    return kind != DLCORE_INITIALIZER_NAMED && initializer_rows[kind].scale != 0.0
               ? random_settings
               : dlcore_no_settings;
}

/* ---- descriptors ---- */

static const initializer_row_t *initializer_row(dlcore_initializer_kind_t kind)
{
    if ((int)kind <= 0 || (int)kind >= INITIALIZER_COUNT)
        return NULL;
    return &initializer_rows[kind];
}

dlcore_initializer_t dlcore_initializer_glorot_uniform(void)
{
    return (dlcore_initializer_t){.kind = DLCORE_INITIALIZER_GLOROT_UNIFORM};
}

dlcore_initializer_t dlcore_initializer_glorot_normal(void)
{
    return (dlcore_initializer_t){.kind = DLCORE_INITIALIZER_GLOROT_NORMAL};
}

dlcore_initializer_t dlcore_initializer_he_uniform(void)
{
    return (dlcore_initializer_t){.kind = DLCORE_INITIALIZER_HE_UNIFORM};
}

dlcore_initializer_t dlcore_initializer_he_normal(void)
{
    return (dlcore_initializer_t){.kind = DLCORE_INITIALIZER_HE_NORMAL};
}

dlcore_initializer_t dlcore_initializer_zeros(void)
{
    return (dlcore_initializer_t){.kind = DLCORE_INITIALIZER_ZEROS};
}

dlcore_initializer_t dlcore_initializer_ones(void)
{
    return (dlcore_initializer_t){.kind = DLCORE_INITIALIZER_ONES};
}

dlcore_initializer_t dlcore_initializer_constant(double value)
{
    return (dlcore_initializer_t){.kind = DLCORE_INITIALIZER_CONSTANT, .value = value};
}

dlcore_initializer_t dlcore_initializer_from_name(const char *name)
{
    for (int kind = 1; kind < INITIALIZER_COUNT; kind++) {
        if (dlcore_name_is(name, initializer_rows[kind].name))
            return (dlcore_initializer_t){.kind = (dlcore_initializer_kind_t)kind};
    }
    if (dlcore_name_is(name, "zero"))
        return dlcore_initializer_zeros();
    if (dlcore_name_is(name, "one"))
        return dlcore_initializer_ones();
    return (dlcore_initializer_t){.kind = DLCORE_INITIALIZER_UNKNOWN};
}

const char *dlcore_initializer_name(dlcore_initializer_kind_t kind)
{
    const initializer_row_t *row = initializer_row(kind);
    return row != NULL ? row->name : "unknown";
}

static const char *initializer_choice(int value)
{
    return dlcore_initializer_name((dlcore_initializer_kind_t)value);
}

dlcore_status dlcore_initializer_validate(const dlcore_initializer_t *initializer, const char *what,
                                          dlcore_error_record_t *error)
{
    if (initializer->kind == DLCORE_INITIALIZER_NAMED)
        return DLCORE_OK; /* an error only where weights are to be made from it */
    if ((int)initializer->kind <= 0 || (int)initializer->kind >= INITIALIZER_COUNT)
        return dlcore_check_choice(what, "kind", (int)initializer->kind, 1, INITIALIZER_COUNT - 1,
                                   initializer_choice, error);
    return dlcore_settings_validate_numbers(dlcore_initializer_settings(initializer->kind),
                                            initializer, what, error);
}

dlcore_status dlcore_initializer_check_draws(const dlcore_initializer_t *initializer,
                                             const char *what, dlcore_error_record_t *error)
{
    if (initializer->kind != DLCORE_INITIALIZER_NAMED)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                       "%s: its initializer is %s, which this version knows by name alone: weights "
                       "can be loaded, but not drawn",
                       what, initializer->name[0] != '\0' ? initializer->name : "not given");
}

void dlcore_initializer_fill(const dlcore_initializer_t *initializer, dlcore_random_t random,
                             size_t fan_in, size_t fan_out, float *values, size_t count)
{
    const initializer_row_t *row = initializer_row(initializer->kind);
    double fan = row->by_fan_in ? (double)fan_in : ((double)fan_in + (double)fan_out) / 2.0;
    double variance = row->scale / (fan < 1.0 ? 1.0 : fan);

    if (row->scale == 0.0) {
        double constant =
            initializer->kind == DLCORE_INITIALIZER_CONSTANT ? initializer->value : row->value;
        for (size_t i = 0; i < count; i++)
            values[i] = (float)constant;
    } else if (row->normal) {
        /* cutting at two standard deviations leaves 0.8796 of one */
        double stddev = sqrt(variance) / 0.87962566103423978;
        for (size_t i = 0; i < count; i++)
            values[i] = (float)(stddev * dlcore_random_truncated_normal(&random));
    } else {
        double limit = sqrt(3.0 * variance);
        for (size_t i = 0; i < count; i++)
            values[i] = (float)(limit * (2.0 * dlcore_random_uniform(&random) - 1.0));
    }
}
