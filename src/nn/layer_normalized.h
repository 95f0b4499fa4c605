/* What batch and layer normalization have in common.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_LAYER_NORMALIZED_H
#define DLCORE_NN_LAYER_NORMALIZED_H

#include "system/compiler.h"

#include <float.h>

#include "nn/layer.h"

DLCORE_HIDDEN_BEGIN

/* epsilon has to be FLT_MIN or more: what is less may be flushed to zero, and 0 / 0 is NaN. */
#define DLCORE_LAYER_NORMALIZED_SETTINGS                                                  \
    {.key = "axis", .type = DLCORE_SETTING_TEXT, .text = "-1"},                           \
        {.key = "epsilon",                                                                \
         DLCORE_LAYER_SETTING(DOUBLE, epsilon),                                           \
         .low = FLT_MIN,                                                                  \
         .high = FLT_MAX,                                                                 \
         .value = 1e-3},                                                                  \
        {.key = "center", DLCORE_LAYER_SETTING(BOOL, center), .value = true},             \
        {.key = "scale", DLCORE_LAYER_SETTING(BOOL, use_scale), .value = true},           \
        {.key = "beta_initializer",                                                       \
         DLCORE_LAYER_SETTING(INITIALIZER, beta_initializer),                             \
         .value = DLCORE_INITIALIZER_ZEROS},                                              \
    {                                                                                     \
        .key = "gamma_initializer", DLCORE_LAYER_SETTING(INITIALIZER, gamma_initializer), \
        .value = DLCORE_INITIALIZER_ONES                                                  \
    }

/* gamma and beta, those of them that the layer has. */
size_t dlcore_layer_declare_normalized(const dlcore_layer_t *layer, size_t width,
                                       dlcore_parameter_t *parameters);

/* A mean as a sum of two floats, and a variance about it. */
typedef struct dlcore_mean {
    float mean, rest, variance;
} dlcore_mean_t;

/* From the means of x - near and of its square, where `near` is near the mean of x. */
static inline dlcore_mean_t dlcore_mean_of(float near, double distance, double squares)
{
    double mean = (double)near + distance, variance = squares - distance * distance;
    dlcore_mean_t result = {.mean = (float)mean};

    result.rest = (float)((double)near - (double)result.mean + distance);
    result.variance = variance < 0.0 ? 0.0f : (float)variance; /* NaN stays */
    return result;
}

DLCORE_HIDDEN_END

#endif
