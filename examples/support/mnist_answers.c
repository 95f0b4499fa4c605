/* Drawing answers and mistakes in a terminal.
 *
 * SPDX-License-Identifier: MIT */
#include "mnist_answers.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 6          /* misclassified images that are drawn, */
#define SHOWN_IN_ROW 3   /* so many side by side, */
#define SHOWN_COLUMNS 26 /* which fit into 80 columns like this */

typedef struct mistake {
    size_t image;
    int said;
    float probability;
} mistake_t;

static void print_confusion(unsigned confusion[MNIST_CLASSES][MNIST_CLASSES],
                            const char *const *names)
{
    int width = 4; /* of the longest name */

    for (size_t row = 0; row < MNIST_CLASSES; row++)
        width = (int)strlen(names[row]) > width ? (int)strlen(names[row]) : width;
    printf("\nConfusion matrix: a row for each class, a column for each answer\n\n%*s", width, "");
    for (size_t column = 0; column < MNIST_CLASSES; column++)
        printf("%6.5s", names[column]);
    printf("   right\n");
    for (size_t row = 0; row < MNIST_CLASSES; row++) {
        unsigned sum = 0;

        printf("%*s", width, names[row]);
        for (size_t column = 0; column < MNIST_CLASSES; column++) {
            sum += confusion[row][column];
            if (confusion[row][column] > 0)
                printf("%6u", confusion[row][column]);
            else
                printf("     .");
        }
        printf(sum > 0 ? "  %5.1f %%\n" : "      -\n", 100.0 * confusion[row][row] / sum);
    }
}

/* One line of text shows two rows of pixels. */
static void draw_line(const uint8_t *pixels, size_t rows, size_t columns, size_t row)
{
    static const char *const halves[] = {" ", "▀", "▄", "█"};
    size_t first = columns > SHOWN_COLUMNS ? (columns - SHOWN_COLUMNS) / 2 : 0;
    size_t i;

    for (i = 0; i < SHOWN_COLUMNS; i++) {
        size_t at = row * columns + first + i;
        int half = 0;

        if (first + i < columns) {
            half += pixels[at] >= 128;
            half += row + 1 < rows && pixels[at + columns] >= 128 ? 2 : 0;
        }
        fputs(halves[half], stdout);
    }
}

/* So many mistakes side by side. */
static void draw_row(const mnist_images_t *set, const mistake_t *mistakes, size_t count,
                     const char *const *names)
{
    const uint8_t *labels = tensor_data_const(set->labels);
    const uint8_t *images = tensor_data_const(set->images);
    const size_t rows = tensor_length(set->images, 1), columns = tensor_length(set->images, 2);

    printf("\n");
    for (size_t i = 0; i < count; i++) {
        char caption[64];

        snprintf(caption, sizeof caption, "%s as %s, %.0f %%", names[labels[mistakes[i].image]],
                 names[mistakes[i].said], 100 * (double)mistakes[i].probability);
        printf("%-*s", i + 1 < count ? SHOWN_COLUMNS + 1 : 0, caption);
    }
    for (size_t row = 0; row < rows; row += 2) {
        printf("\n");
        for (size_t i = 0; i < count; i++) {
            draw_line(images + mistakes[i].image * rows * columns, rows, columns, row);
            fputs(i + 1 < count ? " " : "", stdout);
        }
    }
    printf("\n");
}

static void draw_mistakes(const mnist_images_t *set, const mistake_t *mistakes, size_t count,
                          const char *const *names)
{
    printf("\n%s\n", count > 0 ? "The mistakes it was surest of: the class, what the network took "
                                 "it for, its probability"
                               : "No test image was misclassified");
    for (size_t begin = 0; begin < count; begin += SHOWN_IN_ROW)
        draw_row(set, mistakes + begin, count - begin < SHOWN_IN_ROW ? count - begin : SHOWN_IN_ROW,
                 names);
}

/* Keeps the surest mistakes, the surest first. */
static size_t note_mistake(mistake_t *mistakes, size_t count, mistake_t mistake)
{
    size_t at = count;

    while (at > 0 && mistakes[at - 1].probability < mistake.probability)
        at--;
    if (at == SHOWN)
        return count;
    if (count < SHOWN)
        count++;
    memmove(mistakes + at + 1, mistakes + at, (count - at - 1) * sizeof *mistakes);
    mistakes[at] = mistake;
    return count;
}

void mnist_show_answers(const mnist_images_t *set, const tensor_t *probabilities,
                        const char *const *names)
{
    const uint8_t *labels = tensor_data_const(set->labels);
    const float *rows = tensor_data_const(probabilities);
    unsigned confusion[MNIST_CLASSES][MNIST_CLASSES] = {{0}};
    mistake_t mistakes[SHOWN];
    size_t mistake_count = 0;
    tensor_t *answers = NULL; /* (count) int32: the most probable class */
    error_record_t error;

    if (tensor_argmax(probabilities, &answers, &error) != DLCORE_OK) {
        fprintf(stderr, "mnist: %s\n", error.message);
        exit(EXIT_FAILURE);
    }
    for (size_t i = 0; i < tensor_length(answers, 0); i++) {
        int said = ((const int32_t *)tensor_data_const(answers))[i];

        confusion[labels[i]][said]++;
        if (said != labels[i])
            mistake_count =
                note_mistake(mistakes, mistake_count,
                             (mistake_t){i, said, rows[i * MNIST_CLASSES + (size_t)said]});
    }
    print_confusion(confusion, names);
    draw_mistakes(set, mistakes, mistake_count, names);
    tensor_free(answers);
}
