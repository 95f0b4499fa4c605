/* Stochastic gradient descent, with momentum and Nesterov's variant (keras/src/optimizers/sgd.py).
 *
 *     w = w - learning_rate g
 *
 * or, with momentum:
 *
 *     m = momentum m - learning_rate g
 *     w = w + m                                   (nesterov: + momentum m - learning_rate g)
 *
 * The loops: sgd and sgd_momentum in kernels/kernels_optimizers_template.h.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>

#include "nn/optimizer.h"

static size_t sgd_slots(const dlcore_optimizer_t *optimizer)
{
    return optimizer->momentum != 0.0 ? 1 : 0;
}

static const char *sgd_slot_name(const dlcore_optimizer_t *optimizer, size_t slot)
{
    (void)optimizer;
    (void)slot;
    return "momentum";
}

static dlcore_optimizer_step_t sgd_prepare(const dlcore_optimizer_t *optimizer,
                                           const dlcore_optimizer_clock_t *clock,
                                           float learning_rate)
{
    (void)clock;
    return (dlcore_optimizer_step_t){.settings.sgd = {.learning_rate = learning_rate,
                                                      .momentum = (float)optimizer->momentum,
                                                      .nesterov = optimizer->nesterov}};
}

static bool sgd_rests(const dlcore_optimizer_t *optimizer)
{
    return optimizer->momentum == 0.0;
}

static void sgd_update(const dlcore_training_kernels_t *kernels,
                       const dlcore_optimizer_step_t *step, size_t n, float *weights,
                       const float *gradients, float *const *slot)
{
    if (step->settings.sgd.momentum != 0.0f)
        kernels->sgd_momentum(n, weights, gradients, slot[0], &step->settings.sgd);
    else
        kernels->sgd(n, weights, gradients, &step->settings.sgd);
}

static const dlcore_setting_t sgd_settings[] = {
    {.key = "learning_rate",
     DLCORE_OPTIMIZER_SETTING(RATE, learning_rate),
     .high = FLT_MAX,
     .value = 0.01,
     .replaces = true},
    {.key = "momentum", DLCORE_OPTIMIZER_SETTING(DOUBLE, momentum), .high = 1.0},
    {.key = "nesterov", DLCORE_OPTIMIZER_SETTING(BOOL, nesterov)},
    {0},
};

const dlcore_optimizer_type_t dlcore_optimizer_type_sgd = {
    .name = "sgd",
    .class_name = "SGD",
    .settings = sgd_settings,
    .slots = sgd_slots,
    .slot_name = sgd_slot_name,
};

const dlcore_optimizer_run_t dlcore_optimizer_run_sgd = {
    .prepare = sgd_prepare,
    .rests = sgd_rests,
    .update = sgd_update,
};

const dlcore_setting_key_t dlcore_optimizer_keys_sgd[] = {{0}};
