/* The host's side of a call: a dataset, a callback, and where bytes and text go.
 *
 * SPDX-License-Identifier: MIT */
#include "fuzz/calls/world.h"

#include <stdlib.h>
#include <string.h>

/* What comes of calls within a training call is for the training call to say. */
#define WITHIN(call) ((void)(call))

static dlcore_status begin(void *user, size_t pass, size_t batch, dlcore_error_record_t *error)
{
    world_t *world = user;

    (void)pass;
    (void)error;
    world->given = batch;
    return DLCORE_OK;
}

static dlcore_status next(void *user, dlcore_dataset_batch_t *batch, dlcore_error_record_t *error)
{
    world_t *world = user;

    if (world->fails_at > 0 && --world->fails_at == 0) {
        if (world->batches % 2 == 0)
            strcpy(error->message, "the host's reader failed");
        return DLCORE_ERROR_IO;
    }
    if (world->given >= world->batches)
        return DLCORE_OK;
    world->given++;
    *batch = (dlcore_dataset_batch_t){
        .x = world->batch_x, .y = world->batch_y, .sample_weight = world->batch_weight};
    return DLCORE_OK;
}

dlcore_dataset_t host_dataset(world_t *world, const dlcore_tensor_t *x, const dlcore_tensor_t *y)
{
    dlcore_dataset_t dataset = {.user = world, .begin = begin, .next = next};

    world->batches = script_pick(&world->script, 4);
    world->fails_at = script_rarely(&world->script, 5) ? script_pick(&world->script, 6) : 0;
    world->batch_x = x;
    world->batch_y = y;
    world->batch_weight = script_rarely(&world->script, 6) ? world_tensor(world) : NULL;
    dataset.batches = script_size(&world->script, 4);
    dataset.prefetch = script_rarely(&world->script, 8);
    if (script_rarely(&world->script, 48))
        dataset.next = NULL;
    if (script_rarely(&world->script, 48))
        dataset.begin = NULL;
    return dataset;
}

void host_plan(world_t *world)
{
    world->events = 0;
    world->act_at = script_pick(&world->script, 24);
    world->action = script_pick(&world->script, 16);
}

static void use_model(world_t *world, dlcore_model_t *model)
{
    size_t count = dlcore_model_parameter_count(model);

    if (count > WORLD_NUMBERS)
        return;
    WITHIN(dlcore_model_get_weights(model, world->outputs, count));
    script_floats(&world->script, world->outputs, count < 3 ? count : 3);
    WITHIN(dlcore_model_set_weights(model, world->outputs, count));
}

static void save_and_drop(world_t *world, dlcore_model_t *model)
{
    void *bytes = NULL;
    size_t size = 0;

    if (dlcore_model_save_memory(model, NULL, &bytes, &size) == DLCORE_OK)
        world->allocator.release(world->allocator.user, bytes);
}

static void clone_and_drop(const dlcore_model_t *model)
{
    dlcore_model_t *clone = NULL;

    WITHIN(dlcore_model_clone(model, &clone));
    dlcore_model_free(clone);
}

dlcore_callback_action_t host_callback(void *user, const dlcore_training_event_t *event)
{
    world_t *world = user;

    if (world->events++ != world->act_at)
        return DLCORE_CALLBACK_CONTINUE;
    switch (world->action) {
    case 0:
    case 1:
        return DLCORE_CALLBACK_STOP;
    case 2:
        if (world->act_at % 2 == 0)
            strcpy(event->error->message, "the host's callback failed");
        return DLCORE_CALLBACK_FAIL;
    case 3:
        return (dlcore_callback_action_t)script_choice(&world->script, 3, 9);
    case 4:
        use_model(world, event->model);
        break;
    case 5:
        WITHIN(dlcore_model_set_learning_rate(event->model, script_number(&world->script, 0.01)));
        break;
    case 6:
        dlcore_model_request_stop(event->model);
        break;
    case 7:
        save_and_drop(world, event->model);
        break;
    case 8:
        clone_and_drop(event->model);
        break;
    case 9: /* refused: the call has the model */
        world_require(dlcore_model_build(event->model, 3) == DLCORE_ERROR_BUSY, "a callback",
                      "could build the model that is trained");
        break;
    case 10:
        if (world->can_leave) {
            world->has_left = true;
            longjmp(world->left, 1);
        }
        break;
    case 11:
        WITHIN(dlcore_model_set_note(event->model, script_text(&world->script),
                                     script_text(&world->script)));
        break;
    case 12:
        WITHIN(dlcore_training_value(event, script_text(&world->script)));
        break;
    case 13:
        world_fail_memory(world, 1 + script_pick(&world->script, 8), false);
        break;
    case 14:
        WITHIN(dlcore_model_set_trainable(event->model, 0, false));
        break;
    default:
        WITHIN(dlcore_model_predict(event->model, world->batch_x, world->tensors[0]));
        break;
    }
    return DLCORE_CALLBACK_CONTINUE;
}

void host_write(void *user, const char *text, size_t length)
{
    world_t *world = user;

    (void)fwrite(text, 1, length, world->sink);
}

bool host_write_bytes(void *user, const void *bytes, size_t size)
{
    world_t *world = user;

    (void)fwrite(bytes, 1, size, world->sink);
    return world->fails_at == 0 || --world->fails_at > 0;
}

size_t host_read_bytes(void *user, void *to, size_t want)
{
    world_t *world = user;
    size_t left = world->file_size - world->given, take = want < left ? want : left;

    if (world->fails_at > 0 && --world->fails_at == 0)
        take /= 2;
    if (take > 0)
        memcpy(to, (const char *)world->file + world->given, take);
    world->given += take;
    return take;
}
