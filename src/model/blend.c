/* Two models of the same shape, and beginning anew.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/error.h"
#include "dlcore/steps.h"
#include "model/model.h"

static dlcore_status compare_shapes(const dlcore_model_t *a, const dlcore_model_t *b,
                                    const char *call, dlcore_error_record_t *error)
{
    size_t count;

    if (a == NULL || b == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: a model is NULL", call);
    if (a->network.values == NULL || b->network.values == NULL)
        return dlcore_fail(error, DLCORE_ERROR_STATE, "%s: a model has no weights", call);
    count = dlcore_model_weight_count(a);
    if (count != dlcore_model_weight_count(b))
        return dlcore_fail(error, DLCORE_ERROR_SHAPE, "%s: the models have %zu and %zu weights",
                           call, count, dlcore_model_weight_count(b));
    for (size_t i = 0; i < count; i++) {
        dlcore_weight_t ours, theirs;

        (void)dlcore_model_weight(a, i, &ours);
        (void)dlcore_model_weight(b, i, &theirs);
        if (ours.rank != theirs.rank || memcmp(ours.shape, theirs.shape, sizeof ours.shape) != 0)
            return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                               "%s: weight %zu is %s (%zu, %zu) and %s (%zu, %zu)", call, i,
                               ours.name, ours.shape[0], ours.shape[1], theirs.name,
                               theirs.shape[0], theirs.shape[1]);
    }
    return DLCORE_OK;
}

bool dlcore_model_same_shape(const dlcore_model_t *a, const dlcore_model_t *b,
                             dlcore_error_record_t *error)
{
    return compare_shapes(a, b, "same_shape", error) == DLCORE_OK;
}

static dlcore_status blend(dlcore_model_t *model, const dlcore_model_t *other, double share)
{
    const dlcore_network_t *network = &model->network;
    dlcore_scope_t scope;
    dlcore_status status = compare_shapes(model, other, "blend", &model->error);

    if (status == DLCORE_OK)
        status = dlcore_check_range("blend", "share", share, 0.0, 1.0, &model->error);
    if (status != DLCORE_OK)
        return status;
    if (network->products != other->network.products ||
        network->value_floats != other->network.value_floats)
        return dlcore_fail(&model->error, DLCORE_ERROR_STATE,
                           "blend: the models have different engines, %s and %s",
                           network->products->name(), other->network.products->name());
    scope = dlcore_scope_enter(model);
    dlcore_model_weights_change(model);
    dlcore_training_kernels(network->kernels)
        ->average(network->value_floats, network->values, other->network.values,
                  (float)(1.0 - share), (float)share);
    dlcore_scope_leave(scope);
    return DLCORE_OK;
}

dlcore_status dlcore_model_blend(dlcore_model_t *model, const dlcore_model_t *other, double share)
{
    dlcore_status status = dlcore_model_begin_setting(model);

    if (status != DLCORE_OK)
        return status;
    return dlcore_model_end_setting(model, blend(model, other, share));
}

static dlcore_status reset(dlcore_model_t *model, uint64_t seed)
{
    dlcore_status status;

    if (model->network.values == NULL)
        return dlcore_fail(&model->error, DLCORE_ERROR_STATE,
                           "reset: the model has no weights; call model_build first");
    dlcore_model_weights_change(model);
    status = dlcore_network_draw(&model->network, seed, true, &model->error);
    if (status != DLCORE_OK)
        return status;
    dlcore_trainer_restart(model);
    model->options.seed = seed;
    model->epochs_trained = 0;
    model->steps_trained = 0;
    model->compiles++; /* a run that was stopped cannot go on */
    return DLCORE_OK;
}

dlcore_status dlcore_model_reset(dlcore_model_t *model, uint64_t seed)
{
    dlcore_status status = dlcore_model_begin(model);

    if (status != DLCORE_OK)
        return status;
    return dlcore_model_end(model, reset(model, seed));
}
