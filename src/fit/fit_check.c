/* What a fit checks before anything is done, and which samples train and which validate.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdint.h>

#include "base/allocator.h"
#include "base/error.h"
#include "fit/fit.h"

static dlcore_status check_fit_options(const dlcore_fit_options_t *options,
                                       dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_check_options(options, "fit", error);

    if (status == DLCORE_OK)
        status = dlcore_check_count("fit", "batch_size", options->batch_size, 1, SIZE_MAX, error);
    if (status == DLCORE_OK)
        status = dlcore_check_count("fit", "validation_freq", options->validation_freq, 1, SIZE_MAX,
                                    error);
    if (status == DLCORE_OK)
        status = dlcore_check_below("fit", "validation_split", options->validation_split, 0.0, 1.0,
                                    error);
    if (status != DLCORE_OK)
        return status;
    if ((options->validation_x == NULL) != (options->validation_y == NULL))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "fit: validation needs both x and y, got only %s",
                           options->validation_x != NULL ? "x" : "y");
    if (options->verbose < 0 || options->verbose > 2)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "fit: verbose must be 0, 1 or 2, got %d",
                           options->verbose);
    if ((options->callbacks == NULL) != (options->callback_count == 0))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "fit: callbacks is %s, but callback_count is %zu",
                           options->callbacks == NULL ? "NULL" : "given", options->callback_count);
    return dlcore_check_class_weights("class_weight", options->class_weight, options->class_count,
                                      error);
}

/* What only goes with tensors, and what two would say: nothing is dropped in silence. */
static const char *problem_of_validation(const dlcore_fit_options_t *options,
                                         const dlcore_dataset_t *dataset)
{
    const dlcore_dataset_t *validation = options->validation_dataset;
    bool tensors = options->validation_x != NULL ||
                   (options->validation_split > 0.0 && validation == NULL && dataset == NULL);

    if (options->validation_x != NULL && validation != NULL)
        return "fit: validation_x and validation_dataset are both set; one of them validates";
    if (options->validation_sample_weight != NULL && options->validation_x == NULL)
        return "fit: validation_sample_weight goes with validation_x, which is NULL";
    if (options->validation_steps > 0 && validation == NULL)
        return "fit: validation_steps goes with validation_dataset, which is NULL";
    if (options->validation_batch_size > 0 && !tensors)
        return "fit: validation_batch_size goes with validation_x or validation_split; batches of "
               "a dataset are as they come";
    if (validation != NULL && (validation->begin == NULL || validation->next == NULL))
        return "validation: a dataset needs begin and next";
    if (validation != NULL && dataset != NULL && options->steps_per_epoch > 0 &&
        validation->user == dataset->user && validation->begin == dataset->begin &&
        validation->next == dataset->next)
        return "fit: with steps_per_epoch, training stands in the midst of a pass when validation "
               "begins: validation_dataset must be another than the one trained on";
    return NULL;
}

static dlcore_status check_sources(const dlcore_fit_options_t *options,
                                   const dlcore_dataset_t *dataset, dlcore_error_record_t *error)
{
    const char *problem = problem_of_validation(options, dataset);

    if (dataset != NULL && options->sample_weight != NULL)
        problem = "fit: sample_weight is for tensors; a dataset gives each batch's weights with "
                  "the batch";
    else if (dataset != NULL && options->validation_split > 0.0 && options->validation_x == NULL &&
             options->validation_dataset == NULL)
        problem = "fit: validation_split is for tensors; a dataset needs validation_x or "
                  "validation_dataset";
    if (problem == NULL)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s", problem);
}

static dlcore_status check_resume(const dlcore_fit_t *fit)
{
    if (fit->options->resume && fit->model->stopped == NULL)
        return dlcore_fail(&fit->model->error, DLCORE_ERROR_STATE,
                           "fit: there is no run to resume: the model was neither stopped nor "
                           "saved in the middle of one, or its weights were changed since");
    return DLCORE_OK;
}

dlcore_status dlcore_fit_check(const dlcore_fit_t *fit, const dlcore_dataset_t *dataset)
{
    dlcore_error_record_t *error = &fit->model->error;
    dlcore_status status = check_fit_options(fit->options, error);

    if (status == DLCORE_OK)
        status = check_sources(fit->options, dataset, error);
    if (status == DLCORE_OK)
        status = check_resume(fit);
    return status;
}

/* ---- samples ---- */

static dlcore_status choose_tensors(dlcore_fit_t *fit)
{
    const dlcore_fit_options_t *options = fit->options;
    dlcore_error_record_t found;
    dlcore_status status =
        dlcore_check_samples(&fit->model->network, options->validation_x, &found);

    if (status == DLCORE_OK)
        status = dlcore_check_labels(&fit->model->network, &fit->training.objective,
                                     options->validation_x, options->validation_y, &found);
    if (status == DLCORE_OK)
        status = dlcore_check_sample_weights("sample_weight", options->validation_sample_weight,
                                             dlcore_sample_count(options->validation_x), &found);
    if (status != DLCORE_OK)
        return dlcore_fail(&fit->model->error, status, "validation: %s", found.message);
    fit->validation = (dlcore_source_t){.x = options->validation_x,
                                        .y = options->validation_y,
                                        .weights = options->validation_sample_weight,
                                        .rows = dlcore_sample_count(options->validation_x)};
    return DLCORE_OK;
}

/* Which samples train and which validate. Keras's split: floor(n * (1 - split)) train. */
static dlcore_status split_samples(dlcore_fit_t *fit, dlcore_source_t *samples)
{
    double split = fit->options->validation_split;
    size_t count = samples->rows, kept = (size_t)floor((double)count * (1.0 - split));

    if (kept == 0 || kept == count)
        return dlcore_fail(&fit->model->error, DLCORE_ERROR_ARGUMENT,
                           "fit: validation_split %g of %zu samples leaves %zu to train and "
                           "%zu to validate",
                           split, count, kept, count - kept);
    if (fit->options->shuffle_before_split) {
        fit->split_order = dlcore_allocate(&fit->model->allocator, count, sizeof *fit->split_order);
        if (fit->split_order == NULL)
            return dlcore_fail_memory(&fit->model->error, "order of samples",
                                      count * sizeof *fit->split_order);
    }
    samples->order = fit->split_order;
    fit->validation = *samples;
    fit->validation.class_weights = NULL; /* as in Keras */
    fit->validation.class_count = 0;
    fit->validation.begin = kept;
    fit->validation.rows = count - kept;
    samples->rows = kept;
    return DLCORE_OK;
}

dlcore_status dlcore_fit_choose_samples(dlcore_fit_t *fit, const dlcore_tensor_t *x,
                                        const dlcore_tensor_t *y)
{
    const dlcore_fit_options_t *options = fit->options;
    dlcore_source_t samples = {.x = x,
                               .y = y,
                               .weights = options->sample_weight,
                               .class_weights = options->class_weight,
                               .class_count = options->class_count,
                               .rows = dlcore_sample_count(x)};
    dlcore_status status = DLCORE_OK;

    if (fit->feed.dataset == NULL)
        status = dlcore_check_sample_weights("sample_weight", options->sample_weight, samples.rows,
                                             &fit->model->error);
    if (status != DLCORE_OK)
        return status;
    if (options->validation_x != NULL)
        status = choose_tensors(fit);
    else if (options->validation_dataset == NULL && fit->feed.dataset == NULL &&
             options->validation_split > 0.0)
        status = split_samples(fit, &samples);
    fit->validates = fit->validation.rows > 0 || options->validation_dataset != NULL;
    if (status != DLCORE_OK || fit->feed.dataset != NULL)
        return status;
    fit->position.samples = samples.rows;
    fit->position.precision = fit->model->options.precision;
    fit->position.batch_size = options->batch_size;
    return dlcore_feed_tensors(&fit->feed, fit->model, &samples, fit->batch_size, options->shuffle,
                               &fit->model->error);
}
