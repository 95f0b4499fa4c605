/* Freezing layers.
 *
 * SPDX-License-Identifier: MIT */
#include "model/model.h"

dlcore_status dlcore_model_set_trainable(dlcore_model_t *model, size_t layer, bool trainable)
{
    dlcore_status status = dlcore_model_begin(model);

    if (status != DLCORE_OK)
        return status;
    status = dlcore_check_layer(model, layer, "set_trainable", &model->error);
    if (status == DLCORE_OK) {
        const dlcore_node_t *node = &model->network.nodes[layer];

        if (trainable && !node->layer.trainable && model->trainer.slots != NULL)
            dlcore_update_begin_averages(&model->network, &model->settings.optimizer,
                                         model->trainer.slots, node);
        dlcore_network_set_trainable(&model->network, layer, trainable);
    }
    return dlcore_model_end(model, status);
}
