/* Inside of one call: what its parts add to the outcome, and the calls that train or use a model.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_SEQUENCE_CALL_H
#define DLCORE_TESTS_SEQUENCE_CALL_H

#include "support/sequence.h"

/* ---- sequence_outcome.c ---- */

/* Numbers that are the same bits on the same engine. */
void sequence_add_exact(sequence_outcome_t *outcome, const float *values, size_t count);
/* And nearly the same on another. */
void sequence_add_smooth(sequence_outcome_t *outcome, const float *values, size_t count);
void sequence_add_double(sequence_outcome_t *outcome, double value, bool is_smooth);
/* A metric may jump where the loss does not. */
void sequence_add_evaluation(sequence_outcome_t *outcome, const evaluation_t *result);
void sequence_note_error(sequence_outcome_t *outcome, dlcore_status status, const char *message);
void sequence_note_model(sequence_outcome_t *outcome, dlcore_status status, const model_t *model);

/* ---- sequence_train.c ---- */

void sequence_call_fit(sequence_model_t *on, sequence_outcome_t *outcome);
void sequence_call_fit_weighted(sequence_model_t *on, sequence_outcome_t *outcome);
void sequence_call_fit_stopped(sequence_model_t *on, sequence_outcome_t *outcome);
void sequence_call_resume(sequence_model_t *on, sequence_outcome_t *outcome);
void sequence_call_train_on_batch(sequence_model_t *on, sequence_outcome_t *outcome);
void sequence_call_train_on_batch_weighted(sequence_model_t *on, sequence_outcome_t *outcome);
void sequence_call_gradients(sequence_model_t *on, sequence_outcome_t *outcome);
void sequence_call_set_learning_rate(sequence_model_t *on, sequence_outcome_t *outcome);
void sequence_call_set_trainable(sequence_model_t *on, sequence_outcome_t *outcome);

/* ---- sequence_use.c ---- */

void sequence_call_predict(sequence_model_t *on, sequence_outcome_t *outcome);
void sequence_call_evaluate(sequence_model_t *on, sequence_outcome_t *outcome);
void sequence_call_predictor_create(sequence_model_t *on, sequence_outcome_t *outcome);
void sequence_call_predictor_run(sequence_model_t *on, sequence_outcome_t *outcome);

#endif
