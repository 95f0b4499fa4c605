/* Initializers: names, settings and what they are cases of
 * (keras/src/initializers/random_initializers.py and constant_initializers.py).
 *
 * SPDX-License-Identifier: MIT */
#include "nn/initializer.h"

#include <float.h>
#include <stddef.h>

#include "base/error.h"
#include "base/name.h"

/* ---- settings ---- */

#define INITIALIZER_NUMBER(field) \
    .key = #field, .type = DLCORE_SETTING_DOUBLE, .place = offsetof(dlcore_initializer_t, field)
#define INITIALIZER_CHOICE(field) \
    .key = #field, .type = DLCORE_SETTING_CHOICE, .place = offsetof(dlcore_initializer_t, field)
/* drawn from the model's */
#define INITIALIZER_SEED .key = "seed", .type = DLCORE_SETTING_TEXT, .text = "null"

/* Of settings whose multiples have to be floats. */
#define INITIALIZER_LARGE 1e30

static const char *const mode_names[] = {"fan_in", "fan_out", "fan_avg"};
static const char *const distribution_names[] = {"truncated_normal", "untruncated_normal",
                                                 "uniform"};

static int choice_of(const char *const *names, int count, const char *name)
{
    for (int i = 0; i < count; i++) {
        if (dlcore_name_is(name, names[i]))
            return i;
    }
    return -1;
}

static int mode_from_name(const char *name)
{
    return choice_of(mode_names, 3, name);
}

static const char *mode_name(int mode)
{
    return mode >= 0 && mode < 3 ? mode_names[mode] : "unknown";
}

static int distribution_from_name(const char *name)
{
    if (dlcore_name_is(name, "normal"))
        return DLCORE_INITIALIZER_DRAWS_TRUNCATED_NORMAL;
    return choice_of(distribution_names, 3, name);
}

static const char *distribution_name(int distribution)
{
    return distribution >= 0 && distribution < 3 ? distribution_names[distribution] : "unknown";
}

static const dlcore_setting_names_t mode_choice = {mode_from_name, mode_name};
static const dlcore_setting_names_t distribution_choice = {distribution_from_name,
                                                           distribution_name};

static const dlcore_setting_t random_settings[] = {{INITIALIZER_SEED}, {0}};
static const dlcore_setting_t constant_settings[] = {
    {INITIALIZER_NUMBER(value), .low = -FLT_MAX, .high = FLT_MAX},
    {0},
};
static const dlcore_setting_t random_normal_settings[] = {
    {INITIALIZER_SEED},
    {INITIALIZER_NUMBER(mean), .low = -INITIALIZER_LARGE, .high = INITIALIZER_LARGE},
    {INITIALIZER_NUMBER(stddev), .high = INITIALIZER_LARGE, .value = 0.05},
    {0},
};
static const dlcore_setting_t random_uniform_settings[] = {
    {INITIALIZER_SEED},
    {INITIALIZER_NUMBER(minval), .low = -INITIALIZER_LARGE, .high = INITIALIZER_LARGE,
     .value = -0.05},
    {INITIALIZER_NUMBER(maxval), .low = -INITIALIZER_LARGE, .high = INITIALIZER_LARGE,
     .value = 0.05},
    {0},
};
static const dlcore_setting_t variance_scaling_settings[] = {
    {INITIALIZER_SEED},
    {INITIALIZER_NUMBER(scale), .high = INITIALIZER_LARGE, .value = 1.0, .above = true},
    {INITIALIZER_CHOICE(mode), .high = DLCORE_INITIALIZER_FAN_AVG, .names = &mode_choice},
    {INITIALIZER_CHOICE(distribution), .high = DLCORE_INITIALIZER_DRAWS_UNIFORM,
     .names = &distribution_choice},
    {0},
};
static const dlcore_setting_t orthogonal_settings[] = {
    {INITIALIZER_SEED},
    {INITIALIZER_NUMBER(gain), .low = -INITIALIZER_LARGE, .high = INITIALIZER_LARGE, .value = 1.0},
    {0},
};
/* Keras itself writes no gain, and so reads 1. */
static const dlcore_setting_t identity_settings[] = {
    {INITIALIZER_NUMBER(gain), .low = -INITIALIZER_LARGE, .high = INITIALIZER_LARGE, .value = 1.0,
     .quiet = true},
    {0},
};

const dlcore_setting_key_t dlcore_initializer_keys[] = {
    {"seed", NULL},
    {"input_axes", "[null]"},
    {"output_axes", "[null]"},
    {0},
};

/* ---- kinds ---- */

typedef struct initializer_row {
    const char *name;
    const char *other; /* another name of Keras's */
    const dlcore_setting_t *settings;
    bool of_matrices;
    dlcore_initializer_t general; /* kind UNKNOWN: it is general itself */
} initializer_row_t;

#define INITIALIZER_SCALES(times, of, draws)                                              \
    .settings = random_settings, .general = {.kind = DLCORE_INITIALIZER_VARIANCE_SCALING, \
                                             .scale = times,                              \
                                             .mode = DLCORE_INITIALIZER_FAN_##of,         \
                                             .distribution = DLCORE_INITIALIZER_DRAWS_##draws}
#define INITIALIZER_ALWAYS(number)  \
    .settings = dlcore_no_settings, \
    .general = {.kind = DLCORE_INITIALIZER_CONSTANT, .value = number}

static const initializer_row_t initializer_rows[] = {
    [DLCORE_INITIALIZER_GLOROT_UNIFORM] = {.name = "glorot_uniform",
                                           INITIALIZER_SCALES(1.0, AVG, UNIFORM)},
    [DLCORE_INITIALIZER_GLOROT_NORMAL] = {.name = "glorot_normal",
                                          INITIALIZER_SCALES(1.0, AVG, TRUNCATED_NORMAL)},
    [DLCORE_INITIALIZER_HE_UNIFORM] = {.name = "he_uniform", INITIALIZER_SCALES(2.0, IN, UNIFORM)},
    [DLCORE_INITIALIZER_HE_NORMAL] = {.name = "he_normal",
                                      INITIALIZER_SCALES(2.0, IN, TRUNCATED_NORMAL)},
    [DLCORE_INITIALIZER_ZEROS] = {.name = "zeros", .other = "zero", INITIALIZER_ALWAYS(0.0)},
    [DLCORE_INITIALIZER_ONES] = {.name = "ones", .other = "one", INITIALIZER_ALWAYS(1.0)},
    [DLCORE_INITIALIZER_CONSTANT] = {.name = "constant", .settings = constant_settings},
    [DLCORE_INITIALIZER_LECUN_UNIFORM] = {.name = "lecun_uniform",
                                          INITIALIZER_SCALES(1.0, IN, UNIFORM)},
    [DLCORE_INITIALIZER_LECUN_NORMAL] = {.name = "lecun_normal",
                                         INITIALIZER_SCALES(1.0, IN, TRUNCATED_NORMAL)},
    [DLCORE_INITIALIZER_RANDOM_UNIFORM] = {.name = "random_uniform",
                                           .other = "uniform",
                                           .settings = random_uniform_settings},
    [DLCORE_INITIALIZER_RANDOM_NORMAL] = {.name = "random_normal",
                                          .other = "normal",
                                          .settings = random_normal_settings},
    [DLCORE_INITIALIZER_TRUNCATED_NORMAL] = {.name = "truncated_normal",
                                             .settings = random_normal_settings},
    [DLCORE_INITIALIZER_VARIANCE_SCALING] = {.name = "variance_scaling",
                                             .settings = variance_scaling_settings},
    [DLCORE_INITIALIZER_ORTHOGONAL] = {.name = "orthogonal",
                                       .other = "orthogonal_initializer",
                                       .settings = orthogonal_settings,
                                       .of_matrices = true},
    [DLCORE_INITIALIZER_IDENTITY] = {.name = "identity",
                                     .other = "identity_initializer",
                                     .settings = identity_settings,
                                     .of_matrices = true},
};
_Static_assert(sizeof initializer_rows / sizeof initializer_rows[0] == DLCORE_INITIALIZER_NAMED,
               "one row each");

enum { INITIALIZER_COUNT = sizeof initializer_rows / sizeof initializer_rows[0] };

static const initializer_row_t *initializer_row(dlcore_initializer_kind_t kind)
{
    if ((int)kind <= 0 || (int)kind >= INITIALIZER_COUNT)
        return NULL;
    return &initializer_rows[kind];
}

const dlcore_setting_t *dlcore_initializer_settings(dlcore_initializer_kind_t kind)
{
    const initializer_row_t *row = initializer_row(kind);
    return row != NULL ? row->settings : dlcore_no_settings;
}

dlcore_initializer_t dlcore_initializer_general(const dlcore_initializer_t *initializer)
{
    const initializer_row_t *row = initializer_row(initializer->kind);

    return row != NULL && row->general.kind != DLCORE_INITIALIZER_UNKNOWN ? row->general
                                                                          : *initializer;
}

/* ---- descriptors ---- */

static dlcore_initializer_t make_initializer(dlcore_initializer_kind_t kind)
{
    dlcore_initializer_t initializer = {.kind = kind};

    dlcore_settings_default(initializer_rows[kind].settings, &initializer);
    return initializer;
}

dlcore_initializer_t dlcore_initializer_glorot_uniform(void)
{
    return make_initializer(DLCORE_INITIALIZER_GLOROT_UNIFORM);
}

dlcore_initializer_t dlcore_initializer_glorot_normal(void)
{
    return make_initializer(DLCORE_INITIALIZER_GLOROT_NORMAL);
}

dlcore_initializer_t dlcore_initializer_he_uniform(void)
{
    return make_initializer(DLCORE_INITIALIZER_HE_UNIFORM);
}

dlcore_initializer_t dlcore_initializer_he_normal(void)
{
    return make_initializer(DLCORE_INITIALIZER_HE_NORMAL);
}

dlcore_initializer_t dlcore_initializer_zeros(void)
{
    return make_initializer(DLCORE_INITIALIZER_ZEROS);
}

dlcore_initializer_t dlcore_initializer_ones(void)
{
    return make_initializer(DLCORE_INITIALIZER_ONES);
}

dlcore_initializer_t dlcore_initializer_constant(double value)
{
    return (dlcore_initializer_t){.kind = DLCORE_INITIALIZER_CONSTANT, .value = value};
}

dlcore_initializer_t dlcore_initializer_lecun_uniform(void)
{
    return make_initializer(DLCORE_INITIALIZER_LECUN_UNIFORM);
}

dlcore_initializer_t dlcore_initializer_lecun_normal(void)
{
    return make_initializer(DLCORE_INITIALIZER_LECUN_NORMAL);
}

dlcore_initializer_t dlcore_initializer_random_uniform(double minval, double maxval)
{
    return (dlcore_initializer_t){
        .kind = DLCORE_INITIALIZER_RANDOM_UNIFORM, .minval = minval, .maxval = maxval};
}

dlcore_initializer_t dlcore_initializer_random_normal(double mean, double stddev)
{
    return (dlcore_initializer_t){
        .kind = DLCORE_INITIALIZER_RANDOM_NORMAL, .mean = mean, .stddev = stddev};
}

dlcore_initializer_t dlcore_initializer_truncated_normal(double mean, double stddev)
{
    return (dlcore_initializer_t){
        .kind = DLCORE_INITIALIZER_TRUNCATED_NORMAL, .mean = mean, .stddev = stddev};
}

dlcore_initializer_t
dlcore_initializer_variance_scaling(double scale, dlcore_initializer_mode_t mode,
                                    dlcore_initializer_distribution_t distribution)
{
    return (dlcore_initializer_t){.kind = DLCORE_INITIALIZER_VARIANCE_SCALING,
                                  .scale = scale,
                                  .mode = mode,
                                  .distribution = distribution};
}

dlcore_initializer_t dlcore_initializer_orthogonal(double gain)
{
    return (dlcore_initializer_t){.kind = DLCORE_INITIALIZER_ORTHOGONAL, .gain = gain};
}

dlcore_initializer_t dlcore_initializer_identity(double gain)
{
    return (dlcore_initializer_t){.kind = DLCORE_INITIALIZER_IDENTITY, .gain = gain};
}

dlcore_initializer_t dlcore_initializer_from_name(const char *name)
{
    for (int kind = 1; kind < INITIALIZER_COUNT; kind++) {
        const initializer_row_t *row = &initializer_rows[kind];

        if (dlcore_name_is(name, row->name) ||
            (row->other != NULL && dlcore_name_is(name, row->other)))
            return make_initializer((dlcore_initializer_kind_t)kind);
    }
    return (dlcore_initializer_t){.kind = DLCORE_INITIALIZER_UNKNOWN};
}

const char *dlcore_initializer_name(dlcore_initializer_kind_t kind)
{
    const initializer_row_t *row = initializer_row(kind);
    return row != NULL ? row->name : "unknown";
}

/* ---- validation ---- */

static const char *initializer_choice(int value)
{
    return dlcore_initializer_name((dlcore_initializer_kind_t)value);
}

dlcore_status dlcore_initializer_validate(const dlcore_initializer_t *initializer, const char *what,
                                          dlcore_error_record_t *error)
{
    dlcore_status status;

    if (initializer->kind == DLCORE_INITIALIZER_NAMED)
        return DLCORE_OK; /* an error only where weights are to be made from it */
    if (initializer_row(initializer->kind) == NULL)
        return dlcore_check_choice(what, "kind", (int)initializer->kind, 1, INITIALIZER_COUNT - 1,
                                   initializer_choice, error);
    status = dlcore_settings_validate_numbers(dlcore_initializer_settings(initializer->kind),
                                              initializer, what, error);
    if (status == DLCORE_OK && initializer->kind == DLCORE_INITIALIZER_RANDOM_UNIFORM &&
        initializer->minval > initializer->maxval)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: minval %.9g is above maxval %.9g",
                           what, initializer->minval, initializer->maxval);
    return status;
}

dlcore_status dlcore_initializer_check_draws(const dlcore_initializer_t *initializer, size_t rank,
                                             const char *what, dlcore_error_record_t *error)
{
    const initializer_row_t *row = initializer_row(initializer->kind);

    if (initializer->kind == DLCORE_INITIALIZER_NAMED)
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "%s: its initializer is %s, which this version knows by name alone: "
                           "weights can be loaded, but not drawn",
                           what, initializer->name[0] != '\0' ? initializer->name : "not given");
    if (row != NULL && row->of_matrices && rank != 2)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: its initializer is %s, which is of matrices: this is a vector",
                           what, row->name);
    return DLCORE_OK;
}
