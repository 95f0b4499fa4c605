/* Adadelta (keras/src/optimizers/adadelta.py).
 *
 *     a = rho a + (1 - rho) g^2
 *     d = g sqrt(b + epsilon) / sqrt(a + epsilon)
 *     b = rho b + (1 - rho) d^2
 *     w = w - learning_rate d
 *
 * The loop: adadelta in kernels/kernels_adaptive_template.h.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/optimizer.h"

static size_t adadelta_slots(const dlcore_optimizer_t *optimizer)
{
    (void)optimizer;
    return 2;
}

static const char *adadelta_slot_name(const dlcore_optimizer_t *optimizer, size_t slot)
{
    (void)optimizer;
    return slot == 0 ? "accumulated_grad" : "accumulated_delta_var";
}

static dlcore_optimizer_step_t adadelta_prepare(const dlcore_optimizer_t *optimizer,
                                                const dlcore_optimizer_clock_t *clock,
                                                float learning_rate)
{
    (void)clock;
    return (dlcore_optimizer_step_t){
        .settings.rmsprop = {.learning_rate = learning_rate,
                             .rho = (float)optimizer->rho,
                             .one_minus_rho = (float)(1.0 - optimizer->rho),
                             .epsilon = (float)optimizer->epsilon}};
}

static void adadelta_update(const dlcore_training_kernels_t *kernels,
                            const dlcore_optimizer_step_t *step, size_t n, float *weights,
                            const float *gradients, float *const *slot)
{
    kernels->rare->adadelta(n, weights, gradients, slot[0], slot[1], &step->settings.rmsprop);
}

static const dlcore_setting_t adadelta_settings[] = {
    {.key = "rho", DLCORE_OPTIMIZER_SETTING(DOUBLE, rho), .high = 1.0, .value = 0.95},
    DLCORE_OPTIMIZER_EPSILON,
    {0},
};

const dlcore_optimizer_type_t dlcore_optimizer_type_adadelta = {
    .name = "adadelta",
    .class_name = "Adadelta",
    .settings = adadelta_settings,
    .slots = adadelta_slots,
    .slot_name = adadelta_slot_name,
    .side_by_side = 2,
};

const dlcore_optimizer_run_t dlcore_optimizer_run_adadelta = {
    .prepare = adadelta_prepare,
    .update = adadelta_update,
};

const dlcore_setting_key_t dlcore_optimizer_keys_adadelta[] = {{0}};
