/* Cross-validation: candidates and folds shared out among threads.
 *
 * A job is a candidate on a fold. Each thread takes the next job, so that results do not depend on
 * how many threads there are, and a model on one thread has the bits of a model on several.
 *
 * SPDX-License-Identifier: MIT */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "base/traces.h"
#include "base/utf8.h"
#include "engine/team.h"
#include "fit/cross_validation.h"
#include "model/model.h"
#include "nn/function.h"
#include "system/clock.h"
#include "system/threads.h"

enum { MOST_THREADS = 64 };

dlcore_cross_validate_options_t dlcore_cross_validate_options_default(void)
{
    return (dlcore_cross_validate_options_t){.structure_size =
                                                 sizeof(dlcore_cross_validate_options_t),
                                             .folds = dlcore_k_fold_options_default(),
                                             .adapt = true};
}

typedef struct crossing {
    const dlcore_cross_candidate_t *candidates;
    const dlcore_tensor_t *x, *y;
    const dlcore_cross_validate_options_t *options;
    dlcore_cross_validation_t *table;
    size_t jobs, threads;
    atomic_size_t next;
    atomic_bool stopped;
    dlcore_error_record_t *errors; /* of each job */
} crossing_t;

/* ---- checking ---- */

/* What of the host's a candidate's training would call; NULL: nothing. */
static const char *calls_host(const dlcore_cross_candidate_t *candidate)
{
    const dlcore_compile_options_t *settings = &candidate->model->settings;

    if (candidate->fit != NULL && candidate->fit->callback_count > 0)
        return "callbacks";
    if (candidate->fit != NULL && candidate->fit->validation_dataset != NULL)
        return "a validation_dataset";
    if (candidate->fit != NULL && candidate->fit->verbose != 0)
        return "verbose";
    if (dlcore_loss_is_function(settings->loss.kind))
        return "a loss of its own";
    if (settings->optimizer.schedule.kind == DLCORE_SCHEDULE_FUNCTION)
        return "a schedule of its own";
    for (size_t i = 0; i < settings->metric_count; i++)
        if (settings->metrics[i].kind == DLCORE_METRIC_FUNCTION)
            return "a metric of its own";
    for (size_t i = 0; i < settings->weighted_metric_count; i++)
        if (settings->weighted_metrics[i].kind == DLCORE_METRIC_FUNCTION)
            return "a metric of its own";
    return NULL;
}

static dlcore_status check_candidate(const dlcore_cross_candidate_t *candidate, size_t number,
                                     const dlcore_cross_validate_options_t *options)
{
    dlcore_error_record_t *error = options->error;
    const char *host;

    if (candidate->model == NULL || !candidate->model->compiled)
        return dlcore_fail(
            error, candidate->model == NULL ? DLCORE_ERROR_ARGUMENT : DLCORE_ERROR_STATE,
            "cross_validate: the model of candidate %zu is %s", number,
            candidate->model == NULL ? "NULL" : "not compiled; call model_compile first");
    if (candidate->name != NULL && strlen(candidate->name) >= DLCORE_CROSS_CANDIDATE_NAME_SIZE)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "cross_validate: the name of candidate %zu has more than %d bytes",
                           number, DLCORE_CROSS_CANDIDATE_NAME_SIZE - 1);
    if (candidate->name != NULL && dlcore_utf8_problem(candidate->name) != NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "cross_validate: the name of candidate %zu %s", number,
                           dlcore_utf8_problem(candidate->name));
    if (candidate->fit != NULL && dlcore_check_options(candidate->fit, "fit", error) != DLCORE_OK)
        return DLCORE_ERROR_ARGUMENT;
    if (candidate->fit != NULL && (candidate->fit->sample_weight != NULL || candidate->fit->resume))
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "cross_validate: fit of candidate %zu has %s", number,
                           candidate->fit->resume ? "resume" : "sample_weight");
    host = options->at_once > 1 ? calls_host(candidate) : NULL;
    if (host != NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "cross_validate: candidate %zu has %s, so at_once must be 0 or 1, got "
                           "%zu",
                           number, host, options->at_once);
    return DLCORE_OK;
}

static dlcore_status check_crossing(const crossing_t *crossing, size_t count)
{
    const dlcore_cross_validate_options_t *options = crossing->options;
    dlcore_status status = dlcore_check_options(options, "cross_validate", options->error);

    if (status == DLCORE_OK)
        status = dlcore_check_options(&options->folds, "k_fold", options->error);
    if (status == DLCORE_OK)
        status = dlcore_check_allocator(options->allocator, options->error);
    if (status != DLCORE_OK)
        return status;
    if (crossing->candidates == NULL || count == 0)
        return dlcore_fail(options->error, DLCORE_ERROR_ARGUMENT,
                           crossing->candidates == NULL
                               ? "cross_validate: candidates is NULL"
                               : "cross_validate: there are no candidates");
    for (size_t i = 0; i < count && status == DLCORE_OK; i++)
        status = check_candidate(&crossing->candidates[i], i, options);
    /* before there are results for so many, or none; k_fold says the rest */
    if (status == DLCORE_OK)
        status = dlcore_check_count("cross_validate", "folds", options->folds.folds, 2,
                                    dlcore_size_max(2, dlcore_tensor_length(crossing->x, 0)),
                                    options->error);
    return status;
}

/* ---- a job ---- */

/* Those that only flatten and rescaling come before. */
static dlcore_status adapt_first(dlcore_model_t *model, const dlcore_tensor_t *x)
{
    for (size_t i = 0; i < model->network.node_count; i++) {
        const dlcore_node_t *node = &model->network.nodes[i];

        if (node->layer.kind == DLCORE_LAYER_NORMALIZATION)
            return dlcore_model_adapt(model, i, x);
        if (node->layer.kind != DLCORE_LAYER_FLATTEN && node->layer.kind != DLCORE_LAYER_RESCALING)
            break;
    }
    return DLCORE_OK;
}

static dlcore_status train_and_test(const crossing_t *crossing, dlcore_model_t *model,
                                    const dlcore_fit_options_t *given, const dlcore_split_t *parts,
                                    dlcore_cross_cell_t *cell, dlcore_error_record_t *error)
{
    dlcore_fit_options_t how = given != NULL ? *given : dlcore_fit_options_default();
    dlcore_evaluate_options_t tested = dlcore_evaluate_options_default();
    dlcore_status status = DLCORE_OK;
    double begin;

    if (crossing->options->adapt)
        status = adapt_first(model, parts->train_x);
    begin = dlcore_clock();
    if (status == DLCORE_OK)
        status = dlcore_model_fit(model, parts->train_x, parts->train_y, &how, NULL);
    cell->seconds = dlcore_clock() - begin;
    if (status != DLCORE_OK)
        return dlcore_fail(error, status, "%s", dlcore_model_error(model));
    tested.batch_size = how.batch_size;
    tested.error = error;
    return dlcore_model_evaluate(model, parts->test_x, parts->test_y, &tested, &cell->result);
}

static dlcore_status run_job(const crossing_t *crossing, size_t job)
{
    const dlcore_cross_validate_options_t *options = crossing->options;
    const dlcore_cross_candidate_t *candidate = &crossing->candidates[job / options->folds.folds];
    dlcore_error_record_t *error = &crossing->errors[job];
    dlcore_model_t *model = NULL;
    dlcore_split_t parts = {0};
    dlcore_status status = dlcore_k_fold(crossing->x, crossing->y, &options->folds,
                                         job % options->folds.folds, &parts, error);

    if (status == DLCORE_OK) {
        status = dlcore_model_clone(candidate->model, &model);
        if (status != DLCORE_OK)
            (void)dlcore_fail(error, status, "cross_validate: the model cannot be copied");
    }
    if (status == DLCORE_OK) {
        if (crossing->threads > 1)
            model->options.threads = 1;
        status = train_and_test(crossing, model, candidate->fit, &parts,
                                &crossing->table->cells[job], error);
    }
    dlcore_model_free(model);
    dlcore_split_free(&parts);
    return status;
}

static void run_jobs(void *argument)
{
    crossing_t *crossing = argument;

    while (!atomic_load(&crossing->stopped)) {
        size_t job = atomic_fetch_add(&crossing->next, 1);

        if (job >= crossing->jobs)
            return;
        if (run_job(crossing, job) != DLCORE_OK)
            atomic_store(&crossing->stopped, true);
    }
}

/* ---- all of them ---- */

static size_t choose_threads(const crossing_t *crossing, size_t count)
{
    size_t threads = crossing->options->at_once;

    for (size_t i = 0; i < count && threads == 0; i++)
        threads = calls_host(&crossing->candidates[i]) != NULL;
    if (threads == 0)
        threads = dlcore_team_cpus();
    return dlcore_size_min(dlcore_size_min(threads, MOST_THREADS), crossing->jobs);
}

static dlcore_status run_crossing(crossing_t *crossing)
{
    dlcore_thread_t threads[MOST_THREADS];
    size_t started = 0;
    dlcore_error_record_t *error = crossing->options->error;

    while (started + 1 < crossing->threads &&
           dlcore_thread_start(&threads[started], 0, run_jobs, crossing) == 0)
        started++;
    run_jobs(crossing);
    for (size_t i = 0; i < started; i++)
        dlcore_thread_join(&threads[i]);
    for (size_t job = 0; job < crossing->jobs; job++) {
        const dlcore_error_record_t *failed = &crossing->errors[job];
        size_t folds = crossing->options->folds.folds;

        if (failed->status != DLCORE_OK)
            return dlcore_fail(error, failed->status, "cross_validate: %s, fold %zu: %.200s",
                               crossing->table->names[job / folds], job % folds, failed->message);
    }
    return DLCORE_OK;
}

static void name_candidates(const crossing_t *crossing)
{
    for (size_t i = 0; i < crossing->table->candidates; i++) {
        const char *name = crossing->candidates[i].name;

        if (name != NULL)
            memcpy(crossing->table->names[i], name, strlen(name));
        else
            snprintf(crossing->table->names[i], DLCORE_CROSS_CANDIDATE_NAME_SIZE, "%zu", i);
    }
}

static dlcore_status make_results(crossing_t *crossing, size_t count)
{
    const dlcore_cross_validate_options_t *options = crossing->options;
    dlcore_allocator_t allocator = dlcore_allocator_or_default(options->allocator);
    dlcore_cross_validation_t *table = dlcore_allocate(&allocator, 1, sizeof *table);

    if (table == NULL)
        return dlcore_fail_memory(options->error, "cross_validate", sizeof *table);
    crossing->table = table;
    table->allocator = allocator;
    table->candidates = count;
    table->folds = options->folds.folds;
    if (!dlcore_size_multiply(count, table->folds, &crossing->jobs))
        return dlcore_fail(options->error, DLCORE_ERROR_OVERFLOW,
                           "cross_validate: %zu candidates in %zu folds are too many", count,
                           table->folds);
    table->names = dlcore_allocate(&allocator, count, sizeof *table->names);
    table->cells = dlcore_allocate(&allocator, crossing->jobs, sizeof *table->cells);
    crossing->errors = dlcore_allocate(&allocator, crossing->jobs, sizeof *crossing->errors);
    if (table->names == NULL || table->cells == NULL || crossing->errors == NULL)
        return dlcore_fail_memory(options->error, "cross_validate",
                                  crossing->jobs * sizeof *table->cells);
    name_candidates(crossing);
    return DLCORE_OK;
}

static dlcore_status cross(crossing_t *crossing, size_t count, dlcore_cross_validation_t **table)
{
    dlcore_status status;

    if (table == NULL)
        return dlcore_fail(crossing->options->error, DLCORE_ERROR_ARGUMENT,
                           "cross_validate: table is NULL");
    *table = NULL;
    status = check_crossing(crossing, count);
    if (status != DLCORE_OK)
        return status;
    status = make_results(crossing, count);
    if (status == DLCORE_OK) {
        crossing->threads = choose_threads(crossing, count);
        status = run_crossing(crossing);
    }
    if (crossing->table != NULL)
        dlcore_release(&crossing->table->allocator, crossing->errors);
    if (status == DLCORE_OK)
        *table = crossing->table;
    else
        dlcore_cross_validation_free(crossing->table);
    return status;
}

dlcore_status dlcore_cross_validate(const dlcore_cross_candidate_t *candidates, size_t count,
                                    const dlcore_tensor_t *x, const dlcore_tensor_t *y,
                                    const dlcore_cross_validate_options_t *options,
                                    dlcore_cross_validation_t **table)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_cross_validate_options_t chosen =
        options != NULL ? *options : dlcore_cross_validate_options_default();
    crossing_t crossing = {.candidates = candidates, .x = x, .y = y, .options = &chosen};

    return dlcore_traces_end(before, cross(&crossing, count, table));
}
