/* Where a run stands, read from files that are wrong or exaggerate: each refusal with its message,
 * no memory or time that the file does not justify.
 *
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/file.h"
#include "support/hostile_file.h"
#include "support/size_text.h"
#include "support/tensors.h"

#define POSITION "'epoch':'1','batch':'2','begun':true,'pass_begun':true,"
#define TWO             \
    "'0000000000000000" \
    "3ff0000000000000'"
#define NUMBERS "'sums':[" TWO "],'values':'2','history':[" TWO "],"
#define RUN(members) "'run':{" members "}"
#define CALLBACK(name) "{'name':'" name "','state':[],'weights':false}"

#define ONE_LAYER "{'class_name':'Dense','config':{'name':'d','units':1,'use_bias':false}}"
#define ONE_TENSOR ",\"d/kernel\":" F32("[1,1]", "[0,4]")

/* A model of those layers with that training state, and tensors; ' stands for \". For free(). */
static char *header_of(const char *layers, const char *state, const char *tensors)
{
    static const char tail[] =
        "],'build_input_shape':[null,1]}}\",\"compile_config\":\"{'optimizer':{'class_name':'SGD'},"
        "'loss':'mse','metrics':[]}\",\"dlcore.training_state\":\"{";
    const char *const parts[] = {
        "{\"__metadata__\":{\"model_config\":\"{'class_name':'Sequential','config':{'layers':[",
        layers,
        tail,
        state,
        "}\"}",
        tensors,
        "}"};
    char *header = malloc(2 * (strlen(layers) + strlen(state)) + strlen(tensors) + 1000);
    char *to = header;

    assert_non_null(header);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        for (const char *from = parts[i]; *from != '\0'; from++) {
            if (*from == '\'')
                *to++ = '\\';
            *to++ = (char)(*from == '\'' ? '"' : *from);
        }
    }
    *to = '\0';
    return header;
}

/* NULL: it is right. */
static void check(const char *state, const char *text)
{
    char *header = header_of(ONE_LAYER, state, ONE_TENSOR);
    hostile_t one = {header, 4, text};
    dlcore_error_record_t error = {0};
    unsigned char *file;
    size_t size;

    if (text != NULL) {
        hostile_assert_refused(&one);
    } else {
        file = hostile_file(header, 4, &size);
        if (hostile_load(file, size, &error) != DLCORE_OK)
            fail_msg("%.300s: %s", state, error.message);
        free(file);
    }
    free(header);
}

static void test_run_state_hostile_each_refusal_has_its_message(void **state)
{
    static const struct {
        const char *state, *text;
    } cases[] = {
        {"", NULL},
        {RUN(POSITION NUMBERS "'callbacks':[]"), NULL},
        {RUN(POSITION NUMBERS "'callbacks':[" CALLBACK("a") "," CALLBACK("b") "]"), NULL},
        {RUN(POSITION "'sums':[" TWO "],'values':'2','history':[],'callbacks':[]"), NULL},
        {"'run':{},'run':{}", "run is there twice"},
        {"'run':[]", "the numbers of the run are malformed"},
        {RUN(""), "the numbers of the run are malformed"},
        {RUN(POSITION "'sums':[" TWO "],'sums':[],'values':'2','history':[],'callbacks':[]"),
         "the numbers of the run are malformed"},
        {RUN(POSITION "'sums':['3ff0000000000000'],'values':'2','history':[],'callbacks':[]"),
         "the numbers of the run are malformed"},
        {RUN(POSITION "'sums':[" TWO "],'values':'3','history':[" TWO "],'callbacks':[]"),
         "the numbers of the run are malformed"},
        {RUN(POSITION "'sums':[" TWO "],'values':'0','history':[],'callbacks':[]"),
         "the numbers of the run are malformed"},
        {RUN(POSITION "'sums':['3ff'],'values':'2','history':[],'callbacks':[]"),
         "the numbers of the run are malformed"},
        {RUN(POSITION "'sums':[3],'values':'2','history':['3FF0000000000000'],'callbacks':[]"),
         "the numbers of the run are malformed"},
        {RUN(POSITION "'sums':[" TWO "],'values':'-2','history':[],'callbacks':[]"),
         "values is not a whole number up to"},
        {RUN(POSITION "'sums':[" TWO "],'values':'2','values':'2','history':[],'callbacks':[]"),
         "values is there twice"},
        {RUN("'epoch':'x','begun':true,'pass_begun':true," NUMBERS "'callbacks':[]"),
         "epoch is not a whole number up to"},
        {RUN("'batch':1,'begun':true,'pass_begun':true," NUMBERS "'callbacks':[]"),
         "batch is not a whole number up to"},
        {RUN("'begun':true," NUMBERS "'callbacks':[]"), "a truth value is missing"},
        {RUN("'begun':1,'pass_begun':true," NUMBERS "'callbacks':[]"), "a truth value is missing"},
        {RUN("'begun':true,'begun':true,'pass_begun':true," NUMBERS "'callbacks':[]"),
         "a truth value is missing, or there twice"},
        {RUN(POSITION "'sums':[" TWO ",3],'values':'2','history':[],'callbacks':[]"),
         "the numbers of the run are malformed"},
        {RUN(POSITION "'sums':[" TWO "],'values':'2','history':[null],'callbacks':[]"),
         "the numbers of the run are malformed"},
        {RUN(POSITION "'sums':[" TWO "],'values':'2','history':{},'callbacks':[]"),
         "the numbers of the run are malformed"},
        {RUN(POSITION "'sums':['00000000000000007ff8000000000000'],'values':'2','history':[],"
                      "'callbacks':[]"),
         "the number of samples in sums is no whole number"},
        {RUN(POSITION "'sums':['00000000000000007fe1ccf385ebc8a0'],'values':'2','history':[],"
                      "'callbacks':[]"),
         "the number of samples in sums is no whole number"},
        {RUN(POSITION "'sums':['7ff80000000000003ff0000000000000'],'values':'2','history':[],"
                      "'callbacks':[]"),
         NULL}, /* a loss that was NaN */
        {RUN("'epoch':'" SIZE_MAX_TEXT "','begun':true,'pass_begun':true," NUMBERS
             "'callbacks':[]"),
         "epoch, batch, pass or pass_batch is too large"},
        {RUN("'batch':'" SIZE_MAX_TEXT "','begun':true,'pass_begun':true," NUMBERS
             "'callbacks':[]"),
         "epoch, batch, pass or pass_batch is too large"},
        {RUN("'pass':'" SIZE_MAX_TEXT "','begun':true,'pass_begun':true," NUMBERS "'callbacks':[]"),
         "epoch, batch, pass or pass_batch is too large"},
        {RUN("'pass_batch':'" SIZE_MAX_TEXT "','begun':true,'pass_begun':true," NUMBERS
             "'callbacks':[]"),
         "epoch, batch, pass or pass_batch is too large"},
        {"'momentum_product':0.5", NULL},
        {"'momentum_product':'x'", "momentum_product is not a number in 0 .. 1"},
        {"'momentum_product':-1", "momentum_product is not a number in 0 .. 1"},
        {"'momentum_product':2", "momentum_product is not a number in 0 .. 1"},
        {"'momentum_product':1,'momentum_product':1", "momentum_product is not a number in 0 .. 1"},
        {RUN("'pass_batch':'3','begun':true,'pass_begun':false," NUMBERS "'callbacks':[]"),
         "pass_batch is above 0, but pass_begun is false"},
        {RUN(POSITION NUMBERS "'callbacks':[{'name':'a','state':[7],'weights':false}]"),
         "the state of a callback is malformed"},
        {RUN(POSITION NUMBERS "'x':1"), NULL},
        {RUN(POSITION NUMBERS "'callbacks':{}"), "no list of callbacks"},
        {RUN(POSITION NUMBERS "'callbacks':7"), "no list of callbacks"},
        {RUN(POSITION NUMBERS "'callbacks':[],'callbacks':[]"),
         "the numbers of the run are malformed"},
        {RUN(POSITION NUMBERS "'callbacks':[0]"), "a callback is not an object"},
        {RUN(POSITION NUMBERS "'callbacks':[{}]"), "a callback has no name"},
        {RUN(POSITION NUMBERS "'callbacks':[" CALLBACK("") "]"), "a callback has no name"},
        {RUN(POSITION NUMBERS "'callbacks':[" CALLBACK("a/b") "]"), "a callback has no name"},
        {RUN(POSITION NUMBERS "'callbacks':[" CALLBACK("a\\\\u0000b") "]"),
         "a callback has no name"},
        {RUN(POSITION NUMBERS "'callbacks':[" CALLBACK(
             "0123456789012345678901234567890123456789012345678901234567890123") "]"),
         "a callback has no name, or too long a one"},
        {RUN(POSITION NUMBERS "'callbacks':[{'name':'a','state':['3f'],'weights':false}]"),
         "the state of a callback is malformed"},
        {RUN(POSITION NUMBERS "'callbacks':[{'name':'a','state':[]}]"), "a truth value is missing"},
        {RUN(POSITION NUMBERS "'callbacks':[" CALLBACK("a") "," CALLBACK("a") "]"),
         "two callbacks have one name"},
        {RUN(POSITION NUMBERS "'callbacks':[{'name':'a','state':[],'weights':true}]"),
         "has no tensor \"callback/a/d/kernel\" (1, 1)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check(cases[i].state, cases[i].text);
}

/* `count` times that text, the n-th with its number where %zu stands. For free(). */
static char *many(const char *begin, const char *each, size_t count, const char *end)
{
    size_t room = strlen(begin) + count * (strlen(each) + 12) + strlen(end) + 1;
    char *text = malloc(room);
    size_t used;

    assert_non_null(text);
    used = (size_t)snprintf(text, room, "%s", begin);
    for (size_t i = 0; i < count; i++) {
        const char *place = strstr(each, "%zu");

        if (place == NULL)
            used += (size_t)snprintf(text + used, room - used, "%s%s", i > 0 ? "," : "", each);
        else
            used += (size_t)snprintf(text + used, room - used, "%s%.*s%zu%s", i > 0 ? "," : "",
                                     (int)(place - each), each, i, place + 3);
    }
    snprintf(text + used, room - used, "%s", end);
    return text;
}

static void check_many(const char *begin, const char *each, size_t count, const char *text)
{
    char *state = many(begin, each, count, "]}");

    check(state, text);
    free(state);
}

static void test_run_state_hostile_callbacks_are_64_at_most(void **state)
{
    static const char begin[] = "'run':{" POSITION NUMBERS "'callbacks':[";

    (void)state;
    check_many(begin, CALLBACK("c%zu"), 64, NULL);
    check_many(begin, CALLBACK("c%zu"), 65, "65 callbacks are more than 64");
    check_many(begin, "0", 2000000, "2000000 callbacks are more than 64");
    check_many(begin, CALLBACK("c%zu"), 60000, "60000 callbacks are more than 64");
}

/* hostile_load looks at the memory. */
static void test_run_state_hostile_a_long_history_takes_little_memory(void **state)
{
    (void)state;
    check_many("'run':{" POSITION "'sums':[" TWO "],'values':'2','callbacks':[],'history':[", TWO,
               120000, NULL);
    check_many("'run':{" POSITION NUMBERS "'callbacks':[{'name':'a','weights':false,'state':[", TWO,
               120000, "byte"); /* the brace is missing */
}

/* Loads a file whose weights are all 1, and whose other tensors are zeros. */
static void check_weights(const unsigned char *file, size_t size, size_t count)
{
    dlcore_load_options_t options = dlcore_load_options_default();
    float *weights = malloc(count * sizeof *weights);
    dlcore_model_t *model = NULL;

    assert_non_null(weights);
    options.model.threads = 1;
    assert_int_equal(dlcore_model_load_memory(file, size, &options, &model), DLCORE_OK);
    assert_int_equal(dlcore_model_get_weights(model, weights, count), DLCORE_OK);
    for (size_t i = 0; i < count; i++)
        assert_true(weights[i] == 1.0f);
    dlcore_model_free(model);
    free(weights);
}

/* Many layers, and copies of them all, more than 2^16 tensors: the time goes with the file's
 * length, and each tensor gets where it belongs. */
static void test_run_state_hostile_many_copies_take_little_time(void **state)
{
    static const unsigned char one[4] = {0, 0, 0x80, 0x3f}; /* 1 as float32 */
    enum { LAYERS = 520, COPIES = 64, TENSORS = 2 * LAYERS * (COPIES + 1) };
    const size_t room = (size_t)TENSORS * 120 + 200000;
    static const char *const weights[] = {"kernel\":{\"dtype\":\"F32\",\"shape\":[1,1]",
                                          "bias\":{\"dtype\":\"F32\",\"shape\":[1]"};
    char *layers =
        many("", "{'class_name':'Dense','config':{'name':'d%zu','units':1}}", LAYERS, "");
    char *copies = many("", "{'name':'c%zu','state':[],'weights':true}", COPIES, "");
    char *text = malloc(room), *header, *names = malloc(room);
    dlcore_error_record_t error = {0};
    size_t used = 0, at = 0, size;
    unsigned char *file;

    (void)state;
    assert_true(text != NULL && names != NULL && TENSORS > UINT16_MAX);
    names[0] = '\0';
    for (int c = -1; c < COPIES; c++) {
        for (int i = 0; i < 2 * LAYERS; i++, at += 4) {
            char copy[32] = "";

            if (c >= 0)
                snprintf(copy, sizeof copy, "callback/c%d/", c);
            used += (size_t)snprintf(names + used, room - used,
                                     ",\"%sd%d/%s,\"data_offsets\":[%zu,%zu]}", copy, i / 2,
                                     weights[i % 2], at, at + 4);
        }
    }
    snprintf(text, room, "'run':{" POSITION NUMBERS "'callbacks':[%s]}", copies);
    header = header_of(layers, text, names);
    file = hostile_file(header, at, &size);
    for (size_t i = 0; i < (size_t)2 * LAYERS; i++)
        memcpy(file + size - at + 4 * i, one, sizeof one);
    if (hostile_load(file, size, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    check_weights(file, size, (size_t)2 * LAYERS);
    free(file);
    free(header);
    free(names);
    free(text);
    free(copies);
    free(layers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run_state_hostile_each_refusal_has_its_message),
        cmocka_unit_test(test_run_state_hostile_callbacks_are_64_at_most),
        cmocka_unit_test(test_run_state_hostile_a_long_history_takes_little_memory),
        cmocka_unit_test(test_run_state_hostile_many_copies_take_little_time),
    };

    return cmocka_run_group_tests_name("run_state_hostile", tests, NULL, NULL);
}
