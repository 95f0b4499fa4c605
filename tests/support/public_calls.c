/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "support/public_calls.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore.h"
#include "dlcore/keras.h"
#include "dlcore/npz.h"
#include "dlcore/onnx.h"
#include "support/folder.h"
#include "support/models.h"
#include "support/zip_bytes.h"

enum { SAMPLES = 8, INPUTS = 4, CLASSES = 3, ROOM = 64 };

/* A loss: half the sum of squares, whatever the labels. */
static void square_all(const dlcore_function_batch_t *batch, void *user)
{
    (void)user;
    for (size_t row = 0; row < batch->rows; row++) {
        batch->row_values[row] = 0.0f;
        for (size_t i = row * batch->units; i < (row + 1) * batch->units; i++) {
            batch->row_values[row] += 0.5f * batch->y_pred[i] * batch->y_pred[i];
            if (batch->gradient != NULL)
                batch->gradient[i] = batch->y_pred[i];
        }
    }
}

struct public_scene {
    public_outcome_t outcome;
    size_t at, null; /* pointers seen; the one that is NULL */
    dlcore_status status;
    dlcore_error_record_t error;
    dlcore_model_t *writes;
    bool has_error;

    dlcore_allocator_t allocator;
    dlcore_model_t *model, *unbuilt, *other;
    size_t count; /* parameters of the model */
    float x_values[SAMPLES * INPUTS], numbers[ROOM], parameters[ROOM], outputs[ROOM],
        means_values[4];
    float class_weight[CLASSES];
    uint8_t bytes8[ROOM];
    int32_t labels[SAMPLES];
    float dx_values[SAMPLES * INPUTS];
    dlcore_tensor_t *dx;
    dlcore_tensor_t *x, *y, *y_pred, *ones, *means, *square, *floats, *out, *out2;
    size_t shape[2], index[2], flat[1], counts[CLASSES * CLASSES], number;
    double value;
    FILE *stream;
    dlcore_history_t *history, *made_history;
    dlcore_dataset_shard_t shard;
    dlcore_predictor_t *predictor, *made_predictor;
    dlcore_predictor_report_t predictor_report;
    dlcore_csv_t *csv, *made_csv;
    dlcore_table_t *table, *made_table;
    dlcore_table_options_t table_options;
    dlcore_table_rows_t table_rows;
    dlcore_table_split_t made_table_split;
    dlcore_schema_t *schema, *number_schema, *made_schema;
    dlcore_schema_options_t schema_options;
    dlcore_tensor_t *table_x, *table_y;
    dlcore_table_stream_options_t table_stream_options;
    dlcore_table_stream_t *table_stream, *made_table_stream;
    dlcore_model_t *table_model;
    const dlcore_schema_t *found_schema;
    dlcore_answer_t answers[4];
    float row_features[8];
    char feature_name[32];
    dlcore_embedding_t embedding;
    dlcore_npz_t *npz, *made_npz, *made_npz_of_file;
    dlcore_npz_array_t npz_array;
    const dlcore_tensor_t *npz_tensors[1];
    dlcore_split_t split;
    dlcore_evaluation_t evaluation;
    dlcore_findings_t findings;
    dlcore_loss_t own_loss;
    dlcore_lbfgs_options_t lbfgs_options;
    dlcore_lbfgs_report_t lbfgs_report;
    dlcore_cross_candidate_t candidates[1];
    dlcore_cross_validate_options_t cross_options;
    dlcore_cross_validation_t *cross, *made_cross;
    dlcore_ranking_t *ranking, *made_ranking;
    dlcore_reliability_t reliability;
    dlcore_importance_options_t importance_options;
    double means_of[INPUTS], deviations_of[INPUTS];
    dlcore_dependence_options_t dependence_options;
    dlcore_dependence_t *dependence, *made_dependence;
    dlcore_model_memory_t memory;
    dlcore_rate_options_t rate_options;
    dlcore_rate_curve_t rate_curve;
    dlcore_loss_difference_t loss_check;
    dlcore_training_event_t event;
    dlcore_weight_t weight;
    dlcore_optimizer_t optimizer;
    dlcore_schedule_t schedule;
    dlcore_byte_reader_t reader;
    size_t read;
    unsigned batch;
    void *made_bytes;

    dlcore_model_options_t model_options;
    dlcore_compile_options_t compile_options;
    dlcore_fit_options_t fit_options;
    dlcore_evaluate_options_t evaluate_options;
    dlcore_predict_options_t predict_options;
    dlcore_predictor_options_t predictor_options;
    dlcore_save_options_t save_options;
    dlcore_load_options_t load_options;
    dlcore_onnx_load_options_t onnx_options;
    dlcore_onnx_save_options_t onnx_save_options;
    dlcore_weights_options_t weights_options;
    dlcore_save_weights_options_t save_weights_options;
    dlcore_weights_report_t *weights_report;
    dlcore_export_c_options_t export_options;
    char *made_text;
    dlcore_inspect_options_t inspect_options;
    dlcore_inspection_t *inspection, *made_inspection;
    dlcore_csv_options_t csv_options;
    dlcore_svmlight_options_t svmlight_options;
    dlcore_tensor_t *sparse;
    dlcore_split_options_t split_options;
    dlcore_k_fold_options_t k_fold_options;
    dlcore_curves_options_t curves_options;
    dlcore_early_stopping_t early_stopping;
    dlcore_reduce_lr_on_plateau_t reduce_lr_on_plateau;
    dlcore_learning_rate_scheduler_t learning_rate_scheduler;
    dlcore_roll_back_t roll_back;
    dlcore_model_checkpoint_t model_checkpoint;
    dlcore_csv_logger_t csv_logger;
    dlcore_tensor_board_t tensor_board;
    dlcore_backup_and_restore_t backup_and_restore;
};

/* ---- what the host brings ---- */

/* Memory from an allocator that leaves errno changed, as malloc may, also where it succeeds. */
static size_t calls_until_failure; /* 0: none fails */
static bool fails_for_ever, has_failed;
static atomic_size_t live_blocks;

static void *allocate(void *user, size_t size)
{
    bool fails =
        (calls_until_failure > 0 && --calls_until_failure == 0) || (has_failed && fails_for_ever);
    void *memory = fails ? NULL : malloc(size);

    (void)user;
    has_failed |= fails;
    live_blocks += memory != NULL;
    errno = ENOMEM;
    return memory;
}

static void release(void *user, void *memory)
{
    (void)user;
    live_blocks--;
    free(memory);
    errno = ENOMEM;
}

static const dlcore_allocator_t rude_allocator = {.allocate = allocate, .release = release};

static const char csv_bytes[] = "a,b,label\n0.1,0.7,1\n3.3,4,2\n";
static const size_t csv_size = sizeof csv_bytes - 1;
static const char table_bytes[] = "number,word,when,kind\n1.5,u,2026-01-02,a\n,v,2026-01-03,b\n"
                                  "7,,2026-01-04,a\n2,u,,b\n";
static const size_t table_size = sizeof table_bytes - 1;
static const double table_numbers[] = {1.5, 2};
static const dlcore_table_column_t table_array = {.name = "number", .numbers = table_numbers};
static const char *const text_names[] = {"number", "word", "when"};
static const char *const text_values[] = {"3.25", NULL, "2026-05-13"};
static const char svmlight_bytes[] = "1 1:0.7 3:2.3\n0 2:0.1\n";
static const size_t svmlight_size = sizeof svmlight_bytes - 1;
static const size_t row_starts[2] = {0, 2};
static const int32_t row_indices[2] = {1, 3};
static const float row_values[2] = {0.7f, 2.3f};
static const dlcore_sparse_t one_row = {1, INPUTS, row_starts, row_indices, row_values};
static const int32_t first_list[3] = {3, 0, 3}, second_list[1] = {2};
static const int32_t *const index_lists[2] = {first_list, second_list};
static const size_t index_lengths[2] = {3, 1};
static unsigned char model_bytes[16384], npy_bytes[1024], idx_bytes[1024];
static size_t model_size, npy_size, idx_size;
#ifdef DLCORE_PART_KERAS
static unsigned char keras_bytes[32768];
static size_t keras_size;
#endif
#ifdef DLCORE_PART_NPZ
static unsigned char npz_bytes[1024];
static size_t npz_size;
static const char *const npz_names[1] = {"x"};
static unsigned char matrix_bytes[2048];
static size_t matrix_size;
#endif
#ifdef DLCORE_PART_ONNX
static unsigned char onnx_bytes[4096];
static size_t onnx_size;
#endif
static const char *const names[CLASSES] = {"one", "two", "three"};
static const uint64_t boundaries[1] = {2};
static const double rates[2] = {0.1, 0.01};
static const char notes_key[] = "class_names";

static double rate_of_step(void *user, uint64_t step)
{
    (void)user;
    return 0.1 / (1.0 + (double)step);
}

static double rate_of_epoch(void *user, size_t epoch, double learning_rate)
{
    (void)user;
    (void)epoch;
    return learning_rate;
}

static dlcore_status take(void *user, const dlcore_tensor_t *y_pred, dlcore_error_record_t *error)
{
    (void)user;
    (void)y_pred;
    (void)error;
    return DLCORE_OK;
}

static bool write_bytes(void *user, const void *bytes, size_t size)
{
    (void)user;
    (void)bytes;
    (void)size;
    return true;
}
static const dlcore_byte_writer_t writer = {.write = write_bytes};

static size_t read_bytes(void *user, void *to, size_t want)
{
    public_scene_t *s = user;

    memcpy(to, model_bytes + s->read, want);
    s->read += want;
    return want;
}

static dlcore_tensor_t *dataset_x, *dataset_y;
static bool dataset_ended;

static dlcore_status begin(void *user, size_t pass, size_t batch, dlcore_error_record_t *error)
{
    (void)user;
    (void)pass;
    (void)error;
    dataset_ended = batch > 0;
    return DLCORE_OK;
}

static dlcore_status next(void *user, dlcore_dataset_batch_t *batch, dlcore_error_record_t *error)
{
    (void)user;
    (void)error;
    if (!dataset_ended)
        *batch = (dlcore_dataset_batch_t){.x = dataset_x, .y = dataset_y};
    dataset_ended = true;
    return DLCORE_OK;
}
static const dlcore_dataset_t dataset = {.begin = begin, .next = next};
static const dlcore_collective_t alone = {.size = 1};

/* ---- the calls ---- */

static bool is_null(public_scene_t *s)
{
    bool null = ++s->at == s->null;

    s->outcome.nulled |= null;
    return null;
}

static dlcore_error_record_t *record(public_scene_t *s)
{
    if (is_null(s))
        return NULL;
    s->has_error = true;
    return &s->error;
}

static dlcore_model_t *writes(public_scene_t *s, dlcore_model_t *model)
{
    s->writes = is_null(s) ? NULL : model;
    return s->writes;
}

#define P(pointer) (is_null(s) ? NULL : (pointer))
#define ERROR record(s)
#define WRITES(model) writes(s, model)
#define FREE(function, object) \
    function(P(object));       \
    if (!s->outcome.nulled)    \
    (object) = NULL

#define CALL(function, call)                       \
    static void call_##function(public_scene_t *s) \
    {                                              \
        (void)s;                                   \
        call;                                      \
    }
#include "support/public_calls_table.h"
#undef CALL

#define CALL(function, call) {#function, call_##function},
const public_call_t public_calls[] = {
#include "support/public_calls_table.h"
};
#undef CALL
const size_t public_call_count = sizeof public_calls / sizeof public_calls[0];

bool public_scene_run_without_memory(public_scene_t *s, const public_call_t *call, size_t fail_at,
                                     bool for_ever, public_outcome_t *outcome)
{
    bool failed;

    calls_until_failure = fail_at;
    fails_for_ever = for_ever;
    *outcome = public_scene_run(s, call, 0);
    failed = has_failed;
    calls_until_failure = 0;
    fails_for_ever = has_failed = false;
    return failed;
}

size_t public_scene_blocks(void)
{
    return live_blocks;
}

/* What was there before the call still predicts, unless the call has freed it. */
bool public_scene_still_works(public_scene_t *s)
{
    float outputs[SAMPLES * CLASSES];
    const size_t shape[2] = {SAMPLES, CLASSES};
    dlcore_tensor_t *y_pred = NULL;
    bool works;

    if (s->model == NULL || s->x == NULL)
        return true;
    if (dlcore_tensor_borrow(NULL, DLCORE_DTYPE_FLOAT32, 2, shape, outputs, 0, &y_pred, NULL) !=
        DLCORE_OK)
        return false;
    works = dlcore_model_predict(s->model, s->x, y_pred) == DLCORE_OK;
    dlcore_tensor_free(y_pred);
    return works;
}

public_outcome_t public_scene_run(public_scene_t *s, const public_call_t *call, size_t null)
{
    s->null = null;
    call->call(s);
    s->outcome.status = s->status;
    if (s->writes != NULL)
        s->outcome.message = dlcore_model_error(s->writes);
    else if (s->has_error)
        s->outcome.message = s->error.message;
    return s->outcome;
}

/* ---- the scene ---- */

static size_t read_file(const char *name, unsigned char *bytes, size_t room)
{
    FILE *file = fopen(folder_path(name), "rb");
    size_t size;

    assert_non_null(file);
    size = fread(bytes, 1, room, file);
    assert_true(size < room && fclose(file) == 0);
    return size;
}

static void make_models(public_scene_t *s)
{
    dlcore_optimizer_t adam = dlcore_optimizer_adam();

    assert_int_equal(dlcore_model_create(&s->model_options, &s->model), DLCORE_OK);
    assert_accepted(s->model, dlcore_model_add(s->model, dlcore_layer_normalization()));
    assert_accepted(s->model, dlcore_model_add(s->model, dlcore_layer_dense(
                                                             CLASSES, DLCORE_ACTIVATION_SOFTMAX)));
    assert_accepted(s->model, dlcore_model_compile(s->model, &adam,
                                                   DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
                                                   DLCORE_METRIC_ACCURACY));
    assert_accepted(s->model, dlcore_model_fit(s->model, s->x, s->y, NULL, &s->history));
    s->count = dlcore_model_parameter_count(s->model);
    assert_in_range(s->count, 1, ROOM);
    assert_int_equal(dlcore_model_get_weights(s->model, s->parameters, s->count), DLCORE_OK);
    assert_int_equal(dlcore_model_create(&s->model_options, &s->unbuilt), DLCORE_OK);
    assert_accepted(s->unbuilt,
                    dlcore_model_add(s->unbuilt, dlcore_layer_dense(2, DLCORE_ACTIVATION_RELU)));
    assert_int_equal(dlcore_predictor_create(s->model, NULL, &s->predictor), DLCORE_OK);
    s->candidates[0] = (dlcore_cross_candidate_t){.name = "one", .model = s->model};
    assert_int_equal(
        dlcore_cross_validate(s->candidates, 1, s->x, s->y, &s->cross_options, &s->cross),
        DLCORE_OK);
    assert_int_equal(dlcore_ranking_make(s->y, s->y_pred, 1, &rude_allocator, &s->ranking, NULL),
                     DLCORE_OK);
    assert_int_equal(
        dlcore_dependence_make(s->model, s->x, 1, &s->dependence_options, &s->dependence),
        DLCORE_OK);
}

static dlcore_tensor_t *borrow(dlcore_dtype_t dtype, void *values, size_t rows, size_t columns)
{
    dlcore_tensor_t *made = NULL;
    size_t shape[2] = {rows, columns};

    assert_int_equal(dlcore_tensor_borrow(&rude_allocator, dtype, columns > 0 ? 2 : 1, shape,
                                          values, 0, &made, NULL),
                     DLCORE_OK);
    return made;
}

static void make_tensors(public_scene_t *s)
{
    static float ones[SAMPLES] = {1, 1, 1, 1, 1, 1, 1, 1};
    static float square[INPUTS * INPUTS] = {1.0f, 0.0f, 0.5f};

    for (size_t i = 0; i < SAMPLES * INPUTS; i++)
        s->x_values[i] = 0.1f * (float)(i * 7 % 11);
    for (size_t i = 0; i < SAMPLES; i++)
        s->labels[i] = (int32_t)(i % CLASSES);
    for (size_t i = 0; i < 4; i++)
        s->means_values[i] = 0.3f;
    s->x = borrow(DLCORE_DTYPE_FLOAT32, s->x_values, SAMPLES, INPUTS);
    s->y = borrow(DLCORE_DTYPE_INT32, s->labels, SAMPLES, 0);
    s->y_pred = borrow(DLCORE_DTYPE_FLOAT32, s->outputs, SAMPLES, CLASSES);
    s->dx = borrow(DLCORE_DTYPE_FLOAT32, s->dx_values, SAMPLES, INPUTS);
    s->ones = borrow(DLCORE_DTYPE_FLOAT32, ones, SAMPLES, 0);
    s->means = borrow(DLCORE_DTYPE_FLOAT32, s->means_values, INPUTS, 0);
    s->square = borrow(DLCORE_DTYPE_FLOAT32, square, INPUTS, INPUTS);
    assert_int_equal(dlcore_tensor_copy(s->x, &s->floats, NULL), DLCORE_OK);
    assert_int_equal(dlcore_sparse_from_dense(s->x, &s->sparse, NULL), DLCORE_OK);
    dataset_x = s->x;
    dataset_y = s->y;
    s->shape[0] = SAMPLES;
    s->shape[1] = INPUTS;
    s->index[0] = s->index[1] = 1;
    s->flat[0] = (size_t)SAMPLES * INPUTS;
    s->counts[0] = 5;
    s->counts[4] = 2;
    for (size_t i = 0; i < CLASSES; i++)
        s->class_weight[i] = 1.0f;
}

static void set_options(public_scene_t *s)
{
    s->allocator = rude_allocator;
    s->model_options = dlcore_model_options_default();
    s->model_options.allocator = rude_allocator;
    s->model_options.threads = 1;
    s->model_options.error = &s->error;
    s->compile_options = dlcore_compile_options_default();
    s->compile_options.optimizer = dlcore_optimizer_sgd();
    s->compile_options.loss = dlcore_loss_sparse_categorical_crossentropy();
    s->fit_options = dlcore_fit_options_default();
    s->fit_options.validation_x = s->x;
    s->fit_options.validation_y = s->y;
    s->evaluate_options = dlcore_evaluate_options_default();
    s->evaluate_options.error = &s->error;
    s->predict_options = dlcore_predict_options_default();
    s->predict_options.error = &s->error;
    s->predictor_options = dlcore_predictor_options_default();
    s->predictor_options.error = &s->error;
    s->save_options = dlcore_save_options_default();
    s->save_options.error = &s->error;
    s->export_options = dlcore_export_c_options_default();
    s->export_options.error = &s->error;
    s->load_options = dlcore_load_options_default();
    s->load_options.model = s->model_options;
    s->load_options.error = &s->error;
    s->weights_options = dlcore_weights_options_default();
    s->inspect_options = dlcore_inspect_options_default();
    s->inspect_options.allocator = rude_allocator;
    s->inspect_options.error = &s->error;
    s->save_weights_options = dlcore_save_weights_options_default();
    s->save_weights_options.style = DLCORE_WEIGHT_STYLE_PYTORCH;
    s->save_weights_options.error = &s->error;
    s->lbfgs_options = dlcore_lbfgs_options_default();
    s->lbfgs_options.iterations = 2;
    s->cross_options = dlcore_cross_validate_options_default();
    s->cross_options.at_once = 1;
    s->cross_options.folds.folds = 2;
    s->cross_options.allocator = &rude_allocator;
    s->importance_options = dlcore_importance_options_default();
    s->importance_options.repeats = 1;
    s->dependence_options = dlcore_dependence_options_default();
    s->dependence_options.allocator = &rude_allocator;
    s->dependence_options.points = 3;
    s->rate_options = dlcore_rate_options_default();
    s->rate_options.steps = 3;
    s->own_loss = dlcore_loss_function(square_all, NULL);
    s->csv_options = dlcore_csv_options_default();
    s->csv_options.label_kind = DLCORE_CSV_LABEL_CLASSES;
    s->svmlight_options = dlcore_svmlight_options_default();
    s->split_options = dlcore_split_options_default();
    s->k_fold_options = dlcore_k_fold_options_default();
    s->curves_options = dlcore_curves_options_default();
}

static void lack(public_scene_t *s, const dlcore_allocator_t *allocator)
{
    s->allocator = s->model_options.allocator = s->inspect_options.allocator = *allocator;
    s->load_options.model.allocator = s->onnx_options.model.allocator = *allocator;
    s->cross_options.allocator = s->dependence_options.allocator = allocator;
}

void public_scene_lack_allocate(public_scene_t *s)
{
    static const dlcore_allocator_t allocator = {.release = release};

    lack(s, &allocator);
}

void public_scene_lack_release(public_scene_t *s)
{
    static const dlcore_allocator_t allocator = {.allocate = allocate};

    lack(s, &allocator);
}

static void set_callbacks(public_scene_t *s)
{
    s->early_stopping = dlcore_early_stopping_default();
    s->reduce_lr_on_plateau = dlcore_reduce_lr_on_plateau_default();
    s->learning_rate_scheduler = dlcore_learning_rate_scheduler_default(rate_of_epoch, NULL);
    s->roll_back = dlcore_roll_back_default();
    s->model_checkpoint = dlcore_model_checkpoint_default("checkpoint");
    s->csv_logger = dlcore_csv_logger_default("log.csv");
    s->tensor_board = dlcore_tensor_board_default("log");
    s->backup_and_restore = dlcore_backup_and_restore_default("backup");
}

/* Of weights, and of a file. Into a copy, because loading leaves predictors behind. Not yet where
 * the files are written. */
static void make_reports(public_scene_t *s)
{
    dlcore_weights_options_t options = dlcore_weights_options_default();
    dlcore_model_t *copy = NULL;

    if (model_size == 0)
        return;
    options.report = &s->weights_report;
    assert_int_equal(dlcore_model_clone(s->model, &copy), DLCORE_OK);
    assert_int_equal(dlcore_model_load_weights_memory_with(copy, model_bytes, model_size, &options),
                     DLCORE_OK);
    dlcore_model_free(copy);
    assert_int_equal(dlcore_model_inspect_memory(model_bytes, model_size, NULL, &s->inspection),
                     DLCORE_OK);
}

#ifdef DLCORE_PART_NPZ
/* A file of tests/fixtures, put into the folder, too. */
static void copy_matrix(void)
{
    bytes_t bytes = {0};
    FILE *file = fopen(folder_path("matrix"), "wb");

    fixture_bytes(&bytes, "sparse_float64.npz");
    matrix_size = bytes.size;
    assert_in_range(matrix_size, 1, sizeof matrix_bytes);
    memcpy(matrix_bytes, bytes.data, matrix_size);
    assert_non_null(file);
    assert_int_equal(fwrite(matrix_bytes, 1, matrix_size, file), matrix_size);
    assert_int_equal(fclose(file), 0);
    bytes_free(&bytes);
}
#endif

/* An archive of one array: where the files are written, it is, too. */
static void make_npz(public_scene_t *s)
{
#ifdef DLCORE_PART_NPZ
    s->npz_tensors[0] = s->x;
    if (npz_size == 0) {
        assert_int_equal(
            dlcore_npz_save(folder_path("npz"), npz_names, s->npz_tensors, 1, NULL, NULL),
            DLCORE_OK);
        npz_size = read_file("npz", npz_bytes, sizeof npz_bytes);
        copy_matrix();
    }
    assert_int_equal(dlcore_npz_open_memory(npz_bytes, npz_size, &s->allocator, &s->npz, NULL),
                     DLCORE_OK);
#else
    (void)s;
#endif
}

/* Likewise the model as ONNX. */
static void make_onnx(public_scene_t *s)
{
#ifdef DLCORE_PART_ONNX
    s->onnx_options = dlcore_onnx_load_options_default();
    s->onnx_options.model = s->model_options;
    s->onnx_options.error = &s->error;
    s->onnx_save_options = dlcore_onnx_save_options_default();
    s->onnx_save_options.error = &s->error;
    if (onnx_size == 0) {
        assert_int_equal(dlcore_onnx_save(s->model, folder_path("onnx"), NULL), DLCORE_OK);
        onnx_size = read_file("onnx", onnx_bytes, sizeof onnx_bytes);
    }
#else
    (void)s;
#endif
}

static void make_table(public_scene_t *s)
{
    s->table_options = dlcore_table_options_default();
    s->schema_options = dlcore_schema_options_default();
    s->table_rows = (dlcore_table_rows_t){.count = 4};
    assert_int_equal(
        dlcore_table_parse(table_bytes, table_size, NULL, &s->allocator, &s->table, NULL),
        DLCORE_OK);
    s->schema_options.target = "kind";
    assert_int_equal(dlcore_schema_fit(s->table, NULL, &s->schema_options, &s->schema, NULL),
                     DLCORE_OK);
    assert_int_equal(dlcore_schema_apply(s->schema, s->table, NULL, &s->table_x, NULL, NULL),
                     DLCORE_OK);
    s->table_stream_options = dlcore_table_stream_options_default();
    assert_int_equal(
        dlcore_table_stream_create(s->schema, s->table, NULL, NULL, &s->table_stream, NULL),
        DLCORE_OK);
    assert_int_equal(dlcore_model_create(&s->model_options, &s->table_model), DLCORE_OK);
    assert_int_equal(
        dlcore_model_add(s->table_model, dlcore_layer_dense(2, DLCORE_ACTIVATION_SOFTMAX)),
        DLCORE_OK);
    assert_int_equal(dlcore_model_build(s->table_model, dlcore_schema_feature_count(s->schema)),
                     DLCORE_OK);
    assert_int_equal(dlcore_model_set_schema(s->table_model, s->schema), DLCORE_OK);
    assert_int_equal(dlcore_table_split(s->table, NULL, NULL, &s->made_table_split, NULL),
                     DLCORE_OK);
    dlcore_table_split_free(&s->made_table_split);
    {
        const double numbers[] = {1, 2, 4};
        const dlcore_table_column_t columns[] = {{.name = "a", .numbers = numbers},
                                                 {.name = "y", .numbers = numbers}};
        dlcore_schema_options_t options = dlcore_schema_options_default();
        dlcore_table_t *table = NULL;

        options.target = "y";
        assert_int_equal(dlcore_table_from_columns(columns, 2, 3, &s->allocator, &table, NULL),
                         DLCORE_OK);
        assert_int_equal(dlcore_schema_fit(table, NULL, &options, &s->number_schema, NULL),
                         DLCORE_OK);
        assert_int_equal(
            dlcore_schema_apply(s->number_schema, table, NULL, &s->out, &s->table_y, NULL),
            DLCORE_OK);
        dlcore_tensor_free(s->out);
        s->out = NULL;
        dlcore_table_free(table);
    }
}

public_scene_t *public_scene_make(void)
{
    public_scene_t *s = calloc(1, sizeof *s);

    assert_non_null(s);
    make_tensors(s);
    set_options(s);
    set_callbacks(s);
    make_models(s);
    assert_int_equal(
        dlcore_csv_parse(csv_bytes, csv_size, &s->csv_options, &s->allocator, &s->csv, NULL),
        DLCORE_OK);
    assert_int_equal(dlcore_model_evaluate(s->model, s->x, s->y, NULL, &s->evaluation), DLCORE_OK);
    make_table(s);
    make_reports(s);
    make_npz(s);
    make_onnx(s);
    s->stream = fopen("/dev/null", "w");
    assert_non_null(s->stream);
    s->optimizer = dlcore_optimizer_adam();
    s->schedule = dlcore_schedule_exponential_decay(0.1, 10, 0.9);
    s->reader = (dlcore_byte_reader_t){.read = read_bytes, .user = s, .size = model_size};
    s->event = (dlcore_training_event_t){.model = s->model, .error = &s->error};
    return s;
}

void public_scene_write_files(void)
{
    public_scene_t *s = public_scene_make();

    folder_write("csv", csv_bytes);
    folder_write("svmlight", svmlight_bytes);
    assert_int_equal(dlcore_npy_save(folder_path("npy"), s->x, NULL), DLCORE_OK);
    assert_int_equal(dlcore_idx_save(folder_path("idx"), s->x, NULL), DLCORE_OK);
    assert_int_equal(dlcore_model_save(s->model, folder_path("model"), NULL), DLCORE_OK);
    npy_size = read_file("npy", npy_bytes, sizeof npy_bytes);
    idx_size = read_file("idx", idx_bytes, sizeof idx_bytes);
    model_size = read_file("model", model_bytes, sizeof model_bytes);
#ifdef DLCORE_PART_KERAS
    assert_int_equal(dlcore_keras_save(s->model, folder_path("model.keras"), NULL), DLCORE_OK);
    keras_size = read_file("model.keras", keras_bytes, sizeof keras_bytes);
#endif
    public_scene_free(s);
}

size_t public_scene_open_files(const public_scene_t *s)
{
    return s->made_npz_of_file != NULL;
}

void public_scene_free(public_scene_t *s)
{
    dlcore_tensor_t *tensors[] = {s->x,      s->y,      s->y_pred, s->dx,   s->ones,  s->means,
                                  s->square, s->floats, s->out,    s->out2, s->sparse};

    dlcore_split_free(&s->split);
    for (size_t i = 0; i < sizeof tensors / sizeof tensors[0]; i++)
        dlcore_tensor_free(tensors[i]);
    dlcore_predictor_free(s->made_predictor);
    dlcore_predictor_free(s->predictor);
    dlcore_history_free(s->history);
    dlcore_history_free(s->made_history);
    dlcore_cross_validation_free(s->cross);
    dlcore_ranking_free(s->ranking);
    dlcore_ranking_free(s->made_ranking);
    dlcore_dependence_free(s->dependence);
    dlcore_dependence_free(s->made_dependence);
    dlcore_cross_validation_free(s->made_cross);
    dlcore_csv_free(s->csv);
    dlcore_csv_free(s->made_csv);
    dlcore_table_split_free(&s->made_table_split);
    dlcore_table_stream_free(s->table_stream);
    dlcore_table_stream_free(s->made_table_stream);
    dlcore_model_free(s->table_model);
    dlcore_schema_free(s->schema);
    dlcore_schema_free(s->number_schema);
    dlcore_schema_free(s->made_schema);
    dlcore_table_free(s->table);
    dlcore_table_free(s->made_table);
    dlcore_tensor_free(s->table_x);
    dlcore_tensor_free(s->table_y);
#ifdef DLCORE_PART_NPZ
    dlcore_npz_free(s->npz);
    dlcore_npz_free(s->made_npz);
    dlcore_npz_free(s->made_npz_of_file);
#endif
    dlcore_weights_report_free(s->weights_report);
    dlcore_inspection_free(s->inspection);
    dlcore_inspection_free(s->made_inspection);
    dlcore_model_free(s->model);
    dlcore_model_free(s->unbuilt);
    dlcore_model_free(s->other);
    (void)fclose(s->stream);
    if (s->made_bytes != NULL)
        release(NULL, s->made_bytes);
    if (s->made_text != NULL)
        release(NULL, s->made_text);
    free(s);
}
