/* From a CSV file to predictions in another program: read features and class names, put some
 * samples aside for testing, train, evaluate and save; then load the model and print the
 * probability of each class for a new row.
 *
 * A normalization layer scales the features, so the saved model takes them as they are in the file.
 * The class names are in the model file, too, as a note.
 *
 * The table is written here, measurements of flowers like those of the iris data, to a folder that
 * is removed at the end.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L /* mkdtemp */
#define _DARWIN_C_SOURCE        /* which macOS hides otherwise */

#include <dlcore.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if defined(_WIN32)
#    include <direct.h>
#    define mkdtemp(path) (_mktemp(path) != NULL && _mkdir(path) == 0 ? (path) : NULL)
#    define TEMPORARY "TEMP"
#else
#    define TEMPORARY "TMPDIR"
#endif

enum { FLOWERS = 150, FEATURES = 4, CLASSES_MAX = 10, PATH_SIZE = 512 };

static char folder[PATH_SIZE], table_path[PATH_SIZE + 32], model_path[PATH_SIZE + 32];
static model_t *network;
static error_record_t error; /* of all calls that do not change the model */

static void check(dlcore_status status)
{
    if (status == DLCORE_OK)
        return;
    fprintf(stderr, "csv: %s: %s\n", dlcore_status_name(status),
            error.status == status ? error.message : model_error(network));
    exit(EXIT_FAILURE);
}

static FILE *open_file(const char *path, const char *mode)
{
    FILE *file = fopen(path, mode);

    if (file == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    return file;
}

/* Tenths of a centimetre around a typical value, give or take 15 percent. */
static int measure(int typical, uint64_t *state)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return typical * (85 + (int)(*state >> 33) % 31) / 100;
}

static void write_table(void)
{
    static const char *const species[] = {"setosa", "versicolor", "virginica"};
    static const int typical[3][FEATURES] = {{50, 34, 15, 3}, {59, 28, 43, 13}, {66, 30, 56, 20}};
    FILE *file = open_file(table_path, "w");
    uint64_t state = 1;
    int i, j;

    fprintf(file, "sepal length,sepal width,petal length,petal width,species\n");
    for (i = 0; i < FLOWERS; i++) {
        for (j = 0; j < FEATURES; j++) {
            int tenths = measure(typical[i % 3][j], &state);

            fprintf(file, "%d.%d,", tenths / 10, tenths % 10);
        }
        fprintf(file, "%s\n", species[i % 3]);
    }
    fclose(file);
}

/* ---- the program that trains ---- */

static void save(const csv_t *table)
{
    save_options_t how = save_options_default();

    how.error = &error;
    check(model_set_note_names(network, DLCORE_NOTE_CLASS_NAMES, csv_class_names(table),
                               csv_class_count(table)));
    check(model_save(network, model_path, &how));
}

static double train(void)
{
    csv_options_t columns = csv_options_default();
    fit_options_t how = fit_options_default();
    evaluate_options_t asked = evaluate_options_default();
    optimizer_t rmsprop = optimizer_rmsprop();
    csv_t *table = NULL;
    split_t flowers;
    evaluation_t result;

    /* All columns but the label are features. */
    columns.label_kind = CSV_LABEL_CLASSES;
    columns.label.name = "species";
    check(csv_load(table_path, &columns, NULL, &table, &error));
    check(train_test_split(csv_x(table), csv_y(table), NULL, &flowers, &error));

    check(model_create(NULL, &network));
    check(model_add(network, layer_normalization()));
    check(model_add(network, layer_dense(16, ACTIVATION_RELU)));
    check(model_add(network, layer_dense(csv_class_count(table), ACTIVATION_SOFTMAX)));
    check(model_adapt(network, 0, flowers.train_x)); /* means come from the training data alone */
    rmsprop.learning_rate = 0.01;
    check(model_compile(network, &rmsprop, LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, METRIC_ACCURACY));
    how.epochs = 40;
    how.batch_size = 16;
    check(model_fit(network, flowers.train_x, flowers.train_y, &how, NULL));
    asked.error = &error;
    check(model_evaluate(network, flowers.test_x, flowers.test_y, &asked, &result));
    save(table);

    model_free(network);
    network = NULL;
    split_free(&flowers);
    csv_free(table);
    return evaluation_value(&result, "accuracy");
}

/* ---- the program that uses the model ---- */

/* Prints what a flower is, and answers the probability of the last class. */
static double predict(const float flower[FEATURES])
{
    load_options_t from = load_options_default();
    predict_options_t how = predict_options_default();
    const size_t shape[2] = {1, FEATURES};
    size_t answer_shape[2] = {1, 0}, count, i;
    const char *const *names;
    tensor_t *x = NULL, *y = NULL;
    float answer[CLASSES_MAX];

    from.error = &error;
    how.error = &error;
    check(model_load(model_path, &from, &network));
    names = model_note_names(network, DLCORE_NOTE_CLASS_NAMES, &count);
    if (names == NULL || count > CLASSES_MAX || count != model_output_width(network)) {
        fprintf(stderr, "csv: the model does not name its classes\n");
        exit(EXIT_FAILURE);
    }
    answer_shape[1] = count;
    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, shape, flower, 0, &x, &error));
    check(tensor_borrow(NULL, DTYPE_FLOAT32, 2, answer_shape, answer, 0, &y, &error));
    check(model_predict_with(network, x, y, &how));
    for (i = 0; i < count; i++)
        printf("  %-12s %5.1f %%\n", names[i], 100.0 * (double)answer[i]);
    tensor_free(y);
    tensor_free(x);
    model_free(network);
    network = NULL;
    return (double)answer[count - 1];
}

int main(void)
{
    static const float flower[FEATURES] = {6.5F, 3.0F, 5.8F, 2.2F};
    const char *parent = getenv(TEMPORARY);
    double accuracy, virginica;

    snprintf(folder, sizeof folder, "%s/dlcore_csv_XXXXXX", parent != NULL ? parent : "/tmp");
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        return EXIT_FAILURE;
    }
    snprintf(table_path, sizeof table_path, "%s/flowers.csv", folder);
    snprintf(model_path, sizeof model_path, "%s/flowers.safetensors", folder);
    write_table();

    accuracy = train();
    printf("test accuracy: %.4f\n", accuracy);
    printf("a flower of 6.5, 3.0, 5.8 and 2.2 cm:\n");
    virginica = predict(flower);

    remove(table_path);
    remove(model_path);
    rmdir(folder);
    if (accuracy < 0.85 || virginica < 0.5) {
        fprintf(stderr, "csv: that is not what was to be learnt\n");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
