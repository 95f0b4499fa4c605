/* One call of a random sequence on one model. Arguments are drawn from the call's seed, data last,
 * so that noise in these changes nothing else.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/model.h"
#include "support/random_numbers.h"
#include "support/sequence_call.h"

static bool one_in(size_t n)
{
    return random_below(n) == 0;
}

/* ---- building ---- */

static void call_add(sequence_model_t *on, sequence_outcome_t *outcome)
{
    layer_t layer = sequence_layer(on->style);

    if (model_layer_count(on->model) == 0 && one_in(5)) { /* where it can be adapted */
        layer = layer_normalization();
        layer.input_width = one_in(3) ? sequence_width(on->style) : 0;
    }
    if (model_layer_count(on->model) == 0 ? one_in(6) : one_in(60)) /* refused behind others */
        layer = sequence_embedding(on->style);
    if (model_layer_count(on->model) > 0 && !one_in(40)) /* widths that fit, but for a few */
        layer.input_width = 0;
    if (model_layer_count(on->model) >= SEQUENCE_LAYERS)
        return;
    sequence_note_model(outcome, model_add(on->model, layer), on->model);
}

static void call_build(sequence_model_t *on, sequence_outcome_t *outcome)
{
    size_t width = sequence_width(on->style);

    if (model_layer_count(on->model) > 0 && !one_in(10)) {
        size_t declared = model_layer(on->model, 0)->input_width;
        width = declared > 0 ? declared : width;
    }
    sequence_note_model(outcome, model_build(on->model, width), on->model);
}

static void call_compile(sequence_model_t *on, sequence_outcome_t *outcome)
{
    size_t count = model_layer_count(on->model);
    compile_options_t settings =
        sequence_settings(count > 0 ? model_layer(on->model, count - 1) : NULL, on->style);

    if (on->model->compiled && one_in(2)) { /* the same but for one of them */
        settings = on->model->settings;
        sequence_change_setting(&settings);
    }
    sequence_note_model(outcome, model_compile_with(on->model, &settings), on->model);
}

/* ---- weights ---- */

/* All of them, moved a little: variances stay above 0. */
static float *draw_moved(const model_t *model, size_t *count)
{
    float *weights;

    *count = model_parameter_count(model);
    weights = calloc(*count + 1, sizeof *weights);
    assert_non_null(weights);
    (void)model_get_weights(model, weights, *count);
    for (size_t i = 0; i < *count; i++)
        weights[i] = (float)((double)weights[i] * (0.9 + 0.2 * random_unit()));
    return weights;
}

static void call_set_weights(sequence_model_t *on, sequence_outcome_t *outcome)
{
    size_t count;
    float *weights = draw_moved(on->model, &count);

    sequence_note_model(outcome, model_set_weights(on->model, weights, count), on->model);
    free(weights);
    on->written = true;
}

static void call_set_weight(sequence_model_t *on, sequence_outcome_t *outcome)
{
    size_t count = model_weight_count(on->model), index = random_below(count + 1);
    dlcore_weight_t weight = {.size = 1};
    float *values;

    (void)model_weight(on->model, index, &weight);
    values = calloc(weight.size, sizeof *values);
    assert_non_null(values);
    (void)model_get_weight(on->model, index, values, weight.size);
    for (size_t i = 0; i < weight.size; i++)
        values[i] = (float)((double)values[i] * (0.8 + 0.4 * random_unit()));
    sequence_note_model(outcome, model_set_weight(on->model, index, values, weight.size),
                        on->model);
    free(values);
    on->written = true;
}

static void call_load_weights(sequence_model_t *on, sequence_outcome_t *outcome)
{
    model_t *moved = NULL;
    void *bytes = NULL;
    size_t size = 0, count;
    float *weights = draw_moved(on->model, &count);

    if (model_clone(on->model, &moved) == DLCORE_OK &&
        model_set_weights(moved, weights, count) == DLCORE_OK)
        (void)model_save_memory(moved, NULL, &bytes, &size);
    sequence_note_model(outcome, model_load_weights_memory(on->model, bytes, size), on->model);
    free(bytes);
    free(weights);
    model_free(moved);
    on->written = true;
}

static void call_adapt(sequence_model_t *on, sequence_outcome_t *outcome)
{
    size_t count = model_layer_count(on->model), layer = 0;
    sequence_data_t data;

    while (layer + 1 < count && model_layer(on->model, layer)->kind != LAYER_NORMALIZATION)
        layer++;
    data = sequence_data(on->model, on->style, on->noise);
    sequence_note_model(outcome, model_adapt(on->model, layer, data.x), on->model);
    sequence_data_clear(&data);
    on->written = true;
}

/* ---- another model in its place ---- */

static void replace(sequence_model_t *on, model_t *model)
{
    predictor_free(on->predictor);
    on->predictor = NULL;
    model_free(on->model);
    on->model = model;
}

static void call_clone(sequence_model_t *on, sequence_outcome_t *outcome)
{
    model_t *clone = NULL;

    sequence_note_error(outcome, model_clone(on->model, &clone), "");
    if (clone != NULL)
        replace(on, clone);
}

static void call_save_and_load(sequence_model_t *on, sequence_outcome_t *outcome)
{
    save_options_t how = save_options_default();
    load_options_t ask = load_options_default();
    error_record_t error = {0};
    load_report_t report = {0};
    model_t *loaded = NULL;
    void *bytes = NULL;
    size_t size = 0;
    dlcore_status status;

    how.error = ask.error = &error;
    how.training_state = !one_in(4);
    how.self_test = !one_in(3);
    ask.self_test = one_in(2);
    ask.training_state = !one_in(4);
    ask.compile = !one_in(6);
    ask.report = &report;
    ask.model = on->model->options;
    status = model_save_memory(on->model, &how, &bytes, &size);
    sequence_note_error(outcome, status, error.message);
    if (status == DLCORE_OK) {
        status = model_load_memory(bytes, size, &ask, &loaded);
        sequence_note_error(outcome, status, error.message);
        if (status != DLCORE_OK || report.checksum != CHECKSUM_MATCHES ||
            (report.self_tested && report.self_test_difference != 0.0))
            outcome->broken = "an intact file is refused, or another model";
    }
    if (loaded != NULL)
        replace(on, loaded);
    free(bytes);
}

/* ---- all of them ---- */

static void (*const functions[])(sequence_model_t *on, sequence_outcome_t *outcome) = {
    [SEQUENCE_ADD] = call_add,
    [SEQUENCE_BUILD] = call_build,
    [SEQUENCE_COMPILE] = call_compile,
    [SEQUENCE_FIT] = sequence_call_fit,
    [SEQUENCE_FIT_WEIGHTED] = sequence_call_fit_weighted,
    [SEQUENCE_FIT_STOPPED] = sequence_call_fit_stopped,
    [SEQUENCE_RESUME] = sequence_call_resume,
    [SEQUENCE_TRAIN_ON_BATCH] = sequence_call_train_on_batch,
    [SEQUENCE_TRAIN_ON_BATCH_WEIGHTED] = sequence_call_train_on_batch_weighted,
    [SEQUENCE_GRADIENTS] = sequence_call_gradients,
    [SEQUENCE_SET_TRAINABLE] = sequence_call_set_trainable,
    [SEQUENCE_SET_WEIGHT] = call_set_weight,
    [SEQUENCE_SET_WEIGHTS] = call_set_weights,
    [SEQUENCE_LOAD_WEIGHTS] = call_load_weights,
    [SEQUENCE_ADAPT] = call_adapt,
    [SEQUENCE_SET_LEARNING_RATE] = sequence_call_set_learning_rate,
    [SEQUENCE_CLONE] = call_clone,
    [SEQUENCE_SAVE_AND_LOAD] = call_save_and_load,
    [SEQUENCE_PREDICT] = sequence_call_predict,
    [SEQUENCE_EVALUATE] = sequence_call_evaluate,
    [SEQUENCE_PREDICTOR_CREATE] = sequence_call_predictor_create,
    [SEQUENCE_PREDICTOR_RUN] = sequence_call_predictor_run,
};
_Static_assert(sizeof functions / sizeof *functions == SEQUENCE_KINDS, "one row each");

/* Whether the fit that was stopped can go on after a call like this. */
static void note_run(sequence_model_t *on, sequence_kind_t kind, sequence_outcome_t *outcome)
{
    bool trains = kind == SEQUENCE_TRAIN_ON_BATCH || kind == SEQUENCE_TRAIN_ON_BATCH_WEIGHTED;
    bool sets = kind == SEQUENCE_COMPILE || kind == SEQUENCE_SET_WEIGHT ||
                kind == SEQUENCE_SET_WEIGHTS || kind == SEQUENCE_LOAD_WEIGHTS ||
                kind == SEQUENCE_ADAPT || kind == SEQUENCE_SET_TRAINABLE || kind == SEQUENCE_CLONE;

    if (kind == SEQUENCE_RESUME && on->given_up && outcome->status == DLCORE_OK)
        outcome->broken = "a run goes on that was given up";
    if (kind == SEQUENCE_FIT || kind == SEQUENCE_FIT_WEIGHTED || kind == SEQUENCE_FIT_STOPPED)
        on->given_up = false;
    if (outcome->status == DLCORE_OK && (trains || sets))
        on->given_up = true;
}

/* Resuming draws what the fit that was stopped drew. */
void sequence_call(sequence_model_t *on, const sequence_call_t *call, sequence_outcome_t *outcome)
{
    *outcome = (sequence_outcome_t){0};
    if (call->kind == SEQUENCE_FIT_STOPPED)
        on->stopped = call->seed;
    random_seed(call->kind == SEQUENCE_RESUME ? on->stopped : call->seed);
    functions[call->kind](on, outcome);
    note_run(on, call->kind, outcome);
}

void sequence_model_clear(sequence_model_t *model)
{
    predictor_free(model->predictor);
    model_free(model->model);
    *model = (sequence_model_t){0};
}
