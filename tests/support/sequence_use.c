/* Calls of random sequences that use a model as it is.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/random_numbers.h"
#include "support/sequence_call.h"
#include "support/tensors.h"

static bool one_in(size_t n)
{
    return random_below(n) == 0;
}

static void predict(const model_t *model, const tensor_t *x, sequence_outcome_t *outcome)
{
    predict_options_t how = predict_options_default();
    error_record_t error = {0};
    tensor_t *y = NULL;
    size_t units = model_output_width(model), rows = tensor_length(x, 0);

    how.error = &error;
    y = tensor_of_floats(SHAPE(rows, units > 0 ? units : 1),
                         (const float[SEQUENCE_ROWS * SEQUENCE_WIDTH]){0});
    sequence_note_error(outcome, model_predict_with(model, x, y, &how), error.message);
    sequence_add_smooth(outcome, tensor_data_const(y), rows * (units > 0 ? units : 1));
    tensor_free(y);
}

void sequence_call_evaluate(sequence_model_t *on, sequence_outcome_t *outcome)
{
    evaluate_options_t how = evaluate_options_default();
    bool weighted = one_in(3);
    error_record_t error = {0};
    evaluation_t result = {0};
    sequence_data_t data;

    how.batch_size = 1 + random_below(SEQUENCE_ROWS);
    how.error = &error;
    data = sequence_data(on->model, on->style, on->noise);
    if (weighted)
        how.sample_weight = data.sample_weight;
    sequence_note_error(outcome, model_evaluate(on->model, data.x, data.y, &how, &result),
                        error.message);
    sequence_add_evaluation(outcome, &result);
    sequence_data_clear(&data);
    outcome->is_pure = true;
}

static void make_predictor(sequence_model_t *on, sequence_outcome_t *outcome)
{
    predictor_options_t how = predictor_options_default();
    error_record_t error = {0};

    predictor_free(on->predictor);
    on->predictor = NULL;
    how.batch_size = on->predictor_rows;
    how.error = &error;
    sequence_note_error(outcome, predictor_create(on->model, &how, &on->predictor), error.message);
    on->written = false;
}

/* One that lives on is stale once weights were written, or gives what a fresh one gives. */
void sequence_call_predictor_run(sequence_model_t *on, sequence_outcome_t *outcome)
{
    size_t most = on->predictor_rows > 0 ? on->predictor_rows : 1, rows = 1 + random_below(most);
    bool may_be_stale = on->written, is_stale_early = false;
    sequence_data_t data;
    float y[SEQUENCE_ROWS * SEQUENCE_WIDTH] = {0};
    dlcore_status status = DLCORE_ERROR_STATE;

    on->predictor_rows = most;
    outcome->is_pure = true;
    data = sequence_data(on->model, on->style, on->noise);
    rows = rows < data.rows ? rows : data.rows;
    if (data.width == model_input_width(on->model) && on->is_other) {
        tensor_t *x = NULL;

        assert_int_equal(tensor_slice(data.x, 0, rows, &x, NULL), DLCORE_OK);
        predict(on->model, x, outcome);
        tensor_free(x);
        sequence_data_clear(&data);
        return;
    }
    if (!on->predictor_lives || on->predictor == NULL)
        make_predictor(on, outcome);
    for (int turn = 0; turn < 2 && status == DLCORE_ERROR_STATE; turn++) {
        if (turn > 0)
            make_predictor(on, outcome);
        if (on->predictor == NULL || data.width != model_input_width(on->model))
            break;
        status = tensor_dtype(data.x) == DTYPE_UINT8
                     ? predictor_run_uint8(on->predictor, tensor_data_const(data.x), rows, y)
                     : predictor_run(on->predictor, tensor_data_const(data.x), rows, y);
        is_stale_early |= status == DLCORE_ERROR_STATE && !may_be_stale;
    }
    if (is_stale_early)
        outcome->broken = "a predictor is stale though nothing wrote weights";
    if (outcome->status == DLCORE_OK && data.width == model_input_width(on->model))
        outcome->status = status;
    sequence_add_smooth(outcome, y, rows * model_output_width(on->model));
    sequence_data_clear(&data);
}

void sequence_call_predict(sequence_model_t *on, sequence_outcome_t *outcome)
{
    sequence_data_t data = sequence_data(on->model, on->style, on->noise);

    predict(on->model, data.x, outcome);
    sequence_data_clear(&data);
    outcome->is_pure = true;
}

void sequence_call_predictor_create(sequence_model_t *on, sequence_outcome_t *outcome)
{
    on->predictor_rows = 1 + random_below(8);
    make_predictor(on, outcome);
    outcome->is_pure = true;
}
