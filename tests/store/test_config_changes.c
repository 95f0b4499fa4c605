/* Configs with one thing changed in them: each value in the place of each other kind, each member
 * there twice, or under another name. Whatever it is, it is read or refused with a message; what is
 * there twice is refused.
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
#include "model/model.h"
#include "store/config_named.h"
#include "store/model_config.h"
#include "store/run_state_json.h"
#include "support/failing_allocator.h"
#include "json/json.h"

/* ---- pieces of a text ---- */

typedef struct piece {
    size_t begin, end; /* of a value; of a member with its name */
    size_t name_end;   /* 0: a value */
} piece_t;

typedef struct pieces {
    const char *text;
    piece_t piece[400];
    size_t count;
} pieces_t;

static void add_piece(pieces_t *pieces, const char *begin, const char *end, const char *name_end)
{
    assert_true(pieces->count < sizeof pieces->piece / sizeof pieces->piece[0]);
    pieces->piece[pieces->count++] =
        (piece_t){.begin = (size_t)(begin - pieces->text),
                  .end = (size_t)(end - pieces->text),
                  .name_end = name_end != NULL ? (size_t)(name_end - pieces->text) : 0};
}

static void list_pieces(pieces_t *pieces, const dlcore_json_t *value)
{
    dlcore_json_steps_t steps = dlcore_json_steps(value);
    dlcore_json_t name, inner;

    add_piece(pieces, value->begin, value->end, NULL);
    while (dlcore_json_step(&steps, value->kind == DLCORE_JSON_OBJECT ? &name : NULL, &inner)) {
        if (value->kind == DLCORE_JSON_OBJECT)
            add_piece(pieces, name.begin, inner.end, name.end);
        list_pieces(pieces, &inner);
    }
}

static bool parse(const char *text, dlcore_json_t *value)
{
    dlcore_json_problem_t problem;

    return dlcore_json_check(text, strlen(text), value, &problem);
}

/* ' stands for ". For free(). */
static char *text_of(const char *from)
{
    char *text = malloc(strlen(from) + 1);

    assert_non_null(text);
    strcpy(text, from);
    for (char *c = text; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    return text;
}

/* The text with others in the place of begin .. end. For free(). */
static char *replaced(const char *text, size_t begin, size_t end, const char *first,
                      const char *second)
{
    size_t room = strlen(text) + strlen(first) + strlen(second) + 1;
    char *whole = malloc(room);

    assert_non_null(whole);
    snprintf(whole, room, "%.*s%s%s%s", (int)begin, text, first, second, text + end);
    return whole;
}

/* ---- readers ---- */

typedef dlcore_status read_config_t(const dlcore_json_t *config,
                                    const dlcore_allocator_t *allocator,
                                    dlcore_error_record_t *error);

static dlcore_status read_model(const dlcore_json_t *config, const dlcore_allocator_t *allocator,
                                dlcore_error_record_t *error)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_model_t *model = NULL;
    dlcore_status status;
    size_t width;

    options.allocator = *allocator;
    options.threads = 1;
    assert_int_equal(dlcore_model_create(&options, &model), DLCORE_OK);
    status = dlcore_model_config_read(config, "file", true, model, &width, error);
    dlcore_model_free(model);
    return status;
}

static dlcore_status read_compile(const dlcore_json_t *config, const dlcore_allocator_t *allocator,
                                  dlcore_error_record_t *error)
{
    dlcore_config_numbers_t numbers = {.allocator = allocator};
    dlcore_compile_options_t settings;
    dlcore_named_compile_t named;
    dlcore_status status;

    dlcore_named_compile_read(config, &named); /* which never fails */
    assert_true(strlen(named.metrics) < sizeof named.metrics);
    status = dlcore_compile_config_read(config, "file", &settings, &numbers, error);
    dlcore_release(allocator, numbers.block);
    return status;
}

static dlcore_status read_run(const dlcore_json_t *config, const dlcore_allocator_t *allocator,
                              dlcore_error_record_t *error)
{
    dlcore_run_state_t *run = NULL;
    dlcore_status status = dlcore_run_state_read(config, "file", allocator, &run, error);

    if (status != DLCORE_OK)
        assert_null(run);
    dlcore_run_state_free(allocator, run);
    return status;
}

static dlcore_status read_text(read_config_t *read, const char *text, dlcore_error_record_t *error)
{
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);
    dlcore_json_t config;
    dlcore_status status;

    failing_allocator_init(&memory);
    *error = (dlcore_error_record_t){.message = ""};
    if (!parse(text, &config))
        fail_msg("no JSON: %s", text);
    status = read(&config, &allocator, error);
    if (status != DLCORE_OK && (error->status != status || error->message[0] == '\0'))
        fail_msg("%s: status %d, message \"%s\"", text, status, error->message);
    failing_allocator_assert_clean(&memory);
    return status;
}

/* ---- texts ---- */

#define INPUT "{'class_name':'InputLayer','config':{'batch_shape':[null,6],'dtype':'float32'}}"
#define GLOROT                                                                             \
    "{'module':'keras.initializers','class_name':'VarianceScaling','config':{'scale':1.0," \
    "'mode':'fan_avg','distribution':'uniform','seed':null},'registered_name':null}"
#define DENSE                                                                                  \
    "{'module':'keras.layers','class_name':'Dense','registered_name':null,'config':{'name':"   \
    "'d','trainable':true,'dtype':'float32','units':4,'activation':{'class_name':'ReLU',"      \
    "'config':{'max_value':6.0,'negative_slope':0.1,'threshold':0.5}},'use_bias':true,"        \
    "'kernel_initializer':" GLOROT ",'bias_initializer':'zeros','kernel_regularizer':{"        \
    "'class_name':'L1L2','config':{'l1':0.1,'l2':{'class_name':'__numpy__','config':{'value':" \
    "0.2}}}},'bias_regularizer':null,'kernel_constraint':{'class_name':'MaxNorm','config':{"   \
    "'max_value':2.0,'axis':0}},'bias_constraint':null}}"
#define OTHERS                                                                                 \
    "{'class_name':'LeakyReLU','config':{'name':'l','negative_slope':0.2}},{'class_name':"     \
    "'Activation','config':{'name':'a','activation':{'class_name':'function','config':"        \
    "'tanh'}}},{'class_name':'Softmax','config':{'name':'s','axis':-1}},{'class_name':"        \
    "'Dropout','config':{'name':'o','rate':0.5,'seed':3,'noise_shape':null}},{'class_name':"   \
    "'Normalization','config':{'name':'n','axis':[-1],'mean':[1.0],'variance':[2.0],'invert':" \
    "false}},{'class_name':'Rescaling','config':{'name':'r','scale':0.5,'offset':1}}"
#define RESHAPE(shape) "{'class_name':'Reshape','config':{'name':'e','target_shape':" shape "}}"
#define FLATTEN "{'class_name':'Flatten','config':{'name':'f'}}"
#define SOFTMAX(name, axis) "{'class_name':'Softmax','config':{'name':'" name "','axis':" axis "}}"
#define GLU                                                                                       \
    "{'class_name':'Activation','config':{'name':'g','activation':'glu'}},{'class_name':'Dense'," \
    "'config':{'name':'u','units':4,'activation':{'class_name':'function','config':'glu'}}}"
#define HISTORY(name) "['" name "',0,0]"
#define NODE(from)                                                                               \
    "{'args':[{'class_name':'__keras_tensor__','config':{'shape':[null,6],'keras_history':" from \
    "}}],'kwargs':{'training':false,'mask':null}}"
#define LINK(name, nodes)                                                                         \
    "{'class_name':'Dense','name':'" name "','inbound_nodes':[" nodes "],'config':{'name':'" name \
    "','units':2}}"
#define FIRST                                                                                 \
    "{'class_name':'InputLayer','name':'in','inbound_nodes':[],'config':{'name':'in','batch_" \
    "input_shape':[null,6]}}"

static const char *const models[] = {
    "{'module':'keras','class_name':'Sequential','registered_name':null,'config':{'name':'m',"
    "'trainable':true,'dtype':'float32','layers':[" INPUT "," DENSE "," OTHERS
    "],'build_input_shape':[null,6]}}",
    "{'class_name':'Sequential','config':{'layers':[" INPUT "," RESHAPE("[2,-1]") "," FLATTEN
                                                                                  "," DENSE "]}}",
    "{'class_name':'Sequential','config':{'layers':[" INPUT
    "," RESHAPE("[2,3]") "," SOFTMAX("x", "2") "," SOFTMAX("y", "[-1,-2]") "," FLATTEN "," GLU
                                                                           "," DENSE "]}}",
    "{'class_name':'Sequential','config':{'layers':[" RESHAPE(
        "[6]") "," DENSE "],'build_input_shape':[null,2,3]}}",
    "{'module':'keras.src.models.functional','class_name':'Functional','registered_name':"
    "'Functional','config':{'layers':[" FIRST
    "," LINK("a", NODE(HISTORY("in"))) "],'input_layers':[" HISTORY(
        "in") "],'output_layers':" HISTORY("a") "}}",
    "{'class_name':'Model','config':{'layers':[" FIRST
    "," LINK("a", "[['in',0,0,{'mask':null}]]") "],'input_layers':[" HISTORY(
        "in") "],'output_layers':[" HISTORY("a") "]}}",
};

static const char *const compiles[] = {
    "{'optimizer':{'class_name':'Custom>Adam','config':{'name':'adam','learning_rate':{"
    "'class_name':'PiecewiseConstantDecay','config':{'boundaries':[10,20.0],'values':[0.3,0.2,"
    "0.1],'name':'p'}},'beta_1':0.9,'clipnorm':null,'weight_decay':0.1}},'loss':{'class_name':"
    "'BinaryCrossentropy','config':{'name':'b','from_logits':false,'label_smoothing':0.1}},"
    "'metrics':[[{'class_name':'BinaryAccuracy','config':{'name':'ba','threshold':0.5}},"
    "{'class_name':'MeanMetricWrapper','config':{'name':'w','dtype':'float32','fn':"
    "'binary_accuracy'}},{'class_name':'Accuracy','config':{'name':'acc'}},'auc']],"
    "'weighted_metrics':['mae'],'loss_weights':null,'jit_compile':false}",
    "{'optimizer_config':{'class_name':'SGD','config':{'learning_rate':0.1,'momentum':0.9}},"
    "'loss':{'y':'mse'},'metrics':{'y':['mae','mse']},'weighted_metrics':'mae'}",
    "{'optimizer':'sgd','loss':['mse'],'metrics':{'class_name':'AUC','config':{'name':'auc_1',"
    "'num_thresholds':10}}}",
    "{'optimizer':'sgd','loss':['mse'],'metrics':[{'class_name':'AUC','config':{'name':'a',"
    "'num_thresholds':4,'thresholds':[0.25,0.5],'multi_label':true,'label_weights':[1,2.5]}}]}",
    "{'optimizer':'sgd','loss':{'class_name':'SparseCategoricalCrossentropy','config':{'name':'s',"
    "'from_logits':false,'ignore_class':-1}},'metrics':[{'class_name':'Precision','config':{'name':"
    "'p','thresholds':0.5,'class_id':1}},{'class_name':'Accuracy','config':{'name':'a','threshold':"
    "0.5}}]}",
    "{'optimizer':'sgd','loss':{'class_name':'loss_function','config':{'name':'mine'}},'metrics':"
    "[]}",
};

static const char *const runs[] = {
    "{'epoch':'1','batch':'2','begun':true,'pass':'0','pass_batch':'1','pass_begun':true,"
    "'samples':'20','batch_size':'8','sums':['00000000000000003ff0000000000000'],'values':'2',"
    "'history':['00000000000000003ff0000000000000'],'callbacks':[{'name':'a','state':["
    "'3ff0000000000000'],'weights':false},{'name':'b','state':[],'weights':true}],'weights':"
    "false}",
};

/* ---- changes ---- */

#define LONG16 "0123456789abcdef"
#define LONG64 LONG16 LONG16 LONG16 LONG16
#define LONG LONG64 LONG64 LONG64 LONG64 LONG64 LONG64 LONG64 LONG64 LONG64

#define MAE4 "'mae','mae','mae','mae'"
#define MANY_METRICS "[" MAE4 "," MAE4 "," MAE4 "," MAE4 ",'mae']" /* one too many */

static const char *const values[] = {
    "null",
    "true",
    "false",
    "-1",
    "0",
    "2",
    "1.5",
    "0.5",
    "1e300",
    "-1e300",
    "2147483648",
    "-2147483649",
    "18446744073709551615",
    "18446744073709551616",
    "''",
    "'x'",
    "'mse'",
    "'123456789012345\\u0000'",
    "'\\u0000'",
    "'" LONG "'",
    "[]",
    "[1]",
    "[-1]",
    "[1,2]",
    "[[1]]",
    "['in',0]",
    "['in',1,0]",
    "['in',0,1]",
    "['in','x',0]",
    "[null,2,2,2,2,2,2,2,2,2]",
    "[[],[]]",
    "[null,0]",
    "[-1,-1]",
    "[4,-1]",
    "[2,2]",
    "[6,1]",
    "[18446744073709551615,2]",
    "[null,18446744073709551615,2]",
    "{}",
    "{'a':1,'a':2}",
    "{'a':1,'b':2}",
    "{'class_name':'__numpy__','config':{'value':2}}",
    "{'class_name':'__tensor__','config':{}}",
    "{'class_name':'__tensor__','config':{'value':1,'value':2}}",
    "{'class_name':'__tensor__','config':{},'config':{}}",
    "1e999",
    MANY_METRICS,
    "{'class_name':'x','class_name':'y'}",
    "{'class_name':'function','config':'relu'}",
    "{'class_name':'function','config':{}}",
    "{'class_name':'" LONG "','config':{}}",
    "{'class_name':'a\\u0000b'}",
    "{'class_name':'Mine','config':{},'registered_name':'Mine'}",
    "{'module':'keras.src.x','class_name':'Mine','registered_name':'Other'}",
    "{'class_name':'Dense','config':{'a':1,'a':1}}",
    "{'y':{'a':1,'a':1}}"};

static const char *const names[] = {"'zz'", "''", "'" LONG "'", "'units\\u0000'"};

/* Members whose objects are not looked into, or of which any will do. */
static bool may_be_twice(const char *member)
{
    static const char *const free_ones[] = {"\"module\"", "\"mask\"", "\"training\"",
                                            "\"shape\"",  "\"y\"",    "\"class_name\":\"__keras"};

    for (size_t i = 0; i < sizeof free_ones / sizeof free_ones[0]; i++)
        if (strncmp(member, free_ones[i], strlen(free_ones[i])) == 0)
            return true;
    return false;
}

static void change_each(const char *from, read_config_t *read)
{
    char *text = text_of(from), *changed, *with;
    pieces_t pieces = {.text = text};
    dlcore_error_record_t error;
    dlcore_json_t whole;

    if (read_text(read, text, &error) != DLCORE_OK)
        fail_msg("%s: %s", text, error.message);
    assert_true(parse(text, &whole));
    list_pieces(&pieces, &whole);
    for (size_t i = 0; i < pieces.count; i++) {
        piece_t at = pieces.piece[i];
        char piece[2048];

        snprintf(piece, sizeof piece, "%.*s", (int)(at.end - at.begin), text + at.begin);
        for (size_t k = 0; at.name_end == 0 && k < sizeof values / sizeof values[0]; k++) {
            with = text_of(values[k]);
            changed = replaced(text, at.begin, at.end, with, "");
            (void)read_text(read, changed, &error);
            free(changed);
            free(with);
        }
        for (size_t k = 0; at.name_end != 0 && k < sizeof names / sizeof names[0]; k++) {
            with = text_of(names[k]);
            changed = replaced(text, at.begin, at.name_end, with, "");
            (void)read_text(read, changed, &error);
            free(changed);
            free(with);
        }
        if (at.name_end == 0)
            continue;
        changed = replaced(text, at.begin, at.begin, piece, ",");
        if (read_text(read, changed, &error) == DLCORE_OK && !may_be_twice(piece))
            fail_msg("is there twice: %s", piece);
        free(changed);
    }
    free(text);
}

static void test_config_changes_of_models_are_read_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
        change_each(models[i], read_model);
}

static void test_config_changes_of_compile_are_read_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof compiles / sizeof compiles[0]; i++)
        change_each(compiles[i], read_compile);
}

static void test_config_changes_of_runs_are_read_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++)
        change_each(runs[i], read_run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_changes_of_models_are_read_or_refused),
        cmocka_unit_test(test_config_changes_of_compile_are_read_or_refused),
        cmocka_unit_test(test_config_changes_of_runs_are_read_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
