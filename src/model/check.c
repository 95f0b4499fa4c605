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

dlcore_status dlcore_check_model(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                 const dlcore_tensor_t *y, bool weighted,
                                 dlcore_findings_t *findings, dlcore_error_record_t *error)
{
    dlcore_objective_t objective;
    dlcore_check_t check = {
        .model = model, .x = x, .y = y, .weighted = weighted, .findings = findings};
    dlcore_status status = DLCORE_OK;

    memset(findings, 0, sizeof *findings);
    if (model->network.node_count == 0)
        return DLCORE_OK;
    if (model->compiled && model->network.values != NULL) {
        status = dlcore_model_objective(model, &objective, error);
        check.objective = &objective;
    }
    if (status == DLCORE_OK)
        status = look_over(&check, error);
    if (status != DLCORE_OK)
        findings->count = 0;
    return status;
}

dlcore_status dlcore_model_check(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                 const dlcore_tensor_t *y, dlcore_findings_t *findings,
                                 dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_float_mode_t mode;
    dlcore_status status;

    if (findings != NULL)
        findings->count = 0;
    if (model == NULL || findings == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "check: %s is NULL",
                           model == NULL ? "model" : "findings");
    mode = dlcore_float_mode_enter(false);
    status = dlcore_check_model(model, x, y, false, findings, error);
    dlcore_float_mode_leave(mode);
    return dlcore_traces_end(before, status);
}
