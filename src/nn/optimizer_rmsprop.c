/* RMSprop with epsilon inside the root (keras/src/optimizers/rmsprop.py).
 *
 *     v = rho v + (1 - rho) g^2
 *     w = w - learning_rate g / sqrt(v + epsilon)
 *
 * centered takes the square of the mean of g from v under the root; momentum adds steps up. The
 * loops: rmsprop and rmsprop_full in kernels/kernels_optimizers_template.h.
 *
 * Slots: velocity, then momentum when there is any, then average_gradient when centered.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/optimizer.h"

static size_t rmsprop_slots(const dlcore_optimizer_t *optimizer)
{
    return 1u + (optimizer->centered ? 1u : 0u) + (optimizer->momentum > 0.0 ? 1u : 0u);
}

static const char *rmsprop_slot_name(const dlcore_optimizer_t *optimizer, size_t slot)
{
    if (slot == 0)
        return "velocity";
    return slot == 1 && optimizer->momentum > 0.0 ? "momentum" : "average_gradient";
}

/* 1 - rho is formed in double, then rounded, as Keras does with Python's numbers. */
static dlcore_optimizer_step_t rmsprop_prepare(const dlcore_optimizer_t *optimizer,
                                               const dlcore_optimizer_clock_t *clock,
                                               float learning_rate)
{
    (void)clock;
    return (dlcore_optimizer_step_t){
        .settings.rmsprop = {.learning_rate = learning_rate,
                             .rho = (float)optimizer->rho,
                             .one_minus_rho = (float)(1.0 - optimizer->rho),
                             .momentum = (float)optimizer->momentum,
                             .epsilon = (float)optimizer->epsilon},
        .centered = optimizer->centered};
}

static void rmsprop_update(const dlcore_training_kernels_t *kernels,
                           const dlcore_optimizer_step_t *step, size_t n, float *weights,
                           const float *gradients, float *const *slot)
{
    const dlcore_rmsprop_step_t *settings = &step->settings.rmsprop;
    float *average, *momentum;

    if (!step->centered && settings->momentum == 0.0f) {
        kernels->rmsprop(n, weights, gradients, slot[0], settings);
        return;
    }
    momentum = settings->momentum > 0.0f ? slot[1] : NULL;
    average = step->centered ? slot[momentum != NULL ? 2 : 1] : NULL;
    kernels->rmsprop_full(n, weights, gradients, slot[0], average, momentum, settings);
}

static const dlcore_setting_t rmsprop_settings[] = {
    {.key = "rho", DLCORE_OPTIMIZER_SETTING(DOUBLE, rho), .high = 1.0, .value = 0.9},
    {.key = "momentum", DLCORE_OPTIMIZER_SETTING(DOUBLE, momentum), .high = 1.0},
    {.key = "centered", DLCORE_OPTIMIZER_SETTING(BOOL, centered)},
    DLCORE_OPTIMIZER_EPSILON,
    {0},
};

const dlcore_optimizer_type_t dlcore_optimizer_type_rmsprop = {
    .name = "rmsprop",
    .class_name = "RMSprop",
    .settings = rmsprop_settings,
    .slots = rmsprop_slots,
    .slot_name = rmsprop_slot_name,
};

const dlcore_optimizer_run_t dlcore_optimizer_run_rmsprop = {
    .prepare = rmsprop_prepare,
    .update = rmsprop_update,
};

const dlcore_setting_key_t dlcore_optimizer_keys_rmsprop[] = {{0}};
