/* What a model keeps between training calls: the optimizer's state, and caches that are compared
 * with what they were made for as each call begins.
 *
 * SPDX-License-Identifier: MIT */
#include "base/allocator.h"
#include "base/error.h"
#include "model/place.h"
#include "model/rank_calls.h"

void dlcore_trainer_clear(dlcore_model_t *model)
{
    dlcore_release(&model->allocator, model->trainer.slots);
    dlcore_update_plan_clear(&model->allocator, &model->trainer.plan);
    dlcore_workspace_clear(&model->trainer.workspace);
    if (model->ranks != NULL) /* else it is empty */
        model->ranks->code->step_clear(&model->trainer.ranked);
    model->trainer = (dlcore_trainer_t){.clock = dlcore_optimizer_clock_start()};
}

void dlcore_trainer_restart(dlcore_model_t *model)
{
    dlcore_release(&model->allocator, model->trainer.slots);
    model->trainer.slots = NULL;
    model->trainer.slot_count = 0;
    model->trainer.clock = dlcore_optimizer_clock_start();
}

void dlcore_trainer_take(dlcore_model_t *model, dlcore_model_t *from)
{
    dlcore_trainer_t *to = &model->trainer;

    dlcore_release(&model->allocator, to->slots);
    to->slots = from->trainer.slots;
    to->slot_count = from->trainer.slot_count;
    to->clock = from->trainer.clock;
    from->trainer.slots = NULL;
}

static dlcore_status make_slots(dlcore_model_t *model)
{
    const dlcore_optimizer_t *optimizer = &model->settings.optimizer;
    size_t count = dlcore_optimizer_slots(optimizer), floats = model->network.value_floats;
    float *slots;

    slots = dlcore_allocate_untouched(&model->allocator, count * floats, sizeof(float));
    if (slots == NULL)
        return dlcore_fail_memory(&model->error, "optimizer state", count * floats * sizeof(float));
    for (size_t slot = 0; slot < count; slot++) {
        float value = dlcore_optimizer_slot_value(optimizer, slot);

        dlcore_model_place(model, slots + slot * floats);
        for (size_t i = 0; value != 0.0f && i < floats; i++)
            slots[slot * floats + i] = value;
    }
    dlcore_update_begin_averages(&model->network, optimizer, slots, NULL);
    model->trainer.slots = slots;
    model->trainer.slot_count = count;
    return DLCORE_OK;
}

dlcore_status dlcore_trainer_begin(dlcore_model_t *model)
{
    dlcore_status status = DLCORE_OK;

    if (model->trainer.slots == NULL)
        status = make_slots(model);
    if (status == DLCORE_OK)
        status = dlcore_halves_ensure(&model->network, &model->error);
    if (status == DLCORE_OK)
        status = dlcore_update_plan_ensure(&model->network, &model->settings.optimizer,
                                           &model->trainer.plan, &model->error);
    return status;
}
