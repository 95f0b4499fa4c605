/* Tables of embedding layers in the JSON of models: what is written comes back, and what is no list
 * of tables is refused.
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

#include "dlcore/file.h"
#include "model/model.h"
#include "store/model_config.h"
#include "support/classifier.h"
#include "support/models.h"
#include "support/tensors.h"

static dlcore_model_t *table_model(void)
{
    const dlcore_embedding_t tables[] = {{.column = 0, .count = 4, .units = 3},
                                         {.column = 2, .count = 5, .units = 2}};
    dlcore_layer_t layer = dlcore_layer_embedding(tables, 2);
    dlcore_optimizer_t adam = dlcore_optimizer_adam();
    dlcore_model_t *model = NULL;

    layer.embeddings_regularizer = dlcore_regularizer_l2(0.25);
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, dlcore_model_add(model, layer));
    assert_accepted(model, dlcore_model_add(model, dlcore_layer_dense(2, DLCORE_ACTIVATION_RELU)));
    assert_accepted(model, dlcore_model_build(model, 3));
    assert_accepted(model, dlcore_model_compile(model, &adam, DLCORE_LOSS_MEAN_SQUARED_ERROR,
                                                DLCORE_METRIC_NONE));
    return model;
}

/* Trained, saved, loaded, trained on: both have the same bits. */
static void test_embeddings_config_comes_back_with_the_model(void **state)
{
    static const float x[2][3] = {{3, 0.5f, 1}, {0, -1, 2}}, y[2][2] = {{1, 2}, {3, 4}};
    dlcore_tensor_t *inputs = tensor_of_floats(SHAPE(2, 3), x[0]);
    dlcore_tensor_t *labels = tensor_of_floats(SHAPE(2, 2), y[0]);
    dlcore_model_t *model = table_model(), *loaded = NULL;
    dlcore_save_options_t saving = dlcore_save_options_default();
    dlcore_load_options_t how = dlcore_load_options_default();
    dlcore_error_record_t error = {0};
    const dlcore_layer_t *layer;
    void *bytes;
    size_t size;

    (void)state;
    assert_accepted(model, dlcore_model_train_on_batch(model, inputs, labels, NULL));
    saving.error = &error;
    if (dlcore_model_save_memory(model, &saving, &bytes, &size) != DLCORE_OK)
        fail_msg("%s", error.message);
    how.error = &error;
    if (dlcore_model_load_memory(bytes, size, &how, &loaded) != DLCORE_OK)
        fail_msg("%s", error.message);
    layer = dlcore_model_layer(loaded, 0);
    assert_int_equal(layer->kind, DLCORE_LAYER_EMBEDDING);
    assert_int_equal(layer->embeddings.count, 2);
    assert_memory_equal(layer->embeddings.table, dlcore_model_layer(model, 0)->embeddings.table,
                        2 * sizeof *layer->embeddings.table);
    assert_true(layer->embeddings_regularizer.l2 == 0.25);
    assert_true(layer->embeddings_initializer.maxval == 0.05);
    assert_accepted(model, dlcore_model_train_on_batch(model, inputs, labels, NULL));
    assert_accepted(loaded, dlcore_model_train_on_batch(loaded, inputs, labels, NULL));
    assert_true(same_weights(model, loaded));
    free(bytes);
    dlcore_tensor_free(inputs);
    dlcore_tensor_free(labels);
    dlcore_model_free(model);
    dlcore_model_free(loaded);
}

/* The first layer of a config, with ' for ". */
static dlcore_status read_embedding(const char *tables, dlcore_model_t **model,
                                    dlcore_error_record_t *error)
{
    static char text[4096];
    dlcore_json_t config;
    dlcore_json_problem_t problem;
    size_t width;

    snprintf(text, sizeof text,
             "{'class_name':'Sequential','config':{'layers':[{'class_name':'Embedding','config':"
             "{%s}}],'build_input_shape':[null,3]}}",
             tables);
    for (char *c = text; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    assert_true(dlcore_json_check(text, strlen(text), &config, &problem));
    assert_int_equal(dlcore_model_create(NULL, model), DLCORE_OK);
    return dlcore_model_config_read(&config, "f", false, *model, &width, error);
}

static void test_embeddings_config_reads_tables(void **state)
{
    dlcore_error_record_t error = {0};
    dlcore_model_t *model = NULL;

    (void)state;
    if (read_embedding("'embeddings':[[1,5,2],[2,16777216,65536]]", &model, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    assert_int_equal(dlcore_model_layer(model, 0)->embeddings.count, 2);
    assert_int_equal(dlcore_model_layer(model, 0)->embeddings.table[1].count, 16777216);
    dlcore_model_free(model);
}

static void test_embeddings_config_refuses_what_is_no_list_of_tables(void **state)
{
    static const char *const bad[] = {"'embeddings':3",
                                      "'embeddings':[3]",
                                      "'embeddings':[[1,2]]",
                                      "'embeddings':[[1,2,3,4]]",
                                      "'embeddings':[[1,2,-3]]",
                                      "'embeddings':[[1,4294967296,3]]",
                                      "'embeddings':[[1,'5',3]]",
                                      "'embeddings':[]",
                                      "'embeddings':[[1,2,0]]",
                                      "'embeddings':[[1,2,3],[1,2,3]]",
                                      "",
                                      "'input_dim':10,'output_dim':4"};
    char many[4096] = "'embeddings':[[0,2,2]";
    dlcore_error_record_t error = {0};
    dlcore_model_t *model = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (read_embedding(bad[i], &model, &error) == DLCORE_OK)
            fail_msg("%s was read", bad[i]);
        dlcore_model_free(model);
    }
    assert_non_null(strstr(error.message, "input_dim"));
    for (size_t i = 1; i <= DLCORE_EMBEDDINGS_MAX; i++)
        snprintf(many + strlen(many), sizeof many - strlen(many), ",[%zu,2,2]", i);
    strcat(many, "]");
    assert_failed(read_embedding(many, &model, &error), DLCORE_ERROR_UNSUPPORTED, &error,
                  "embeddings are too many");
    dlcore_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_embeddings_config_comes_back_with_the_model),
        cmocka_unit_test(test_embeddings_config_reads_tables),
        cmocka_unit_test(test_embeddings_config_refuses_what_is_no_list_of_tables),
    };

    return cmocka_run_group_tests_name("embeddings_config", tests, NULL, NULL);
}
