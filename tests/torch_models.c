/* A model as a text describes it, with the weights of another program: for torch_recipe.sh; no test
 * by itself.
 *
 *     torch_models LAYERS INPUTS WEIGHTS X Y SAVED
 *
 * loads WEIGHTS, predicts with X (.npy) to Y (.npy), saves the weights for PyTorch as SAVED, and
 * prints which tensor went where. A line of LAYERS is "dense UNITS ACTIVATION BIAS",
 * "activation NAME", "batch_normalization EPSILON", "layer_normalization EPSILON", or another
 * layer's name.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int give_up(const char *what, const char *why)
{
    fprintf(stderr, "torch_models: %s: %s\n", what, why);
    return EXIT_FAILURE;
}

/* Adds the layer of a line; false: there is none such. */
static bool add_line(model_t *model, const char *line)
{
    char name[64] = "", activation[64] = "linear";
    double number = 0.0;
    int bias = 1;
    layer_t layer;

    if (sscanf(line, "%63s %lf %63s %d", name, &number, activation, &bias) < 1)
        return false;
    layer = layer_from_name(name);
    if (layer.kind == LAYER_DENSE) {
        layer = layer_dense((size_t)number, activation_from_name(activation));
        layer.use_bias = bias != 0;
    } else if (sscanf(line, "activation %63s", activation) == 1) {
        layer.activation = activation_from_name(activation);
    } else if (number > 0.0) {
        layer.epsilon = number;
    }
    return model_add(model, layer) == DLCORE_OK;
}

static bool add_layers(model_t *model, const char *path)
{
    FILE *file = fopen(path, "r");
    char line[256];
    bool added = file != NULL;

    while (added && fgets(line, sizeof line, file) != NULL)
        added = add_line(model, line);
    if (file != NULL)
        fclose(file);
    return added;
}

static dlcore_status predict(const model_t *model, const char *from, const char *to,
                             error_record_t *error)
{
    predict_options_t options = predict_options_default();
    tensor_t *x = NULL, *y = NULL;
    size_t shape[2];
    dlcore_status status = npy_load(from, NULL, &x, error);

    options.error = error;
    if (status == DLCORE_OK) {
        shape[0] = tensor_length(x, 0);
        shape[1] = model_output_width(model);
        status = tensor_create(NULL, DTYPE_FLOAT32, 2, shape, &y, error);
    }
    if (status == DLCORE_OK)
        status = model_predict_with(model, x, y, &options);
    if (status == DLCORE_OK)
        status = npy_save(to, y, error);
    tensor_free(y);
    tensor_free(x);
    return status;
}

int main(int argc, char **argv)
{
    weights_options_t how = weights_options_default();
    save_weights_options_t style = save_weights_options_default();
    weights_report_t *report = NULL;
    error_record_t error = {.message = ""};
    model_t *model = NULL;
    int result = EXIT_SUCCESS;

    if (argc != 7)
        return give_up("usage", "torch_models LAYERS INPUTS WEIGHTS X Y SAVED");
    if (model_create(NULL, &model) != DLCORE_OK)
        return give_up("model", "no memory");
    how.report = &report;
    style.style = WEIGHT_STYLE_PYTORCH;
    style.error = &error;
    if (!add_layers(model, argv[1]) ||
        model_build(model, (size_t)strtoul(argv[2], NULL, 10)) != DLCORE_OK)
        result = give_up(argv[1], model_error(model));
    else if (model_load_weights_with(model, argv[3], &how) != DLCORE_OK)
        result = give_up(argv[3], model_error(model));
    else if (predict(model, argv[4], argv[5], &error) != DLCORE_OK ||
             model_save_weights_with(model, argv[6], &style) != DLCORE_OK)
        result = give_up(argv[6], error.message);
    else if (weights_report_print(report, stdout) != DLCORE_OK)
        result = give_up("report", "cannot be written");
    weights_report_free(report);
    model_free(model);
    return result;
}
