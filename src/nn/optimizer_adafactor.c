/* Adafactor (keras/src/optimizers/adafactor.py): of the squares of a matrix's gradients it keeps
 * the means over rows and over columns.
 *
 *     b = 1 - t^beta_2_decay, s = g^2 + epsilon_1
 *     r = b r + (1 - b) (mean of s over units),   c = b c + (1 - b) (mean of s over inputs)
 *     v = r c / (mean of r)            of a vector: v = b v + (1 - b) s
 *     u = g / sqrt(v)
 *     w = w - max(epsilon_2, rms(w)) min(learning_rate, 1 / sqrt(t)) u / max(1, rms(u) / clip)
 *
 * for step t from 1, where rms is the root of the mean of squares. Keras's relative_step takes the
 * same minimum once more, and so changes nothing. v of a matrix follows from r and c; it is kept
 * because Keras keeps it.
 *
 * An array moves as a whole, so that whole gradients are kept; engine/update_kept.c shares arrays
 * out to workers. Slots: r and c, which a vector lacks, then velocity.
 *
 * SPDX-License-Identifier: MIT */
#include "base/size.h"
#include "nn/optimizer.h"

enum { SLICE = 256 }; /* columns whose sums lie on the stack */

static size_t adafactor_slots(const dlcore_optimizer_t *optimizer)
{
    (void)optimizer;
    return 3;
}

static const char *adafactor_slot_name(const dlcore_optimizer_t *optimizer, size_t slot)
{
    static const char *const names[] = {"r", "c", "velocity"};

    (void)optimizer;
    return names[slot];
}

static dlcore_slot_form_t adafactor_slot_form(const dlcore_optimizer_t *optimizer, size_t slot)
{
    (void)optimizer;
    return slot == 0 ? DLCORE_SLOT_INPUTS : slot == 1 ? DLCORE_SLOT_UNITS : DLCORE_SLOT_WHOLE;
}

static dlcore_optimizer_step_t adafactor_prepare(const dlcore_optimizer_t *optimizer,
                                                 const dlcore_optimizer_clock_t *clock,
                                                 float learning_rate)
{
    float step = (float)clock->iterations + 1.0f;
    float beta = 1.0f - (float)pow((double)step, (double)(float)optimizer->beta_2_decay);

    return (dlcore_optimizer_step_t){
        .settings.adafactor = {.rate = fminf(learning_rate, 1.0f / sqrtf(step)),
                               .beta_2 = beta,
                               .one_minus_beta_2 = 1.0f - beta,
                               .epsilon_1 = (float)optimizer->epsilon_1,
                               .epsilon_2 = (float)optimizer->epsilon_2,
                               .clip_threshold = (float)optimizer->clip_threshold}};
}

/* ---- stretches of an array: a vector, or a row within a panel ---- */

static size_t stretches(const dlcore_optimizer_array_t *array)
{
    return array->rank == 2 ? array->rows * ((array->columns + array->panel - 1) / array->panel)
                            : 1;
}

/* Where the index-th begins, row by row in each panel; *count: its floats. */
static size_t stretch(const dlcore_optimizer_array_t *array, size_t index, size_t *count)
{
    size_t first;

    if (array->rank != 2) {
        *count = array->columns;
        return 0;
    }
    first = index / array->rows * array->panel;
    *count = dlcore_size_min(array->panel, array->columns - first);
    return index * array->panel;
}

static double mean_square(const dlcore_training_kernels_t *kernels,
                          const dlcore_optimizer_array_t *array, const float *of)
{
    double sum = 0.0;
    size_t count;

    for (size_t i = 0, end = stretches(array); i < end; i++) {
        size_t at = stretch(array, i, &count);

        sum += (double)kernels->plain->dot(of + at, of + at, count);
    }
    return sum / ((double)array->rows * (double)array->columns);
}

/* ---- the means of a matrix ---- */

/* r, and its mean. */
static double follow_rows(const dlcore_training_kernels_t *kernels,
                          const dlcore_adafactor_step_t *step,
                          const dlcore_optimizer_array_t *array)
{
    size_t panels = stretches(array) / array->rows, count;
    float *r = array->slots[0];
    double sum = 0.0;

    for (size_t row = 0; row < array->rows; row++) {
        double squares = 0.0;
        float mean;

        for (size_t p = 0; p < panels; p++) {
            const float *g = array->gradients + stretch(array, p * array->rows + row, &count);

            squares += (double)kernels->plain->dot(g, g, count);
        }
        mean = (float)(squares / (double)array->columns) + step->epsilon_1;
        r[row] = step->beta_2 * r[row] + step->one_minus_beta_2 * mean;
        sum += (double)r[row];
    }
    return sum / (double)array->rows;
}

static void follow_columns(const dlcore_training_kernels_t *kernels,
                           const dlcore_adafactor_step_t *step,
                           const dlcore_optimizer_array_t *array)
{
    float means[SLICE];
    size_t count;

    for (size_t first = 0; first < array->columns; first += count) {
        size_t within = first % array->panel;

        count = dlcore_size_min(array->columns - first, array->panel - within);
        count = dlcore_size_min(count, SLICE);
        kernels->column_squares(array->gradients + (first - within) * array->rows + within,
                                array->rows, count, array->panel, means);
        for (size_t i = 0; i < count; i++)
            means[i] = means[i] / (float)array->rows + step->epsilon_1;
        kernels->average(count, array->slots[1] + first, means, step->beta_2,
                         step->one_minus_beta_2);
    }
}

/* v, and the sum of u^2. */
static double follow_matrix(const dlcore_training_kernels_t *kernels,
                            const dlcore_adafactor_step_t *step,
                            const dlcore_optimizer_array_t *array)
{
    double sum = 0.0, mean = follow_rows(kernels, step, array);
    size_t count;

    follow_columns(kernels, step, array);
    for (size_t i = 0, end = stretches(array); i < end; i++) {
        size_t at = stretch(array, i, &count), first = i / array->rows * array->panel;
        float of_row = (float)((double)array->slots[0][i % array->rows] / mean);

        sum += (double)kernels->rare->adafactor_matrix(
            count, array->slots[2] + at, array->gradients + at, array->slots[1] + first, of_row);
    }
    return sum;
}

static void adafactor_update(const dlcore_training_kernels_t *kernels,
                             const dlcore_optimizer_step_t *all,
                             const dlcore_optimizer_array_t *array)
{
    const dlcore_adafactor_step_t *step = &all->settings.adafactor;
    double squares, numbers = (double)array->rows * (double)array->columns;
    float size = (float)sqrt(mean_square(kernels, array, array->weights)), rate, far;
    size_t count;

    squares = array->rank == 2 ? follow_matrix(kernels, step, array)
                               : (double)kernels->rare->adafactor_vector(
                                     array->columns, array->slots[2], array->gradients, step);
    far = (float)sqrt(squares / numbers) / step->clip_threshold;
    rate = step->rate * (size > step->epsilon_2 ? size : step->epsilon_2);
    if (!(far <= 1.0f)) /* NaN, too */
        rate /= far;
    for (size_t i = 0, end = stretches(array); i < end; i++) {
        size_t at = stretch(array, i, &count);

        kernels->rare->adafactor_move(count, array->weights + at, array->gradients + at,
                                      array->slots[2] + at, rate);
    }
}

static const dlcore_setting_t adafactor_settings[] = {
    {.key = "beta_2_decay",
     DLCORE_OPTIMIZER_SETTING(DOUBLE, beta_2_decay),
     .low = -FLT_MAX,
     .value = -0.8},
    {.key = "epsilon_1",
     DLCORE_OPTIMIZER_SETTING(DOUBLE, epsilon_1),
     .low = FLT_MIN,
     .high = FLT_MAX,
     .value = 1e-30},
    {.key = "epsilon_2",
     DLCORE_OPTIMIZER_SETTING(DOUBLE, epsilon_2),
     .high = FLT_MAX,
     .value = 1e-3},
    {.key = "clip_threshold",
     DLCORE_OPTIMIZER_SETTING(DOUBLE, clip_threshold),
     .low = FLT_MIN,
     .high = FLT_MAX,
     .value = 1.0},
    {0},
};

const dlcore_optimizer_type_t dlcore_optimizer_type_adafactor = {
    .name = "adafactor",
    .class_name = "Adafactor",
    .settings = adafactor_settings,
    .slots = adafactor_slots,
    .slot_name = adafactor_slot_name,
    .slot_form = adafactor_slot_form,
    .side_by_side = 3,
    .has_clock = true,
};

const dlcore_optimizer_run_t dlcore_optimizer_run_adafactor = {
    .prepare = adafactor_prepare,
    .update_array = adafactor_update,
};

const dlcore_setting_key_t dlcore_optimizer_keys_adafactor[] = {
    {"relative_step", "[true, false]"},
    {0},
};
