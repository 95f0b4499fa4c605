/* Lion (keras/src/optimizers/lion.py): steps of one size, in the direction of a momentum.
 *
 *     w = w - learning_rate sign(beta_1 m + (1 - beta_1) g)
 *     m = beta_2 m + (1 - beta_2) g
 *
 * The loop: lion in kernels/kernels_adaptive_template.h.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/optimizer.h"

static size_t lion_slots(const dlcore_optimizer_t *optimizer)
{
    (void)optimizer;
    return 1;
}

static const char *lion_slot_name(const dlcore_optimizer_t *optimizer, size_t slot)
{
    (void)optimizer;
    (void)slot;
    return "momentum";
}

/* 1 - beta is formed in float, as Keras does here. */
static dlcore_optimizer_step_t lion_prepare(const dlcore_optimizer_t *optimizer,
                                            const dlcore_optimizer_clock_t *clock,
                                            float learning_rate)
{
    float beta_1 = (float)optimizer->beta_1, beta_2 = (float)optimizer->beta_2;

    (void)clock;
    return (dlcore_optimizer_step_t){.settings.lion = {.learning_rate = learning_rate,
                                                       .beta_1 = beta_1,
                                                       .one_minus_beta_1 = 1.0f - beta_1,
                                                       .beta_2 = beta_2,
                                                       .one_minus_beta_2 = 1.0f - beta_2}};
}

static void lion_update(const dlcore_training_kernels_t *kernels,
                        const dlcore_optimizer_step_t *step, size_t n, float *weights,
                        const float *gradients, float *const *slot)
{
    kernels->rare->lion(n, weights, gradients, slot[0], &step->settings.lion);
}

static const dlcore_setting_t lion_settings[] = {
    {.key = "beta_1", /* 0 is refused by Keras, too */
     DLCORE_OPTIMIZER_SETTING(DOUBLE, beta_1),
     .high = 1.0,
     .above = true,
     .value = 0.9},
    {.key = "beta_2",
     DLCORE_OPTIMIZER_SETTING(DOUBLE, beta_2),
     .high = 1.0,
     .value = 0.99,
     .own = true},
    {0},
};

const dlcore_optimizer_type_t dlcore_optimizer_type_lion = {
    .name = "lion",
    .class_name = "Lion",
    .settings = lion_settings,
    .slots = lion_slots,
    .slot_name = lion_slot_name,
};

const dlcore_optimizer_run_t dlcore_optimizer_run_lion = {
    .prepare = lion_prepare,
    .update = lion_update,
};

const dlcore_setting_key_t dlcore_optimizer_keys_lion[] = {{0}};
