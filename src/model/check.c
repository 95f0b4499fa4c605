/* Looking over a model and its data: what is looked at, in which order.
 *
 * SPDX-License-Identifier: MIT */
#include "model/check.h"

#include <string.h>

#include "base/error.h"
#include "base/float_mode.h"
#include "base/traces.h"

/* x and y as fit takes them. */
static dlcore_status look_at_data(const dlcore_check_t *check, dlcore_error_record_t *error)
{
    const dlcore_network_t *network = &check->model->network;
    dlcore_status status = DLCORE_OK;

    if (check->x != NULL)
        status = dlcore_check_samples(network, check->x, error);
    if (status == DLCORE_OK && check->y != NULL && check->objective != NULL)
        status = dlcore_check_labels(network, check->objective,
                                     check->x != NULL ? check->x : check->y, check->y, error);
    return status;
}

/* Everything that is there to be looked at. */
static dlcore_status look_over(const dlcore_check_t *check, dlcore_error_record_t *error)
{
    dlcore_status status = look_at_data(check, error);

    if (status == DLCORE_OK && check->x != NULL)
        status = dlcore_check_features(check, error);
    if (status == DLCORE_OK && check->y != NULL && check->objective != NULL)
        status = dlcore_check_targets(check, error);
    if (status != DLCORE_OK)
        return status;
    dlcore_check_layers(check);
    dlcore_check_output(check);
    return check->x != NULL ? dlcore_check_dead_units(check, error) : DLCORE_OK;
}

/* Looks at what `check` names, into its findings. */
static dlcore_status check_model(dlcore_check_t check, dlcore_error_record_t *error)
{
    const dlcore_model_t *model = check.model;
    dlcore_objective_t objective;
    dlcore_status status = DLCORE_OK;

    memset(check.findings, 0, sizeof *check.findings);
    if (model->network.node_count == 0)
        return DLCORE_OK;
    if (model->compiled && model->network.values != NULL) {
        status = dlcore_model_objective(model, &objective, error);
        check.objective = &objective;
    }
    if (status == DLCORE_OK)
        status = look_over(&check, error);
    if (status != DLCORE_OK)
        check.findings->count = 0;
    return status;
}

dlcore_status dlcore_check_training(const dlcore_model_t *model, const dlcore_source_t *training,
                                    size_t held_out, bool weighted, dlcore_findings_t *findings,
                                    dlcore_error_record_t *error)
{
    dlcore_check_t check = {.model = model,
                            .x = training->x,
                            .y = training->y,
                            .weighted = weighted,
                            .order = training->order,
                            .samples = training->rows,
                            .held_out = held_out,
                            .findings = findings};

    return check_model(check, error);
}

dlcore_status dlcore_model_check(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                 const dlcore_tensor_t *y, dlcore_findings_t *findings,
                                 dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_check_t check = {.model = model, .x = x, .y = y, .findings = findings};
    dlcore_float_mode_t mode;
    dlcore_status status;

    if (findings != NULL)
        findings->count = 0;
    if (model == NULL || findings == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "check: %s is NULL",
                           model == NULL ? "model" : "findings");
    mode = dlcore_float_mode_enter(false);
    if (x != NULL || y != NULL)
        check.samples = dlcore_sample_count(x != NULL ? x : y);
    status = check_model(check, error);
    dlcore_float_mode_leave(mode);
    return dlcore_traces_end(before, status);
}
