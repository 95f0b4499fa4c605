/* An imbalanced problem: one machine in twenty fails, and the sensors overlap.
 *
 * Shows what class weights do, and what they do not: they move the point at which the network calls
 * a machine failing. Without them it misses most failures, because there are few; with the weights
 * that make both classes equal it finds most, and sends a mechanic to many that work. Neither is
 * right as such: it depends on what a missed failure costs, and what a visit for nothing does. The
 * area under the precision-recall curve, which goes by all points at once, stays about the same,
 * and a lower threshold does to the network without weights what weights do.
 *
 * And batch normalization, dropout, confusion matrices, a classification report.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { SENSORS = 8, TRAIN = 6000, TEST = 3000 };

enum { MISSED = 5000, VISIT = 500 }; /* euros: a failure nobody saw coming; a mechanic's visit */

/* A way to decide, and what came of it on the test data. */
typedef struct way {
    const char *name;
    float weights[2]; /* of works and fails */
    float threshold;  /* of the probability, above which it is called failing */
    double auc_pr;
    size_t counts[2 * 2];
} way_t;

static const char *const classes[] = {"works", "fails"};
static model_t *network;
static error_record_t error; /* of all calls that do not change the model */

static void check(dlcore_status status)
{
    if (status == DLCORE_OK)
        return;
    fprintf(stderr, "imbalanced: %s: %s\n", dlcore_status_name(status),
            error.status == status ? error.message : model_error(network));
    exit(EXIT_FAILURE);
}

/* Roughly normal, standard deviation 1: the sum of twelve uniform numbers in -0.5 .. 0.5. */
static float noise(uint64_t *state)
{
    float sum = -6;

    for (int i = 0; i < 12; i++) {
        *state = *state * 6364136223846793005U + 1442695040888963407U;
        sum += (float)(*state >> 40) / 16777216.0F;
    }
    return sum;
}

/* A machine that fails runs warmer, and shakes more, by less than the sensors' noise. */
static void measure(uint64_t seed, size_t count, float (*sensors)[SENSORS], int32_t *fails)
{
    for (size_t i = 0; i < count; i++) {
        fails[i] = i % 20 == 0;
        for (int s = 0; s < SENSORS; s++)
            sensors[i][s] = 20 + 3 * noise(&seed) + (fails[i] && s < 5 ? 2.6F : 0);
    }
}

static void create(void)
{
    compile_options_t options = compile_options_default();

    check(model_create(NULL, &network));
    model_add(network, layer_batch_normalization());
    model_add(network, layer_dense(32, ACTIVATION_RELU));
    model_add(network, layer_dropout(0.2));
    model_add(network, layer_dense(1, ACTIVATION_SIGMOID));
    options.optimizer = optimizer_adam();
    options.loss = loss_binary_crossentropy();
    options.metrics[0] = metric_default(METRIC_AUC);
    options.metrics[0].curve = CURVE_PR;
    options.metric_count = 1;
    check(model_compile_with(network, &options));
}

static void train(const way_t *way, const tensor_t *x, const tensor_t *y)
{
    fit_options_t how = fit_options_default();

    create();
    how.epochs = 20;
    how.class_weight = way->weights;
    how.class_count = 2;
    check(model_fit(network, x, y, &how, NULL));
}

static void test(way_t *way, const tensor_t *x, const tensor_t *y)
{
    static float probabilities[TEST];
    static int32_t guesses[TEST];
    const size_t shape[1] = {TEST};
    evaluate_options_t tested = evaluate_options_default();
    predict_options_t asked = predict_options_default();
    tensor_t *outputs = NULL, *predicted = NULL;
    evaluation_t result;

    tested.error = asked.error = &error;
    check(model_evaluate(network, x, y, &tested, &result));
    way->auc_pr = evaluation_value(&result, "auc");
    check(tensor_borrow(NULL, DTYPE_FLOAT32, 1, shape, probabilities, 0, &outputs, &error));
    check(model_predict_with(network, x, outputs, &asked));
    for (size_t i = 0; i < TEST; i++)
        guesses[i] = probabilities[i] > way->threshold;
    check(tensor_borrow_const(NULL, DTYPE_INT32, 1, shape, guesses, 0, &predicted, &error));
    check(confusion_matrix(y, predicted, 2, way->counts, &error));
    tensor_free(outputs);
    tensor_free(predicted);
}

/* ---- what came of it ---- */

enum { WORKS_AS_WORKS, WORKS_AS_FAILS, FAILS_AS_WORKS, FAILS_AS_FAILS }; /* of the counts */

static double recall_of(const way_t *way)
{
    return (double)way->counts[FAILS_AS_FAILS] /
           (double)(way->counts[FAILS_AS_FAILS] + way->counts[FAILS_AS_WORKS]);
}

/* A mechanic is sent to whatever is called failing. */
static size_t cost_of(const way_t *way)
{
    return MISSED * way->counts[FAILS_AS_WORKS] +
           VISIT * (way->counts[WORKS_AS_FAILS] + way->counts[FAILS_AS_FAILS]);
}

static void print_ways(const way_t *ways, size_t count)
{
    printf("%-28s %9s %9s %9s %9s %12s\n", "", "precision", "recall", "F1", "AUC-PR", "cost");
    for (size_t i = 0; i < count; i++) {
        const size_t *counts = ways[i].counts;
        size_t said = counts[FAILS_AS_FAILS] + counts[WORKS_AS_FAILS];
        double precision = said > 0 ? (double)counts[FAILS_AS_FAILS] / (double)said : 0;
        double recall = recall_of(&ways[i]), sum = precision + recall;

        printf("%-28s %9.3f %9.3f %9.3f %9.3f %6zu euros\n", ways[i].name, precision, recall,
               sum > 0 ? 2 * precision * recall / sum : 0, ways[i].auc_pr, cost_of(&ways[i]));
    }
}

/* Confusion matrices side by side. */
static void print_confusions(const way_t *ways, size_t count)
{
    for (int line = -2; line < 2; line++) {
        printf("\n");
        for (size_t i = 0; i < count; i++) {
            const size_t *counts = ways[i].counts;

            printf(i > 0 ? "      " : "");
            if (line == -2)
                printf("%-23s", ways[i].name);
            else if (line == -1)
                printf("true  | works  fails   ");
            else
                printf("%s | %5zu  %5zu   ", classes[line], counts[2 * line], counts[2 * line + 1]);
        }
    }
    printf("\n");
}

static const way_t *cheapest_of(const way_t *ways, size_t count)
{
    const way_t *best = ways;

    for (size_t i = 1; i < count; i++) {
        if (cost_of(&ways[i]) < cost_of(best))
            best = &ways[i];
    }
    return best;
}

int main(void)
{
    static float inputs[TRAIN][SENSORS], test_inputs[TEST][SENSORS];
    static int32_t fails[TRAIN], test_fails[TEST];
    way_t ways[] = {
        {.name = "no weights", .weights = {1, 1}, .threshold = 0.5F},
        {.name = "failures count 5 times", .weights = {1, 5}, .threshold = 0.5F},
        {.name = "failures count 19 times", .weights = {1, 19}, .threshold = 0.5F}, /* as many */
        /* a visit costs a tenth of a failure, so it pays from a tenth on */
        {.name = "no weights, threshold 0.1", .weights = {1, 1}, .threshold = 0.1F},
    };
    enum { WAYS = sizeof ways / sizeof ways[0] };
    tensor_t *x = NULL, *y = NULL, *test_x = NULL, *test_y = NULL;
    const way_t *best;

    measure(1, TRAIN, inputs, fails);
    measure(2, TEST, test_inputs, test_fails);
    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, (size_t[]){TRAIN, SENSORS}, inputs, 0, &x,
                              &error));
    check(tensor_borrow_const(NULL, DTYPE_INT32, 1, (size_t[]){TRAIN}, fails, 0, &y, &error));
    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, (size_t[]){TEST, SENSORS}, test_inputs, 0,
                              &test_x, &error));
    check(tensor_borrow_const(NULL, DTYPE_INT32, 1, (size_t[]){TEST}, test_fails, 0, &test_y,
                              &error));

    for (size_t i = 0; i < WAYS; i++) {
        train(&ways[i], x, y);
        test(&ways[i], test_x, test_y);
        model_free(network);
        network = NULL;
    }
    print_ways(ways, WAYS);
    print_confusions(ways, 3);
    best = cheapest_of(ways, WAYS);
    printf("\nA missed failure costs %d euros, a visit %d: then \"%s\" is the cheapest.\n"
           "Were visits dearer, fewer would be: choose by cost, not by recall.\n\n",
           MISSED, VISIT, best->name);
    check(report_classification(best->counts, 2, classes, stdout, &error));

    tensor_free(x);
    tensor_free(y);
    tensor_free(test_x);
    tensor_free(test_y);
    return recall_of(&ways[2]) > recall_of(&ways[0]) + 0.1 && cost_of(best) < cost_of(&ways[0])
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}
