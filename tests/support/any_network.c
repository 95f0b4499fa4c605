/* SPDX-License-Identifier: MIT */
#include "support/any_network.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/models.h"
#include "support/random_numbers.h"

enum { LAST_ACTIVATION = DLCORE_ACTIVATION_RELU_GENERAL, TABLES = 8 };

static size_t any_width(void)
{
    static const size_t notable[] = {1, 7, 8, 9, 15, 16, 24, 31, 32, 33, 40, 64, 71, 100};

    return random_below(2) == 0 ? notable[random_below(sizeof notable / sizeof *notable)]
                                : 1 + random_below(14);
}

static void add_other(dlcore_model_t *model, dlcore_layer_t layer)
{
    layer.epsilon = random_below(2) == 0 ? 1e-3 : 0.05;
    layer.center = random_below(4) > 0;
    layer.use_scale = random_below(4) > 0;
    layer.rms_scaling = layer.kind == DLCORE_LAYER_LAYER_NORMALIZATION && random_below(3) == 0;
    layer.invert = layer.kind == DLCORE_LAYER_NORMALIZATION && random_below(3) == 0;
    assert_accepted(model, dlcore_model_add(model, layer));
}

/* One of the layers that are not dense. */
static void add_any(dlcore_model_t *model, dlcore_activation_t activation)
{
    switch (random_below(10)) {
    case 0:
        add_other(model, dlcore_layer_batch_normalization());
        break;
    case 1:
        add_other(model, dlcore_layer_layer_normalization());
        break;
    case 2:
        add_other(model, dlcore_layer_normalization());
        break;
    case 3:
        add_other(model, dlcore_layer_prelu());
        break;
    case 4:
        add_other(model, dlcore_layer_dropout(0.3));
        break;
    case 5:
        add_other(model, dlcore_layer_rescaling(0.5 + random_unit(), random_normal()));
        break;
    case 6:
        add_other(model, dlcore_layer_activation(activation));
        break;
    case 7:
        add_other(model, dlcore_layer_rms_normalization());
        break;
    case 8:
        add_other(model, dlcore_layer_unit_normalization());
        break;
    default:
        add_other(model,
                  random_below(2) == 0 ? dlcore_layer_flatten() : dlcore_layer_gaussian_noise(0.1));
        break;
    }
}

/* Tables for some of the columns of `width`, of few indices each; the first layer. */
static void add_embedding(dlcore_model_t *model, size_t width)
{
    dlcore_embedding_t tables[TABLES];
    dlcore_layer_t layer;
    size_t count = 0;

    for (size_t c = random_below(2); c < width && count < TABLES; c += 1 + random_below(4)) {
        uint32_t indices = 1 + (uint32_t)random_below(9), units = 1 + (uint32_t)random_below(6);

        tables[count++] =
            (dlcore_embedding_t){.column = (uint32_t)c, .count = indices, .units = units};
    }
    layer = dlcore_layer_embedding(tables, count);
    layer.input_width = width;
    assert_accepted(model, dlcore_model_add(model, layer));
}

/* `far`: its mean is far away, as in tables. */
static double any_weight(const dlcore_weight_t *weight, bool far)
{
    double w = random_normal();

    if (strstr(weight->name, "variance") != NULL)
        return 0.5 + fabs(w);
    if (strstr(weight->name, "gamma") != NULL)
        return 1 + 0.3 * w;
    if (strstr(weight->name, "alpha") != NULL)
        return 0.25 + 0.2 * w;
    if (strstr(weight->name, "/mean") != NULL && far)
        return 20 * w;
    return w * (weight->rank == 2 ? 0.7 / sqrt((double)weight->shape[0]) : 0.3);
}

static void draw_weights(dlcore_model_t *model)
{
    bool far = !dlcore_model_layer(model, 0)->invert;

    for (size_t i = 0; i < dlcore_model_weight_count(model); i++) {
        dlcore_weight_t weight;
        float *values;

        assert_true(dlcore_model_weight(model, i, &weight));
        values = malloc(weight.size * sizeof *values);
        assert_non_null(values);
        for (size_t k = 0; k < weight.size; k++)
            values[k] = (float)any_weight(&weight, far && i == 0);
        assert_accepted(model, dlcore_model_set_weight(model, i, values, weight.size));
        free(values);
    }
}

dlcore_model_t *any_network(size_t number, const dlcore_allocator_t *allocator)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_activation_t activation =
        (dlcore_activation_t)(DLCORE_ACTIVATION_LINEAR + number % LAST_ACTIVATION);
    dlcore_model_t *model = NULL;
    size_t depth, width = 0;

    random_seed(1000 + number);
    depth = 1 + random_below(4);
    if (allocator != NULL)
        options.allocator = *allocator;
    options.threads = 1;
    assert_int_equal(dlcore_model_create(&options, &model), DLCORE_OK);
    if (number % 4 == 1)
        assert_accepted(model, dlcore_model_add(model, dlcore_layer_rescaling(1 / 127.5, -1)));
    if (number % 40 > 30 && number % 4 == 3)
        add_embedding(model, width = 1 + any_width());
    for (size_t i = 0; i < depth; i++) {
        dlcore_layer_t dense = dlcore_layer_dense(any_width(), DLCORE_ACTIVATION_RELU);

        while (random_below(3) == 0)
            add_any(model, activation);
        dense.use_bias = random_below(4) > 0;
        dense.negative_slope = 0.3;
        dense.alpha = 0.7;
        dense.threshold = 0.2;
        dense.max_value = random_below(2) == 0 ? 1.5 : (double)INFINITY;
        /* an exponential of an exponential has no digits to compare */
        if (i + 1 == depth || (activation != DLCORE_ACTIVATION_EXPONENTIAL && random_below(2) == 0))
            dense.activation = activation;
        assert_accepted(model, dlcore_model_add(model, dense));
    }
    while (random_below(4) == 0)
        add_any(model, DLCORE_ACTIVATION_TANH);
    if (number % 10 == 3) { /* these need a width that they divide */
        assert_accepted(model,
                        dlcore_model_add(model, dlcore_layer_dense(24, DLCORE_ACTIVATION_LINEAR)));
        if (number % 20 == 13)
            assert_accepted(model, dlcore_model_add(model, dlcore_layer_glu()));
        assert_accepted(model, dlcore_model_add(model, dlcore_layer_grouped_softmax(4)));
    }
    if (width == 0)
        width = number == 0 ? 2 : any_width();
    assert_accepted(model, dlcore_model_build(model, width));
    draw_weights(model);
    return model;
}

/* In the columns that have tables. */
static void draw_indices(const dlcore_model_t *model, size_t rows, float *x)
{
    const dlcore_layer_t *first = dlcore_model_layer(model, 0);
    const dlcore_embeddings_t *tables = &first->embeddings;
    size_t width = dlcore_model_input_width(model);

    if (first->kind != DLCORE_LAYER_EMBEDDING)
        return;
    for (size_t i = 0; i < rows * tables->count; i++) {
        const dlcore_embedding_t *table = &tables->table[i % tables->count];

        x[i / tables->count * width + table->column] = (float)random_below(table->count);
    }
}

void any_network_samples(const dlcore_model_t *model, size_t rows, float *x)
{
    size_t width = dlcore_model_input_width(model);
    bool pixels = dlcore_model_layer(model, 0)->kind == DLCORE_LAYER_RESCALING;
    bool table = dlcore_model_layer(model, 0)->kind == DLCORE_LAYER_NORMALIZATION;
    float *mean = calloc(width, sizeof *mean);

    assert_non_null(mean);
    if (table)
        assert_int_equal(dlcore_model_get_weight(model, 0, mean, width), DLCORE_OK);
    for (size_t i = 0; i < rows * width; i++)
        x[i] = pixels ? (float)random_below(256) : mean[i % width] + (float)random_normal();
    draw_indices(model, rows, x);
    free(mean);
}
