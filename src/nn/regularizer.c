/* Regularizers (keras/src/regularizers/regularizers.py).
 *
 * SPDX-License-Identifier: MIT */
#include "nn/regularizer.h"

#include <float.h>
#include <math.h>

#include "base/error.h"
#include "base/name.h"

#define DEFAULT 0.01                                /* Keras's */
#define REGULARIZER_LARGEST ((double)FLT_MAX / 2.0) /* halved, because the gradient has 2 l2 */

/* The type and place of a row of settings. */
#define REGULARIZER_SETTING(field)                                                 \
    .type = DLCORE_SETTING_DOUBLE, .place = offsetof(dlcore_regularizer_t, field), \
    .high = REGULARIZER_LARGEST

static const dlcore_setting_t l1_settings[] = {
    {.key = "l1", REGULARIZER_SETTING(l1), .value = DEFAULT},
    {0},
};
static const dlcore_setting_t l2_settings[] = {
    {.key = "l2", REGULARIZER_SETTING(l2), .value = DEFAULT},
    {0},
};
static const dlcore_setting_t l1_l2_settings[] = {
    {.key = "l1", REGULARIZER_SETTING(l1)},
    {.key = "l2", REGULARIZER_SETTING(l2)},
    {0},
};

static const dlcore_regularizer_class_t regularizers[] = {
    {"L1", l1_settings}, {"L2", l2_settings}, {"L1L2", l1_l2_settings}};

const dlcore_regularizer_class_t *dlcore_regularizer_class(const dlcore_regularizer_t *regularizer)
{
    if (regularizer->l1 != 0.0)
        return &regularizers[regularizer->l2 != 0.0 ? 2 : 0];
    return regularizer->l2 != 0.0 ? &regularizers[1] : NULL;
}

const dlcore_regularizer_class_t *dlcore_regularizer_class_of_name(const char *name)
{
    for (size_t i = 0; i < sizeof regularizers / sizeof regularizers[0]; i++) {
        if (dlcore_name_is(name, regularizers[i].class_name))
            return &regularizers[i];
    }
    return NULL;
}

dlcore_regularizer_t dlcore_regularizer_l1(double l1)
{
    return (dlcore_regularizer_t){.l1 = l1};
}

dlcore_regularizer_t dlcore_regularizer_l2(double l2)
{
    return (dlcore_regularizer_t){.l2 = l2};
}

dlcore_regularizer_t dlcore_regularizer_l1_l2(double l1, double l2)
{
    return (dlcore_regularizer_t){.l1 = l1, .l2 = l2};
}

dlcore_regularizer_t dlcore_regularizer_from_name(const char *name)
{
    if (dlcore_name_is(name, "l1"))
        return dlcore_regularizer_l1(DEFAULT);
    if (dlcore_name_is(name, "l2"))
        return dlcore_regularizer_l2(DEFAULT);
    if (dlcore_name_is(name, "l1_l2"))
        return dlcore_regularizer_l1_l2(DEFAULT, DEFAULT);
    return dlcore_regularizer_l1_l2((double)NAN, (double)NAN);
}

dlcore_status dlcore_regularizer_validate(const dlcore_regularizer_t *regularizer, const char *what,
                                          dlcore_error_record_t *error)
{
    if (isnan(regularizer->l1) && isnan(regularizer->l2))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: l1 and l2 must lie in 0 .. %g, got nan (a name that was not "
                           "found?)",
                           what, REGULARIZER_LARGEST);
    return dlcore_settings_validate_numbers(l1_l2_settings, regularizer, what, error);
}
