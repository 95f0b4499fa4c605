/* Layers and weights by their names.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/error.h"
#include "base/shown.h"
#include "model/model.h"

static dlcore_status check_lookup(const char *call, const dlcore_model_t *model, const char *name,
                                  const size_t *index, dlcore_error_record_t *error)
{
    if (model != NULL && name != NULL && index != NULL)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: %s is NULL", call,
                       model == NULL  ? "model"
                       : name == NULL ? "name"
                                      : "index");
}

static dlcore_status refuse_lookup(const char *what, const char *name,
                                   const dlcore_shown_names_t *there, dlcore_error_record_t *error)
{
    char shown[DLCORE_SHOWN_SIZE];

    return dlcore_fail(error, DLCORE_ERROR_NAME, "find_%s: no %s is named \"%s\"; %s%s", what, what,
                       dlcore_show(shown, name, strlen(name)),
                       there->used > 0 ? "there are " : "the model has none", there->text);
}

dlcore_status dlcore_model_find_layer(const dlcore_model_t *model, const char *name, size_t *index,
                                      dlcore_error_record_t *error)
{
    dlcore_status status = check_lookup("find_layer", model, name, index, error);
    dlcore_shown_names_t there = {.used = 0};

    if (status != DLCORE_OK)
        return status;
    for (size_t i = 0; i < model->network.node_count; i++) {
        if (strcmp(model->network.nodes[i].layer.name, name) == 0) {
            *index = i;
            return DLCORE_OK;
        }
        dlcore_shown_add(&there, model->network.nodes[i].layer.name);
    }
    return refuse_lookup("layer", name, &there, error);
}

dlcore_status dlcore_model_find_weight(const dlcore_model_t *model, const char *name, size_t *index,
                                       dlcore_error_record_t *error)
{
    dlcore_status status = check_lookup("find_weight", model, name, index, error);
    dlcore_shown_names_t there = {.used = 0};
    dlcore_weight_t weight;

    if (status != DLCORE_OK)
        return status;
    if (model->network.values == NULL)
        return dlcore_fail(error, DLCORE_ERROR_STATE,
                           "find_weight: the model has no weights before it is built");
    for (size_t i = 0; dlcore_model_weight(model, i, &weight); i++) {
        if (strcmp(weight.name, name) == 0) {
            *index = i;
            return DLCORE_OK;
        }
        dlcore_shown_add(&there, weight.name);
    }
    return refuse_lookup("weight", name, &there, error);
}
