/* The learning rate of a model: asked for, changed, scheduled.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>

#include "base/error.h"
#include "model/model.h"

dlcore_status dlcore_model_rate(const dlcore_model_t *model, double *rate,
                                dlcore_error_record_t *error)
{
    const dlcore_optimizer_t *optimizer = &model->settings.optimizer;
    uint64_t step = model->trainer.clock.iterations;

    *rate = optimizer->learning_rate;
    if (optimizer->schedule.kind == DLCORE_SCHEDULE_NONE)
        return DLCORE_OK;
    *rate = dlcore_schedule_value(&optimizer->schedule, step);
    if (*rate >= 0.0 && *rate <= (double)FLT_MAX)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                       "schedule: the learning rate must lie in 0 .. %g, got %g for step %llu",
                       (double)FLT_MAX, *rate, (unsigned long long)step);
}

double dlcore_model_learning_rate(const dlcore_model_t *model)
{
    double rate;

    if (model == NULL || !model->compiled)
        return (double)NAN;
    (void)dlcore_model_rate(model, &rate, NULL);
    return rate;
}

static dlcore_status set(dlcore_model_t *model, double learning_rate)
{
    dlcore_optimizer_t *optimizer = &model->settings.optimizer;
    dlcore_status status;

    if (!model->compiled)
        return dlcore_fail(&model->error, DLCORE_ERROR_STATE,
                           "set_learning_rate: the model is not compiled; model_compile comes "
                           "first");
    if (optimizer->schedule.kind != DLCORE_SCHEDULE_NONE)
        return dlcore_fail(&model->error, DLCORE_ERROR_STATE,
                           "set_learning_rate: the optimizer has a schedule, which gives the "
                           "learning rate");
    status = dlcore_optimizer_check("set_learning_rate", "learning_rate", learning_rate, 0.0,
                                    FLT_MAX, &model->error);
    if (status == DLCORE_OK)
        optimizer->learning_rate = learning_rate;
    return status;
}

dlcore_status dlcore_model_set_learning_rate(dlcore_model_t *model, double learning_rate)
{
    dlcore_status status = dlcore_model_begin_setting(model);

    if (status != DLCORE_OK)
        return status;
    return dlcore_model_end_setting(model, set(model, learning_rate));
}
