/* Model files whose header is right, with a model in it that is not.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/hostile_file.h"
#include "support/size_text.h"

#define MODEL(layers, width)                                                   \
    "\"model_config\":\"{'class_name':'Sequential','config':{'layers':" layers \
    ",'build_input_shape':[null," width "]}}\""
#define DENSE(units, more) "{'class_name':'Dense','config':{'name':'d','units':" units more "}}"
#define TENSORS ",\"d/kernel\":" F32("[3,2]", "[0,24]") ",\"d/bias\":" F32("[2]", "[24,32]")
#define FILE_OF(metadata) "{\"__metadata__\":{" metadata "}" TENSORS "}"
#define GOOD MODEL("[" DENSE("2", "") "]", "3")
#define COMPILED(optimizer, loss, metrics)                                                         \
    GOOD ",\"compile_config\":\"{'optimizer':" optimizer ",'loss':" loss ",'metrics':" metrics "}" \
         "\""
#define SCHEDULED(name, members)                                                              \
    "{'class_name':'SGD','config':{'learning_rate':{'class_name':" name ",'config':{" members \
    "}}}"                                                                                     \
    "}"
#define SGD "{'class_name':'SGD','config':{'learning_rate':0.1}}"

static const hostile_t models[] = {
    {FILE_OF(GOOD), 32, NULL},
    {FILE_OF(COMPILED(SGD, "'mse'", "['mae']")), 32, NULL},
    {FILE_OF(GOOD ",\"dlcore.format_version\":\"2\""), 32, "format version \"2\""},
    {FILE_OF(GOOD ",\"dlcore.format_version\":\"11111111111111111111\""), 32, "is too long"},
    {FILE_OF(GOOD "," GOOD), 32, "model_config is there twice"},
    {FILE_OF("\"model_config\":\"\""), 32, "model_config: byte 0: a value was expected"},
    {FILE_OF("\"model_config\":\"[]\""), 32, "class_name is []: it is not a name"},
    {FILE_OF("\"model_config\":\"{'class_name':'Functional'}\""), 32,
     "input_layers has no layer's output"},
    {FILE_OF("\"model_config\":\"{'class_name':'Mine'}\""), 32, "class \"Mine\""},
    {FILE_OF(MODEL("[]", "3")), 32, "has no layers"},
    {FILE_OF(MODEL("{}", "3")), 32, "has no layers"},
    {FILE_OF(MODEL("[1]", "3")), 32, "layer 0: class_name is 1: it is not a name"},
    {FILE_OF(MODEL("[{'class_name':'Conv2D','config':{}}]", "3")), 32, "no layer \"Conv2D\""},
    {FILE_OF(MODEL("[{'class_name':5,'config':{}}]", "3")), 32,
     "class_name is 5: it is not a name"},
    {FILE_OF(MODEL("[" DENSE("0", "") "]", "3")), 32, "units must lie in 1 .."},
    {FILE_OF(MODEL("[" DENSE("-1", "") "]", "3")), 32, "units is -1: no count"},
    {FILE_OF(MODEL("[" DENSE(SIZE_MAX_TEXT, "") "]", "3")), 32, "units must lie in 1 .."},
    {FILE_OF(MODEL("[" DENSE("2147483647", "") "]", "3")), 32,
     "d/kernel: expected (3, 2147483647), the file has (3, 2)"},
    {FILE_OF(MODEL("[" DENSE("2", "") "]", "4")), 32, "expected (4, 2), the file has (3, 2)"},
    {FILE_OF(MODEL("[" DENSE("2", "") "]", "0")), 32,
     "build_input_shape is not the shape of a batch"},
    {FILE_OF(MODEL("[" DENSE("2", "") "]", "4294967296")), 32,
     BY_SIZE("inputs are more than", "is not the shape")},
    {FILE_OF(MODEL("[" DENSE("2", "") "]", SIZE_MAX_TEXT ",3")), 32, "is not the shape"},
    {FILE_OF(MODEL("[" DENSE("2", ",'batch_input_shape':[null]") "]", "3")), 32,
     "layer 0: batch_input_shape is not the shape of a batch"},
    {FILE_OF(MODEL("[{'class_name':'Activation','config':{'name':'g','activation':'glu'}}," DENSE(
                       "2", "") "]",
                   "3")),
     32, "memory: g: 3 inputs have no two halves: glu needs an even number"},
    {FILE_OF(MODEL("[{'class_name':'GroupedSoftmax','config':{'name':'s','axis_width':2}}]", "3")),
     32, "memory: s: 3 inputs are no whole number of groups of axis_width = 2"},
    {FILE_OF(
         MODEL("[{'class_name':'Embedding','config':{'name':'e','embeddings':[[3,2,2]]}}]", "3")),
     32, "memory: e: has a table for column 3, but x has the columns 0 .. 2"},
    {FILE_OF(MODEL("[" DENSE("2", "") "," DENSE("2", "") "]", "3")), 32, "name \"d\" is taken"},
    {FILE_OF(MODEL("[" DENSE("2", ",'units':2") "]", "3")), 32, "units is there twice"},
    {FILE_OF(MODEL("[" DENSE("2", ",'use_bias':1") "]", "3")), 32, "neither true nor false"},
    {FILE_OF(MODEL("[" DENSE("2", ",'activation':'gelu_new'") "]", "3")), 32,
     "Dense: this version has no activation \"gelu_new\""},
    {FILE_OF(MODEL("[" DENSE("2", ",'kernel_initializer':5") "]", "3")), 32,
     "Dense: kernel_initializer: class_name is 5: it is not a name"},
    {FILE_OF(MODEL("[" DENSE("2", ",'lora_rank':4") "]", "3")), 32,
     "layer 0: Dense: lora_rank is 4: this version takes only [null]"},
    {FILE_OF(MODEL("[" DENSE("2", ",'gamma':4") "]", "3")), 32,
     "layer 0: Dense: gamma is 4: this version does not know the key"},
    {FILE_OF(MODEL("[{'class_name':'Dense','config':{'name':'a/b','units':2}}]", "3")), 32,
     "contains a slash"},
    {FILE_OF(MODEL("[{'class_name':'Dense','config':{'name':'e','units':2}}]", "3")), 32,
     "has no tensor \"e/kernel\" (3, 2); it has \"d/kernel\""},
    {"{\"__metadata__\":{" GOOD "},\"sequential_6/d/kernel\":" F32("[3,2]", "[0,24]") "}", 24,
     "has no tensor \"d/kernel\" (3, 2); it has \"sequential_6/d/kernel\""},
    {FILE_OF(MODEL("[{'class_name':'Rescaling','config':{'scale':1e99}}," DENSE("2", "") "]", "3")),
     32, "must lie in -3.40282e+38"},
    {FILE_OF(COMPILED("{}", "'mse'", "[]")), 32, "optimizer is {}: it has no name"},
    {FILE_OF(COMPILED("{'class_name':'Muon'}", "'mse'", "[]")), 32, "no optimizer \"Muon\""},
    {FILE_OF(COMPILED("{'class_name':'SGD','config':{'learning_rate':-1}}", "'mse'", "[]")), 32,
     "learning_rate must lie in"},
    {FILE_OF(COMPILED("{'class_name':'SGD','config':{'learning_rate':{}}}", "'mse'", "[]")), 32,
     "SGD: learning_rate: schedule is {}: it has no name"},
    {FILE_OF(COMPILED("{'class_name':'SGD','config':{'learning_rate':[]}}", "'mse'", "[]")), 32,
     "SGD: learning_rate is []: no finite number"},
    {FILE_OF(COMPILED(SCHEDULED("'ExponentialDecay'", "'initial_learning_rate':1"), "'mse'", "[]")),
     32, "ExponentialDecay: decay_steps must be 1 or more, got 0"},
    {FILE_OF(COMPILED(SCHEDULED("'CosineDecay'", "'decay_steps':-1"), "'mse'", "[]")), 32,
     "CosineDecay: decay_steps is -1: no count"},
    {FILE_OF(COMPILED(SCHEDULED("'PiecewiseConstantDecay'",
                                "'boundaries':[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]"),
                      "'mse'", "[]")),
     32, "boundaries are too many"},
    {FILE_OF(COMPILED(SCHEDULED("'PiecewiseConstantDecay'", "'boundaries':[1.5],'values':[1,2]"),
                      "'mse'", "[]")),
     32, "boundaries is 1.5: no count"},
    {FILE_OF(COMPILED(SCHEDULED("'PiecewiseConstantDecay'", "'boundaries':[1],'values':[1]"),
                      "'mse'", "[]")),
     32, "values are not one number more than boundaries"},
    {FILE_OF(COMPILED(SCHEDULED("'PiecewiseConstantDecay'", "'boundaries':[1],'values':[1,2,3]"),
                      "'mse'", "[]")),
     32, "values are not one number more than boundaries"},
    {FILE_OF(COMPILED(SCHEDULED("'Noam'", ""), "'mse'", "[]")), 32, "no schedule \"Noam\""},
    {FILE_OF(COMPILED("{'class_name':'Adam','config':{'clipnorm':true}}", "'mse'", "[]")), 32,
     "Adam: clipnorm is true: no finite number"},
    {FILE_OF(COMPILED("{'class_name':'Adam','config':{'gradient_accumulation_steps':1.5}}", "'mse'",
                      "[]")),
     32, "gradient_accumulation_steps is 1.5: no count"},
    {FILE_OF(COMPILED("{'class_name':'Adam','config':{'gradient_accumulation_steps':1}}", "'mse'",
                      "[]")),
     32, "gradient_accumulation_steps must be 0 (none), or 2 or more, got 1"},
    {FILE_OF(MODEL("[" DENSE("2", ",'kernel_regularizer':'orthogonal'") "]", "3")), 32,
     "kernel_regularizer: this version has no regularizer \"orthogonal\""},
    {FILE_OF(MODEL("[" DENSE("2", ",'bias_regularizer':{'class_name':'L1','config':{'l1':-1}}") "]",
                   "3")),
     32, "bias_regularizer: l1 must lie in"},
    {FILE_OF(MODEL("[" DENSE("2", ",'kernel_constraint':{'class_name':'MaxNorm','config':{'axis':"
                                  "1}}") "]",
                   "3")),
     32, "Dense: kernel_constraint: MaxNorm: axis is 1: this version takes only [0, [0]]"},
    {FILE_OF(MODEL("[" DENSE("2", ",'kernel_constraint':'lax'") "]", "3")), 32,
     "kernel_constraint: this version has no constraint \"lax\""},
    {FILE_OF(COMPILED(SGD, "'hinge2'", "[]")), 32, "no loss \"hinge2\""},
    {FILE_OF(COMPILED(SGD, "5", "[]")), 32, "class_name is 5: it is not a name"},
    {FILE_OF(COMPILED(SGD, "'mse'", "['mse2']")), 32,
     "metric 0: this version has no metric \"mse2\""},
    {FILE_OF(COMPILED(SGD, "'mse'", "['nothing']")), 32, "this version has no metric \"nothing\""},
    {FILE_OF(COMPILED(SGD, "'mse'", "[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]")), 32,
     "metric 0: class_name is 0: it is not a name"},
    {FILE_OF(COMPILED(SGD, "'mse'", "[]") ",\"dlcore.training_state\":\"{'seed':'-1'}\""), 32,
     "seed is not a whole number"},
    {FILE_OF(COMPILED(SGD, "'mse'",
                      "[]") ",\"dlcore.training_state\":\"{'epochs_trained':'4294967296'}\""),
     32, "epochs_trained is not a whole number up to 4294967295"},
    {"{\"__metadata__\":{" GOOD "},\"d/kernel\":" F32("[3,2]", "[0,24]") "}", 24,
     "has no tensor \"d/bias\" (2)"},
    {"{\"__metadata__\":{" GOOD
     "},\"d/kernel\":" F32("[6]", "[0,24]") ",\"d/bias\":" F32("[2]", "[24,32]") "}",
     32, "d/kernel: expected (3, 2), the file has (6)"},
    {"{\"__metadata__\":{" GOOD "},\"d/kernel\":"
     "{\"dtype\":\"F4\",\"shape\":[3,2],\"data_offsets\":[0,24]}"
     ",\"d/bias\":" F32("[2]", "[24,32]") "}",
     32, "d/kernel: this version does not read elements of F4"},
    {"{\"__metadata__\":{" COMPILED(
         "{'class_name':'RMSprop'}", "'mse'",
         "[]") "}" TENSORS ",\"optimizer/rmsprop/velocity/d/kernel\":" F32("[3,2]", "[32,56]") "}",
     56, "has no tensor \"optimizer/rmsprop/velocity/d/bias\""},
    {"{\"__metadata__\":{" GOOD "}" TENSORS ",\"dlcore/self_test/x\":" F32("[1,3]", "[32,44]") "}",
     44, "has no tensor \"dlcore/self_test/y\""},
    {"{\"__metadata__\":{" GOOD "}" TENSORS ",\"dlcore/self_test/x\":" F32("[1,4]", "[32,48]") "}",
     48, "dlcore/self_test/x: expected (1, 3), the file has (1, 4)"},
};

static void test_model_file_hostile_crafted_models_are_refused(void **state)
{
    (void)state;
    assert_true(sizeof models / sizeof models[0] >= 60);
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        char header[2048], *to = header;
        hostile_t one = models[i];

        for (const char *from = one.header; *from != '\0'; from++) { /* ' stands for \" */
            if (*from == '\'')
                *to++ = '\\';
            *to++ = (char)(*from == '\'' ? '"' : *from);
        }
        *to = '\0';
        one.header = header;
        if (one.text == NULL) {
            dlcore_error_record_t error = {0};
            size_t size;
            unsigned char *file = hostile_file(header, one.data, &size);

            if (hostile_load(file, size, &error) != DLCORE_OK)
                fail_msg("%s: %s", header, error.message);
            free(file);
        } else {
            hostile_assert_refused(&one);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_file_hostile_crafted_models_are_refused),
    };

    return cmocka_run_group_tests_name("model_file_hostile", tests, NULL, NULL);
}
