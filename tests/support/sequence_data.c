/* Data of random sequences: samples, labels, weights.
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
#include "support/sequence.h"
#include "support/tensors.h"

static bool one_in(size_t n)
{
    return random_below(n) == 0;
}

/* Indices for the tables of a first layer, -1 in columns without one; NULL where there are no
 * tables, and for a few, which are refused. Drawn before anything that noise changes. */
static float *draw_indices(const model_t *model, size_t rows, size_t width)
{
    const layer_t *first = model_layer_count(model) > 0 ? model_layer(model, 0) : NULL;
    float *indices;

    if (first == NULL || first->kind != LAYER_EMBEDDING || one_in(20))
        return NULL;
    indices = malloc((rows * width + 1) * sizeof *indices);
    assert_non_null(indices);
    for (size_t i = 0; i < rows * width; i++)
        indices[i] = -1;
    for (size_t i = 0; i < rows * first->embeddings.count; i++) {
        const dlcore_embedding_t *table = &first->embeddings.table[i % first->embeddings.count];
        float index = (float)random_below(table->count);

        if (table->column < width)
            indices[i / first->embeddings.count * width + table->column] = index;
    }
    return indices;
}

static void put_indices(tensor_t *x, const float *indices)
{
    void *data = tensor_data(x);

    for (size_t i = 0; indices != NULL && i < tensor_size(x); i++) {
        if (indices[i] < 0)
            continue;
        if (tensor_dtype(x) == DTYPE_UINT8)
            ((uint8_t *)data)[i] = (uint8_t)indices[i];
        else
            ((float *)data)[i] = indices[i];
    }
}

/* Zeros, too: rows that were the same are no longer. What a batch normalization makes of rows that
 * are the same is rounding alone. */
static tensor_t *disturbed(float *x, size_t rows, size_t width, sequence_noise_t noise)
{
    random_seed(random_position() ^ noise.seed);
    for (size_t i = 0; noise.size > 0 && i < rows * width; i++) {
        double factor = 1 + noise.size * (2 * random_unit() - 1);

        x[i] = (float)((double)x[i] * factor + noise.size * (2 * random_unit() - 1));
    }
    return tensor_of_floats(SHAPE(rows, width), x);
}

static tensor_t *draw_floats(size_t rows, size_t width, sequence_noise_t noise)
{
    float *x = malloc((rows * width + 1) * sizeof *x);
    bool sparse = one_in(4), empty[SEQUENCE_WIDTH] = {false};
    double scale = one_in(4) ? 3 : 1;
    tensor_t *tensor;

    assert_non_null(x);
    for (size_t c = 0; c < width; c++)
        empty[c] = sparse && !one_in(3);
    for (size_t i = 0; i < rows * width; i++) {
        double value = scale * random_normal();

        x[i] = empty[i % width] ? 0.0f : (float)value;
    }
    tensor = disturbed(x, rows, width, noise);
    free(x);
    return tensor;
}

/* As floats where there is noise. */
static tensor_t *draw_bytes(size_t rows, size_t width, sequence_noise_t noise)
{
    uint8_t *x = malloc(rows * width);
    float *values = malloc(rows * width * sizeof *values);
    tensor_t *tensor;

    assert_non_null(x);
    assert_non_null(values);
    for (size_t i = 0; i < rows * width; i++) {
        x[i] = one_in(2) ? 0 : (uint8_t)random_below(4);
        values[i] = (float)x[i];
    }
    tensor = noise.size > 0 ? disturbed(values, rows, width, noise)
                            : tensor_of_bytes(SHAPE(rows, width), x);
    free(x);
    free(values);
    return tensor;
}

static tensor_t *draw_classes(size_t rows, size_t units)
{
    int32_t labels[SEQUENCE_ROWS];
    uint8_t bytes[SEQUENCE_ROWS];

    for (size_t i = 0; i < rows; i++)
        bytes[i] = (uint8_t)(labels[i] = (int32_t)random_below(units));
    return one_in(3) ? tensor_of_bytes(SHAPE(rows), bytes) : tensor_of_ints(SHAPE(rows), labels);
}

static tensor_t *draw_values(size_t rows, size_t units, loss_kind_t loss)
{
    float *y = malloc(rows * units * sizeof *y);
    bool hot = loss == LOSS_CATEGORICAL_CROSSENTROPY || loss == LOSS_CATEGORICAL_HINGE ||
               loss == LOSS_KL_DIVERGENCE;
    bool bits = loss == LOSS_BINARY_CROSSENTROPY || loss == LOSS_HINGE ||
                loss == LOSS_SQUARED_HINGE || loss == LOSS_POISSON ||
                loss == LOSS_MEAN_SQUARED_LOGARITHMIC_ERROR;
    tensor_t *tensor;

    assert_non_null(y);
    for (size_t row = 0; row < rows; row++) {
        size_t own = random_below(units);

        for (size_t u = 0; u < units; u++) {
            double value = random_normal();
            size_t bit = random_below(2);

            y[row * units + u] = hot ? (float)(u == own) : bits ? (float)bit : (float)value;
        }
    }
    tensor = tensor_of_floats(SHAPE(rows, units), y);
    free(y);
    return tensor;
}

/* Of the last layer, also before the model is built. */
static size_t units_of(const model_t *model, size_t width)
{
    if (model_output_width(model) > 0)
        return model_output_width(model);
    for (size_t i = model_layer_count(model); i-- > 0;) {
        if (model_layer(model, i)->units > 0)
            return model_layer(model, i)->units;
    }
    return width;
}

static void draw_weights(sequence_data_t *data)
{
    float weights[SEQUENCE_ROWS];

    for (size_t i = 0; i < data->rows; i++)
        weights[i] = one_in(5) ? 0.0f : (float)(2 * random_unit());
    data->sample_weight = tensor_of_floats(SHAPE(data->rows), weights);
    data->class_count = 1 + random_below(data->units);
    for (size_t i = 0; i < data->class_count; i++)
        data->class_weight[i] = (float)(0.5 + random_unit());
}

sequence_data_t sequence_data(const model_t *model, sequence_style_t style, sequence_noise_t noise)
{
    bool many = one_in(style == SEQUENCE_LARGE ? 2 : 5);
    sequence_data_t data = {.rows = 1 + random_below(many ? SEQUENCE_ROWS : 20)};
    loss_kind_t loss = model->settings.loss.kind;
    bool is_bytes = one_in(4);
    float *indices;

    data.width = model_input_width(model);
    if (data.width == 0 && model_layer_count(model) > 0)
        data.width = model_layer(model, 0)->input_width;
    if (data.width == 0 || one_in(30)) /* that one is refused */
        data.width = sequence_width(style);
    data.units = units_of(model, data.width);
    if (loss == LOSS_SPARSE_CATEGORICAL_CROSSENTROPY)
        data.y = draw_classes(data.rows, data.units);
    else
        data.y = draw_values(data.rows, data.units, loss);
    draw_weights(&data);
    indices = draw_indices(model, data.rows, data.width);
    data.x = is_bytes ? draw_bytes(data.rows, data.width, noise)
                      : draw_floats(data.rows, data.width, noise);
    put_indices(data.x, indices);
    free(indices);
    return data;
}

void sequence_data_clear(sequence_data_t *data)
{
    tensor_free(data->x);
    tensor_free(data->y);
    tensor_free(data->sample_weight);
}
