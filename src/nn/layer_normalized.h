/* What the normalizations have in common.
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
        {.key = "beta_regularizer",                                                       \
         DLCORE_LAYER_SETTING(REGULARIZER, beta_regularizer),                             \
         .quiet = true},                                                                  \
        {.key = "beta_constraint",                                                        \
         DLCORE_LAYER_SETTING(CONSTRAINT, beta_constraint),                               \
         .quiet = true},                                                                  \
        {.key = "gamma_regularizer",                                                      \
         DLCORE_LAYER_SETTING(REGULARIZER, gamma_regularizer),                            \
         .quiet = true},                                                                  \
        {.key = "gamma_constraint",                                                       \
         DLCORE_LAYER_SETTING(CONSTRAINT, gamma_constraint),                              \
         .quiet = true},                                                                  \
        {.key = "beta_initializer",                                                       \
         DLCORE_LAYER_SETTING(INITIALIZER, beta_initializer),                             \
         .value = DLCORE_INITIALIZER_ZEROS},                                              \
    {                                                                                     \
        .key = "gamma_initializer", DLCORE_LAYER_SETTING(INITIALIZER, gamma_initializer), \
        .value = DLCORE_INITIALIZER_ONES                                                  \
    }

/* Which weights a normalization has, by its kind: a descriptor may have anything in the fields of
 * other kinds. Keras's rms_scaling always has a gamma, and never a beta. */
static inline bool dlcore_layer_is_scaled(const dlcore_layer_t *layer)
{
    return layer->kind == DLCORE_LAYER_LAYER_NORMALIZATION && layer->rms_scaling;
}
static inline bool dlcore_layer_has_gamma(const dlcore_layer_t *layer)
{
    return layer->kind == DLCORE_LAYER_RMS_NORMALIZATION || dlcore_layer_is_scaled(layer) ||
           (layer->kind != DLCORE_LAYER_UNIT_NORMALIZATION && layer->use_scale);
}
static inline bool dlcore_layer_has_beta(const dlcore_layer_t *layer)
{
    return layer->kind != DLCORE_LAYER_RMS_NORMALIZATION &&
           layer->kind != DLCORE_LAYER_UNIT_NORMALIZATION && layer->center &&
           !dlcore_layer_is_scaled(layer);
}

/* gamma and beta, those of them that the layer has. */
size_t dlcore_layer_declare_normalized(const dlcore_layer_t *layer, size_t width,
                                       dlcore_parameter_t *parameters);

/* ---- rows: layer, RMS and unit normalization ---- */

/* Sums over a row of x - mean and of its square. */
typedef struct dlcore_row_moments {
    double sum, squares;
} dlcore_row_moments_t;
dlcore_row_moments_t dlcore_row_moments(const dlcore_layer_pass_t *pass, size_t row, float mean);
double dlcore_row_squares(const dlcore_layer_pass_t *pass, size_t row);

/* What a row of x is normalized by. */
typedef dlcore_row_scale_t dlcore_row_measure_t(const dlcore_layer_pass_t *pass, size_t row);
/* Of the sums of g = dy gamma and of g n, n being what is normalized, makes what goes from g:
 * dx = k (g - dots[0] - n dots[1]). */
typedef void dlcore_row_settle_t(const dlcore_layer_pass_t *pass, const dlcore_row_scale_t *scale,
                                 float dots[2]);

/* The functions of a layer, for the worker's rows or units. Forward keeps in the pass's state what
 * `measure` says; the input gradient takes that where its own `measure` is NULL. */
size_t dlcore_rows_state_floats(size_t width, size_t rows);
void dlcore_rows_forward(const dlcore_layer_pass_t *pass, dlcore_row_measure_t *measure);
void dlcore_rows_input_gradient(const dlcore_layer_pass_t *pass, dlcore_row_measure_t *measure,
                                dlcore_row_settle_t *settle);
void dlcore_rows_parameter_gradient(const dlcore_layer_pass_t *pass);

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
