/* FTRL-proximal (keras/src/optimizers/ftrl.py), with p = -learning_rate_power.
 *
 *     b = a + g^2
 *     z = z + g + 2 l2_shrinkage w - (b^p - a^p) / learning_rate w,  a = b
 *     q = b^p / learning_rate + 2 l2 + beta / learning_rate
 *     w = (z cut to -l1 .. l1 - z) / q
 *
 * The loop: ftrl in kernels/kernels_adaptive_template.h. With a learning rate of 0 nothing moves,
 * and where q is 0, because there was no gradient yet, the weight stays: Keras has NaN for both.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/optimizer.h"

static size_t ftrl_slots(const dlcore_optimizer_t *optimizer)
{
    (void)optimizer;
    return 2;
}

static const char *ftrl_slot_name(const dlcore_optimizer_t *optimizer, size_t slot)
{
    (void)optimizer;
    return slot == 0 ? "accumulator" : "linear";
}

static float ftrl_slot_value(const dlcore_optimizer_t *optimizer, size_t slot)
{
    return slot == 0 ? (float)optimizer->initial_accumulator_value : 0.0f;
}

static dlcore_optimizer_step_t ftrl_prepare(const dlcore_optimizer_t *o,
                                            const dlcore_optimizer_clock_t *clock,
                                            float learning_rate)
{
    float l2 = (float)o->l2_regularization_strength;
    float more = (float)o->beta / (2.0f * learning_rate);

    (void)clock;
    return (dlcore_optimizer_step_t){
        .settings.ftrl = {.learning_rate = learning_rate,
                          .power = (float)-o->learning_rate_power,
                          .l1 = (float)o->l1_regularization_strength,
                          .two_l2 = 2.0f * (l2 + more),
                          .two_shrinkage = (float)(2.0 * o->l2_shrinkage_regularization_strength)}};
}

static void ftrl_update(const dlcore_training_kernels_t *kernels,
                        const dlcore_optimizer_step_t *step, size_t n, float *weights,
                        const float *gradients, float *const *slot)
{
    if (step->settings.ftrl.learning_rate != 0.0f)
        kernels->rare->ftrl(n, weights, gradients, slot[0], slot[1], &step->settings.ftrl);
}

static const dlcore_setting_t ftrl_settings[] = {
    {.key = "learning_rate_power",
     DLCORE_OPTIMIZER_SETTING(DOUBLE, learning_rate_power),
     .low = -FLT_MAX,
     .value = -0.5},
    {.key = "initial_accumulator_value",
     DLCORE_OPTIMIZER_SETTING(DOUBLE, initial_accumulator_value),
     .high = FLT_MAX,
     .value = 0.1},
    {.key = "l1_regularization_strength",
     DLCORE_OPTIMIZER_SETTING(DOUBLE, l1_regularization_strength),
     .high = FLT_MAX},
    {.key = "l2_regularization_strength",
     DLCORE_OPTIMIZER_SETTING(DOUBLE, l2_regularization_strength),
     .high = FLT_MAX},
    {.key = "l2_shrinkage_regularization_strength",
     DLCORE_OPTIMIZER_SETTING(DOUBLE, l2_shrinkage_regularization_strength),
     .high = FLT_MAX},
    {.key = "beta", DLCORE_OPTIMIZER_SETTING(DOUBLE, beta), .high = FLT_MAX},
    {0},
};

const dlcore_optimizer_type_t dlcore_optimizer_type_ftrl = {
    .name = "ftrl",
    .class_name = "Ftrl",
    .settings = ftrl_settings,
    .slots = ftrl_slots,
    .slot_name = ftrl_slot_name,
    .slot_value = ftrl_slot_value,
    .side_by_side = 2,
};

const dlcore_optimizer_run_t dlcore_optimizer_run_ftrl = {
    .prepare = ftrl_prepare,
    .update = ftrl_update,
};

const dlcore_setting_key_t dlcore_optimizer_keys_ftrl[] = {{0}};
