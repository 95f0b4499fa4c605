/* Calls of random sequences that train, or say how.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/model.h"
#include "support/random_numbers.h"
#include "support/sequence_call.h"
#include "support/tensors.h"

static bool one_in(size_t n)
{
    return random_below(n) == 0;
}

typedef struct stopping {
    size_t batches; /* after which it stops; 0: never */
    size_t seen;
} stopping_t;

static callback_action_t count_batches(void *user, const training_event_t *event)
{
    stopping_t *stopping = user;

    (void)event;
    return ++stopping->seen == stopping->batches ? CALLBACK_STOP : CALLBACK_CONTINUE;
}

typedef struct fit_draw {
    fit_options_t options;
    stopping_t stopping;
    early_stopping_t early;
    bool keeps_best;
    bool by_samples, by_classes;
} fit_draw_t;

static fit_draw_t draw_fit(bool stops, bool weighted)
{
    fit_draw_t draw = {.options = fit_options_default(), .early = early_stopping_default()};

    draw.options.batch_size = 1 + random_below(one_in(3) ? SEQUENCE_ROWS : 8);
    draw.options.epochs = stops ? 3 : 1 + random_below(2);
    draw.options.shuffle = !one_in(3);
    if (one_in(4))
        draw.options.validation_split = 0.3;
    if (one_in(5))
        draw.options.steps_per_epoch = 1 + random_below(3);
    draw.stopping.batches = stops ? 1 + random_below(4) : 0;
    draw.keeps_best = one_in(3);
    draw.early.monitor = "loss";
    draw.early.restore_best_weights = true;
    draw.early.patience = 1;
    draw.by_samples = weighted && !one_in(3);
    draw.by_classes = weighted && (!draw.by_samples || one_in(2));
    return draw;
}

/* Where a gradient is all cancellation (of one element by chance, of every one under a batch
 * normalization of rows that are the same), an optimizer without an epsilon to speak of makes a
 * whole step of what rounding leaves. */
static bool steps_by_rounding(const model_t *model)
{
    const optimizer_t *optimizer = &model->settings.optimizer;

    switch (optimizer->kind) {
    case OPTIMIZER_SGD:
    case OPTIMIZER_FTRL: /* whose accumulators begin above 0 */
        return false;
    case OPTIMIZER_LION: /* by signs alone */
        return true;
    case OPTIMIZER_ADAFACTOR: /* added to squares */
        return optimizer->epsilon_1 < 1e-4;
    default:
        return optimizer->epsilon < 1e-3;
    }
}

static void add_history(sequence_outcome_t *outcome, const history_t *history)
{
    for (size_t epoch = 0; epoch < history_epoch_count(history); epoch++) {
        for (size_t i = 0; i < history_value_count(history); i++) {
            const char *name = history_name(history, i);

            sequence_add_double(outcome, history_value(history, name, epoch),
                                strcmp(name, "loss") == 0 || strcmp(name, "val_loss") == 0);
        }
    }
}

/* Of the seed that the stream stands at: resuming draws the same again. */
static void fit(sequence_model_t *on, sequence_outcome_t *outcome, bool stops, bool weighted,
                bool resume)
{
    fit_draw_t draw = draw_fit(stops, weighted);
    sequence_data_t data = sequence_data(on->model, on->style, on->noise);
    callback_t callbacks[2] = {{.user = &draw.stopping, .on_batch_end = count_batches}};
    history_t *history = NULL;

    if (draw.keeps_best)
        callbacks[draw.options.callback_count = 1] = early_stopping_callback(&draw.early);
    if (resume)
        draw.stopping.batches = 0;
    draw.options.callback_count++;
    draw.options.callbacks = callbacks;
    draw.options.resume = resume;
    if (draw.by_samples)
        draw.options.sample_weight = data.sample_weight;
    if (draw.by_classes) {
        draw.options.class_weight = data.class_weight;
        draw.options.class_count = data.class_count;
    }
    sequence_note_model(outcome, model_fit(on->model, data.x, data.y, &draw.options, &history),
                        on->model);
    add_history(outcome, history);
    history_free(history);
    sequence_data_clear(&data);
    on->written = true;
    outcome->trains = true;
    outcome->jumps = draw.keeps_best || steps_by_rounding(on->model);
}

void sequence_call_fit(sequence_model_t *on, sequence_outcome_t *outcome)
{
    fit(on, outcome, false, false, false);
}

void sequence_call_fit_weighted(sequence_model_t *on, sequence_outcome_t *outcome)
{
    fit(on, outcome, false, true, false);
}

void sequence_call_fit_stopped(sequence_model_t *on, sequence_outcome_t *outcome)
{
    fit(on, outcome, true, false, false);
}

void sequence_call_resume(sequence_model_t *on, sequence_outcome_t *outcome)
{
    fit(on, outcome, true, false, true);
}

static void train_on_batch(sequence_model_t *on, sequence_outcome_t *outcome, bool weighted)
{
    bool by_samples = weighted && !one_in(3), by_classes = weighted && (!by_samples || one_in(2));
    sequence_data_t data = sequence_data(on->model, on->style, on->noise);
    evaluation_t result = {0};

    sequence_note_model(outcome,
                        model_train_on_batch_weighted(on->model, data.x, data.y,
                                                      by_samples ? data.sample_weight : NULL,
                                                      by_classes ? data.class_weight : NULL,
                                                      by_classes ? data.class_count : 0, &result),
                        on->model);
    sequence_add_evaluation(outcome, &result);
    sequence_data_clear(&data);
    on->written = true;
    outcome->trains = true;
    outcome->jumps = steps_by_rounding(on->model);
}

void sequence_call_train_on_batch(sequence_model_t *on, sequence_outcome_t *outcome)
{
    train_on_batch(on, outcome, false);
}

void sequence_call_train_on_batch_weighted(sequence_model_t *on, sequence_outcome_t *outcome)
{
    train_on_batch(on, outcome, true);
}

void sequence_call_set_learning_rate(sequence_model_t *on, sequence_outcome_t *outcome)
{
    double rate = 0.002 * (double)(1 + random_below(5));

    sequence_note_model(outcome, model_set_learning_rate(on->model, rate), on->model);
}

void sequence_call_set_trainable(sequence_model_t *on, sequence_outcome_t *outcome)
{
    size_t layers = model_layer_count(on->model); /* and one that is not there */
    size_t layer = random_below(layers + (one_in(20) || layers == 0 ? 1 : 0));

    sequence_note_model(outcome, model_set_trainable(on->model, layer, one_in(2)), on->model);
}

void sequence_call_gradients(sequence_model_t *on, sequence_outcome_t *outcome)
{
    bool was_built = model_parameter_count(on->model) > 0;
    sequence_data_t data = sequence_data(on->model, on->style, on->noise);
    size_t count = model_parameter_count(on->model);
    float *gradients = calloc(count + 1, sizeof *gradients);
    double loss = 0;

    assert_non_null(gradients);
    sequence_note_model(
        outcome, model_gradients(on->model, data.x, data.y, gradients, count, &loss), on->model);
    sequence_add_double(outcome, loss, true);
    sequence_add_smooth(outcome, gradients, count);
    free(gradients);
    sequence_data_clear(&data);
    outcome->is_pure = was_built;
}
