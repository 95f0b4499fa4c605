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
#include "base/error.h"
#include "nn/optimizer.h"

static dlcore_status adadelta_validate(const dlcore_optimizer_t *optimizer, const char *name,
                                       dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_check_range(name, "rho", optimizer->rho, 0.0, 1.0, error);

    return status == DLCORE_OK ? dlcore_optimizer_check_epsilon(optimizer, name, error) : status;
}

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

static void adadelta_update(const dlcore_kernels_t *kernels, const dlcore_optimizer_step_t *step,
                            size_t n, float *weights, const float *gradients, float *const *slot)
{
    kernels->adadelta(n, weights, gradients, slot[0], slot[1], &step->settings.rmsprop);
}

const dlcore_optimizer_type_t dlcore_optimizer_type_adadelta = {
    .name = "adadelta",
    .class_name = "Adadelta",
    .make = dlcore_optimizer_adadelta,
    .validate = adadelta_validate,
    .slots = adadelta_slots,
    .slot_name = adadelta_slot_name,
    .prepare = adadelta_prepare,
    .update = adadelta_update,
};
