/* Three classes from four measurements, as in the well-known iris data, but made here: each flower
 * is its species' typical measurements and some noise.
 *
 * Shows integer labels with the sparse loss, separate test data, a printed summary, and which class
 * a single new sample belongs to.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define FEATURES 4
#define CLASSES 3
#define TRAIN 150
#define TEST 60

/* Sepal length and width, petal length and width in cm. */
static const float typical[CLASSES][FEATURES] = {
    {5.0F, 3.4F, 1.5F, 0.25F},
    {5.9F, 2.8F, 4.3F, 1.3F},
    {6.6F, 3.0F, 5.6F, 2.0F},
};
static const char *const species[CLASSES] = {"setosa", "versicolor", "virginica"};

static model_t *network;
static error_record_t error; /* of all calls that do not change the model */

static void check(dlcore_status status)
{
    if (status == DLCORE_OK)
        return;
    fprintf(stderr, "iris_like: %s: %s\n", dlcore_status_name(status),
            error.status == status ? error.message : model_error(network));
    exit(EXIT_FAILURE);
}

/* Roughly normal, standard deviation 1: the sum of twelve uniform numbers in -0.5 .. 0.5. */
static float noise(uint64_t *state)
{
    float sum = -6;
    int i;

    for (i = 0; i < 12; i++) {
        *state = *state * 6364136223846793005U + 1442695040888963407U;
        sum += (float)(*state >> 40) / 16777216.0F;
    }
    return sum;
}

static void grow(uint64_t seed, size_t count, float (*flowers)[FEATURES], int32_t *labels)
{
    size_t i;
    size_t j;

    for (i = 0; i < count; i++) {
        labels[i] = (int32_t)(i % CLASSES);
        for (j = 0; j < FEATURES; j++)
            flowers[i][j] = typical[labels[i]][j] * (1 + 0.07F * noise(&seed));
    }
}

static tensor_t *over(dtype_t dtype, size_t rank, size_t rows, const void *data)
{
    const size_t shape[2] = {rows, FEATURES};
    tensor_t *tensor = NULL;

    check(tensor_borrow_const(NULL, dtype, rank, shape, data, 0, &tensor, &error));
    return tensor;
}

int main(void)
{
    static float flowers[TRAIN + TEST][FEATURES];
    static int32_t labels[TRAIN + TEST];
    tensor_t *train_x = over(DTYPE_FLOAT32, 2, TRAIN, flowers);
    tensor_t *train_y = over(DTYPE_INT32, 1, TRAIN, labels);
    tensor_t *test_x = over(DTYPE_FLOAT32, 2, TEST, flowers + TRAIN);
    tensor_t *test_y = over(DTYPE_INT32, 1, TEST, labels + TRAIN);
    tensor_t *one = over(DTYPE_FLOAT32, 2, 1, typical[2]);
    tensor_t *probabilities = NULL;
    tensor_t *class = NULL;
    const size_t shape[2] = {1, CLASSES};
    const size_t first[1] = {0};
    optimizer_t rmsprop = optimizer_rmsprop();
    fit_options_t how = fit_options_default();
    evaluate_options_t tested = evaluate_options_default();
    predict_options_t asked = predict_options_default();
    evaluation_t result;
    double answer = 0;

    grow(1, TRAIN, flowers, labels);
    grow(2, TEST, flowers + TRAIN, labels + TRAIN);

    check(model_create(NULL, &network));
    check(model_add(network, layer_dense(16, ACTIVATION_RELU)));
    check(model_add(network, layer_dense(CLASSES, ACTIVATION_SOFTMAX)));
    rmsprop.learning_rate = 0.01;
    check(model_compile(network, &rmsprop, LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, METRIC_ACCURACY));
    how.epochs = 60;
    how.batch_size = 16;
    check(model_fit(network, train_x, train_y, &how, NULL));
    check(model_summary(network, stdout));
    tested.error = &error;
    check(model_evaluate(network, test_x, test_y, &tested, &result));
    printf("test accuracy: %.4f\n", evaluation_value(&result, "accuracy"));

    check(tensor_create(NULL, DTYPE_FLOAT32, 2, shape, &probabilities, &error));
    asked.error = &error;
    check(model_predict_with(network, one, probabilities, &asked));
    check(tensor_argmax(probabilities, &class, &error));
    check(tensor_get(class, first, &answer, &error));
    printf("a flower of 6.6, 3.0, 5.6 and 2.0 cm: %s\n", species[(int)answer]);

    tensor_free(class);
    tensor_free(probabilities);
    tensor_free(one);
    tensor_free(test_y);
    tensor_free(test_x);
    tensor_free(train_y);
    tensor_free(train_x);
    model_free(network);
    if (evaluation_value(&result, "accuracy") < 0.9 || (int)answer != 2) {
        fprintf(stderr, "iris_like: that is not what was to be learnt\n");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
