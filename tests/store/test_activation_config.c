/* Activations in the JSON of models: what is written, that it comes back, and what of Keras's is
 * read or refused.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kernels/kernels.h"
#include "model/model.h"
#include "store/activation_config.h"
#include "store/model_config.h"

/* The layers of a model in JSON, with ' for ", into an empty model of 3 inputs. */
static dlcore_status read_layers(const char *layers, dlcore_model_t **model,
                                 dlcore_error_record_t *error)
{
    char text[1024];
    dlcore_json_t config;
    dlcore_json_problem_t problem;
    size_t width;

    snprintf(text, sizeof text,
             "{'class_name':'Sequential','config':{'layers':[%s],"
             "'build_input_shape':[null,3]}}",
             layers);
    for (char *c = text; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    assert_true(dlcore_json_check(text, strlen(text), &config, &problem));
    assert_int_equal(dlcore_model_create(NULL, model), DLCORE_OK);
    return dlcore_model_config_read(&config, "f", false, *model, &width, error);
}

typedef struct reading {
    const char *layer;
    dlcore_activation_t activation;
    double negative_slope, alpha;
} reading_t;

#define LAYER(class_name, config) "{'class_name':'" class_name "','config':{" config "}}"
#define DENSE(activation) LAYER("Dense", "'units':2,'activation':" activation)

static const reading_t readings[] = {
    {DENSE("'relu6'"), DLCORE_ACTIVATION_RELU6, 0.2, 1},
    {DENSE("'swish'"), DLCORE_ACTIVATION_SILU, 0.2, 1},
    {DENSE("'sparsemax'"), DLCORE_ACTIVATION_SPARSEMAX_KERAS, 0.2, 1},
    {DENSE("'sparsemax_paper'"), DLCORE_ACTIVATION_SPARSEMAX, 0.2, 1},
    {LAYER("Activation", "'activation':'hard_swish'"), DLCORE_ACTIVATION_HARD_SILU, 0.2, 1},
    {LAYER("Activation", "'activation':'leaky_relu'"), DLCORE_ACTIVATION_LEAKY_RELU, 0.2, 1},
    {DENSE(LAYER("LeakyReLU", "'negative_slope':0.01")), DLCORE_ACTIVATION_LEAKY_RELU, 0.01, 1},
    {DENSE(LAYER("LeakyReLU", "")), DLCORE_ACTIVATION_LEAKY_RELU, 0.3, 1},
    {DENSE(LAYER("ELU", "'name':'elu','alpha':0.5")), DLCORE_ACTIVATION_ELU, 0.2, 0.5},
    {LAYER("LeakyReLU", "'name':'leaky_re_lu','negative_slope':0"), DLCORE_ACTIVATION_LEAKY_RELU, 0,
     1},
    {LAYER("ELU", ""), DLCORE_ACTIVATION_ELU, 0.2, 1},
    {LAYER("ReLU", "'max_value':null,'negative_slope':0.0,'threshold':0.0"), DLCORE_ACTIVATION_RELU,
     0.2, 1},
    {LAYER("ReLU", ""), DLCORE_ACTIVATION_RELU, 0.2, 1},
    {LAYER("ReLU", "'max_value':6,'threshold':0"), DLCORE_ACTIVATION_RELU6, 0.2, 1},
    {LAYER("ReLU", "'max_value':null,'negative_slope':0.1"), DLCORE_ACTIVATION_LEAKY_RELU, 0.1, 1},
    {LAYER("Softmax", "'axis':-1"), DLCORE_ACTIVATION_SOFTMAX, 0.2, 1},
    {LAYER("Softmax", "'axis':1"), DLCORE_ACTIVATION_SOFTMAX, 0.2, 1},
};

static void test_activation_config_reads_what_keras_writes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof readings / sizeof readings[0]; i++) {
        const reading_t *r = &readings[i];
        dlcore_error_record_t error = {0};
        dlcore_model_t *model = NULL;
        const dlcore_layer_t *layer;

        if (read_layers(r->layer, &model, &error) != DLCORE_OK)
            fail_msg("%s: %s", r->layer, error.message);
        layer = dlcore_model_layer(model, 0);
        if (layer->activation != r->activation || layer->negative_slope != r->negative_slope ||
            layer->alpha != r->alpha)
            fail_msg("%s: %s, %g, %g", r->layer, dlcore_activation_name(layer->activation),
                     layer->negative_slope, layer->alpha);
        assert_int_equal(layer->kind,
                         strstr(r->layer, "Dense") ? DLCORE_LAYER_DENSE : DLCORE_LAYER_ACTIVATION);
        dlcore_model_free(model);
    }
}

static void test_activation_config_reads_relu_with_its_settings(void **state)
{
    static const struct {
        const char *layer;
        double max_value, negative_slope, threshold;
    } cases[] = {
        {LAYER("ReLU", "'threshold':1"), INFINITY, 0, 1},
        {LAYER("ReLU", "'max_value':5"), 5, 0, 0},
        {LAYER("ReLU", "'max_value':0"), 0, 0, 0},
        {DENSE(LAYER("ReLU", "'max_value':6,'negative_slope':0.5,'threshold':0.25")), 6, 0.5, 0.25},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dlcore_error_record_t error = {0};
        dlcore_model_t *model = NULL;
        const dlcore_layer_t *layer;

        if (read_layers(cases[i].layer, &model, &error) != DLCORE_OK)
            fail_msg("%s: %s", cases[i].layer, error.message);
        layer = dlcore_model_layer(model, 0);
        assert_int_equal(layer->activation, DLCORE_ACTIVATION_RELU_GENERAL);
        assert_true(layer->max_value == cases[i].max_value);
        assert_true(layer->negative_slope == cases[i].negative_slope);
        assert_true(layer->threshold == cases[i].threshold);
        dlcore_model_free(model);
    }
}

static void test_activation_config_keeps_the_name_of_a_layer(void **state)
{
    dlcore_model_t *model = NULL;

    (void)state;
    assert_int_equal(read_layers(LAYER("Softmax", "'name':'odds'"), &model, NULL), DLCORE_OK);
    assert_string_equal(dlcore_model_layer(model, 0)->name, "odds");
    dlcore_model_free(model);
}

static void test_activation_config_refuses_what_would_compute_otherwise(void **state)
{
    static const char *const refused[][2] = {
        {DENSE("'maxout'"), "Dense: this version has no activation \"maxout\""},
        {DENSE("'threshold'"), "Dense: this version has no activation \"threshold\""},
        {LAYER("Activation", "'activation':'threshold'"),
         "Activation: this version has no activation \"threshold\""},
        {DENSE("5"), "activation: class_name is 5: it is not a name"},
        {DENSE(LAYER("PReLU", "")), "this version has no activation \"PReLU\""},
        {DENSE("{'class_name':7}"), "class_name is 7: it is not a name"},
        {DENSE(LAYER("LeakyReLU", "'negative_slope':'a'")),
         "LeakyReLU: negative_slope is \"a\": no finite number"},
        {DENSE(LAYER("LeakyReLU", "'negative_slope':-1")), "negative_slope must lie in 0 .. "},
        {DENSE(LAYER("ELU", "'alpha':1e300")), "alpha must lie in 0 .. "},
        {DENSE("'relu_general'"), "Dense: this version has no activation \"relu_general\""},
        {LAYER("ReLU", "'threshold':-1"), "threshold must lie in 0 .. "},
        {LAYER("ReLU", "'max_value':-5"), "max_value must lie in 0 .. "},
        {LAYER("ReLU", "'max_value':'6'"), "ReLU: max_value is \"6\": no finite number"},
        {LAYER("Softmax", "'axis':0"),
         "Softmax: axis is 0: this version takes only [-1, 1, [-1], [1]]"},
        {LAYER("Conv2D", ""), "this version has no layer \"Conv2D\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        dlcore_error_record_t error = {0};
        dlcore_model_t *model = NULL;

        assert_int_not_equal(read_layers(refused[i][0], &model, &error), DLCORE_OK);
        if (strstr(error.message, refused[i][1]) == NULL)
            fail_msg("%s: \"%s\", not \"%s\"", refused[i][0], error.message, refused[i][1]);
        dlcore_model_free(model);
    }
}

static void put(dlcore_layer_t layer, char *text, size_t room)
{
    dlcore_json_writer_t writer = dlcore_json_writer(text, room - 1);

    dlcore_json_open(&writer, NULL, '{');
    dlcore_activation_config_put(&writer, &layer);
    dlcore_json_close(&writer, '}');
    assert_true(writer.size < room);
    text[writer.size] = '\0';
}

static void test_activation_config_writes_names_and_layers_with_their_parameter(void **state)
{
    dlcore_layer_t layer = dlcore_layer_dense(3, DLCORE_ACTIVATION_LEAKY_RELU);
    char text[256];

    (void)state;
    put(layer, text, sizeof text);
    assert_string_equal(text, "{\"activation\":\"leaky_relu\"}");
    layer.negative_slope = 0.3;
    layer.alpha = 5; /* not leaky_relu's */
    put(layer, text, sizeof text);
    assert_string_equal(text, "{\"activation\":{\"module\":\"keras.layers\",\"class_name\":"
                              "\"LeakyReLU\",\"config\":{\"negative_slope\":0.3},"
                              "\"registered_name\":null}}");
    layer.activation = DLCORE_ACTIVATION_ELU;
    layer.alpha = 0.7;
    put(layer, text, sizeof text);
    assert_string_equal(text, "{\"activation\":{\"module\":\"keras.layers\",\"class_name\":\"ELU\","
                              "\"config\":{\"alpha\":0.7},\"registered_name\":null}}");
    layer = dlcore_layer_relu(5.0, 0.25, 0.5);
    put(layer, text, sizeof text);
    assert_string_equal(text,
                        "{\"activation\":{\"module\":\"keras.layers\",\"class_name\":\"ReLU\","
                        "\"config\":{\"max_value\":5,\"negative_slope\":0.25,"
                        "\"threshold\":0.5},\"registered_name\":null}}");
    layer.max_value = INFINITY;
    put(layer, text, sizeof text);
    assert_non_null(strstr(text, "\"max_value\":null,"));
    layer.activation = DLCORE_ACTIVATION_SELU;
    put(layer, text, sizeof text);
    assert_string_equal(text, "{\"activation\":\"selu\"}");
    layer.activation = DLCORE_ACTIVATION_SPARSEMAX_KERAS; /* which Keras reads */
    put(layer, text, sizeof text);
    assert_string_equal(text, "{\"activation\":\"sparsemax\"}");
    layer.activation = DLCORE_ACTIVATION_SPARSEMAX; /* which it refuses */
    put(layer, text, sizeof text);
    assert_string_equal(text, "{\"activation\":\"sparsemax_paper\"}");
}

static void test_activation_config_round_trip_knows_every_activation(void **state)
{
    (void)state;
    for (int kind = 1; kind < DLCORE_ACTIVATION_COUNT; kind++) {
        dlcore_layer_t layer = dlcore_layer_activation((dlcore_activation_t)kind), back;
        dlcore_config_reading_t reading = {.file = "f", .part = "layer"};
        dlcore_json_t value, activation;
        dlcore_json_problem_t problem;
        char text[256];

        if (kind == DLCORE_ACTIVATION_LEAKY_RELU)
            layer.negative_slope = 1 / 3.0;
        else if (kind == DLCORE_ACTIVATION_ELU)
            layer.alpha = 0;
        else if (kind == DLCORE_ACTIVATION_RELU_GENERAL)
            layer.max_value = 1 / 3.0; /* without, it is leaky_relu */
        put(layer, text, sizeof text);
        assert_true(dlcore_json_check(text, strlen(text), &value, &problem));
        back = dlcore_layer_activation(DLCORE_ACTIVATION_LINEAR);
        assert_true(dlcore_json_member(&value, "activation", &activation));
        assert_int_equal(dlcore_activation_config_read(&reading, &activation, &back), DLCORE_OK);
        assert_int_equal(back.activation, kind);
        assert_true(back.negative_slope == layer.negative_slope && back.alpha == layer.alpha);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_activation_config_reads_what_keras_writes),
        cmocka_unit_test(test_activation_config_reads_relu_with_its_settings),
        cmocka_unit_test(test_activation_config_keeps_the_name_of_a_layer),
        cmocka_unit_test(test_activation_config_refuses_what_would_compute_otherwise),
        cmocka_unit_test(test_activation_config_writes_names_and_layers_with_their_parameter),
        cmocka_unit_test(test_activation_config_round_trip_knows_every_activation),
    };
    return cmocka_run_group_tests_name("activation_config", tests, NULL, NULL);
}
