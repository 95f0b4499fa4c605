/* Writes and checks the model files that other programs look at; no test by itself.
 *
 *     model_files running FILE             a small model in the middle of a run: fuzz corpus
 *     model_files training FILE END        one of every kind of layer in the middle of a run, and
 *                                          the weights at its end: version1_training of the
 * fixtures model_files list FILE                name, shape and numbers of each weight, in text
 *     model_files copy FILE TO             loads a model and saves it
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/running_model.h"

static int give_up(const char *what, const char *why)
{
    fprintf(stderr, "model_files: %s: %s\n", what, why);
    return EXIT_FAILURE;
}

static int write_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");

    if (file == NULL)
        return give_up(path, "cannot be opened");
    if (fwrite(bytes, 1, size, file) != size)
        return give_up(path, "cannot be written");
    return fclose(file) == 0 ? EXIT_SUCCESS : give_up(path, "cannot be closed");
}

static dlcore_model_t *load(const char *path)
{
    dlcore_load_options_t options = dlcore_load_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_model_t *model = NULL;

    options.error = &error;
    if (dlcore_model_load(path, &options, &model) != DLCORE_OK)
        (void)give_up(path, error.message);
    return model;
}

static int write_running(const char *path, const char *end)
{
    running_fit_t fit = {.resume = true};
    size_t size;
    unsigned char *bytes = running_model_file(end != NULL, &size);
    dlcore_model_t *model;
    int result = write_file(path, bytes, size);

    free(bytes);
    if (end == NULL || result != EXIT_SUCCESS)
        return result;
    model = load(path);
    if (model == NULL)
        return EXIT_FAILURE;
    if (running_model_fit(model, &fit) != DLCORE_OK ||
        dlcore_model_save_weights(model, end, NULL) != DLCORE_OK)
        result = give_up(end, dlcore_model_error(model));
    dlcore_model_free(model);
    return result;
}

static void list(const dlcore_model_t *model, FILE *to)
{
    size_t count = dlcore_model_parameter_count(model), at = 0;
    float *numbers = malloc((count + 1) * sizeof *numbers);
    dlcore_weight_t weight;

    if (numbers == NULL || dlcore_model_get_weights(model, numbers, count) != DLCORE_OK)
        abort();
    for (size_t i = 0; dlcore_model_weight(model, i, &weight); i++) {
        size_t size = weight.shape[0] * (weight.rank == 2 ? weight.shape[1] : 1);

        fprintf(to, "%s %zu", weight.name, weight.shape[0]);
        if (weight.rank == 2)
            fprintf(to, "x%zu", weight.shape[1]);
        for (size_t n = 0; n < size; n++)
            fprintf(to, " %a", (double)numbers[at++]);
        fprintf(to, "\n");
    }
    free(numbers);
}

static int copy(const dlcore_model_t *model, const char *to)
{
    dlcore_save_options_t options = dlcore_save_options_default();
    dlcore_error_record_t error = {.message = ""};

    options.error = &error;
    if (dlcore_model_save(model, to, &options) != DLCORE_OK)
        return give_up(to, error.message);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    int result = EXIT_SUCCESS;
    const char *command = argc > 2 ? argv[1] : "";
    dlcore_model_t *model;

    if (strcmp(command, "running") == 0)
        return write_running(argv[2], NULL);
    if (strcmp(command, "training") == 0 && argc == 4)
        return write_running(argv[2], argv[3]);
    if (strcmp(command, "list") != 0 && (strcmp(command, "copy") != 0 || argc != 4))
        return give_up("usage", "model_files running|training|list|copy FILE [END|TO]");
    model = load(argv[2]);
    if (model == NULL)
        return EXIT_FAILURE;
    if (strcmp(command, "list") == 0)
        list(model, stdout);
    else
        result = copy(model, argv[3]);
    dlcore_model_free(model);
    return result;
}
