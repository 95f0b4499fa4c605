/* Averages of weights: keras/src/optimizers/base_optimizer.py, use_ema.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "engine/update.h"

void dlcore_update_follow_average(const dlcore_update_sink_t *update, size_t offset, size_t count)
{
    float *average = update->average + offset, *weights = update->values + offset;

    update->kernels->average(count, average, weights, update->average_momentum,
                             1.0f - update->average_momentum);
    if (update->overwrites)
        memcpy(weights, average, count * sizeof *weights);
}

void dlcore_update_begin_averages(const dlcore_network_t *network,
                                  const dlcore_optimizer_t *optimizer, float *slots,
                                  const dlcore_node_t *node)
{
    const dlcore_optimizer_type_t *type = dlcore_optimizer_type(optimizer->kind);
    float *average = slots + type->slots(optimizer) * network->value_floats;

    if (!optimizer->use_ema)
        return;
    if (node == NULL)
        memcpy(average, network->values, network->value_floats * sizeof *average);
    for (size_t i = 0; node != NULL && i < node->parameter_count; i++) {
        const dlcore_parameter_t *parameter = &node->parameters[i];

        memcpy(average + parameter->offset, network->values + parameter->offset,
               parameter->floats * sizeof *average);
    }
}

void dlcore_update_take_averages(const dlcore_update_sink_t *update)
{
    for (size_t i = 0; update->average != NULL && i < update->plan->span_count; i++) {
        const dlcore_update_span_t *span = &update->plan->spans[i];

        memcpy(update->values + span->offset, update->average + span->offset,
               span->floats * sizeof *update->values);
    }
}
