/* Nadam, Adam with Nesterov's momentum (keras/src/optimizers/nadam.py).
 *
 *     b = beta_1 (1 - 0.96^t / 2), c the same for t + 1, p the product of all b until t
 *     m = m + (1 - beta_1) (g - m)
 *     v = v + (1 - beta_2) (g^2 - v)
 *     n = c m / (1 - p c) + (1 - b) g / (1 - p)
 *     w = w - learning_rate n / (sqrt(v / (1 - beta_2^t)) + epsilon)
 *
 * for step t from 1. The loop: nadam in kernels/kernels_adaptive_template.h.
 *
 * The product of the momentum's factors belongs to the clock, in float as Keras keeps it.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/optimizer.h"

static size_t nadam_slots(const dlcore_optimizer_t *optimizer)
{
    (void)optimizer;
    return 2;
}

static const char *nadam_slot_name(const dlcore_optimizer_t *optimizer, size_t slot)
{
    (void)optimizer;
    return slot == 0 ? "momentum" : "velocity";
}

/* The share of beta_1 in the next update, or `later` updates after it. */
static float warming(const dlcore_optimizer_clock_t *clock, uint64_t later)
{
    dlcore_optimizer_clock_t then = {.iterations = clock->iterations + later};

    return 1.0f - 0.5f * dlcore_optimizer_power(0.96, &then);
}

static double product(const dlcore_optimizer_t *optimizer, const dlcore_optimizer_clock_t *clock)
{
    float scaled = (float)clock->product * (float)optimizer->beta_1;

    return (double)(scaled * warming(clock, 0));
}

/* 1 - beta is formed in float, unlike Adam's. */
static dlcore_optimizer_step_t nadam_prepare(const dlcore_optimizer_t *optimizer,
                                             const dlcore_optimizer_clock_t *clock,
                                             float learning_rate)
{
    float beta_1 = (float)optimizer->beta_1;
    float now = beta_1 * warming(clock, 0), next = beta_1 * warming(clock, 1);
    float product_now = (float)product(optimizer, clock), product_next = product_now * next;

    return (dlcore_optimizer_step_t){
        .settings.nadam = {.learning_rate = learning_rate,
                           .one_minus_beta_1 = 1.0f - beta_1,
                           .one_minus_beta_2 = 1.0f - (float)optimizer->beta_2,
                           .of_momentum = next / (1.0f - product_next),
                           .of_gradient = (1.0f - now) / (1.0f - product_now),
                           .correction =
                               1.0f / (1.0f - dlcore_optimizer_power(optimizer->beta_2, clock)),
                           .epsilon = (float)optimizer->epsilon}};
}

static void nadam_update(const dlcore_training_kernels_t *kernels,
                         const dlcore_optimizer_step_t *step, size_t n, float *weights,
                         const float *gradients, float *const *slot)
{
    kernels->rare->nadam(n, weights, gradients, slot[0], slot[1], &step->settings.nadam);
}

static const dlcore_setting_t nadam_settings[] = {
    DLCORE_OPTIMIZER_BETAS,
    DLCORE_OPTIMIZER_EPSILON,
    {0},
};

const dlcore_optimizer_type_t dlcore_optimizer_type_nadam = {
    .name = "nadam",
    .class_name = "Nadam",
    .settings = nadam_settings,
    .slots = nadam_slots,
    .slot_name = nadam_slot_name,
    .side_by_side = 2,
    .has_clock = true,
};

const dlcore_optimizer_run_t dlcore_optimizer_run_nadam = {
    .prepare = nadam_prepare,
    .product = product,
    .update = nadam_update,
};

const dlcore_setting_key_t dlcore_optimizer_keys_nadam[] = {{0}};
