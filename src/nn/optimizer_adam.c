/* Adam and AdamW (keras/src/optimizers/adam.py), which differ only in the default of weight_decay.
 *
 *     m = m + (1 - beta_1) (g - m)
 *     v = v + (1 - beta_2) (g^2 - v)
 *     w = w - learning_rate sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + epsilon)
 *
 * for step t from 1; amsgrad takes the largest v so far. The loops: adam and adam_amsgrad in
 * kernels/kernels_optimizers_template.h.
 *
 * Slots: momentum, velocity, then velocity_hat with amsgrad.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>

#include "nn/optimizer.h"

static size_t adam_slots(const dlcore_optimizer_t *optimizer)
{
    return optimizer->amsgrad ? 3 : 2;
}

static const char *adam_slot_name(const dlcore_optimizer_t *optimizer, size_t slot)
{
    static const char *const names[] = {"momentum", "velocity", "velocity_hat"};

    (void)optimizer;
    return names[slot];
}

static dlcore_optimizer_step_t adam_prepare(const dlcore_optimizer_t *optimizer,
                                            const dlcore_optimizer_clock_t *clock,
                                            float learning_rate)
{
    float power_1 = dlcore_optimizer_power(optimizer->beta_1, clock);
    float power_2 = dlcore_optimizer_power(optimizer->beta_2, clock);

    return (dlcore_optimizer_step_t){
        .settings.adam = {.alpha = learning_rate * sqrtf(1.0f - power_2) / (1.0f - power_1),
                          .one_minus_beta_1 = (float)(1.0 - optimizer->beta_1),
                          .one_minus_beta_2 = (float)(1.0 - optimizer->beta_2),
                          .epsilon = (float)optimizer->epsilon},
        .amsgrad = optimizer->amsgrad};
}

static void adam_update(const dlcore_training_kernels_t *kernels,
                        const dlcore_optimizer_step_t *step, size_t n, float *weights,
                        const float *gradients, float *const *slot)
{
    const dlcore_adam_step_t *settings = &step->settings.adam;

    if (step->amsgrad)
        kernels->adam_amsgrad(n, weights, gradients, slot[0], slot[1], slot[2], settings);
    else
        kernels->adam(n, weights, gradients, slot[0], slot[1], settings);
}

static const dlcore_setting_t adam_settings[] = {
    {.key = "amsgrad", DLCORE_OPTIMIZER_SETTING(BOOL, amsgrad)},
    DLCORE_OPTIMIZER_BETAS,
    DLCORE_OPTIMIZER_EPSILON,
    {0},
};

const dlcore_optimizer_type_t dlcore_optimizer_type_adam = {
    .name = "adam",
    .class_name = "Adam",
    .settings = adam_settings,
    .slots = adam_slots,
    .slot_name = adam_slot_name,
    .side_by_side = 2,
    .has_clock = true,
};

const dlcore_optimizer_run_t dlcore_optimizer_run_adam = {
    .prepare = adam_prepare,
    .update = adam_update,
};

const dlcore_setting_key_t dlcore_optimizer_keys_adam[] = {{0}};

static const dlcore_setting_t adamw_settings[] = {
    {.key = "weight_decay", /* a number, which may be 0 */
     DLCORE_OPTIMIZER_SETTING(DOUBLE, weight_decay),
     .high = FLT_MAX,
     .value = 0.004,
     .replaces = true},
    {.key = "amsgrad", DLCORE_OPTIMIZER_SETTING(BOOL, amsgrad)},
    DLCORE_OPTIMIZER_BETAS,
    DLCORE_OPTIMIZER_EPSILON,
    {0},
};

const dlcore_optimizer_type_t dlcore_optimizer_type_adamw = {
    .name = "adamw",
    .class_name = "AdamW",
    .settings = adamw_settings,
    .slots = adam_slots,
    .slot_name = adam_slot_name,
    .side_by_side = 2,
    .has_clock = true,
};

const dlcore_optimizer_run_t dlcore_optimizer_run_adamw = {
    .prepare = adam_prepare,
    .update = adam_update,
};

const dlcore_setting_key_t dlcore_optimizer_keys_adamw[] = {{0}};
