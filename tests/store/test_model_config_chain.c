/* Functional models: chains are read as Keras 3 and 2 write them, what is none is refused with the
 * reason.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/model.h"
#include "store/model_config.h"

#define INPUT(name, shape_key)                                                   \
    "{\"class_name\":\"InputLayer\",\"name\":\"" name "\",\"inbound_nodes\":[]," \
    "\"config\":{\"name\":\"" name "\",\"" shape_key "\":[null,3],\"dtype\":\"float32\"}}"
#define DENSE(name, nodes)                                                           \
    "{\"class_name\":\"Dense\",\"name\":\"" name "\",\"inbound_nodes\":[" nodes "]," \
    "\"config\":{\"name\":\"" name "\",\"units\":2}}"
#define TENSOR(from, use, output)                                          \
    "{\"class_name\":\"__keras_tensor__\",\"config\":{\"shape\":[null,3]," \
    "\"dtype\":\"float32\",\"keras_history\":[\"" from "\"," use "," output "]}}"
#define NODE(from) "{\"args\":[" TENSOR(from, "0", "0") "],\"kwargs\":{}}"
#define NODE_WITH(from, kwargs) "{\"args\":[" TENSOR(from, "0", "0") "],\"kwargs\":{" kwargs "}}"
#define OLD_NODE(from, kwargs) "[[\"" from "\",0,0,{" kwargs "}]]"
#define MODEL(layers, first, last) MODEL_OF("keras.src.models", layers, first, last)
#define MODEL_OF(module, layers, first, last)                                           \
    "{\"module\":\"" module ".functional\",\"class_name\":\"Functional\","              \
    "\"registered_name\":\"Functional\",\"config\":{\"name\":\"m\",\"trainable\":true," \
    "\"layers\":[" layers "],\"input_layers\":" first ",\"output_layers\":" last "}}"

static dlcore_status read_text(const char *text, dlcore_model_t *model, size_t *width,
                               dlcore_error_record_t *error)
{
    dlcore_json_problem_t problem;
    dlcore_json_t json;

    if (!dlcore_json_check(text, strlen(text), &json, &problem))
        fail_msg("%s at %zu of %s", problem.what, problem.at, text);
    return dlcore_model_config_read(&json, "file", false, model, width, error);
}

static void test_model_config_chain_of_every_spelling_is_read(void **state)
{
    static const char *const texts[] = {
        MODEL(INPUT("in", "batch_shape") "," DENSE("a", NODE("in")) "," DENSE("b", NODE("a")),
              "[\"in\",0,0]", "[\"b\",0,0]"),
        MODEL(INPUT("in", "batch_shape") "," DENSE(
                  "a",
                  NODE_WITH("in", "\"training\":false")) "," DENSE("b",
                                                                   NODE_WITH("a", "\"mask\":null")),
              "[[\"in\",0,0]]", "[[\"b\",0,0]]"),
        MODEL(INPUT("in", "batch_shape") "," DENSE("a", NODE("in")) "," DENSE("b", NODE("a")),
              "{\"x\":[\"in\",0,0]}", "{\"y\":[\"b\",0,0]}"),
        MODEL_OF("tf_keras.src.engine",
                 INPUT("in", "batch_input_shape") "," DENSE("a", OLD_NODE("in", "")) "," DENSE(
                     "b", OLD_NODE("a", "")),
                 "[[\"in\",0,0]]", "[[\"b\",0,0]]"),
        "{\"class_name\":\"Model\",\"config\":{\"name\":\"m\",\"layers\":[" INPUT(
            "in",
            "batch_input_shape") "," DENSE("a",
                                           OLD_NODE(
                                               "in",
                                               "")) "," DENSE("b",
                                                              OLD_NODE(
                                                                  "a",
                                                                  "\"mask\":null")) "],\"input_"
                                                                                    "layers\":[["
                                                                                    "\"in\",0,0]],"
                                                                                    "\"output_"
                                                                                    "layers\":[["
                                                                                    "\"b\",0,0]]}}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        dlcore_error_record_t error = {.message = ""};
        dlcore_model_t *model = NULL;
        size_t width = 0;

        assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
        if (read_text(texts[i], model, &width, &error) != DLCORE_OK)
            fail_msg("%zu: %s", i, error.message);
        assert_int_equal(width, 3);
        assert_int_equal(dlcore_model_layer_count(model), 2);
        assert_string_equal(dlcore_model_layer(model, 1)->name, "b");
        dlcore_model_free(model);
    }
}

typedef struct refused {
    const char *text, *message;
} refused_t;

static void test_model_config_chain_what_is_none_is_refused_with_the_reason(void **state)
{
    static const refused_t cases[] = {
        {MODEL(INPUT("in", "batch_shape") "," DENSE("a", NODE("in")) "," DENSE("b", NODE("in")),
               "[\"in\",0,0]", "[\"b\",0,0]"),
         "layer 2: b: its input comes from \"in\", not \"a\" before it"},
        {MODEL(INPUT("in", "batch_shape") "," DENSE("a", NODE("in") "," NODE("in")), "[\"in\",0,0]",
               "[\"a\",1,0]"),
         "layer 1: a: it is used several times"},
        {MODEL(INPUT("in", "batch_shape") "," DENSE("a", NODE("in")), "[\"in\",0,0]",
               "[\"a\",1,0]"),
         "a is used several times"},
        {MODEL(
             INPUT("in", "batch_shape") "," INPUT("more", "batch_shape") "," DENSE("a", NODE("in")),
             "[\"in\",0,0]", "[\"a\",0,0]"),
         "more: it is a second input"},
        {MODEL(INPUT("in", "batch_shape") "," DENSE("a", NODE("in")) "," DENSE("b", NODE("a")),
               "[\"in\",0,0]", "[\"a\",0,0]"),
         "its input comes from \"a\", not \"b\""},
        {MODEL(INPUT("in", "batch_shape") "," DENSE("a", NODE("in")), "[\"in\",0,0]",
               "[[\"a\",0,0],[\"in\",0,0]]"),
         "output_layers are several"},
        {MODEL(INPUT("in", "batch_shape") "," DENSE("a", NODE_WITH("in", "\"training\":true")),
               "[\"in\",0,0]", "[\"a\",0,0]"),
         "training is true"},
        {MODEL(INPUT("in", "batch_shape") "," DENSE("a", OLD_NODE("in", "\"training\":false")),
               "[\"in\",0,0]", "[\"a\",0,0]"),
         "training is false"},
        {MODEL(INPUT("in", "batch_shape") "," DENSE("a", "[[\"in\",0,0,{}],[\"in\",0,0,{}]]"),
               "[\"in\",0,0]", "[\"a\",0,0]"),
         "it has several inputs"},
        {MODEL(INPUT("in", "batch_shape") "," DENSE(
                   "a", "{\"args\":[[" TENSOR("in", "0", "0") "]],\"kwargs\":{}}"),
               "[\"in\",0,0]", "[\"a\",0,0]"),
         "it has no input or several"},
        {MODEL(DENSE("a", NODE("in")), "[\"in\",0,0]", "[\"a\",0,0]"),
         "it is the first and no input"},
        {MODEL(INPUT("in", "batch_shape") "," DENSE("a", "{\"args\":[{}],\"kwargs\":{}}"),
               "[\"in\",0,0]", "[\"a\",0,0]"),
         "inbound_nodes has no layer's output"},
        {"{\"module\":\"mine\",\"class_name\":\"Functional\",\"registered_name\":\"Functional\","
         "\"config\":{}}",
         "a class of the program that wrote it"},
        {"{\"class_name\":\"Mine\",\"config\":{}}", "neither Sequential nor Functional"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dlcore_error_record_t error = {.message = ""};
        dlcore_model_t *model = NULL;
        size_t width = 0;
        dlcore_status status;

        assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
        status = read_text(cases[i].text, model, &width, &error);
        if (status != DLCORE_ERROR_UNSUPPORTED && status != DLCORE_ERROR_FORMAT)
            fail_msg("%zu: %s", i, dlcore_status_name(status));
        if (strstr(error.message, cases[i].message) == NULL)
            fail_msg("%zu: %s", i, error.message);
        dlcore_model_free(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_config_chain_of_every_spelling_is_read),
        cmocka_unit_test(test_model_config_chain_what_is_none_is_refused_with_the_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
