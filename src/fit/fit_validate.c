/* Validation within a fit: the epoch's values of data that are not trained on.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/error.h"
#include "fit/fit.h"
#include "model/evaluate.h"
#include "model/rank_calls.h"

/* Each rank has its share of the rows. */
static dlcore_status run_share(const dlcore_run_t *run, dlcore_sums_t *sums,
                               dlcore_error_record_t *error)
{
    const dlcore_model_t *model = run->model;
    dlcore_meeting_t meeting = {.point = DLCORE_MEETING_VALIDATION, .rows = run->source.rows};
    const dlcore_rank_calls_t *code = model->ranks->code;
    dlcore_tally_t tally;

    meeting.status = code->tally_create(model, run->objective, &model->allocator, &tally, error);
    if (meeting.status == DLCORE_OK)
        meeting.status = code->tally_run(&tally, run, error);
    meeting.status = code->tally_settle(&tally, &meeting, sums, error);
    code->tally_free(&tally);
    return meeting.status;
}

static dlcore_status run_tensors(const dlcore_run_t *run, dlcore_sums_t *sums,
                                 dlcore_error_record_t *error)
{
    const dlcore_model_t *model = run->model;
    dlcore_run_t taken = *run;
    dlcore_status status;

    if (run->team == NULL) /* training may be too small for one */
        taken.team = dlcore_model_acquire_team(
            model, dlcore_forward_work(model, run->source.x, run->source.rows));
    status = dlcore_model_ranks(model) != NULL ? run_share(&taken, sums, error)
                                               : dlcore_run_evaluate(&taken, sums, error);
    if (run->team == NULL)
        dlcore_model_release_team(model, taken.team);
    return status;
}

dlcore_status dlcore_fit_validate(dlcore_fit_t *fit)
{
    const dlcore_fit_options_t *options = fit->options;
    double *values = fit->values + fit->trained_values;
    dlcore_objective_t objective = fit->training.objective;
    dlcore_run_t run = {.model = fit->model,
                        .objective = &objective,
                        .source = fit->validation,
                        .block = options->validation_batch_size > 0 ? options->validation_batch_size
                                                                    : options->batch_size,
                        .team = fit->training.team};
    dlcore_error_record_t found = {0};
    dlcore_status status;

    for (size_t i = 0; i < fit->trained_values; i++)
        values[i] = (double)NAN;
    fit->shown_values = fit->trained_values;
    if (!fit->validates || (fit->position.epoch + 1) % options->validation_freq != 0)
        return DLCORE_OK;
    objective.weighted = fit->validation.weights != NULL;
    if (options->validation_dataset != NULL) {
        dlcore_host_begin(fit->model, &fit->scope, "the validation's dataset");
        status = dlcore_evaluate_dataset(&run, &objective, options->validation_dataset,
                                         options->validation_steps, &fit->validation_sums, &found);
        dlcore_host_end(fit->model, &fit->scope);
    } else {
        status = run_tensors(&run, &fit->validation_sums, &found);
    }
    if (status != DLCORE_OK)
        return dlcore_fail(&fit->model->error, status, "validation: %s", found.message);
    dlcore_fit_set_values(fit, &fit->validation_sums, values);
    fit->shown_values = fit->all_values;
    return DLCORE_OK;
}
