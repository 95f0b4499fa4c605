/* Adagrad with epsilon inside the root (keras/src/optimizers/adagrad.py).
 *
 *     a = a + g^2
 *     w = w - learning_rate g / sqrt(a + epsilon)
 *
 * The loop: adagrad in kernels/kernels_adaptive_template.h.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>

#include "base/error.h"
#include "nn/optimizer.h"

static dlcore_status adagrad_validate(const dlcore_optimizer_t *optimizer, const char *name,
                                      dlcore_error_record_t *error)
{
    dlcore_status status =
        dlcore_check_range(name, "initial_accumulator_value", optimizer->initial_accumulator_value,
                           0.0, FLT_MAX, error);

    return status == DLCORE_OK ? dlcore_optimizer_check_epsilon(optimizer, name, error) : status;
}

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

static void adagrad_update(const dlcore_kernels_t *kernels, const dlcore_optimizer_step_t *step,
                           size_t n, float *weights, const float *gradients, float *const *slot)
{
    kernels->adagrad(n, weights, gradients, slot[0], &step->settings.adagrad);
}

const dlcore_optimizer_type_t dlcore_optimizer_type_adagrad = {
    .name = "adagrad",
    .class_name = "Adagrad",
    .make = dlcore_optimizer_adagrad,
    .validate = adagrad_validate,
    .slots = adagrad_slots,
    .slot_name = adagrad_slot_name,
    .slot_value = slot_value,
    .prepare = adagrad_prepare,
    .update = adagrad_update,
};
