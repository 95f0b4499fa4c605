/* From a CSV file to predictions: read features and class names, put some samples aside for
 * testing, standardise, train, evaluate, and name the class of a new sample.
 *
 * The file is written here, to the system's folder for temporary files, and removed at the end:
 * measurements of flowers like those of the iris data.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L /* mkstemp */

#include <dlcore.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define FLOWERS 150

static model_t *network;
static error_record_t error;

static void check(dlcore_status status)
{
    if (status == DLCORE_OK)
        return;
    fprintf(stderr, "csv: %s: %s\n", dlcore_status_name(status),
            error.status == status ? error.message : model_error(network));
    exit(EXIT_FAILURE);
}

/* Tenths of a centimetre around a typical value, give or take 15 percent. */
static int measure(int typical, uint64_t *state)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return typical * (85 + (int)(*state >> 33) % 31) / 100;
}

/* `path` ends in XXXXXX, which becomes a name that nothing has. */
static void write_flowers(char *path)
{
    static const char *const species[] = {"setosa", "versicolor", "virginica"};
    static const int typical[3][4] = {{50, 34, 15, 3}, {59, 28, 43, 13}, {66, 30, 56, 20}};
    int descriptor = mkstemp(path);
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    uint64_t state = 1;
    int i, j;

    if (file == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    fprintf(file, "sepal length,sepal width,petal length,petal width,species\n");
    for (i = 0; i < FLOWERS; i++) {
        for (j = 0; j < 4; j++) {
            int tenths = measure(typical[i % 3][j], &state);

            fprintf(file, "%d.%d,", tenths / 10, tenths % 10);
        }
        fprintf(file, "%s\n", species[i % 3]);
    }
    fclose(file);
}

static void train(const split_t *flowers, size_t classes)
{
    optimizer_t rmsprop = optimizer_rmsprop();
    fit_options_t how = fit_options_default();

    rmsprop.learning_rate = 0.01;
    how.epochs = 40;
    how.batch_size = 16;
    check(model_create(NULL, &network));
    check(model_add(network, layer_dense(16, ACTIVATION_RELU)));
    check(model_add(network, layer_dense(classes, ACTIVATION_SOFTMAX)));
    check(model_compile(network, &rmsprop, LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, METRIC_ACCURACY));
    check(model_fit(network, flowers->train_x, flowers->train_y, &how, NULL));
}

/* The number of the class that a flower belongs to. */
static size_t classify(const float flower[4], const tensor_t *means, const tensor_t *deviations,
                       size_t classes)
{
    const size_t shape[2] = {1, 4}, answer_shape[2] = {1, classes};
    const size_t first[1] = {0};
    tensor_t *x = NULL, *scaled = NULL, *probabilities = NULL, *best = NULL;
    double class = 0;

    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, shape, flower, 0, &x, &error));
    check(standardize_apply(x, means, deviations, &scaled, &error));
    check(tensor_create(NULL, DTYPE_FLOAT32, 2, answer_shape, &probabilities, &error));
    check(model_predict(network, scaled, probabilities));
    check(tensor_argmax(probabilities, &best, &error));
    check(tensor_get(best, first, &class, &error));
    tensor_free(best);
    tensor_free(probabilities);
    tensor_free(scaled);
    tensor_free(x);
    return (size_t) class;
}

int main(void)
{
    static const float flower[4] = {6.5F, 3.0F, 5.8F, 2.2F};
    const char *folder = getenv("TMPDIR");
    char path[512];
    csv_options_t columns = csv_options_default();
    csv_t *table = NULL;
    split_t flowers;
    tensor_t *means = NULL, *deviations = NULL;
    evaluation_t result;
    size_t class;

    snprintf(path, sizeof path, "%s/dlcore_flowers_XXXXXX", folder != NULL ? folder : "/tmp");
    write_flowers(path);

    /* All columns but the label are features. */
    columns.label_kind = CSV_LABEL_CLASSES;
    columns.label.name = "species";
    check(csv_load(path, &columns, NULL, &table, &error));
    printf("%zu flowers, %zu classes\n", tensor_length(csv_x(table), 0), csv_class_count(table));

    /* Means and deviations come from the training data alone. */
    check(train_test_split(csv_x(table), csv_y(table), NULL, &flowers, &error));
    check(standardize_fit(flowers.train_x, &means, &deviations, &error));
    check(standardize_in_place(flowers.train_x, means, deviations, &error));
    check(standardize_in_place(flowers.test_x, means, deviations, &error));

    train(&flowers, csv_class_count(table));
    check(model_evaluate(network, flowers.test_x, flowers.test_y, NULL, &result));
    printf("test accuracy: %.4f\n", evaluation_value(&result, "accuracy"));
    class = classify(flower, means, deviations, csv_class_count(table));
    printf("a flower of 6.5, 3.0, 5.8 and 2.2 cm: %s\n", csv_class_name(table, class));

    model_free(network);
    tensor_free(means);
    tensor_free(deviations);
    split_free(&flowers);
    csv_free(table);
    remove(path);
    if (evaluation_value(&result, "accuracy") < 0.85 || class != 2) {
        fprintf(stderr, "csv: that is not what was to be learnt\n");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
