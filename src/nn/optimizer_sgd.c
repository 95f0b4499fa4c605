/* Stochastic gradient descent, with momentum and Nesterov's variant (keras/src/optimizers/sgd.py).
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>

#include "nn/optimizer.h"

static dlcore_status validate(const dlcore_optimizer_t *optimizer, dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_optimizer_check("sgd", "learning_rate", optimizer->learning_rate,
                                                  0.0, FLT_MAX, error);

    if (status == DLCORE_OK)
        status = dlcore_optimizer_check("sgd", "momentum", optimizer->momentum, 0.0, 1.0, error);
    return status;
}

static size_t slots(const dlcore_optimizer_t *optimizer)
{
    return optimizer->momentum != 0.0 ? 1 : 0;
}

static const char *slot_name(const dlcore_optimizer_t *optimizer, size_t slot)
{
    (void)optimizer;
    (void)slot;
    return "momentum";
}

static dlcore_optimizer_step_t prepare(const dlcore_optimizer_t *optimizer)
{
    return (dlcore_optimizer_step_t){
        .settings.sgd = {.learning_rate = (float)optimizer->learning_rate,
                         .momentum = (float)optimizer->momentum,
                         .nesterov = optimizer->nesterov}};
}

static void update(const dlcore_kernels_t *kernels, const dlcore_optimizer_step_t *step, size_t n,
                   float *weights, const float *gradients, float *const *slot)
{
    if (step->settings.sgd.momentum != 0.0f)
        kernels->sgd_momentum(n, weights, gradients, slot[0], &step->settings.sgd);
    else
        kernels->sgd(n, weights, gradients, &step->settings.sgd);
}

const dlcore_optimizer_type_t dlcore_optimizer_type_sgd = {
    .name = "sgd",
    .class_name = "SGD",
    .validate = validate,
    .slots = slots,
    .slot_name = slot_name,
    .prepare = prepare,
    .update = update,
};
