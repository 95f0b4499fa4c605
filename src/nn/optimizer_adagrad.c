/* Adagrad with epsilon inside the root (keras/src/optimizers/adagrad.py).
 *
 *     a = a + g^2
 *     w = w - learning_rate g / sqrt(a + epsilon)
 *
 * The loop: adagrad in kernels/kernels_adaptive_template.h.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>

#include "nn/optimizer.h"

static size_t adagrad_slots(const dlcore_optimizer_t *optimizer)
{
    (void)optimizer;
    return 1;
}

static const char *adagrad_slot_name(const dlcore_optimizer_t *optimizer, size_t slot)
{
    (void)optimizer;
    (void)slot;
    return "accumulator";
}

static float slot_value(const dlcore_optimizer_t *optimizer, size_t slot)
{
    (void)slot;
    return (float)optimizer->initial_accumulator_value;
}

static dlcore_optimizer_step_t adagrad_prepare(const dlcore_optimizer_t *optimizer,
                                               const dlcore_optimizer_clock_t *clock,
                                               float learning_rate)
{
    (void)clock;
    return (dlcore_optimizer_step_t){.settings.adagrad = {
                                         .learning_rate = learning_rate,
                                         .epsilon = (float)optimizer->epsilon,
                                     }};
}

static void adagrad_update(const dlcore_training_kernels_t *kernels,
                           const dlcore_optimizer_step_t *step, size_t n, float *weights,
                           const float *gradients, float *const *slot)
{
    kernels->rare->adagrad(n, weights, gradients, slot[0], &step->settings.adagrad);
}

static const dlcore_setting_t adagrad_settings[] = {
    {.key = "initial_accumulator_value",
     DLCORE_OPTIMIZER_SETTING(DOUBLE, initial_accumulator_value),
     .high = FLT_MAX,
     .value = 0.1},
    DLCORE_OPTIMIZER_EPSILON,
    {0},
};

const dlcore_optimizer_type_t dlcore_optimizer_type_adagrad = {
    .name = "adagrad",
    .class_name = "Adagrad",
    .settings = adagrad_settings,
    .slots = adagrad_slots,
    .slot_name = adagrad_slot_name,
    .slot_value = slot_value,
};

const dlcore_optimizer_run_t dlcore_optimizer_run_adagrad = {
    .prepare = adagrad_prepare,
    .update = adagrad_update,
};

const dlcore_setting_key_t dlcore_optimizer_keys_adagrad[] = {{0}};
