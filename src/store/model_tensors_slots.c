/* The tensors of an optimizer's state.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "nn/optimizer.h"
#include "store/model_tensors.h"

static bool slot_exists(const dlcore_model_tensors_t *tensors, size_t slot,
                        const dlcore_parameter_t *parameter)
{
    return !parameter->is_statistic &&
           dlcore_optimizer_slot_size(tensors->optimizer, slot, parameter->rank, parameter->shape) >
               0;
}

/* Of a state vector that has a number for each row or column alone: plain numbers. */
static void set_factor(const dlcore_model_tensors_t *tensors, size_t slot,
                       dlcore_model_tensor_t *tensor)
{
    if (dlcore_optimizer_slot_form(tensors->optimizer, slot) == DLCORE_SLOT_WHOLE)
        return;
    tensor->shape[0] =
        dlcore_optimizer_slot_size(tensors->optimizer, slot, tensor->rank, tensor->shape);
    tensor->shape[1] = 1;
    tensor->rank = 1;
    if (tensor->at != NULL)
        tensor->at += tensor->parameter->offset;
    tensor->parameter = NULL;
}

static void set_slot(const dlcore_model_tensors_t *tensors, size_t slot, const char *name,
                     dlcore_model_tensor_t *tensor)
{
    if (tensors->slots != NULL)
        tensor->at = tensors->slots + slot * tensors->network->value_floats;
    snprintf(tensor->name, sizeof tensor->name, "optimizer/%s/%s/%s",
             dlcore_optimizer_type(tensors->optimizer->kind)->name,
             dlcore_optimizer_slot_name(tensors->optimizer, slot), name);
    set_factor(tensors, slot, tensor);
}

static const dlcore_slot_tensors_t slot_tensors = {slot_exists, set_slot};

void dlcore_model_tensors_set_slots(dlcore_model_tensors_t *tensors, size_t count, float *slots)
{
    tensors->slot_count = count;
    tensors->slot_tensors = &slot_tensors;
    tensors->slots = slots;
}

dlcore_model_tensors_t dlcore_model_tensors_all(const dlcore_model_t *model)
{
    dlcore_model_tensors_t tensors = dlcore_model_tensors(model);
    float *slots = model->trainer.slots;

    dlcore_model_tensors_set_slots(&tensors, slots != NULL ? model->trainer.slot_count : 0, slots);
    return tensors;
}
