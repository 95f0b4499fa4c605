/* What a call of a random sequence answered.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/sequence_call.h"

static void append(float **list, size_t *count, const float *values, size_t more)
{
    float *grown = realloc(*list, (*count + more + 1) * sizeof *grown);

    assert_non_null(grown);
    memcpy(grown + *count, values, more * sizeof *grown);
    *list = grown;
    *count += more;
}

void sequence_add_exact(sequence_outcome_t *outcome, const float *values, size_t count)
{
    append(&outcome->exact, &outcome->exact_count, values, count);
}

void sequence_add_smooth(sequence_outcome_t *outcome, const float *values, size_t count)
{
    sequence_add_exact(outcome, values, count);
    append(&outcome->smooth, &outcome->smooth_count, values, count);
}

void sequence_add_double(sequence_outcome_t *outcome, double value, bool is_smooth)
{
    float parts[2] = {(float)value};

    parts[1] = (float)(value - (double)parts[0]);
    sequence_add_exact(outcome, parts, 2);
    if (is_smooth)
        append(&outcome->smooth, &outcome->smooth_count, parts, 1);
    outcome->single_count = outcome->smooth_count;
}

void sequence_add_evaluation(sequence_outcome_t *outcome, const evaluation_t *result)
{
    sequence_add_double(outcome, result->loss, true);
    for (size_t i = 0; i < result->metric_count; i++)
        sequence_add_double(outcome, result->metrics[i].value, false);
}

void sequence_outcome_clear(sequence_outcome_t *outcome)
{
    free(outcome->exact);
    free(outcome->smooth);
    *outcome = (sequence_outcome_t){0};
}

void sequence_note_error(sequence_outcome_t *outcome, dlcore_status status, const char *message)
{
    outcome->status = status;
    snprintf(outcome->message, sizeof outcome->message, "%s", message);
}

void sequence_note_model(sequence_outcome_t *outcome, dlcore_status status, const model_t *model)
{
    sequence_note_error(outcome, status, model_error(model));
}
