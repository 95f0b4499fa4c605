/* Constraints on weights as the engine lays them out.
 *
 * SPDX-License-Identifier: MIT */
#include "base/size.h"
#include "engine/update.h"

/* Columns of a kernel, at most so many at a time, and never of two panels. */
static void constrain_kernel(const dlcore_update_sink_t *update,
                             const dlcore_parameter_t *parameter, const dlcore_place_t *place)
{
    size_t inputs = parameter->shape[0], units = parameter->shape[1];
    size_t panel = update->network->products->kernel_panel(units);
    size_t width = dlcore_size_min(panel, DLCORE_CONSTRAINT_COLUMNS);
    size_t pieces = (units + width - 1) / width;
    size_t end = dlcore_share(pieces, place->worker + 1, place->workers);

    for (size_t i = dlcore_share(pieces, place->worker, place->workers); i < end; i++) {
        size_t column = i * width, within = column % panel;
        float *weights = update->values + parameter->offset + (column - within) * inputs + within;

        dlcore_constraint_apply_columns(parameter->constraint, update->kernels, weights, inputs,
                                        dlcore_size_min(width, units - column), panel);
    }
}

void dlcore_update_constrain(const dlcore_update_sink_t *update, const dlcore_place_t *place)
{
    const dlcore_update_plan_t *plan = update->plan;

    for (size_t i = 0; i < plan->span_count; i++) {
        const dlcore_parameter_t *parameter = plan->spans[i].parameter;

        if (!dlcore_parameter_is_constrained(parameter))
            continue;
        if (parameter->rank == 2)
            constrain_kernel(update, parameter, place);
        else if (i % place->workers == place->worker)
            dlcore_constraint_apply_vector(parameter->constraint, update->kernels,
                                           update->values + parameter->offset, parameter->shape[0]);
    }
}
