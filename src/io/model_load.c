/* Loading whole models. Nothing is handed out before all of the file was right.
 *
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "io/model_config.h"
#include "io/model_load.h"
#include "io/model_reading.h"
#include "io/run_state_json.h"
#include "nn/optimizer.h"

typedef struct loading {
    dlcore_load_options_t options;
    dlcore_model_reading_t reading;
    dlcore_model_t *model;
    dlcore_load_report_t report;
    float *self_test;  /* x, the file's y, and the model's; NULL: not wanted, or not there */
    bool has_state;    /* the optimizer's, in the file */
    char checksum[64]; /* the file's; "": it has none */
    dlcore_error_record_t *error;
} loading_t;

static const char *file_of(const loading_t *loading)
{
    return loading->reading.source->name;
}

/* The model's own message, with the file's name. */
static dlcore_status models_error(const loading_t *loading, dlcore_status status)
{
    if (status == DLCORE_OK)
        return status;
    return dlcore_fail(loading->error, status, "%s: %s", file_of(loading),
                       dlcore_model_error(loading->model));
}

/* ---- metadata ---- */

/* A short text of the metadata, "" when it is absent. */
static dlcore_status short_text(const loading_t *loading, const char *name, char *text, size_t room)
{
    dlcore_json_t value;

    text[0] = '\0';
    if (!dlcore_json_member(&loading->reading.file.metadata, name, &value))
        return dlcore_fail(loading->error, DLCORE_ERROR_FORMAT, "%s: %s is there twice",
                           file_of(loading), name);
    if (dlcore_json_string(&value, text, room) >= room)
        return dlcore_fail(loading->error, DLCORE_ERROR_FORMAT, "%s: %s is too long",
                           file_of(loading), name);
    return DLCORE_OK;
}

/* A string of the metadata; kind DLCORE_JSON_NONE when it is absent. */
static dlcore_status find_text(const loading_t *loading, const char *name, dlcore_json_t *string)
{
    if (!dlcore_json_member(&loading->reading.file.metadata, name, string))
        return dlcore_fail(loading->error, DLCORE_ERROR_FORMAT, "%s: %s is there twice",
                           file_of(loading), name);
    return DLCORE_OK;
}

static dlcore_status check_inner(const loading_t *loading, const char *name, const char *text,
                                 size_t length, dlcore_json_t *value)
{
    dlcore_json_problem_t problem;

    if (dlcore_json_check(text, length, value, &problem))
        return DLCORE_OK;
    return dlcore_fail(loading->error, DLCORE_ERROR_FORMAT, "%s: %s: byte %zu: %s",
                       file_of(loading), name, problem.at, problem.what);
}

/* JSON within a string of the metadata, decoded into *text, which is released in any case; kind
 * DLCORE_JSON_NONE when it is absent. */
static dlcore_status inner_json(const loading_t *loading, const char *name, char **text,
                                dlcore_json_t *value)
{
    dlcore_json_t string;
    size_t length;
    dlcore_status status = find_text(loading, name, &string);

    *text = NULL;
    *value = (dlcore_json_t){0};
    if (status != DLCORE_OK || string.kind != DLCORE_JSON_STRING)
        return status;
    length = dlcore_json_string(&string, NULL, 0);
    *text = dlcore_allocate_raw(&loading->reading.allocator, length + 1, 1);
    if (*text == NULL)
        return dlcore_fail_memory(loading->error, name, length + 1);
    (void)dlcore_json_string(&string, *text, length + 1);
    return check_inner(loading, name, *text, length, value);
}

/* The same without a copy, which a file with a long history in it would pay for: the text is
 * decoded in its place, never longer than it was, and the metadata can be asked nothing more. */
static dlcore_status last_inner_json(loading_t *loading, const char *name, dlcore_json_t *value)
{
    dlcore_model_reading_t *reading = &loading->reading;
    dlcore_json_t string;
    size_t length;
    char *text;
    dlcore_status status = find_text(loading, name, &string);

    *value = (dlcore_json_t){0};
    if (status != DLCORE_OK || string.kind != DLCORE_JSON_STRING)
        return status;
    text = reading->text + (string.begin - reading->text); /* the quote gives way */
    length = dlcore_json_string(&string, NULL, 0);
    (void)dlcore_json_string(&string, text, length + 1);
    reading->file.metadata = (dlcore_json_t){0};
    return check_inner(loading, name, text, length, value);
}

static dlcore_status check_version(loading_t *loading)
{
    char version[16];
    dlcore_status status = short_text(loading, "dlcore.format_version", version, sizeof version);

    if (status == DLCORE_OK && version[0] != '\0' && strcmp(version, "1") != 0)
        return dlcore_fail(loading->error, DLCORE_ERROR_UNSUPPORTED,
                           "%s: format version \"%s\", this dlcore reads 1", file_of(loading),
                           version);
    if (status == DLCORE_OK)
        status = short_text(loading, "dlcore.version", loading->report.library_version,
                            sizeof loading->report.library_version);
    if (status == DLCORE_OK)
        status =
            short_text(loading, "dlcore.checksum", loading->checksum, sizeof loading->checksum);
    return status;
}

/* ---- the network ---- */

/* That the file has every weight of the layers, before memory is asked for. */
static dlcore_status check_weights(loading_t *loading, size_t width)
{
    const dlcore_network_t *network = &loading->model->network;
    dlcore_parameter_t parameters[DLCORE_LAYER_PARAMETERS_MAX];
    char name[DLCORE_MODEL_TENSOR_NAME_SIZE];
    dlcore_safetensors_entry_t *entry;
    dlcore_status status;

    if (width > INT_MAX)
        return dlcore_fail(loading->error, DLCORE_ERROR_OVERFLOW, "%s: %zu inputs are more than %d",
                           file_of(loading), width, INT_MAX);
    for (size_t i = 0; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];
        size_t count =
            node->type->declare != NULL ? node->type->declare(&node->layer, width, parameters) : 0;

        for (size_t p = 0; p < count; p++) {
            snprintf(name, sizeof name, "%s/%s", node->layer.name, parameters[p].name);
            status = dlcore_model_reading_find(&loading->reading, name, parameters[p].rank,
                                               parameters[p].shape, &entry);
            if (status != DLCORE_OK)
                return status;
        }
        width = node->type->output_width(&node->layer, width);
    }
    return DLCORE_OK;
}

static dlcore_status make_network(loading_t *loading)
{
    char *text;
    dlcore_json_t config;
    size_t width = 0;
    dlcore_status status = inner_json(loading, "model_config", &text, &config);

    if (status == DLCORE_OK && config.kind == DLCORE_JSON_NONE)
        status = dlcore_fail(loading->error, DLCORE_ERROR_FORMAT,
                             "%s: has no model_config, only tensors: model_load_weights reads them",
                             file_of(loading));
    if (status == DLCORE_OK)
        status = dlcore_model_config_read(&config, file_of(loading), loading->model, &width,
                                          loading->error);
    dlcore_release(&loading->reading.allocator, text);
    if (status == DLCORE_OK)
        status = check_weights(loading, width);
    if (status == DLCORE_OK)
        status = models_error(loading, dlcore_network_build_unset(&loading->model->network, width,
                                                                  &loading->model->error));
    return status;
}

static dlcore_status compile(loading_t *loading)
{
    dlcore_compile_options_t settings;
    char *text = NULL;
    dlcore_json_t config = {0};
    dlcore_status status = DLCORE_OK;

    if (loading->options.compile)
        status = inner_json(loading, "compile_config", &text, &config);
    if (status == DLCORE_OK && config.kind != DLCORE_JSON_NONE) {
        status = dlcore_compile_config_read(&config, file_of(loading), &settings, loading->error);
        if (status == DLCORE_OK)
            status = models_error(loading, dlcore_model_compile_with(loading->model, &settings));
        loading->report.compiled = status == DLCORE_OK;
    }
    dlcore_release(&loading->reading.allocator, text);
    return status;
}

/* ---- training state ---- */

static dlcore_status read_clock(loading_t *loading, const dlcore_json_t *state)
{
    dlcore_optimizer_clock_t clock = dlcore_optimizer_clock_start();
    const char *file = file_of(loading);
    dlcore_json_t product;
    dlcore_status status = dlcore_json_text_number(state, "iterations", UINT64_MAX,
                                                   &clock.iterations, file, loading->error);

    if (status != DLCORE_OK)
        return status;
    if (!dlcore_json_member(state, "momentum_product", &product) ||
        (product.kind != DLCORE_JSON_NONE && (!dlcore_json_double(&product, &clock.product) ||
                                              !(clock.product >= 0.0 && clock.product <= 1.0))))
        return dlcore_fail(loading->error, DLCORE_ERROR_FORMAT,
                           "%s: training_state: momentum_product is no number in 0 .. 1", file);
    loading->model->trainer.clock = clock;
    return DLCORE_OK;
}

static dlcore_status read_counts(loading_t *loading)
{
    dlcore_model_t *model = loading->model;
    dlcore_error_record_t *error = loading->error;
    const char *file = file_of(loading);
    uint64_t epochs = model->epochs_trained, steps = model->steps_trained;
    uint64_t seed = model->options.seed;
    dlcore_json_t state, run = {0};
    dlcore_status status = last_inner_json(loading, "dlcore.training_state", &state);

    if (status == DLCORE_OK)
        status =
            dlcore_json_text_number(&state, "epochs_trained", UINT32_MAX, &epochs, file, error);
    if (status == DLCORE_OK)
        status = dlcore_json_text_number(&state, "steps_trained", UINT64_MAX, &steps, file, error);
    if (status == DLCORE_OK)
        status = dlcore_json_text_number(&state, "seed", UINT64_MAX, &seed, file, error);
    if (status == DLCORE_OK)
        status = read_clock(loading, &state);
    if (status == DLCORE_OK && !dlcore_json_member(&state, "run", &run))
        status = dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: run is there twice", file);
    if (status == DLCORE_OK)
        status = dlcore_run_state_read(&run, file, &model->allocator, &model->stopped, error);
    if (status == DLCORE_OK && state.kind != DLCORE_JSON_NONE) {
        model->epochs_trained = (uint32_t)epochs;
        model->steps_trained = steps;
        model->options.seed = seed;
        loading->report.training_state = true;
    }
    return status;
}

/* Whether the file has the optimizer's state: all of it, or nothing. */
static void look_for_state(loading_t *loading)
{
    dlcore_model_tensors_t *tensors = &loading->reading.tensors;
    const dlcore_optimizer_t *optimizer = &loading->model->settings.optimizer;
    size_t first = tensors->weight_count, end;

    if (!loading->model->compiled)
        return;
    tensors->slot_count = dlcore_optimizer_slots(optimizer);
    end = first * (1 + tensors->slot_count);
    for (size_t i = first; i < end && !loading->has_state; i++)
        loading->has_state = dlcore_model_reading_has(&loading->reading, i);
    if (!loading->has_state)
        tensors->slot_count = 0;
}

/* Counts of steps whose optimizer's state the file has lost, as when another program wrote the
 * tensors anew: the model begins as one that was never trained. */
static void forget_counts(loading_t *loading)
{
    dlcore_model_t *model = loading->model;
    bool trained = model->trainer.clock.iterations > 0 || model->steps_trained > 0 ||
                   model->epochs_trained > 0 || model->stopped != NULL;

    if (loading->has_state || !loading->report.training_state || !trained ||
        dlcore_optimizer_slots(&model->settings.optimizer) == 0)
        return;
    dlcore_run_state_free(&model->allocator, model->stopped);
    model->stopped = NULL;
    model->trainer.clock = dlcore_optimizer_clock_start();
    model->epochs_trained = 0;
    model->steps_trained = 0;
    model->options.seed = loading->options.model.seed;
    loading->report.training_state = false;
}

/* Room for the state, of which the file has every number. */
static dlcore_status make_slots(loading_t *loading)
{
    dlcore_model_t *model = loading->model;
    size_t count = loading->reading.tensors.slot_count, floats;

    if (!dlcore_size_multiply(count, model->network.value_floats, &floats))
        return dlcore_fail(loading->error, DLCORE_ERROR_OVERFLOW, "%s: too large",
                           file_of(loading));
    if (model->network.trainable_floats < model->network.value_floats) /* statistics have none */
        model->trainer.slots = dlcore_allocate(&model->allocator, floats, sizeof(float));
    else
        model->trainer.slots = dlcore_allocate_raw(&model->allocator, floats, sizeof(float));
    if (model->trainer.slots == NULL)
        return dlcore_fail_memory(loading->error, "optimizer state", floats * sizeof(float));
    model->trainer.slot_count = count;
    loading->reading.tensors.slots = model->trainer.slots;
    return DLCORE_OK;
}

static dlcore_status make_copy(loading_t *loading, const char *what, float **weights)
{
    dlcore_model_t *model = loading->model;
    size_t floats = model->network.parameter_count;

    *weights = dlcore_allocate_raw(&model->allocator, floats, sizeof(float));
    if (*weights == NULL)
        return dlcore_fail_memory(loading->error, what, floats * sizeof(float));
    return DLCORE_OK;
}

/* Room for the weights that the run and its callbacks keep, of which the file has every number. */
static dlcore_status make_copies(loading_t *loading)
{
    dlcore_run_state_t *run = loading->model->stopped;
    dlcore_status status = DLCORE_OK;

    if (run != NULL && run->has_weights)
        status = make_copy(loading, "weights of the run", &run->weights);
    for (size_t i = 0; run != NULL && i < run->callback_count && status == DLCORE_OK; i++) {
        dlcore_callback_state_t *callback = &run->callbacks[i];

        if (callback->has_weights)
            status = make_copy(loading, callback->name, &callback->weights);
    }
    return status;
}

/* ---- the self-test ---- */

/* Finds it, and makes room when it is to be run: x, y and the model's y. */
static dlcore_status look_for_self_test(loading_t *loading)
{
    dlcore_model_tensors_t *tensors = &loading->reading.tensors;
    dlcore_safetensors_entry_t *x =
        dlcore_safetensors_find(&loading->reading.file, "dlcore/self_test/x");
    size_t inputs = dlcore_model_input_width(loading->model);
    size_t outputs = dlcore_model_output_width(loading->model);
    size_t shape[DLCORE_RANK_MAX], floats;

    if (x == NULL || x->rank != 2)
        return DLCORE_OK;
    dlcore_safetensors_shape(&loading->reading.file, x, shape);
    if (shape[0] == 0 || shape[0] > DLCORE_SELF_TEST_ROWS_MAX)
        return DLCORE_OK;
    tensors->self_test_rows = shape[0];
    if (!loading->options.self_test)
        return DLCORE_OK;
    floats = shape[0] * (inputs + 2 * outputs); /* of widths up to INT_MAX */
    loading->self_test = dlcore_allocate(&loading->reading.allocator, floats, sizeof(float));
    if (loading->self_test == NULL)
        return dlcore_fail_memory(loading->error, "self-test", floats * sizeof(float));
    tensors->self_test_x = loading->self_test;
    tensors->self_test_y = loading->self_test + shape[0] * inputs;
    return DLCORE_OK;
}

static double difference(float got, float expected)
{
    double distance = fabs((double)got - (double)expected) / (1.0 + fabs((double)expected));

    if (isnan(got) && isnan(expected))
        return 0.0;
    if (isinf(expected) && got == expected)
        return 0.0;
    return isnan(distance) ? (double)INFINITY : distance;
}

static dlcore_status run_self_test(loading_t *loading)
{
    const dlcore_model_tensors_t *tensors = &loading->reading.tensors;
    size_t count = tensors->self_test_rows * dlcore_model_output_width(loading->model);
    float *y = tensors->self_test_y + count;
    double largest = 0.0;
    dlcore_status status = dlcore_self_test_run(loading->model, tensors->self_test_x,
                                                tensors->self_test_rows, y, loading->error);

    if (status != DLCORE_OK)
        return status;
    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, difference(y[i], tensors->self_test_y[i]));
    loading->report.self_tested = true;
    loading->report.self_test_difference = largest;
    return DLCORE_OK;
}

/* ---- all of it ---- */

static dlcore_status compare_checksum(loading_t *loading)
{
    const char *text = loading->checksum;
    char computed[32];

    snprintf(computed, sizeof computed, "xxh64:%016" PRIx64, loading->reading.sum);
    if (text[0] != '\0')
        loading->report.checksum =
            strcmp(text, computed) == 0 ? DLCORE_CHECKSUM_MATCHES : DLCORE_CHECKSUM_DIFFERS;
    if (!loading->options.require_checksum || loading->report.checksum == DLCORE_CHECKSUM_MATCHES)
        return DLCORE_OK;
    return dlcore_fail(loading->error, DLCORE_ERROR_FORMAT,
                       "%s: the checksum is %s, that of the tensors is %s", file_of(loading),
                       text[0] != '\0' ? text : "absent", computed);
}

static dlcore_status read_tensors(loading_t *loading)
{
    dlcore_model_reading_t *reading = &loading->reading;
    dlcore_status status;
    size_t count;

    reading->tensors = dlcore_model_tensors(loading->model);
    reading->sum_wanted = loading->options.report != NULL || loading->options.require_checksum;
    look_for_state(loading);
    forget_counts(loading);
    reading->tensors.run = loading->model->stopped;
    status = look_for_self_test(loading);
    count = dlcore_model_tensors_count(&reading->tensors);
    for (size_t i = 0; i < count && status == DLCORE_OK; i++) {
        if (dlcore_model_tensor_exists(&reading->tensors, i))
            status = dlcore_model_reading_want(reading, i);
    }
    if (status == DLCORE_OK && loading->has_state && loading->options.training_state)
        status = make_slots(loading);
    if (status == DLCORE_OK)
        status = make_copies(loading);
    if (status == DLCORE_OK)
        status = dlcore_model_reading_data(reading);
    if (status == DLCORE_OK)
        status = compare_checksum(loading);
    return status;
}

static dlcore_status load(loading_t *loading)
{
    dlcore_status status = dlcore_model_create(&loading->options.model, &loading->model);

    if (status == DLCORE_OK)
        status = check_version(loading);
    if (status == DLCORE_OK)
        status = make_network(loading);
    if (status == DLCORE_OK)
        status = compile(loading);
    if (status == DLCORE_OK && loading->options.training_state && loading->model->compiled)
        status = read_counts(loading);
    if (status == DLCORE_OK)
        status = read_tensors(loading);
    if (status == DLCORE_OK && loading->self_test != NULL)
        status = run_self_test(loading);
    return status;
}

dlcore_status dlcore_model_load_source(dlcore_byte_source_t *source,
                                       const dlcore_load_options_t *options, dlcore_model_t **model)
{
    loading_t loading = {.options = options != NULL ? *options : dlcore_load_options_default(),
                         .report = {.self_test_difference = (double)NAN}};
    dlcore_allocator_t allocator = loading.options.model.allocator;
    dlcore_status status;

    loading.error = loading.options.model.error = loading.options.error;
    if (allocator.allocate == NULL || allocator.release == NULL)
        return dlcore_fail(loading.error, DLCORE_ERROR_ARGUMENT,
                           "load: the allocator needs both allocate and release");
    status = dlcore_model_reading_open(&loading.reading, source, &allocator, loading.error);
    if (status == DLCORE_OK)
        status = load(&loading);
    dlcore_release(&allocator, loading.self_test);
    dlcore_model_reading_close(&loading.reading);
    if (status != DLCORE_OK) {
        dlcore_model_free(loading.model);
        return status;
    }
    if (loading.options.report != NULL)
        *loading.options.report = loading.report;
    *model = loading.model;
    return DLCORE_OK;
}
