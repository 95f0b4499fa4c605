/* Adamax, Adam with the infinity norm (keras/src/optimizers/adamax.py).
 *
 *     m = m + (1 - beta_1) (g - m)
 *     u = max(beta_2 u, |g|)
 *     w = w - learning_rate / (1 - beta_1^t) m / (u + epsilon)
 *
 * for step t from 1. The loop: adamax in kernels/kernels_adaptive_template.h.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/optimizer.h"

static size_t adamax_slots(const dlcore_optimizer_t *optimizer)
{
    (void)optimizer;
    return 2;
}

static const char *adamax_slot_name(const dlcore_optimizer_t *optimizer, size_t slot)
{
    (void)optimizer;
    return slot == 0 ? "momentum" : "norm";
}

static dlcore_optimizer_step_t adamax_prepare(const dlcore_optimizer_t *optimizer,
                                              const dlcore_optimizer_clock_t *clock,
                                              float learning_rate)
{
    return (dlcore_optimizer_step_t){
        .settings.adamax = {.learning_rate = learning_rate,
                            .one_minus_beta_1 = (float)(1.0 - optimizer->beta_1),
                            .beta_2 = (float)optimizer->beta_2,
                            .correction = 1.0f - dlcore_optimizer_power(optimizer->beta_1, clock),
                            .epsilon = (float)optimizer->epsilon}};
}

static void adamax_update(const dlcore_training_kernels_t *kernels,
                          const dlcore_optimizer_step_t *step, size_t n, float *weights,
                          const float *gradients, float *const *slot)
{
    kernels->rare->adamax(n, weights, gradients, slot[0], slot[1], &step->settings.adamax);
}

static const dlcore_setting_t adamax_settings[] = {
    DLCORE_OPTIMIZER_BETAS,
    DLCORE_OPTIMIZER_EPSILON,
    {0},
};

const dlcore_optimizer_type_t dlcore_optimizer_type_adamax = {
    .name = "adamax",
    .class_name = "Adamax",
    .settings = adamax_settings,
    .slots = adamax_slots,
    .slot_name = adamax_slot_name,
    .side_by_side = 2,
    .has_clock = true,
};

const dlcore_optimizer_run_t dlcore_optimizer_run_adamax = {
    .prepare = adamax_prepare,
    .update = adamax_update,
};

const dlcore_setting_key_t dlcore_optimizer_keys_adamax[] = {{0}};
