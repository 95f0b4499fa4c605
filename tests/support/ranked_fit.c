/* The same training on one model and on ranks.
 *
 * SPDX-License-Identifier: MIT */
#include "support/ranked_fit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUTS = 12, CLASSES = 3, NUMBERS = 2, ROWS_MAX = 256 };

ranked_case_t ranked_case_default(void)
{
    ranked_case_t made = {.hidden = {dlcore_layer_dense(20, DLCORE_ACTIVATION_TANH)},
                          .hidden_count = 1,
                          .compile = dlcore_compile_options_default(),
                          .fit = dlcore_fit_options_default(),
                          .samples = 48,
                          .options = dlcore_model_options_default()};

    made.options.threads = 1;
    made.compile.optimizer = dlcore_optimizer_sgd();
    made.compile.optimizer.learning_rate = 0.1;
    made.compile.loss = dlcore_loss_sparse_categorical_crossentropy();
    made.compile.metrics[0] = dlcore_metric_default(DLCORE_METRIC_ACCURACY);
    made.compile.metric_count = 1;
    made.fit.batch_size = 16;
    made.fit.epochs = 2;
    return made;
}

/* A small generator of its own, so that samples are the same everywhere. */
static float next_number(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) / 8388608.0f - 1.0f;
}

void ranked_samples(const ranked_case_t *ranked_case, float *x, float *y, float *weights)
{
    unsigned state = 12345;
    size_t rows = ranked_case->samples + ranked_case->validation;

    for (size_t row = 0; row < rows; row++) {
        float sum = 0.0f;

        for (size_t i = 0; i < INPUTS; i++) {
            x[row * INPUTS + i] = next_number(&state);
            sum += i % 3 == 0 ? x[row * INPUTS + i] : 0.0f;
        }
        if (ranked_case->regression) {
            y[row * NUMBERS] = 0.5f + 0.1f * sum; /* 0 .. 1, as some losses want them */
            y[row * NUMBERS + 1] = 0.5f + 0.5f * x[row * INPUTS] * x[row * INPUTS + 1];
            for (size_t i = 0; ranked_case->binary && i < NUMBERS; i++)
                y[row * NUMBERS + i] = y[row * NUMBERS + i] > 0.5f ? 1.0f : 0.0f;
        } else {
            int32_t class = sum < -0.4f ? 0 : sum < 0.4f ? 1 : 2;
            memcpy(&y[row], &class, sizeof class);
        }
        if (ranked_case->indices) {
            x[row * INPUTS + 1] = (float)(row * row % 5);
            x[row * INPUTS + 7] = (float)(row * 3 % 5);
        }
        weights[row] = 0.25f + 0.5f * (float)(row % 5);
    }
}

typedef struct samples {
    float x[ROWS_MAX * INPUTS], y[ROWS_MAX * NUMBERS], weights[ROWS_MAX];
    dlcore_tensor_t *all_x, *all_y, *all_weights;
    dlcore_tensor_t *train_x, *train_y, *test_x, *test_y;
} samples_t;

static samples_t *make_samples(const ranked_case_t *ranked_case)
{
    samples_t *made = calloc(1, sizeof *made);
    size_t rows = ranked_case->samples + ranked_case->validation;
    size_t x_shape[2] = {rows, INPUTS}, y_shape[2] = {rows, NUMBERS};

    if (made == NULL || rows > ROWS_MAX)
        abort();
    ranked_samples(ranked_case, made->x, made->y, made->weights);
    dlcore_tensor_borrow(NULL, DLCORE_DTYPE_FLOAT32, 2, x_shape, made->x, 0, &made->all_x, NULL);
    if (ranked_case->regression)
        dlcore_tensor_borrow(NULL, DLCORE_DTYPE_FLOAT32, 2, y_shape, made->y, 0, &made->all_y,
                             NULL);
    else
        dlcore_tensor_borrow(NULL, DLCORE_DTYPE_INT32, 1, y_shape, made->y, 0, &made->all_y, NULL);
    dlcore_tensor_borrow(NULL, DLCORE_DTYPE_FLOAT32, 1, &ranked_case->samples, made->weights, 0,
                         &made->all_weights, NULL);
    if (ranked_case->sparse) {
        dlcore_tensor_t *dense = made->all_x;

        if (dlcore_sparse_from_dense(dense, &made->all_x, NULL) != DLCORE_OK)
            abort();
        dlcore_tensor_free(dense);
    }
    dlcore_tensor_slice(made->all_x, 0, ranked_case->samples, &made->train_x, NULL);
    dlcore_tensor_slice(made->all_y, 0, ranked_case->samples, &made->train_y, NULL);
    dlcore_tensor_slice(made->all_x, ranked_case->samples, rows, &made->test_x, NULL);
    dlcore_tensor_slice(made->all_y, ranked_case->samples, rows, &made->test_y, NULL);
    return made;
}

static void free_samples(samples_t *samples)
{
    dlcore_tensor_free(samples->train_x);
    dlcore_tensor_free(samples->train_y);
    dlcore_tensor_free(samples->test_x);
    dlcore_tensor_free(samples->test_y);
    dlcore_tensor_free(samples->all_x);
    dlcore_tensor_free(samples->all_y);
    dlcore_tensor_free(samples->all_weights);
    free(samples);
}

static dlcore_layer_t last_layer(const ranked_case_t *ranked_case)
{
    if (!ranked_case->regression)
        return dlcore_layer_dense(CLASSES, DLCORE_ACTIVATION_SOFTMAX);
    return dlcore_layer_dense(NUMBERS, ranked_case->binary ? DLCORE_ACTIVATION_SIGMOID
                                                           : DLCORE_ACTIVATION_LINEAR);
}

static dlcore_status build(const ranked_case_t *ranked_case, dlcore_model_t **model)
{
    dlcore_status status = dlcore_model_create(&ranked_case->options, model);

    for (size_t i = 0; status == DLCORE_OK && i < ranked_case->hidden_count; i++)
        status = dlcore_model_add(*model, ranked_case->hidden[i]);
    if (status == DLCORE_OK)
        status = dlcore_model_add(*model, last_layer(ranked_case));
    if (status == DLCORE_OK)
        status = dlcore_model_compile_with(*model, &ranked_case->compile);
    if (status == DLCORE_OK && ranked_case->lbfgs > 0)
        status = dlcore_model_build(*model, INPUTS);
    return status;
}

static void note_history(const dlcore_history_t *history, ranked_result_t *result)
{
    size_t epochs = dlcore_history_epoch_count(history);

    for (size_t epoch = 0; epoch < epochs; epoch++) {
        for (size_t i = 0; i < dlcore_history_value_count(history); i++) {
            if (result->values < RANKED_VALUES_MAX)
                result->history[result->values++] =
                    dlcore_history_value(history, dlcore_history_name(history, i), epoch);
        }
    }
    result->stopped = dlcore_history_stopped(history);
}

static dlcore_status fit_lbfgs(dlcore_model_t *model, const ranked_case_t *ranked_case,
                               const samples_t *samples)
{
    dlcore_lbfgs_options_t options = dlcore_lbfgs_options_default();

    options.iterations = ranked_case->lbfgs;
    options.gradient_tolerance = 0.0;
    options.loss_tolerance = 0.0;
    return dlcore_model_fit_lbfgs(model, samples->train_x, samples->train_y, &options, NULL);
}

static void train(const ranked_case_t *given, const dlcore_collective_t *collective,
                  ranked_result_t *result)
{
    ranked_case_t adjusted = *given, *ranked_case = &adjusted;
    samples_t *samples;
    dlcore_fit_options_t fit;
    dlcore_history_t *history = NULL;
    dlcore_evaluation_t evaluation = {0};
    dlcore_model_t *model = NULL;

    memset(result, 0, sizeof *result);
    if (adjusted.adjust != NULL)
        adjusted.adjust(collective != NULL ? collective->rank : 0, &adjusted);
    samples = make_samples(ranked_case);
    fit = ranked_case->fit;
    if (ranked_case->sample_weights)
        fit.sample_weight = samples->all_weights;
    if (ranked_case->validation > 0) {
        fit.validation_x = samples->test_x;
        fit.validation_y = samples->test_y;
    }
    result->status = build(ranked_case, &model);
    if (result->status == DLCORE_OK && collective != NULL)
        result->status = dlcore_model_set_collective(model, collective);
    if (ranked_case->before_fit != NULL)
        ranked_case->before_fit(collective != NULL ? collective->rank : 0);
    if (result->status == DLCORE_OK)
        result->status =
            ranked_case->lbfgs > 0
                ? fit_lbfgs(model, ranked_case, samples)
                : dlcore_model_fit(model, samples->train_x, samples->train_y, &fit, &history);
    snprintf(result->message, sizeof result->message, "%s",
             model != NULL ? dlcore_model_error(model) : "no model");
    if (history != NULL)
        note_history(history, result);
    if (result->status == DLCORE_OK) {
        dlcore_evaluate_options_t options = dlcore_evaluate_options_default();
        dlcore_error_record_t error = {0};

        options.batch_size = 7;
        options.error = &error;
        result->status =
            dlcore_model_evaluate(model, samples->train_x, samples->train_y, &options, &evaluation);
        if (result->status != DLCORE_OK)
            snprintf(result->message, sizeof result->message, "%s", error.message);
        result->loss = evaluation.loss;
        result->metric = evaluation.metric_count > 0 ? evaluation.metrics[0].value : 0.0;
    }
    result->parameters = dlcore_model_parameter_count(model);
    if (result->parameters <= RANKED_WEIGHTS_MAX)
        (void)dlcore_model_get_weights(model, result->weights, result->parameters);
    dlcore_history_free(history);
    dlcore_model_free(model);
    free_samples(samples);
}

void ranked_run_alone(const ranked_case_t *ranked_case, ranked_result_t *result)
{
    train(ranked_case, NULL, result);
}

void ranked_run_rank(const ranked_case_t *ranked_case, const dlcore_collective_t *collective,
                     ranked_result_t *result)
{
    train(ranked_case, collective, result);
}

typedef struct job {
    const ranked_case_t *ranked_case;
    ranked_result_t *results;
} job_t;

static void run_rank(void *user, const dlcore_collective_t *collective)
{
    const job_t *job = user;

    train(job->ranked_case, collective, &job->results[collective->rank]);
}

void ranked_run_on(const ranked_case_t *ranked_case, loopback_t *loopback,
                   const dlcore_collective_t *settings, ranked_result_t *results)
{
    job_t job = {ranked_case, results};

    loopback_run(loopback, settings, run_rank, &job);
}

void ranked_run(const ranked_case_t *ranked_case, size_t size, const dlcore_collective_t *settings,
                ranked_result_t *results)
{
    loopback_t *loopback = loopback_create(size);

    if (loopback == NULL)
        abort();
    ranked_run_on(ranked_case, loopback, settings, results);
    loopback_free(loopback);
}

double ranked_weights_error(const ranked_result_t *a, const ranked_result_t *b)
{
    double difference = 0.0, norm = 0.0;

    for (size_t i = 0; i < a->parameters; i++) {
        double d = (double)a->weights[i] - (double)b->weights[i];

        difference += d * d;
        norm += (double)b->weights[i] * (double)b->weights[i];
    }
    return sqrt(difference / norm);
}

double ranked_history_error(const ranked_result_t *a, const ranked_result_t *b)
{
    double most = a->values == b->values ? 0.0 : (double)INFINITY;

    for (size_t i = 0; i < a->values && i < b->values; i++) {
        double d = fabs(a->history[i] - b->history[i]) / fmax(1.0, fabs(b->history[i]));

        if (!(d <= most))
            most = isnan(a->history[i]) && isnan(b->history[i]) ? most : d;
    }
    return most;
}
