/* Trains a small model with TensorBoard's callback, and prints what its reader is to find; no test
 * by itself: tests/tensorboard.sh.
 *
 *     tensorboard_log FOLDER VALIDATION_FOLDER
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>

#include <stdio.h>
#include <stdlib.h>

#include "support/classifier.h"

enum { EPOCHS = 3, ROWS = 96 };

static callback_action_t print_epoch(void *user, const training_event_t *event)
{
    (void)user;
    for (size_t i = 0; i < event->value_count; i++)
        printf("epoch %zu %s %.9g\n", event->epoch, event->names[i], event->values[i]);
    printf("epoch %zu learning_rate %.9g\n", event->epoch, model_learning_rate(event->model));
    for (size_t i = 0; i < model_weight_count(event->model); i++) {
        weight_t weight;
        float *numbers;
        double sum = 0;

        model_weight(event->model, i, &weight);
        numbers = malloc(weight.size * sizeof *numbers);
        if (numbers == NULL || model_get_weight(event->model, i, numbers, weight.size) != DLCORE_OK)
            exit(EXIT_FAILURE);
        for (size_t n = 0; n < weight.size; n++)
            sum += (double)numbers[n];
        printf("weight %zu %s %zu %.9g\n", event->epoch, weight.name, weight.size, sum);
        free(numbers);
    }
    return CALLBACK_CONTINUE;
}

static callback_action_t print_batch(void *user, const training_event_t *event)
{
    size_t *batches = user;

    if (*batches % 2 == 0)
        printf("batch %zu loss %.9g\n", *batches, event->values[0]);
    ++*batches;
    return CALLBACK_CONTINUE;
}

int main(int count, char **arguments)
{
    static const size_t widths[] = {5, 7, 3, 0};
    samples_t samples = samples_of_floats(ROWS, 5, 3);
    model_t *model = classifier(NULL, widths, optimizer_adam());
    fit_options_t how = fit_options_default();
    size_t batches = 0;
    tensor_board_t board = tensor_board_default(count == 3 ? arguments[1] : NULL);
    callback_t callbacks[2];

    if (count != 3) {
        fprintf(stderr, "usage: tensorboard_log FOLDER VALIDATION_FOLDER\n");
        return EXIT_FAILURE;
    }
    board.validation_folder = arguments[2];
    board.update_freq = 2;
    board.histogram_freq = 1;
    callbacks[0] = tensor_board_callback(&board);
    callbacks[1] =
        (callback_t){.user = &batches, .on_batch_end = print_batch, .on_epoch_end = print_epoch};
    how.epochs = EPOCHS;
    how.validation_split = 0.25;
    how.callbacks = callbacks;
    how.callback_count = 2;
    if (model_fit(model, samples.x, samples.y, &how, NULL) != DLCORE_OK) {
        fprintf(stderr, "tensorboard_log: %s\n", model_error(model));
        return EXIT_FAILURE;
    }
    model_free(model);
    samples_free(samples);
    return EXIT_SUCCESS;
}
