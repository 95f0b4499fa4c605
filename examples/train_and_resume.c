/* A long training that may be killed: start it again, and it goes on to the same result.
 *
 *     train_and_resume [FOLDER [EPOCHS]]
 *
 * Press Ctrl-C, or kill it, at any moment, and start it anew. Shows what goes together for that:
 *
 *     backup_and_restore   the whole run after each epoch: FOLDER/backup.safetensors
 *     model_checkpoint     the best model so far, for use: FOLDER/best.safetensors
 *     csv_logger           a line for each epoch: FOLDER/log.csv
 *     early_stopping       ends it when the validation loss no longer falls
 *     history_save_svg     the curves of all epochs, also those before the kill: FOLDER/curves.svg
 *
 * The network learns which of two spirals a point lies on. FOLDER is "training" when none is given.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include <dlcore.h>

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#if defined(_WIN32)
#    include <direct.h>
#    define mkdir(path, permissions) _mkdir(path)
#endif

enum { SAMPLES = 6000, PATH_SIZE = 512 };

typedef struct files {
    char backup[PATH_SIZE], best[PATH_SIZE], log[PATH_SIZE], curves[PATH_SIZE];
} files_t;

static model_t *network;
static error_record_t error; /* of all calls that do not change the model */

static void fail(const char *message)
{
    fprintf(stderr, "train_and_resume: %s\n", message);
    exit(EXIT_FAILURE);
}

static void check(dlcore_status status)
{
    if (status != DLCORE_OK)
        fail(error.status == status ? error.message : model_error(network));
}

/* ---- files ---- */

static void name(char path[PATH_SIZE], const char *folder, const char *file)
{
    if (snprintf(path, PATH_SIZE, "%s/%s", folder, file) >= PATH_SIZE)
        fail("the folder's name is too long");
}

static files_t name_files(const char *folder)
{
    files_t files;

    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "train_and_resume: %s: %s\n", folder, strerror(errno));
        exit(EXIT_FAILURE);
    }
    name(files.backup, folder, "backup.safetensors");
    name(files.best, folder, "best.safetensors");
    name(files.log, folder, "log.csv");
    name(files.curves, folder, "curves.svg");
    return files;
}

/* ---- the problem ---- */

/* In -1 .. 1, the same on every machine. */
static float next_number(uint64_t *state)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (float)(*state >> 40) / 8388608.0F - 1.0F;
}

static void wind(float (*points)[2], int32_t *labels)
{
    uint64_t state = 11;

    for (size_t i = 0; i < SAMPLES; i++) {
        float way = sqrtf(fabsf(next_number(&state))), angle = 9 * way;

        labels[i] = next_number(&state) > 0;
        angle += labels[i] ? 3.14159265F : 0;
        points[i][0] = way * cosf(angle) + 0.06F * next_number(&state);
        points[i][1] = way * sinf(angle) + 0.06F * next_number(&state);
        if (next_number(&state) > 0.92F) /* one label in 25 is wrong, and not to be learnt */
            labels[i] = !labels[i];
    }
}

/* The same call whether it is the first start or not: what was done is in the file, and
 * backup_and_restore puts it into this model as fit begins. */
static void create(void)
{
    optimizer_t adam = optimizer_adam();

    check(model_create(NULL, &network));
    check(model_add(network, layer_dense(64, ACTIVATION_RELU)));
    check(model_add(network, layer_dropout(0.1)));
    check(model_add(network, layer_dense(64, ACTIVATION_RELU)));
    check(model_add(network, layer_dense(1, ACTIVATION_SIGMOID)));
    check(model_compile(network, &adam, LOSS_BINARY_CROSSENTROPY, METRIC_ACCURACY));
}

/* ---- training ---- */

static void save_curves(const history_t *history, const char *path)
{
    static const char *const logarithmic[] = {"loss"};
    curves_options_t how = curves_options_default();

    how.title = "Two spirals";
    how.log_names = logarithmic;
    how.log_name_count = 1;
    check(history_save_svg(history, path, &how, &error));
}

/* Answers the best accuracy on the validation data, which is that of best.safetensors. */
static double train(const tensor_t *x, const tensor_t *y, const files_t *files, size_t epochs)
{
    early_stopping_t stopping = early_stopping_default();
    model_checkpoint_t best = model_checkpoint_default(files->best);
    csv_logger_t log = csv_logger_default(files->log);
    backup_and_restore_t backup = backup_and_restore_default(files->backup);
    fit_options_t how = fit_options_default();
    history_t *history = NULL;
    callback_t callbacks[4];
    double accuracy;

    stopping.patience = 15;
    best.save_best_only = true;
    callbacks[0] = early_stopping_callback(&stopping);
    callbacks[1] = model_checkpoint_callback(&best);
    callbacks[2] = csv_logger_callback(&log);
    callbacks[3] = backup_and_restore_callback(&backup);
    how.callbacks = callbacks;
    how.callback_count = 4;
    how.epochs = epochs;
    how.validation_split = 0.2;
    how.verbose = 2;
    check(model_fit(network, x, y, &how, &history));
    if (history_stopped(history))
        remove(files->backup); /* it stays where a run may go on, but this one is done */
    save_curves(history, files->curves);
    accuracy = history_value(history, "val_accuracy", stopping.best_epoch);
    printf("%s: %zu epochs%s, the best of them epoch %zu, with an accuracy of %.4f\n",
           backup.restored ? "went on where it was" : "from the beginning",
           history_epoch_count(history), history_stopped(history) ? ", stopped early" : "",
           stopping.best_epoch + 1, accuracy);
    printf("see %s, %s and %s\n", files->best, files->log, files->curves);
    history_free(history);
    return accuracy;
}

int main(int argc, char **argv)
{
    static float points[SAMPLES][2];
    static int32_t labels[SAMPLES];
    const size_t shape[2] = {SAMPLES, 2}, labels_shape[1] = {SAMPLES};
    const files_t files = name_files(argc > 1 ? argv[1] : "training");
    size_t epochs = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 200;
    tensor_t *x = NULL, *y = NULL;
    double accuracy;

    wind(points, labels);
    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, shape, points, 0, &x, &error));
    check(tensor_borrow_const(NULL, DTYPE_INT32, 1, labels_shape, labels, 0, &y, &error));
    create();
    accuracy = train(x, y, &files, epochs);
    tensor_free(y);
    tensor_free(x);
    model_free(network);
    return accuracy > 0.9 || epochs < 60 ? EXIT_SUCCESS : EXIT_FAILURE;
}
