/* What dlcore makes of a file that Keras wrote, for tests/keras_files.sh, which compares it with
 * what Keras makes of it.
 *
 *     keras_files MODEL X.npy Y.npy EPOCHS BATCH OUTPUT.npy SAVED.keras
 *
 * Loads the model, writes its outputs for X, trains for that many epochs without shuffling, and
 * saves it for Keras, with a note. Where EPOCHS is "weights" it loads the weights alone, into the
 * model as SAVED.keras has it.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>
#include <dlcore/keras.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static error_record_t problem;

static void need(dlcore_status status, const char *message)
{
    if (status == DLCORE_OK)
        return;
    fprintf(stderr, "%s: %s\n", dlcore_status_name(status), message);
    exit(1);
}

static tensor_t *load_array(const char *path)
{
    tensor_t *array = NULL;

    need(npy_load(path, NULL, &array, &problem), problem.message);
    return array;
}

static model_t *load(const char *path)
{
    load_options_t how = load_options_default();
    model_t *model = NULL;

    how.error = &problem;
    need(dlcore_keras_load(path, &how, &model), problem.message);
    return model;
}

static void save_outputs(const model_t *model, const tensor_t *x, const char *path)
{
    size_t shape[2] = {tensor_length(x, 0), model_output_width(model)};
    predict_options_t how = predict_options_default();
    tensor_t *outputs = NULL;

    how.error = &problem;
    need(tensor_create(NULL, DTYPE_FLOAT32, 2, shape, &outputs, &problem), problem.message);
    need(model_predict_with(model, x, outputs, &how), problem.message);
    need(npy_save(path, outputs, &problem), problem.message);
    tensor_free(outputs);
}

static void train(model_t *model, const tensor_t *x, const char *labels, size_t epochs,
                  size_t batch)
{
    fit_options_t how = fit_options_default();
    tensor_t *y = load_array(labels);

    how.epochs = epochs;
    how.batch_size = batch;
    how.shuffle = false;
    how.verbose = 0;
    need(model_fit(model, x, y, &how, NULL), model_error(model));
    tensor_free(y);
}

int main(int count, char **arguments)
{
    save_options_t how = save_options_default();
    bool weights;
    model_t *model;
    tensor_t *x;

    if (count != 8) {
        fprintf(stderr, "usage: keras_files MODEL X.npy Y.npy EPOCHS BATCH OUTPUT.npy SAVED\n");
        return 2;
    }
    weights = strcmp(arguments[4], "weights") == 0;
    x = load_array(arguments[2]);
    model = load(arguments[weights ? 7 : 1]);
    if (weights)
        need(dlcore_keras_load_weights(model, arguments[1]), model_error(model));
    save_outputs(model, x, arguments[6]);
    if (!weights) {
        size_t epochs = strtoul(arguments[4], NULL, 10);

        if (epochs > 0)
            train(model, x, arguments[3], epochs, strtoul(arguments[5], NULL, 10));
        how.error = &problem;
        need(model_set_note(model, "by", "a \"note\" that Keras opens the file with"),
             model_error(model));
        need(dlcore_keras_save(model, arguments[7], &how), problem.message);
    }
    model_free(model);
    tensor_free(x);
    return 0;
}
