/* ONNX files between dlcore and other programs, for tests/onnx_files.sh; no test by itself.
 *
 *     onnx_files compare MODEL X Y     loads the model and holds its predictions for X.npy against
 *                                      Y.npy; of two columns for one unit, the second
 *     onnx_files write FOLDER N        saves a model for each layer and activation, and N random
 *                                      ones: NAME.onnx, NAME.x.npy, NAME.y.npy
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dlcore/data.h"
#include "dlcore/note.h"
#include "dlcore/onnx.h"
#include "nn/layer.h"
#include "support/random_numbers.h"

#define BOUND 2e-6 /* times the largest output, or 1 */

static int give_up(const char *what, const char *why)
{
    fprintf(stderr, "onnx_files: %s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

static dlcore_tensor_t *predictions(const dlcore_model_t *model, const dlcore_tensor_t *x)
{
    size_t shape[2] = {dlcore_tensor_length(x, 0), dlcore_model_output_width(model)};
    dlcore_predict_options_t options = dlcore_predict_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_tensor_t *y = NULL;

    options.error = &error;
    if (dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2, shape, &y, &error) != DLCORE_OK ||
        dlcore_model_predict_with(model, x, y, &options) != DLCORE_OK)
        give_up("predict", error.message);
    return y;
}

/* ---- what others wrote ---- */

static dlcore_tensor_t *load_array(const char *path)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_tensor_t *tensor = NULL;

    if (dlcore_npy_load(path, NULL, &tensor, &error) != DLCORE_OK)
        give_up(path, error.message);
    return tensor;
}

static int compare(const char *path, const char *x_path, const char *y_path)
{
    dlcore_onnx_load_options_t options = dlcore_onnx_load_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_tensor_t *x = load_array(x_path), *y = load_array(y_path), *found;
    dlcore_model_t *model = NULL;
    size_t rows = dlcore_tensor_length(x, 0), width, step, first;
    const float *a, *b = dlcore_tensor_data_const(y);
    double worst = 0.0, largest = 1.0;

    options.error = &error;
    if (dlcore_onnx_load(path, &options, &model) != DLCORE_OK)
        give_up("load", error.message);
    found = predictions(model, x);
    a = dlcore_tensor_data_const(found);
    width = dlcore_model_output_width(model);
    step = dlcore_tensor_size(y) / rows;
    first = step == 2 && width == 1 ? 1 : 0;
    if (step != width + first)
        give_up(path, "another number of outputs");
    for (size_t i = 0; i < rows * width; i++) {
        double wanted = (double)b[i / width * step + i % width + first];

        worst = fmax(worst, fabs((double)a[i] - wanted));
        largest = fmax(largest, fabs(wanted));
        if (isnan(a[i]) != isnan(wanted))
            worst = (double)INFINITY;
    }
    printf("%.2e %s: %zu layers\n", worst / largest, path, dlcore_model_layer_count(model));
    dlcore_model_free(model);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_tensor_free(found);
    return worst <= BOUND * largest ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- what others are to read ---- */

static void save_array(const char *folder, const char *name, const char *end,
                       const dlcore_tensor_t *tensor)
{
    dlcore_error_record_t error = {.message = ""};
    char path[512];

    snprintf(path, sizeof path, "%s/%s.%s.npy", folder, name, end);
    if (dlcore_npy_save(path, tensor, &error) != DLCORE_OK)
        give_up(path, error.message);
}

/* Weights and inputs that are neither 0 nor 1, variances above 0. */
static void settle(dlcore_model_t *model)
{
    dlcore_weight_t weight;

    for (size_t i = 0; dlcore_model_weight(model, i, &weight); i++) {
        float *values = malloc(weight.size * sizeof *values);

        if (values == NULL)
            give_up("weights", "no memory");
        for (size_t k = 0; k < weight.size; k++) {
            values[k] = (float)(random_unit() - 0.4);
            if (strstr(weight.name, "variance") != NULL)
                values[k] = 0.1f + fabsf(values[k]);
        }
        if (dlcore_model_set_weight(model, i, values, weight.size) != DLCORE_OK)
            give_up("weights", dlcore_model_error(model));
        free(values);
    }
}

/* Rows of the tables, in the columns that have one. */
static void draw_indices(const dlcore_model_t *model, dlcore_tensor_t *x)
{
    const dlcore_embeddings_t *tables = &dlcore_model_layer(model, 0)->embeddings;
    size_t width = dlcore_tensor_length(x, 1);
    float *numbers = dlcore_tensor_data(x);

    for (size_t row = 0; row < dlcore_tensor_length(x, 0); row++) {
        for (size_t i = 0; i < tables->count; i++)
            numbers[row * width + tables->table[i].column] =
                (float)random_below(tables->table[i].count);
    }
}

static void write_model(const char *folder, const char *name, const dlcore_layer_t *layers,
                        size_t count)
{
    dlcore_onnx_save_options_t options = dlcore_onnx_save_options_default();
    dlcore_error_record_t error = {.message = ""};
    size_t shape[2] = {7, 6};
    dlcore_tensor_t *x = NULL, *y;
    dlcore_model_t *model = NULL;
    dlcore_status status;
    char path[512];

    if (dlcore_model_create(NULL, &model) != DLCORE_OK ||
        dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2, shape, &x, &error) != DLCORE_OK)
        give_up(name, error.message);
    for (size_t i = 0; i < count; i++)
        (void)dlcore_model_add(model, layers[i]);
    if (dlcore_model_build(model, shape[1]) != DLCORE_OK)
        give_up(name, dlcore_model_error(model));
    settle(model);
    if (dlcore_model_set_note(model, "by", name) != DLCORE_OK)
        give_up(name, dlcore_model_error(model));
    for (size_t i = 0; i < shape[0] * shape[1]; i++)
        ((float *)dlcore_tensor_data(x))[i] = (float)(8.0 * random_unit() - 4.0);
    draw_indices(model, x);
    snprintf(path, sizeof path, "%s/%s.onnx", folder, name);
    options.error = &error;
    status = dlcore_onnx_save(model, path, &options);
    if (status == DLCORE_OK) {
        y = predictions(model, x);
        save_array(folder, name, "x", x);
        save_array(folder, name, "y", y);
        dlcore_tensor_free(y);
    } else if (status == DLCORE_ERROR_UNSUPPORTED) {
        printf("%s: %s\n", name, error.message);
    } else {
        give_up(path, error.message);
    }
    dlcore_tensor_free(x);
    dlcore_model_free(model);
}

/* Without exponential, two of which leave the range of float. */
static dlcore_activation_t random_activation(void)
{
    dlcore_activation_t activation =
        (dlcore_activation_t)(1 + random_below(DLCORE_ACTIVATION_COUNT - 1));

    return activation != DLCORE_ACTIVATION_EXPONENTIAL ? activation : DLCORE_ACTIVATION_TANH;
}

static dlcore_layer_t random_layer(void)
{
    int kind = 1 + (int)random_below(DLCORE_LAYER_EMBEDDING - 1); /* which comes first */
    dlcore_layer_t layer =
        dlcore_layer_from_name(dlcore_layer_kind_name((dlcore_layer_kind_t)kind));

    if (kind == DLCORE_LAYER_DENSE) {
        layer.units = 1 + random_below(20);
        layer.use_bias = random_below(4) > 0;
    }
    if (kind == DLCORE_LAYER_DENSE || kind == DLCORE_LAYER_ACTIVATION) {
        layer.activation = random_activation();
        layer.negative_slope = random_unit();
        layer.alpha = random_unit();
        layer.threshold = random_below(2) == 0 ? random_unit() : 0.0;
        layer.max_value = random_below(2) == 0 ? 3.0 * random_unit() : (double)INFINITY;
    }
    if (kind == DLCORE_LAYER_BATCH_NORMALIZATION || kind == DLCORE_LAYER_LAYER_NORMALIZATION) {
        layer.center = random_below(3) > 0;
        layer.use_scale = random_below(3) > 0;
    }
    if (kind == DLCORE_LAYER_RESCALING)
        layer.scale = 0.5;
    if (kind == DLCORE_LAYER_LAYER_NORMALIZATION)
        layer.rms_scaling = random_below(3) == 0;
    if (kind == DLCORE_LAYER_NORMALIZATION)
        layer.invert = random_below(2) == 0;
    return layer;
}

/* Settings that make another graph of a layer. */
static void write_settings(const char *folder)
{
    dlcore_layer_t scaled[] = {dlcore_layer_layer_normalization(),
                               dlcore_layer_dense(3, DLCORE_ACTIVATION_LINEAR)};
    dlcore_layer_t inverted[] = {dlcore_layer_normalization(),
                                 dlcore_layer_dense(3, DLCORE_ACTIVATION_LINEAR)};
    dlcore_layer_t relu = dlcore_layer_relu(1.5, 0.25, 0.5);

    scaled[0].rms_scaling = true;
    inverted[0].invert = true;
    write_model(folder, "settings_rms_scaling", scaled, 2);
    write_model(folder, "settings_invert", inverted, 2);
    write_model(folder, "settings_relu", &relu, 1);
}

/* Layers that go by halves and groups of a sample. */
static void write_parts(const char *folder)
{
    dlcore_layer_t halves[] = {dlcore_layer_dense(6, DLCORE_ACTIVATION_LINEAR), dlcore_layer_glu(),
                               dlcore_layer_dense(2, DLCORE_ACTIVATION_TANH)};
    dlcore_layer_t groups[] = {dlcore_layer_dense(6, DLCORE_ACTIVATION_LINEAR),
                               dlcore_layer_grouped_softmax(3),
                               dlcore_layer_dense(2, DLCORE_ACTIVATION_TANH)};

    write_model(folder, "layer_glu", halves, 3);
    write_model(folder, "layer_glu_last", halves, 2);
    write_model(folder, "layer_grouped_softmax", groups, 3);
    write_model(folder, "layer_grouped_softmax_last", groups, 2);
}

/* Tables for some of the columns, alone and before other layers; of the last, for all. */
static void write_embeddings(const char *folder)
{
    enum { COLUMNS = 6, COUNT = 12 };
    char name[64];

    for (size_t i = 0; i < COUNT; i++) {
        dlcore_embedding_t tables[COLUMNS];
        size_t count = 0;
        dlcore_layer_t layers[2];

        for (uint32_t column = 0; column < COLUMNS; column++) {
            if (i + 1 < COUNT && (count > 0 || column + 1 < COLUMNS) && random_below(2) == 0)
                continue;
            tables[count++] =
                (dlcore_embedding_t){.column = column,
                                     .count = 1 + (uint32_t)random_below(i % 2 == 0 ? 4 : 5000),
                                     .units = 1 + (uint32_t)random_below(5)};
        }
        layers[0] = dlcore_layer_embedding(tables, count);
        layers[1] = dlcore_layer_dense(3, DLCORE_ACTIVATION_TANH);
        snprintf(name, sizeof name, "only_written_embedding_%zu", i);
        write_model(folder, name, layers, 1 + i % 3 / 2);
    }
}

static int write_all(const char *folder, size_t count)
{
    char name[64];

    random_seed(5);
    for (int a = 1; a < DLCORE_ACTIVATION_COUNT; a++) {
        const char *of = dlcore_activation_name((dlcore_activation_t)a);
        dlcore_layer_t layers[] = {dlcore_layer_activation((dlcore_activation_t)a),
                                   dlcore_layer_dense(4, (dlcore_activation_t)a)};

        snprintf(name, sizeof name, "activation_%s", of);
        write_model(folder, name, layers, 1);
        snprintf(name, sizeof name, "dense_%s", of);
        write_model(folder, name, layers + 1, 1);
    }
    for (int kind = 1; kind < DLCORE_LAYER_KIND_COUNT; kind++) {
        const char *kind_name = dlcore_layer_kind_name((dlcore_layer_kind_t)kind);
        dlcore_layer_t layers[] = {dlcore_layer_from_name(kind_name),
                                   dlcore_layer_dense(3, DLCORE_ACTIVATION_LINEAR)};

        if (kind == DLCORE_LAYER_EMBEDDING || kind == DLCORE_LAYER_GLU ||
            kind == DLCORE_LAYER_GROUPED_SOFTMAX) /* they come by themselves */
            continue;
        if (kind == DLCORE_LAYER_DENSE)
            layers[0].units = 2;
        snprintf(name, sizeof name, "layer_%s", kind_name);
        write_model(folder, name, layers, 2);
    }
    write_settings(folder);
    write_parts(folder);
    for (size_t i = 0; i < count; i++) {
        dlcore_layer_t layers[8];
        size_t layer_count = 1 + random_below(8);

        for (size_t k = 0; k < layer_count; k++)
            layers[k] = random_layer();
        snprintf(name, sizeof name, "random_%zu", i);
        write_model(folder, name, layers, layer_count);
    }
    write_embeddings(folder);
    return EXIT_SUCCESS;
}

int main(int count, char **words)
{
    if (count == 5 && strcmp(words[1], "compare") == 0)
        return compare(words[2], words[3], words[4]);
    if (count == 4 && strcmp(words[1], "write") == 0)
        return write_all(words[2], (size_t)strtoul(words[3], NULL, 10));
    return give_up("usage", "compare MODEL X Y | write FOLDER N");
}
