/* Taking over what a loaded model has.
 *
 * SPDX-License-Identifier: MIT */
#include "model/take_over.h"

#include <string.h>

#include "base/error.h"
#include "model/model.h"
#include "model/run_state.h"

dlcore_status dlcore_model_compare(const dlcore_model_t *model, const dlcore_model_t *loaded,
                                   dlcore_error_record_t *error)
{
    const dlcore_network_t *a = &model->network, *b = &loaded->network;
    size_t count = dlcore_model_weight_count(model);

    if (a->node_count != b->node_count || count != dlcore_model_weight_count(loaded))
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "the model has %zu layers and %zu weights, the file has %zu and %zu",
                           a->node_count, count, b->node_count, dlcore_model_weight_count(loaded));
    for (size_t i = 0; i < count; i++) {
        dlcore_weight_t ours, theirs;

        (void)dlcore_model_weight(model, i, &ours);
        (void)dlcore_model_weight(loaded, i, &theirs);
        if (strcmp(ours.name, theirs.name) != 0 || ours.rank != theirs.rank ||
            memcmp(ours.shape, theirs.shape, sizeof ours.shape) != 0)
            return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                               "weight %zu is %s (%zu x %zu) in the model, %s (%zu x %zu) in the "
                               "file",
                               i, ours.name, ours.shape[0], ours.shape[1], theirs.name,
                               theirs.shape[0], theirs.shape[1]);
    }
    if (a->products != b->products || a->value_floats != b->value_floats)
        return dlcore_fail(error, DLCORE_ERROR_STATE, "the two models have different engines");
    return DLCORE_OK;
}

void dlcore_model_take_over(dlcore_model_t *model, dlcore_model_t *loaded)
{
    const dlcore_network_t *network = &model->network;

    memcpy(network->values, loaded->network.values,
           network->value_floats * sizeof *network->values);
    dlcore_trainer_take(model, loaded);
    if (model->settings.optimizer.schedule.kind == DLCORE_SCHEDULE_NONE)
        model->settings.optimizer.learning_rate = loaded->settings.optimizer.learning_rate;
    model->epochs_trained = loaded->epochs_trained;
    model->steps_trained = loaded->steps_trained;
    model->options.seed = loaded->options.seed;
    dlcore_model_drop_run(model);
    model->stopped = loaded->stopped;
    loaded->stopped = NULL;
    dlcore_model_weights_change(model);
    dlcore_model_keep_run(model);
}
