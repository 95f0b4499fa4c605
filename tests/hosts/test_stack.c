/* The stack of a call: at most 16 KiB below the caller's frame, whatever it does, with what the C
 * library takes for it. What a BLAS takes for itself is measured alone and added to the limit of
 * the BLAS engine: it is another in every BLAS, and for every CPU. So is what a C library takes for
 * printing a number beyond 4 KiB (musl's takes 7). Each call runs on a thread whose stack was
 * painted; what is left of the paint tells how deep it went. A call runs twice and the second is
 * measured: in the first the dynamic linker looks up names, and keeps the vector registers on the
 * stack meanwhile.
 *
 * SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "dlcore/callbacks.h"
#include "dlcore/curves.h"
#include "dlcore/data.h"
#include "dlcore/dataset.h"
#include "dlcore/file.h"
#include "dlcore/inspect.h"
#include "dlcore/model.h"
#include "dlcore/predictor.h"
#include "dlcore/report.h"
#include "products/blas.h"
#include "support/classifier.h"
#include "support/folder.h"
#include "support/foreign_models.h"
#include "support/host_blas.h"
#include "support/npy_bytes.h"
#include "support/tensors.h"

#define STACK ((size_t)1 << 20)
#define LIMIT ((size_t)16 << 10)
#define PRINTING ((size_t)4 << 10) /* of that, for the C library */
#define PAINT 0xa5

enum { INPUTS = 40, CLASSES = 10, ROWS = 300, BATCH = 64 };

/* What calls work on. */
static struct setting {
    dlcore_engine_t engine;
    size_t threads;
    dlcore_model_t *model, *other, *small;
    samples_t samples, pixels;
    dlcore_tensor_t *y, *wide, *out, *means, *deviations;
    dlcore_predictor_t *predictor, *small_predictor;
    dlcore_history_t *history;
    dlcore_compile_options_t compile;
    dlcore_model_options_t options;
    dlcore_load_options_t load;
    dlcore_save_options_t save;
    dlcore_evaluation_t evaluation;
    dlcore_csv_t *csv;
    dlcore_split_t split;
    dlcore_error_record_t error;
    void *bytes;
    size_t size, counts[CLASSES * CLASSES];
    float *numbers;
    double number;
    FILE *sink;
    size_t next;
} g;

/* ---- painting ---- */

typedef struct measured {
    const char *name;
    dlcore_status (*call)(void);
    dlcore_status status;
} measured_t;

static void *run(void *user)
{
    measured_t *measured = user;

    measured->status = measured->call();
    return NULL;
}

/* Bytes of the stack that were written, by the thread's own beginning, too. */
static size_t bytes_of(measured_t *measured, unsigned char *stack)
{
    pthread_attr_t attributes;
    pthread_t thread;
    size_t left = 0;

    memset(stack, PAINT, STACK);
    pthread_attr_init(&attributes);
    assert_int_equal(pthread_attr_setstack(&attributes, stack, STACK), 0);
    assert_int_equal(pthread_create(&thread, &attributes, run, measured), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attributes);
    while (left < STACK && stack[left] == PAINT)
        left++;
    return STACK - left;
}

static dlcore_status nothing(void)
{
    return DLCORE_OK;
}

static dlcore_status print_number(void)
{
    char text[32];

    return snprintf(text, sizeof text, "%.9g", g.number) > 0 ? DLCORE_OK : DLCORE_ERROR_IO;
}

/* Products of the shapes of a training step and of predicting, which a BLAS may each do in another
 * way. */
static dlcore_status multiply(void)
{
    enum { UNITS = 70 };
    static const size_t rows[] = {1, 7, BATCH, ROWS}, units[] = {CLASSES, UNITS};
    static float a[ROWS * UNITS], b[ROWS * UNITS], c[ROWS * UNITS];

    dlcore_blas_enter(false);
    for (size_t i = 0; i < 8; i++) {
        size_t m = rows[i / 2], n = units[i % 2];

        dlcore_gemm(false, false, m, n, INPUTS, 1.0f, a, INPUTS, b, n, 1.0f, c, n);
        dlcore_gemm(true, false, INPUTS, n, m, 1.0f, a, INPUTS, b, n, 0.0f, c, n);
        dlcore_gemm(false, true, m, INPUTS, n, 1.0f, a, n, b, n, 0.0f, c, INPUTS);
    }
    dlcore_blas_leave();
    return DLCORE_OK;
}

/* ---- calls ---- */

static dlcore_status call_create(void)
{
    dlcore_model_free(g.other);
    return dlcore_model_create(&g.options, &g.other);
}

static dlcore_status call_add(void)
{
    return dlcore_model_add(g.other, dlcore_layer_dense(24, DLCORE_ACTIVATION_GELU));
}

static dlcore_status call_build(void)
{
    return dlcore_model_build(g.other, INPUTS);
}

static dlcore_status call_compile(void)
{
    dlcore_optimizer_t adam = dlcore_optimizer_adam();

    return dlcore_model_compile(g.other, &adam, DLCORE_LOSS_MEAN_SQUARED_ERROR,
                                DLCORE_METRIC_R2_SCORE);
}

static dlcore_status call_compile_with(void)
{
    return dlcore_model_compile_with(g.other, &g.compile);
}

static dlcore_status call_clone(void)
{
    dlcore_model_t *clone = NULL;
    dlcore_status status = dlcore_model_clone(g.model, &clone);

    dlcore_model_free(clone);
    return status;
}

static dlcore_status call_adapt(void)
{
    dlcore_model_t *model = NULL;
    dlcore_status status = dlcore_model_create(NULL, &model);

    if (status == DLCORE_OK)
        status = dlcore_model_add(model, dlcore_layer_normalization());
    if (status == DLCORE_OK)
        status = dlcore_model_adapt(model, 0, g.samples.x);
    dlcore_model_free(model);
    return status;
}

static dlcore_status call_train_on_batch(void)
{
    return dlcore_model_train_on_batch(g.model, g.samples.x, g.samples.y, &g.evaluation);
}

static dlcore_status call_gradients(void)
{
    return dlcore_model_gradients(g.model, g.samples.x, g.samples.y, g.numbers,
                                  dlcore_model_parameter_count(g.model), NULL);
}

static dlcore_status call_test_on_batch(void)
{
    return dlcore_model_test_on_batch(g.model, g.samples.x, g.samples.y, &g.evaluation);
}

static void show(void *user, const char *text, size_t length)
{
    (void)user;
    (void)text;
    (void)length;
}

static dlcore_status call_evaluate(void)
{
    static dlcore_evaluate_options_t options;

    options = dlcore_evaluate_options_default();
    options.verbose = 1;
    options.sink.write = show;
    return dlcore_model_evaluate(g.model, g.samples.x, g.samples.y, &options, &g.evaluation);
}

static dlcore_status call_predict(void)
{
    return dlcore_model_predict(g.model, g.samples.x, g.y);
}

/* The first that has work for a team, which is made for as many threads as there are CPUs. */
static dlcore_status call_first_predict(void)
{
    dlcore_model_options_t options = engine_options(g.options.engine, 0);
    dlcore_model_t *model = NULL;
    dlcore_status status = dlcore_model_create(&options, &model);

    for (size_t i = 0; i < 3 && status == DLCORE_OK; i++)
        status = dlcore_model_add(
            model, dlcore_layer_dense(i < 2 ? 900 : CLASSES, DLCORE_ACTIVATION_RELU));
    if (status == DLCORE_OK)
        status = dlcore_model_build(model, INPUTS);
    if (status == DLCORE_OK)
        status = dlcore_model_predict(model, g.samples.x, g.y);
    dlcore_model_free(model);
    return status;
}

static dlcore_status call_predict_on_batch(void)
{
    return dlcore_model_predict_on_batch(g.model, g.samples.x, g.y);
}

static dlcore_status call_summary(void)
{
    return dlcore_model_summary(g.model, g.sink);
}

static dlcore_status call_get_weights(void)
{
    return dlcore_model_get_weights(g.model, g.numbers, dlcore_model_parameter_count(g.model));
}

static dlcore_status call_set_weights(void)
{
    return dlcore_model_set_weights(g.model, g.numbers, dlcore_model_parameter_count(g.model));
}

static dlcore_status call_failing(void)
{
    return dlcore_model_fit(g.model, g.wide, g.samples.y, NULL, NULL) == DLCORE_ERROR_SHAPE
               ? DLCORE_OK
               : DLCORE_ERROR_STATE;
}

/* ---- training ---- */

static dlcore_status begin(void *user, size_t pass, size_t batch, dlcore_error_record_t *error)
{
    (void)user;
    (void)pass;
    (void)error;
    g.next = batch;
    return DLCORE_OK;
}

static dlcore_status next(void *user, dlcore_dataset_batch_t *batch, dlcore_error_record_t *error)
{
    (void)user;
    (void)error;
    *batch = (dlcore_dataset_batch_t){0};
    if (g.next++ < 3)
        *batch = (dlcore_dataset_batch_t){.x = g.samples.x, .y = g.samples.y};
    return DLCORE_OK;
}

static const dlcore_dataset_t dataset = {.begin = begin, .next = next, .prefetch = true};

static double rate(void *user, size_t epoch, double learning_rate)
{
    (void)user;
    (void)epoch;
    return learning_rate * 0.9;
}

static dlcore_status fit(bool with_files, bool from_dataset)
{
    static dlcore_early_stopping_t stopping;
    static dlcore_reduce_lr_on_plateau_t plateau;
    static dlcore_learning_rate_scheduler_t scheduler;
    static dlcore_roll_back_t roll_back;
    static dlcore_model_checkpoint_t checkpoint;
    static dlcore_csv_logger_t logger;
    static dlcore_backup_and_restore_t backup;
    static dlcore_callback_t callbacks[7];
    static dlcore_fit_options_t options;
    static char paths[3][256];

    if (with_files) {
        snprintf(paths[0], sizeof paths[0], "%s", folder_path("best.{epoch}.safetensors"));
        snprintf(paths[1], sizeof paths[1], "%s", folder_path("log.csv"));
        snprintf(paths[2], sizeof paths[2], "%s", folder_path("backup.safetensors"));
    }
    stopping = dlcore_early_stopping_default();
    stopping.monitor = "loss";
    stopping.restore_best_weights = true;
    plateau = dlcore_reduce_lr_on_plateau_default();
    plateau.monitor = "loss";
    scheduler = dlcore_learning_rate_scheduler_default(rate, NULL);
    roll_back = dlcore_roll_back_default();
    checkpoint = dlcore_model_checkpoint_default(paths[0]);
    logger = dlcore_csv_logger_default(paths[1]);
    logger.append = true;
    backup = dlcore_backup_and_restore_default(paths[2]);
    backup.save_freq = 2;
    backup.delete_checkpoint = false;
    callbacks[0] = dlcore_early_stopping_callback(&stopping);
    callbacks[1] = dlcore_reduce_lr_on_plateau_callback(&plateau);
    callbacks[2] = dlcore_learning_rate_scheduler_callback(&scheduler);
    callbacks[3] = dlcore_roll_back_callback(&roll_back);
    callbacks[4] = dlcore_model_checkpoint_callback(&checkpoint);
    callbacks[5] = dlcore_csv_logger_callback(&logger);
    callbacks[6] = dlcore_backup_and_restore_callback(&backup);
    options = dlcore_fit_options_default();
    options.epochs = 2;
    options.batch_size = BATCH;
    options.verbose = 1;
    options.sink.write = show;
    options.callbacks = callbacks;
    options.callback_count = with_files ? 7 : 4;
    dlcore_history_free(g.history);
    g.history = NULL;
    if (from_dataset)
        return dlcore_model_fit_dataset(g.model, &dataset, &options, &g.history);
    options.validation_split = 0.25;
    return dlcore_model_fit(g.model, g.samples.x, g.samples.y, &options, &g.history);
}

static dlcore_status call_fit(void)
{
    return fit(false, false);
}

static dlcore_status call_fit_with_files(void)
{
    return fit(true, false);
}

static dlcore_status call_fit_dataset(void)
{
    return fit(false, true);
}

static dlcore_status call_evaluate_dataset(void)
{
    return dlcore_model_evaluate_dataset(g.model, &dataset, NULL, &g.evaluation);
}

static dlcore_status take(void *user, const dlcore_tensor_t *y, dlcore_error_record_t *error)
{
    (void)user;
    (void)y;
    (void)error;
    return DLCORE_OK;
}

static dlcore_status call_predict_dataset(void)
{
    return dlcore_model_predict_dataset(g.model, &dataset, take, NULL, NULL);
}

/* ---- predictors ---- */

static dlcore_status call_predictor_create(void)
{
    dlcore_predictor_free(g.predictor);
    return dlcore_predictor_create(g.model, NULL, &g.predictor);
}

static dlcore_status call_predictor_run(void)
{
    return dlcore_predictor_run(g.predictor, dlcore_tensor_data_const(g.samples.x), 1, g.numbers);
}

static dlcore_status call_small_predictor_create(void)
{
    dlcore_predictor_free(g.small_predictor);
    return dlcore_predictor_create(g.small, NULL, &g.small_predictor);
}

static dlcore_status call_small_predictor_run(void)
{
    return dlcore_predictor_run(g.small_predictor, dlcore_tensor_data_const(g.samples.x), 1,
                                g.numbers);
}

/* ---- files ---- */

static dlcore_status call_save(void)
{
    return dlcore_model_save(g.model, folder_path("model.safetensors"), &g.save);
}

static dlcore_status call_load(void)
{
    dlcore_model_free(g.other);
    g.other = NULL;
    return dlcore_model_load(folder_path("model.safetensors"), &g.load, &g.other);
}

static dlcore_status call_save_memory(void)
{
    free(g.bytes);
    return dlcore_model_save_memory(g.model, &g.save, &g.bytes, &g.size);
}

static dlcore_status call_load_memory(void)
{
    dlcore_model_free(g.other);
    g.other = NULL;
    return dlcore_model_load_memory(g.bytes, g.size, &g.load, &g.other);
}

static dlcore_status call_load_to_predict(void)
{
    dlcore_model_free(g.other);
    g.other = NULL;
    return dlcore_model_load_memory_to_predict(g.bytes, g.size, &g.load, &g.other);
}

static dlcore_status call_save_weights(void)
{
    return dlcore_model_save_weights(g.model, folder_path("weights.safetensors"), NULL);
}

static dlcore_status call_save_weights_for_pytorch(void)
{
    dlcore_save_weights_options_t how = dlcore_save_weights_options_default();

    how.style = DLCORE_WEIGHT_STYLE_PYTORCH;
    how.dtype = DLCORE_WEIGHT_DTYPE_BFLOAT16;
    how.error = &g.error;
    return dlcore_model_save_weights_with(g.model, folder_path("pytorch.safetensors"), &how);
}

static dlcore_status call_load_weights(void)
{
    return dlcore_model_load_weights(g.model, folder_path("weights.safetensors"));
}

/* By order, with the report, of a file whose names are others. */
static dlcore_status call_load_weights_by_order(void)
{
    static const char *const tensors[] = {"a.3.weight F32 70 70", "a.3.bias F64 70",
                                          "a.9.weight F32 50 70", "a.9.bias F32 50", NULL};
    dlcore_weights_options_t how = dlcore_weights_options_default();
    dlcore_weights_report_t *report = NULL;
    dlcore_model_t *model = NULL;
    dlcore_status status = dlcore_model_create(&g.options, &model);

    how.report = &report;
    if (status == DLCORE_OK)
        status = dlcore_model_add(model, dlcore_layer_dense(70, DLCORE_ACTIVATION_RELU));
    if (status == DLCORE_OK)
        status = dlcore_model_add(model, dlcore_layer_dense(50, DLCORE_ACTIVATION_RELU));
    if (status == DLCORE_OK)
        status = dlcore_model_build(model, 70);
    if (status == DLCORE_OK)
        status = foreign_load(model, tensors, &how);
    if (status == DLCORE_OK)
        status = dlcore_weights_report_print(report, g.sink);
    dlcore_weights_report_free(report);
    dlcore_model_free(model);
    return status;
}

static dlcore_status call_inspect(void)
{
    dlcore_inspect_options_t how = dlcore_inspect_options_default();
    dlcore_inspection_t *found = NULL;
    dlcore_status status;

    how.model = g.model;
    how.error = &g.error;
    status = dlcore_model_inspect(folder_path("model.safetensors"), &how, &found);
    if (status == DLCORE_OK)
        status = dlcore_inspection_print(found, g.sink);
    dlcore_inspection_free(found);
    return status;
}

static dlcore_status call_npy_save(void)
{
    return dlcore_npy_save(folder_path("x.npy"), g.samples.x, &g.error);
}

/* Frees what the call answered. */
static dlcore_status dropped(dlcore_status status, dlcore_tensor_t *tensor)
{
    dlcore_tensor_free(tensor);
    return status;
}

static dlcore_status call_npy_load(void)
{
    dlcore_tensor_t *tensor = NULL;
    dlcore_status status = dlcore_npy_load(folder_path("x.npy"), NULL, &tensor, &g.error);

    return dropped(status, tensor);
}

static dlcore_status call_npy_load_doubles(void)
{
    dlcore_tensor_t *tensor = NULL;
    dlcore_status status = dlcore_npy_load(folder_path("doubles.npy"), NULL, &tensor, &g.error);

    return dropped(status, tensor);
}

static dlcore_status call_idx_save(void)
{
    return dlcore_idx_save(folder_path("x.idx"), g.samples.x, &g.error);
}

static dlcore_status call_idx_load(void)
{
    dlcore_tensor_t *tensor = NULL;
    dlcore_status status = dlcore_idx_load(folder_path("x.idx"), NULL, &tensor, &g.error);

    return dropped(status, tensor);
}

static dlcore_status call_idx_load_gzip(void)
{
    dlcore_tensor_t *tensor = NULL;
    dlcore_status status = DLCORE_OK;

    if (dlcore_idx_reads_gzip())
        status = dlcore_idx_parse(gzip_seed, gzip_seed_size, NULL, &tensor, &g.error);
    return dropped(status, tensor);
}

static dlcore_status call_csv_load(void)
{
    static dlcore_csv_options_t options;
    dlcore_status status;

    options = dlcore_csv_options_default();
    options.label_kind = DLCORE_CSV_LABEL_CLASSES;
    status = dlcore_csv_load(folder_path("data.csv"), &options, NULL, &g.csv, &g.error);
    dlcore_csv_free(g.csv);
    g.csv = NULL;
    return status;
}

/* ---- tensors and reports ---- */

static dlcore_status call_split(void)
{
    dlcore_status status =
        dlcore_train_test_split(g.samples.x, g.samples.y, NULL, &g.split, &g.error);

    dlcore_split_free(&g.split);
    return status;
}

static dlcore_status call_k_fold(void)
{
    dlcore_status status = dlcore_k_fold(g.samples.x, g.samples.y, NULL, 1, &g.split, &g.error);

    dlcore_split_free(&g.split);
    return status;
}

static dlcore_status call_standardize(void)
{
    dlcore_tensor_t *out = NULL;
    dlcore_status status;

    dlcore_tensor_free(g.means);
    dlcore_tensor_free(g.deviations);
    status = dlcore_standardize_fit(g.samples.x, &g.means, &g.deviations, &g.error);
    if (status == DLCORE_OK)
        status = dlcore_standardize_apply(g.samples.x, g.means, g.deviations, &out, &g.error);
    return dropped(status, out);
}

static dlcore_status call_tensors(void)
{
    dlcore_tensor_t *tensors[5] = {NULL};
    dlcore_status status =
        dlcore_tensor_cast(g.pixels.x, DLCORE_DTYPE_FLOAT32, 1.0, &tensors[0], &g.error);

    if (status == DLCORE_OK)
        status = dlcore_tensor_transpose(tensors[0], &tensors[1], &g.error);
    if (status == DLCORE_OK)
        status = dlcore_tensor_matmul(tensors[0], tensors[1], &tensors[2], &g.error);
    if (status == DLCORE_OK)
        status = dlcore_tensor_one_hot(g.samples.y, CLASSES, &tensors[3], &g.error);
    if (status == DLCORE_OK)
        status = dlcore_tensor_argmax(tensors[3], &tensors[4], &g.error);
    if (status == DLCORE_OK)
        status = dlcore_tensor_print(tensors[2], g.sink, &g.error);
    for (size_t i = 0; i < 5; i++)
        dlcore_tensor_free(tensors[i]);
    return status;
}

static dlcore_status call_report(void)
{
    dlcore_tensor_t *classes = NULL;
    dlcore_status status = dlcore_tensor_argmax(g.y, &classes, &g.error);

    if (status == DLCORE_OK)
        status = dlcore_confusion_matrix(g.samples.y, classes, CLASSES, g.counts, &g.error);
    dlcore_tensor_free(classes);
    if (status == DLCORE_OK)
        status = dlcore_report_confusion(g.counts, CLASSES, NULL, g.sink, &g.error);
    if (status == DLCORE_OK)
        status = dlcore_report_classification(g.counts, CLASSES, NULL, g.sink, &g.error);
    return status;
}

static dlcore_status call_curves(void)
{
    return dlcore_history_save_svg(g.history, folder_path("curves.svg"), NULL, &g.error);
}

/* In the order in which they come: later ones need what earlier ones leave. */
static measured_t calls[] = {
    {"model_create", call_create, 0},
    {"model_add", call_add, 0},
    {"model_build", call_build, 0},
    {"model_compile", call_compile, 0},
    {"model_compile_with", call_compile_with, 0},
    {"model_clone", call_clone, 0},
    {"model_adapt", call_adapt, 0},
    {"model_train_on_batch", call_train_on_batch, 0},
    {"model_gradients", call_gradients, 0},
    {"model_test_on_batch", call_test_on_batch, 0},
    {"model_evaluate", call_evaluate, 0},
    {"model_predict", call_predict, 0},
    {"the first model_predict", call_first_predict, 0},
    {"model_predict_on_batch", call_predict_on_batch, 0},
    {"model_summary", call_summary, 0},
    {"model_get_weights", call_get_weights, 0},
    {"model_set_weights", call_set_weights, 0},
    {"model_fit that fails", call_failing, 0},
    {"model_fit", call_fit, 0},
    {"model_fit with files", call_fit_with_files, 0},
    {"model_fit that finds its files", call_fit_with_files, 0},
    {"model_fit_dataset", call_fit_dataset, 0},
    {"model_evaluate_dataset", call_evaluate_dataset, 0},
    {"model_predict_dataset", call_predict_dataset, 0},
    {"predictor_create", call_predictor_create, 0},
    {"predictor_run", call_predictor_run, 0},
    {"predictor_create of a chain", call_small_predictor_create, 0},
    {"predictor_run of a chain", call_small_predictor_run, 0},
    {"model_save", call_save, 0},
    {"model_load", call_load, 0},
    {"model_save_memory", call_save_memory, 0},
    {"model_load_memory", call_load_memory, 0},
    {"model_load_memory_to_predict", call_load_to_predict, 0},
    {"model_save_weights", call_save_weights, 0},
    {"model_save_weights for PyTorch", call_save_weights_for_pytorch, 0},
    {"model_load_weights", call_load_weights, 0},
    {"model_load_weights by order", call_load_weights_by_order, 0},
    {"model_inspect", call_inspect, 0},
    {"npy_save", call_npy_save, 0},
    {"npy_load", call_npy_load, 0},
    {"npy_load of doubles", call_npy_load_doubles, 0},
    {"idx_save", call_idx_save, 0},
    {"idx_load", call_idx_load, 0},
    {"idx_parse of gzip", call_idx_load_gzip, 0},
    {"csv_load", call_csv_load, 0},
    {"train_test_split", call_split, 0},
    {"k_fold", call_k_fold, 0},
    {"standardize", call_standardize, 0},
    {"tensors", call_tensors, 0},
    {"reports", call_report, 0},
    {"history_save_svg", call_curves, 0},
};

/* ---- the setting ---- */

/* A classifier with a layer of every kind that works in training. */
static dlcore_model_t *model_of(const dlcore_model_options_t *options)
{
    dlcore_layer_t layers[] = {dlcore_layer_rescaling(0.5, 0.1),
                               dlcore_layer_gaussian_noise(0.01),
                               dlcore_layer_dense(70, DLCORE_ACTIVATION_GELU),
                               dlcore_layer_batch_normalization(),
                               dlcore_layer_dropout(0.1),
                               dlcore_layer_prelu(),
                               dlcore_layer_dense(50, DLCORE_ACTIVATION_RELU),
                               dlcore_layer_layer_normalization(),
                               dlcore_layer_dense(CLASSES, DLCORE_ACTIVATION_SOFTMAX)};
    dlcore_model_t *model = NULL;

    layers[2].kernel_regularizer = dlcore_regularizer_l1_l2(1e-5, 1e-5);
    layers[6].kernel_constraint = dlcore_constraint_max_norm(3.0);
    layers[6].activity_regularizer = dlcore_regularizer_l2(1e-5);
    assert_int_equal(dlcore_model_create(options, &model), DLCORE_OK);
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        assert_int_equal(dlcore_model_add(model, layers[i]), DLCORE_OK);
    assert_int_equal(dlcore_model_compile_with(model, &g.compile), DLCORE_OK);
    assert_int_equal(dlcore_model_build(model, INPUTS), DLCORE_OK);
    return model;
}

static dlcore_compile_options_t many_settings(void)
{
    static const dlcore_metric_kind_t kinds[] = {DLCORE_METRIC_ACCURACY,
                                                 DLCORE_METRIC_SPARSE_CATEGORICAL_CROSSENTROPY,
                                                 DLCORE_METRIC_SPARSE_TOP_K_CATEGORICAL_ACCURACY};
    dlcore_compile_options_t settings = dlcore_compile_options_default();

    settings.optimizer = dlcore_optimizer_adam();
    settings.optimizer.use_ema = true;
    settings.optimizer.global_clipnorm = 1.0;
    settings.loss = dlcore_loss_sparse_categorical_crossentropy();
    settings.metric_count = sizeof kinds / sizeof *kinds;
    for (size_t i = 0; i < settings.metric_count; i++)
        settings.metrics[i] = dlcore_metric_default(kinds[i]);
    return settings;
}

static void write_files(void)
{
    static const double doubles[64] = {0.5};
    bytes_t bytes = {0};
    FILE *file;
    char text[4096] = "a,b,c,kind\n";

    for (size_t i = 0; i < 40; i++)
        snprintf(text + strlen(text), 40, "%zu.5,%zu,-%zu.0e-3,%s\n", i, i * 7, i,
                 i % 2 ? "odd" : "even");
    folder_write("data.csv", text);
    npy_little(&bytes, "<f8", "(8, 8)", doubles, 8, 64);
    file = fopen(folder_path("doubles.npy"), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.data, 1, bytes.size, file), bytes.size);
    assert_int_equal(fclose(file), 0);
    bytes_free(&bytes);
}

static void settle(dlcore_engine_t engine, size_t threads)
{
    static const size_t small[] = {INPUTS, 32, 64, CLASSES, 0};

    memset(&g, 0, sizeof g);
    g.compile = many_settings();
    g.options = engine_options(engine, threads);
    g.load = dlcore_load_options_default();
    g.load.model = g.options;
    g.save = dlcore_save_options_default();
    g.samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    g.pixels = samples_of_pixels(ROWS, INPUTS, CLASSES);
    g.model = model_of(&g.options);
    g.small = classifier(&g.options, small, dlcore_optimizer_sgd());
    g.numbers = calloc(100000, sizeof *g.numbers);
    g.y = tensor_of_floats(SHAPE(ROWS, CLASSES), g.numbers);
    g.wide = tensor_of_floats(SHAPE(ROWS, INPUTS + 1), g.numbers);
    g.number = 1.25e-300;
    g.sink = fopen("/dev/null", "w");
    assert_true(g.small != NULL && g.numbers != NULL && g.sink != NULL);
    assert_in_range(dlcore_model_parameter_count(g.model), 1, 100000);
    assert_int_equal(
        dlcore_model_get_weights(g.model, g.numbers, dlcore_model_parameter_count(g.model)),
        DLCORE_OK);
}

static void clear(void)
{
    dlcore_predictor_free(g.predictor);
    dlcore_predictor_free(g.small_predictor);
    dlcore_model_free(g.model);
    dlcore_model_free(g.other);
    dlcore_model_free(g.small);
    samples_free(g.samples);
    samples_free(g.pixels);
    dlcore_tensor_free(g.y);
    dlcore_tensor_free(g.wide);
    dlcore_tensor_free(g.means);
    dlcore_tensor_free(g.deviations);
    dlcore_history_free(g.history);
    free(g.bytes);
    free(g.numbers);
    fclose(g.sink);
}

/* A call that does nothing may take less than one that returns, by an alignment. */
static size_t above(size_t base, size_t bytes)
{
    return bytes > base ? bytes - base : 0;
}

static size_t check_calls(dlcore_engine_t engine, size_t threads, unsigned char *stack)
{
    measured_t none = {"", nothing, DLCORE_OK}, blas = {"BLAS alone", multiply, DLCORE_OK};
    measured_t print = {"printing a number", print_number, DLCORE_OK};
    size_t base, printing, failing = 0, limit = LIMIT;

    settle(engine, threads);
    (void)bytes_of(&none, stack);
    base = bytes_of(&none, stack);
    (void)bytes_of(&print, stack);
    printing = above(base, bytes_of(&print, stack));
    print_message("%-32s %6zu\n", print.name, printing);
    if (printing > PRINTING)
        limit += printing - PRINTING;
    if (engine == DLCORE_ENGINE_BLAS && !host_blas_is("portable")) {
        (void)bytes_of(&blas, stack);
        size_t bytes = above(base, bytes_of(&blas, stack));

        limit += bytes;
        print_message("%-32s %6zu\n", blas.name, bytes);
    }
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        measured_t *measured = &calls[i];
        size_t bytes;

        (void)bytes_of(measured, stack);
        bytes = above(base, bytes_of(measured, stack));
        if (measured->status != DLCORE_OK)
            fail_msg("%s: %s: %s %s", measured->name, dlcore_status_name(measured->status),
                     g.error.message, dlcore_model_error(g.model));
        print_message("%-32s %6zu%s\n", measured->name, bytes, bytes > limit ? " !" : "");
        failing += bytes > limit;
    }
    clear();
    return failing;
}

static void test_stack_of_every_call_is_below_16_kib(void **state)
{
    unsigned char *stack;
    size_t failing = 0;

    (void)state;
#ifndef __OPTIMIZE__
    skip(); /* unoptimized code keeps everything on the stack */
#endif
    stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(stack != MAP_FAILED);
    write_files();
    for (size_t i = 0; i < 4; i++) {
        dlcore_engine_t engine = engines[i / 2];

        if (!engine_is_here(engine))
            continue;
        print_message("---- %s, %zu threads: bytes\n", engine_name(engine), i % 2 + 1);
        failing += check_calls(engine, i % 2 + 1, stack);
    }
    munmap(stack, STACK);
    assert_int_equal(failing, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stack_of_every_call_is_below_16_kib),
    };

    return cmocka_run_group_tests_name("stack", tests, folder_make, folder_remove);
}
