/* Configs as Keras 3, Keras 2 and programs write them: what is read, and what is refused.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/allocator.h"
#include "dlcore/file.h"
#include "model/model.h"
#include "store/model_config.h"
#include "support/failing_allocator.h"
#include "json/json.h"

#define DENSE "{'class_name':'Dense','config':{'name':'d','units':2}}"
#define INPUT(shape) "{'class_name':'InputLayer','config':{'batch_shape':" shape "}}"

/* ' stands for ". */
static char *text_of(const char *from)
{
    char *text = malloc(strlen(from) + 1);

    assert_non_null(text);
    strcpy(text, from);
    for (char *c = text; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    return text;
}

static dlcore_json_t parsed(const char *text)
{
    dlcore_json_problem_t problem;
    dlcore_json_t value;

    if (!dlcore_json_check(text, strlen(text), &value, &problem))
        fail_msg("byte %zu: %s: %s", problem.at, problem.what, text);
    return value;
}

static dlcore_status read_model(const char *layers, dlcore_model_t **model,
                                dlcore_error_record_t *error)
{
    char whole[2048], *text;
    dlcore_json_t config;
    dlcore_status status;
    size_t width;

    snprintf(whole, sizeof whole, "{'class_name':'Sequential','config':{'layers':[%s]}}", layers);
    text = text_of(whole);
    config = parsed(text);
    assert_int_equal(dlcore_model_create(NULL, model), DLCORE_OK);
    status = dlcore_model_config_read(&config, "f", false, *model, &width, error);
    free(text);
    return status;
}

static void assert_model_refused(const char *layers, const char *message)
{
    dlcore_error_record_t error = {0};
    dlcore_model_t *model = NULL;
    dlcore_status status = read_model(layers, &model, &error);

    if (status != DLCORE_ERROR_UNSUPPORTED || strstr(error.message, message) == NULL)
        fail_msg("%s: status %d, \"%s\", not \"%s\"", layers, status, error.message, message);
    dlcore_model_free(model);
}

static dlcore_model_t *accepted(const char *layers)
{
    dlcore_error_record_t error = {0};
    dlcore_model_t *model = NULL;

    if (read_model(layers, &model, &error) != DLCORE_OK)
        fail_msg("%s: \"%s\"", layers, error.message);
    return model;
}

static dlcore_status read_compile(const char *from, dlcore_compile_options_t *settings,
                                  dlcore_error_record_t *error)
{
    char *text = text_of(from);
    dlcore_json_t config = parsed(text);
    dlcore_allocator_t allocator = dlcore_allocator_or_default(NULL);
    dlcore_config_numbers_t numbers = {.allocator = &allocator};
    dlcore_status status = dlcore_compile_config_read(&config, "f", settings, &numbers, error);

    dlcore_release(numbers.allocator, numbers.block);
    free(text);
    return status;
}

static void test_config_reading_keeps_initializers_by_name_until_weights_are_drawn(void **state)
{
    static const char layers[] = "{'class_name':'Dense','config':{'name':'d','units':2,"
                                 "'batch_input_shape':[null,3],'kernel_initializer':"
                                 "{'class_name':'STFT','config':{'side':'real'}}}}";
    dlcore_model_t *model = accepted(layers), *clone = NULL;
    const dlcore_initializer_t *kept = &dlcore_model_layer(model, 0)->kernel_initializer;
    dlcore_error_record_t error = {0};
    const float weights[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    float copy[8];

    (void)state;
    assert_int_equal(kept->kind, DLCORE_INITIALIZER_NAMED);
    assert_string_equal(kept->name, "STFT");
    assert_int_equal(dlcore_model_build(model, 3), DLCORE_ERROR_UNSUPPORTED);
    assert_string_equal(dlcore_model_error(model),
                        "d/kernel: its initializer is STFT, which this version knows by name "
                        "alone: weights can be loaded, but not drawn");
    assert_int_equal(dlcore_network_build_unset(&model->network, 3, &error), DLCORE_OK);
    assert_int_equal(dlcore_model_set_weights(model, weights, 8), DLCORE_OK);
    assert_int_equal(dlcore_model_clone(model, &clone), DLCORE_OK); /* nothing is drawn */
    assert_int_equal(dlcore_model_get_weights(clone, copy, 8), DLCORE_OK);
    assert_memory_equal(copy, weights, sizeof copy);
    dlcore_model_free(clone);
    dlcore_model_free(model);
    model = accepted(INPUT("[null,3]") ",{'class_name':'Dense','config':{'units':2,"
                                       "'kernel_initializer':{'class_name':'GlorotUniform',"
                                       "'config':{'input_axes':0}},'bias_initializer':null}}");
    assert_string_equal(dlcore_model_layer(model, 0)->kernel_initializer.name,
                        "GlorotUniform (changed)");
    assert_string_equal(dlcore_model_layer(model, 0)->bias_initializer.name, "");
    dlcore_model_free(model);
}

static void test_config_reading_saves_a_named_initializer_under_its_name(void **state)
{
    dlcore_model_t *model = accepted("{'class_name':'Dense','config':{'name':'d','units':1,"
                                     "'batch_input_shape':[null,1],'kernel_initializer':"
                                     "'of_tomorrow'}}"),
                   *loaded = NULL;
    dlcore_error_record_t error = {0};
    const float weights[2] = {0.5f, 0.25f};
    void *bytes = NULL;
    size_t size = 0;

    (void)state;
    assert_int_equal(dlcore_network_build_unset(&model->network, 1, &error), DLCORE_OK);
    assert_int_equal(dlcore_model_set_weights(model, weights, 2), DLCORE_OK);
    assert_int_equal(dlcore_model_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    assert_int_equal(dlcore_model_load_memory(bytes, size, NULL, &loaded), DLCORE_OK);
    assert_string_equal(dlcore_model_layer(loaded, 0)->kernel_initializer.name, "of_tomorrow");
    free(bytes);
    dlcore_model_free(loaded);
    dlcore_model_free(model);
}

static void test_config_reading_saves_initializers_with_their_settings(void **state)
{
    dlcore_initializer_t cases[] = {
        dlcore_initializer_lecun_normal(),
        dlcore_initializer_random_uniform(-0.125, 0.5),
        dlcore_initializer_random_normal(0.25, 0.125),
        dlcore_initializer_truncated_normal(0.5, 0.25),
        dlcore_initializer_variance_scaling(2.5, DLCORE_INITIALIZER_FAN_AVG,
                                            DLCORE_INITIALIZER_DRAWS_UNTRUNCATED_NORMAL),
        dlcore_initializer_orthogonal(0.5),
        dlcore_initializer_identity(2.0),
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dlcore_layer_t layer = dlcore_layer_dense(3, DLCORE_ACTIVATION_LINEAR);
        dlcore_model_t *model = NULL, *loaded = NULL;
        void *bytes = NULL;
        size_t size = 0;

        layer.kernel_initializer = cases[i];
        assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
        assert_int_equal(dlcore_model_add(model, layer), DLCORE_OK);
        assert_int_equal(dlcore_model_build(model, 2), DLCORE_OK);
        assert_int_equal(dlcore_model_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
        assert_int_equal(dlcore_model_load_memory(bytes, size, NULL, &loaded), DLCORE_OK);
        assert_memory_equal(&dlcore_model_layer(loaded, 0)->kernel_initializer, &cases[i],
                            sizeof cases[i]);
        free(bytes);
        dlcore_model_free(loaded);
        dlcore_model_free(model);
    }
}

static void test_config_reading_refuses_layers_along_the_last_of_several_axes(void **state)
{
    dlcore_model_t *model;

    (void)state;
    assert_model_refused(INPUT("[null,2,3]") "," DENSE,
                         "layer 1: Dense: samples have several axes there, 6 numbers in all and 3 "
                         "along the last");
    assert_model_refused(INPUT("[null,2,3]") ",{'class_name':'Activation','config':{'activation':"
                                             "'log_softmax'}}",
                         "Activation: samples have several axes");
    assert_model_refused(INPUT("[null,2,3]") ",{'class_name':'Softmax','config':{}}",
                         "outputs have several axes");
    assert_model_refused(INPUT("[null,1,3]") ",{'class_name':'BatchNormalization','config':{'axis':"
                                             "1}}",
                         "axis is 1: samples have several axes");
    assert_model_refused(INPUT("[null,2,3]") ",{'class_name':'BatchNormalization','config':{}}",
                         "BatchNormalization: samples have several axes");
    assert_model_refused(INPUT("[null,2,3]") ",{'class_name':'BatchNormalization','config':{'axis':"
                                             "-1}}",
                         "BatchNormalization: samples have several axes");
    model = accepted(INPUT("[null,1,3]") ",{'class_name':'BatchNormalization','config':{'axis':-1}"
                                         "}");
    assert_int_equal(dlcore_model_layer_count(model), 1);
    dlcore_model_free(model);
    model = accepted(INPUT("[null,2,3]") ",{'class_name':'ReLU','config':{}},"
                                         "{'class_name':'Flatten','config':{}}," DENSE);
    assert_int_equal(dlcore_model_layer_count(model), 3);
    dlcore_model_free(model);
    model = accepted(INPUT("[null,1,3]") "," DENSE); /* one row is the same as none */
    dlcore_model_free(model);
}

#define RESHAPE(shape) "{'class_name':'Reshape','config':{'name':'r','target_shape':" shape "}}"
#define AGAIN(shape) "{'class_name':'Reshape','config':{'target_shape':" shape "}}"
#define RELU "{'class_name':'ReLU','config':{}}"
#define FLATTEN "{'class_name':'Flatten','config':{}}"

/* Samples are flat here, so it is a Flatten that the layers behind it see through. */
static void test_config_reading_takes_reshape_where_numbers_stay_what_they_are(void **state)
{
    static const char *const models[] = {
        INPUT("[null,6]") "," RESHAPE("[6]") "," DENSE,
        INPUT("[null,2,3]") "," RESHAPE("[-1]") "," DENSE,
        INPUT("[null,6]") "," RESHAPE("[2,-1]") "," RELU "," FLATTEN "," DENSE,
        INPUT("[null,6]") "," RESHAPE("[2,3]") "," AGAIN("[6]") "," DENSE,
        INPUT("[null,6]") "," RESHAPE("[2,3]") "," AGAIN("[1,6]") "," DENSE,
        INPUT("[null,4]") "," DENSE "," RESHAPE("[1,-1]") "," RELU,
    };

    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        dlcore_model_t *model = accepted(models[i]);
        const dlcore_layer_t *layer = dlcore_model_layer(model, i == 5 ? 1 : 0);

        assert_int_equal(layer->kind, DLCORE_LAYER_FLATTEN);
        assert_string_equal(layer->name, "r");
        dlcore_model_free(model);
    }
}

static void refuse_model(const char *layers, dlcore_status wanted, const char *message)
{
    dlcore_error_record_t error = {0};
    dlcore_model_t *model = NULL;
    dlcore_status status = read_model(layers, &model, &error);

    if (status != wanted || strstr(error.message, message) == NULL)
        fail_msg("%s: status %d, \"%s\", not \"%s\"", layers, status, error.message, message);
    dlcore_model_free(model);
}

static void test_config_reading_refuses_reshape_where_numbers_would_change(void **state)
{
    static const char *const no_shapes[] = {
        RESHAPE("[]"),
        RESHAPE("[2,0]"),
        RESHAPE("[-1,-1]"),
        RESHAPE("[-2]"),
        RESHAPE("[1.5]"),
        RESHAPE("'wide'"),
        RESHAPE("null"),
        RESHAPE("['6']"),
        RESHAPE("[1,1,1,1,1,1,1,1,6]"),
        RESHAPE("[18446744073709551615,2]"),
    };

    (void)state;
    assert_model_refused(INPUT("[null,6]") "," RESHAPE("[2,3]") "," DENSE,
                         "layer 2: Dense: samples have several axes there, 6 numbers in all and 3 "
                         "along the last");
    assert_model_refused(INPUT("[null,6]") "," RESHAPE("[-1,2]") ",{'class_name':'Softmax',"
                                                                 "'config':{}}",
                         "outputs have several axes");
    assert_model_refused(INPUT("[null,6]") "," RESHAPE("[2,3]") "," RELU,
                         "outputs have several axes");
    assert_model_refused(RESHAPE("[2,-1]") "," FLATTEN,
                         "has -1, and nothing says how many numbers");
    assert_model_refused("{'class_name':'Reshape','config':{'target_shape':[1],'order':'F'}}",
                         "order");
    refuse_model(INPUT("[null,6]") "," RESHAPE("[5]"), DLCORE_ERROR_SHAPE, "target_shape");
    refuse_model(INPUT("[null,6]") "," RESHAPE("[4,-1]"), DLCORE_ERROR_SHAPE, "target_shape");
    refuse_model(INPUT("[null,4]") "," DENSE "," RESHAPE("[4]"), DLCORE_ERROR_SHAPE,
                 "target_shape");
    for (size_t i = 0; i < sizeof no_shapes / sizeof no_shapes[0]; i++)
        refuse_model(no_shapes[i], DLCORE_ERROR_FORMAT, "target_shape");
}

#define SOFTMAX(axis) "{'class_name':'Softmax','config':{'name':'s','axis':" axis "}}"

/* Along the last of several axes, or all of them. */
static void test_config_reading_takes_softmax_of_several_axes(void **state)
{
    static const struct {
        const char *layers;
        size_t axis_width; /* 6: all */
    } models[] = {
        {INPUT("[null,6]") "," RESHAPE("[2,3]") "," SOFTMAX("-1") "," FLATTEN "," DENSE, 3},
        {INPUT("[null,6]") "," RESHAPE("[2,3]") "," SOFTMAX("2") "," FLATTEN "," DENSE, 3},
        {INPUT("[null,6]") "," RESHAPE("[3,2]") "," SOFTMAX("[-1]") "," FLATTEN "," DENSE, 2},
        {INPUT("[null,6]") "," RESHAPE("[3,2]") "," SOFTMAX("[1,2]") "," FLATTEN "," DENSE, 6},
        {INPUT("[null,6]") "," RESHAPE("[3,2]") "," SOFTMAX("[-1,-2]") "," FLATTEN "," DENSE, 6},
        {INPUT("[null,6]") "," RESHAPE("[1,6]") "," SOFTMAX("-1") "," FLATTEN "," DENSE, 6},
        {INPUT("[null,6]") "," RESHAPE("[2,3]") ",{'class_name':'Activation','config':{'name':'s',"
                                                "'activation':'softmax'}}," FLATTEN "," DENSE,
         3},
    };
    static const char *const others[] = {
        SOFTMAX("1"),     SOFTMAX("-2"),  SOFTMAX("0"), SOFTMAX("null"), SOFTMAX("[]"),
        SOFTMAX("[2,2]"), SOFTMAX("[1]"), SOFTMAX("3"), SOFTMAX("1.5"),  SOFTMAX("'last'")};

    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        dlcore_model_t *model = accepted(models[i].layers);
        const dlcore_layer_t *layer = dlcore_model_layer(model, 1);

        assert_int_equal(layer->kind, DLCORE_LAYER_GROUPED_SOFTMAX);
        assert_string_equal(layer->name, "s");
        assert_int_equal(layer->axis_width, models[i].axis_width);
        dlcore_model_free(model);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        char text[400];

        snprintf(text, sizeof text, "%s,%s,%s,%s", INPUT("[null,6]"), RESHAPE("[2,3]"), others[i],
                 FLATTEN);
        assert_model_refused(text, "Softmax: axis is");
    }
}

/* A layer of its own here; behind a Dense, one more. */
static void test_config_reading_makes_a_layer_of_glu(void **state)
{
    dlcore_model_t *model =
        accepted(INPUT("[null,6]") ",{'class_name':'Activation','config':{'name':'g','trainable':"
                                   "false,'activation':'glu'}}");

    (void)state;
    assert_int_equal(dlcore_model_layer_count(model), 1);
    assert_int_equal(dlcore_model_layer(model, 0)->kind, DLCORE_LAYER_GLU);
    assert_string_equal(dlcore_model_layer(model, 0)->name, "g");
    assert_false(dlcore_model_layer(model, 0)->trainable);
    dlcore_model_free(model);
    model = accepted(INPUT("[null,6]") ",{'class_name':'Dense','config':{'name':'d','units':8,"
                                       "'activation':{'class_name':'function','config':'glu'}}}");
    assert_int_equal(dlcore_model_layer_count(model), 2);
    assert_int_equal(dlcore_model_layer(model, 0)->activation, DLCORE_ACTIVATION_LINEAR);
    assert_string_equal(dlcore_model_layer(model, 0)->name, "d");
    assert_int_equal(dlcore_model_layer(model, 1)->kind, DLCORE_LAYER_GLU);
    assert_string_equal(dlcore_model_layer(model, 1)->name, "glu");
    dlcore_model_free(model);
    assert_model_refused(INPUT("[null,2,4]") ",{'class_name':'Activation','config':{'activation':"
                                             "'glu'}}",
                         "GLU: samples have several axes");
}

static void test_config_reading_knows_keras_2_and_refuses_classes_of_programs(void **state)
{
    dlcore_model_t *model = accepted(
        "{'class_name':'Dense','config':{'units':2,'batch_input_shape':[null,3],'dtype':'float32'"
        "}},{'class_name':'LeakyReLU','config':{'alpha':{'class_name':'__numpy__','config':"
        "{'value':[0.125],'dtype':'float32'}}}}");

    (void)state;
    assert_int_equal(dlcore_model_layer(model, 0)->input_width, 3);
    assert_true(dlcore_model_layer(model, 1)->negative_slope == 0.125);
    dlcore_model_free(model);
    assert_model_refused("{'class_name':'Dense','registered_name':'mine>Dense','config':{'units':2}"
                         "}",
                         "registered_name is \"mine>Dense\"");
}

static void test_config_reading_takes_every_form_that_compile_does(void **state)
{
    static const char *const forms[] = {
        "{'optimizer':'adam','loss':'mse','metrics':['mae']}",
        "{'optimizer':{'class_name':'Adam','config':{'name':'a'}},'loss':['mse'],"
        "'metrics':[['mae']]}",
        "{'optimizer':'Adam','loss':{'d':'mse'},'metrics':{'d':['mae']},'loss_weights':null}",
        "{'optimizer':'adam','loss':{'module':'builtins','class_name':'function','config':"
        "'mean_squared_error','registered_name':'function'},'metrics':'mae'}",
        "{'optimizer':'adam','loss':{'class_name':'MeanSquaredError','config':{'reduction':"
        "'auto'}},'metrics':['mae']}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        dlcore_error_record_t error = {0};
        dlcore_compile_options_t found;

        if (read_compile(forms[i], &found, &error) != DLCORE_OK)
            fail_msg("%s: %s", forms[i], error.message);
        assert_int_equal(found.optimizer.kind, DLCORE_OPTIMIZER_ADAM);
        assert_int_equal(found.loss.kind, DLCORE_LOSS_MEAN_SQUARED_ERROR);
        assert_int_equal(found.loss.reduction, DLCORE_REDUCTION_SUM_OVER_BATCH_SIZE);
        assert_int_equal(found.metric_count, 1);
        assert_int_equal(found.metrics[0].kind, DLCORE_METRIC_MEAN_ABSOLUTE_ERROR);
    }
}

/* The class counts what is equal; the name stands for other classes, and dlcore's has a threshold.
 */
static void test_config_reading_tells_the_class_accuracy_from_the_name(void **state)
{
    static const struct {
        const char *metric;
        dlcore_metric_kind_t kind;
    } cases[] = {
        {"'accuracy'", DLCORE_METRIC_ACCURACY},
        {"{'class_name':'Accuracy','config':{}}", DLCORE_METRIC_EQUAL_ACCURACY},
        {"{'class_name':'Accuracy','config':{'name':'a','dtype':'float32'}}",
         DLCORE_METRIC_EQUAL_ACCURACY},
        {"{'class_name':'Accuracy','config':{'threshold':0.25}}", DLCORE_METRIC_ACCURACY},
        {"{'class_name':'AUC','config':{'multi_label':true,'num_labels':3}}", DLCORE_METRIC_AUC},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[160];
        dlcore_compile_options_t found;

        snprintf(text, sizeof text, "{'optimizer':'adam','loss':'mse','metrics':[%s]}",
                 cases[i].metric);
        assert_int_equal(read_compile(text, &found, NULL), DLCORE_OK);
        assert_int_equal(found.metrics[0].kind, cases[i].kind);
    }
}

static void test_config_reading_names_the_class_the_key_and_the_value(void **state)
{
    static const char *const refused[][2] = {
        {"{'optimizer':'adam','loss':'mse','loss_weights':[0.5]}",
         "f: compile_config: compile: loss_weights is [0.5]: this version takes only"},
        {"{'optimizer':'adam','loss':{'class_name':'CategoricalCrossentropy','config':{'axis':0}}}",
         "f: compile_config: CategoricalCrossentropy: axis is 0: this version takes only [-1, 1]"},
        {"{'optimizer':'adam','loss':'mse','metrics':[{'class_name':'AUC','config':"
         "{'label_weights':[1,'2']}}]}",
         "f: compile_config: metric 0: AUC: label_weights is [1,\"2\"]: no list of numbers"},
        {"{'optimizer':'adam','loss':{'class_name':'Dice','config':{'axis':0}}}",
         "f: compile_config: Dice: axis is 0: this version takes only [null, -1, 1]"},
        {"{'optimizer':{'class_name':'SGD','config':{'decay':0.5}},'loss':'mse'}",
         "f: compile_config: SGD: decay is 0.5: this version takes only [null, 0]"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        dlcore_error_record_t error = {0};
        dlcore_compile_options_t found;
        dlcore_status status = read_compile(refused[i][0], &found, &error);

        if (status != DLCORE_ERROR_UNSUPPORTED || strstr(error.message, refused[i][1]) == NULL)
            fail_msg("%s: status %d, \"%s\"", refused[i][0], status, error.message);
    }
}

#define PRECISION(settings)                                                                     \
    "{'optimizer':'adam','loss':'mse','metrics':[{'class_name':'Precision','config':{" settings \
    "}}]}"
#define NO_INTEGER "Precision: class_id is "

static void test_config_reading_refuses_settings_of_compile_that_are_none(void **state)
{
    static const struct {
        const char *compile, *message;
    } refused[] = {
        {"{'optimizer':'adam','loss':{'class_name':'loss_function','config':{'name':'a','name':'a'}"
         "}}",
         "name is there twice"},
        {"{'optimizer':'adam','loss':'mse','metrics':[{'class_name':'Accuracy','config':"
         "{'threshold':1,'threshold':1}}]}",
         "threshold is there twice"},
        {PRECISION("'name':1"), "name is 1: it is not a name"},
        {PRECISION("'class_id':'a'"), NO_INTEGER "\"a\""},
        {PRECISION("'class_id':1e99"), NO_INTEGER "1e99: no integer, or too large"},
        {PRECISION("'class_id':-1e99"), NO_INTEGER "-1e99: no integer, or too large"},
        {PRECISION("'class_id':0.5"), NO_INTEGER "0.5: no integer, or too large"},
        {"{'optimizer':'adam','loss':'mse','loss_weights':1e999}", "loss_weights is 1e999"},
    };
    char many[2048];
    size_t used = 0;

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        dlcore_error_record_t error = {0};
        dlcore_compile_options_t found;

        assert_int_not_equal(read_compile(refused[i].compile, &found, &error), DLCORE_OK);
        if (strstr(error.message, refused[i].message) == NULL)
            fail_msg("%s: \"%s\"", refused[i].compile, error.message);
    }
    used += (size_t)snprintf(many, sizeof many, "{'optimizer':'adam','loss':'mse','metrics':[");
    for (int i = 0; i <= DLCORE_METRICS_MAX; i++)
        used += (size_t)snprintf(many + used, sizeof many - used, "%s'mae'", i > 0 ? "," : "");
    snprintf(many + used, sizeof many - used, "]}");
    {
        dlcore_error_record_t error = {0};
        dlcore_compile_options_t found;

        assert_int_equal(read_compile(many, &found, &error), DLCORE_ERROR_UNSUPPORTED);
        assert_non_null(strstr(error.message, "there are too many"));
    }
}

#define THRESHOLDS                                                                   \
    "{\"optimizer\":\"adam\",\"loss\":\"mse\",\"metrics\":[{\"class_name\":\"AUC\"," \
    "\"config\":{\"thresholds\":["

/* Lists are read into memory of one size. */
static void test_config_reading_refuses_lists_of_too_many_numbers(void **state)
{
    char *text = malloc(sizeof THRESHOLDS + (size_t)2 * DLCORE_CONFIG_NUMBERS_MAX + 16);
    failing_allocator_t memory;
    dlcore_allocator_t allocator;
    dlcore_compile_options_t found;
    dlcore_error_record_t error = {0};

    (void)state;
    assert_non_null(text);
    failing_allocator_init(&memory);
    allocator = failing_allocator(&memory);
    strcpy(text, THRESHOLDS);
    for (size_t i = 0; i <= DLCORE_CONFIG_NUMBERS_MAX; i++)
        strcpy(text + strlen(THRESHOLDS) + 2 * i, "0,");
    strcpy(text + strlen(THRESHOLDS) + (size_t)2 * DLCORE_CONFIG_NUMBERS_MAX + 1, "]}}]}");
    for (int i = 0; i < 2; i++) {
        dlcore_config_numbers_t numbers = {.allocator = &allocator};
        dlcore_json_t config = parsed(text);

        memory.fail_at = i == 0 ? 0 : memory.calls + 1;
        assert_int_equal(dlcore_compile_config_read(&config, "f", &found, &numbers, &error),
                         i == 0 ? DLCORE_ERROR_UNSUPPORTED : DLCORE_ERROR_MEMORY);
        assert_non_null(
            strstr(error.message, i == 0 ? "thresholds has too many numbers" : "thresholds"));
        dlcore_release(&allocator, numbers.block);
    }
    failing_allocator_assert_clean(&memory);
    free(text);
}

/* A second input is refused, before the layers and behind them. */
static void test_config_reading_refuses_a_second_input(void **state)
{
    dlcore_error_record_t error = {0};
    dlcore_model_t *model = NULL;

    (void)state;
    assert_model_refused(INPUT("[null,3]") "," INPUT("[null,3]") "," DENSE,
                         "InputLayer is not the first");
    assert_model_refused(INPUT("[null,3]") "," DENSE "," INPUT("[null,3]"),
                         "InputLayer is not the first");
    assert_int_equal(
        read_model("{'class_name':'Reshape','config':{'name':'e','target_shape':[-1]}}", &model,
                   &error),
        DLCORE_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "the width of the input is not there"));
    dlcore_model_free(model);
}

/* No initializer at all is kept as such. */
static void test_config_reading_saves_no_initializer_as_none(void **state)
{
    dlcore_model_t *model = accepted("{'class_name':'Dense','config':{'name':'d','units':1,"
                                     "'batch_input_shape':[null,1],'bias_initializer':null}}"),
                   *loaded = NULL;
    dlcore_error_record_t error = {0};
    void *bytes = NULL;
    size_t size = 0;

    (void)state;
    assert_int_equal(dlcore_network_build_unset(&model->network, 1, &error), DLCORE_OK);
    assert_int_equal(dlcore_model_set_weights(model, (const float[]){0.5f, 0.25f}, 2), DLCORE_OK);
    assert_int_equal(dlcore_model_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    assert_int_equal(dlcore_model_load_memory(bytes, size, NULL, &loaded), DLCORE_OK);
    assert_int_equal(dlcore_model_layer(loaded, 0)->bias_initializer.kind,
                     DLCORE_INITIALIZER_NAMED);
    assert_string_equal(dlcore_model_layer(loaded, 0)->bias_initializer.name, "");
    free(bytes);
    dlcore_model_free(loaded);
    dlcore_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_reading_keeps_initializers_by_name_until_weights_are_drawn),
        cmocka_unit_test(test_config_reading_saves_initializers_with_their_settings),
        cmocka_unit_test(test_config_reading_saves_a_named_initializer_under_its_name),
        cmocka_unit_test(test_config_reading_refuses_layers_along_the_last_of_several_axes),
        cmocka_unit_test(test_config_reading_takes_reshape_where_numbers_stay_what_they_are),
        cmocka_unit_test(test_config_reading_refuses_reshape_where_numbers_would_change),
        cmocka_unit_test(test_config_reading_takes_softmax_of_several_axes),
        cmocka_unit_test(test_config_reading_makes_a_layer_of_glu),
        cmocka_unit_test(test_config_reading_knows_keras_2_and_refuses_classes_of_programs),
        cmocka_unit_test(test_config_reading_takes_every_form_that_compile_does),
        cmocka_unit_test(test_config_reading_tells_the_class_accuracy_from_the_name),
        cmocka_unit_test(test_config_reading_names_the_class_the_key_and_the_value),
        cmocka_unit_test(test_config_reading_refuses_settings_of_compile_that_are_none),
        cmocka_unit_test(test_config_reading_refuses_lists_of_too_many_numbers),
        cmocka_unit_test(test_config_reading_refuses_a_second_input),
        cmocka_unit_test(test_config_reading_saves_no_initializer_as_none),
    };

    return cmocka_run_group_tests_name("config_reading", tests, NULL, NULL);
}
