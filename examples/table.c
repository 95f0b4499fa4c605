/* A table with words, gaps and dates: from its CSV file to a test score. The schema is learned from
 * the training rows alone. A target of words is a class, one of numbers a number.
 *
 *   table FILE.csv TARGET [SEED]
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **words)
{
    error_record_t error = {.message = "table FILE.csv TARGET [SEED]"};
    table_t *table = NULL;
    table_split_t rows;
    schema_t *schema = NULL;
    tensor_t *x = NULL, *y = NULL, *test_x = NULL, *test_y = NULL;
    model_t *network = NULL;
    evaluation_t score;
    split_options_t parts = split_options_default(); /* a quarter of the rows to test with */
    schema_options_t columns = schema_options_default();
    fit_options_t how = fit_options_default();
    optimizer_t adam = optimizer_adam();

    columns.target = count > 2 ? words[2] : NULL;
    parts.seed = count > 3 ? strtoul(words[3], NULL, 10) : 1;
    if (count < 3 || table_load(words[1], NULL, NULL, &table, &error) ||
        table_split(table, columns.target, &parts, &rows, &error) ||
        schema_fit(table, &rows.train, &columns, &schema, &error) ||
        schema_apply(schema, table, &rows.train, &x, &y, &error) ||
        schema_apply(schema, table, &rows.test, &test_x, &test_y, &error) ||
        model_create(NULL, &network))
        return fprintf(stderr, "%s\n", error.message);
    size_t classes = schema_class_count(schema); /* 0: a number */
    model_add(network, layer_dense(100, ACTIVATION_RELU));
    model_add(network, classes ? layer_dense(classes, ACTIVATION_SOFTMAX)
                               : layer_dense(1, ACTIVATION_LINEAR));
    model_compile(network, &adam,
                  classes ? LOSS_SPARSE_CATEGORICAL_CROSSENTROPY : LOSS_MEAN_SQUARED_ERROR,
                  classes ? METRIC_ACCURACY : METRIC_R2_SCORE);
    how.epochs = how.batch_size = 200;
    if (model_fit(network, x, y, &how, NULL) ||
        model_evaluate(network, test_x, test_y, NULL, &score))
        return fprintf(stderr, "%s\n", model_error(network));
    printf("%s %.4f\n", score.metrics[0].name, score.metrics[0].value);
    tensor_free(x), tensor_free(y), tensor_free(test_x), tensor_free(test_y), model_free(network);
    schema_free(schema), table_split_free(&rows), table_free(table);
}
