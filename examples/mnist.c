/* Handwritten digits: trains 784-512-10 on MNIST, or on any data set in the same four IDX files,
 * and shows what the network has learnt and where it still errs.
 *
 *     examples/mnist.sh                 builds this, gets the data and runs it
 *     build/examples/mnist --data DIR   with the data in DIR, plain or as .gz
 *
 * --save FILE saves the trained model in a safetensors file. --load FILE starts from one: with
 * --epochs 0 it is only tested, with more it trains on from where that training ended.
 *
 * Reading the command line and the files, and drawing the answers, is in support/mnist_*.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>

#include <stdio.h>
#include <stdlib.h>

#include "support/mnist_answers.h"
#include "support/mnist_arguments.h"
#include "support/mnist_data.h"

/* Calls that fail leave their message with the model, or in the record of their options. */
static void check(dlcore_status status, const char *message)
{
    if (status == DLCORE_OK)
        return;
    fprintf(stderr, "mnist: %s\n", message);
    exit(EXIT_FAILURE);
}

static model_t *make_network(const mnist_arguments_t *arguments)
{
    model_options_t options = model_options_default();
    optimizer_t rmsprop = optimizer_rmsprop();
    error_record_t error;
    model_t *network = NULL;

    options.seed = arguments->seed;
    options.threads = arguments->threads;
    options.error = &error;
    check(model_create(&options, &network), error.message);
    model_add(network, layer_rescaling(1 / 255.0, 0)); /* pixels 0 .. 255 become 0 .. 1 */
    model_add(network, layer_dense(arguments->units, ACTIVATION_RELU));
    model_add(network, layer_dense(MNIST_CLASSES, ACTIVATION_SOFTMAX));
    check(model_compile(network, &rmsprop, LOSS_CATEGORICAL_CROSSENTROPY, METRIC_ACCURACY),
          model_error(network));
    return network;
}

static model_t *load_network(const mnist_arguments_t *arguments)
{
    load_options_t options = load_options_default();
    error_record_t error;
    model_t *network = NULL;

    options.model.threads = arguments->threads;
    options.error = &error;
    check(model_load(arguments->load, &options, &network), error.message);
    if (model_output_width(network) != MNIST_CLASSES)
        check(DLCORE_ERROR_SHAPE, "the loaded model does not have 10 classes");
    return network;
}

/* The network's probabilities for every image, shown as answers. */
static void show_answers(const model_t *network, const mnist_images_t *set,
                         const char *const *names)
{
    const size_t shape[2] = {tensor_length(set->images, 0), MNIST_CLASSES};
    predict_options_t options = predict_options_default();
    tensor_t *probabilities = NULL;
    error_record_t error;

    options.error = &error;
    check(tensor_create(NULL, DTYPE_FLOAT32, 2, shape, &probabilities, &error), error.message);
    check(model_predict_with(network, set->images, probabilities, &options), error.message);
    mnist_show_answers(set, probabilities, names);
    tensor_free(probabilities);
}

int main(int argc, char **argv)
{
    const mnist_arguments_t arguments = mnist_parse(argc, argv);
    mnist_images_t train = mnist_load(arguments.data, "train");
    mnist_images_t test = mnist_load(arguments.data, "t10k");
    fit_options_t how = fit_options_default();
    evaluate_options_t evaluation = evaluate_options_default();
    save_options_t saving = save_options_default();
    evaluation_t result;
    error_record_t error;
    model_t *network;

    printf("%zu images to train with and %zu to test, %zu x %zu pixels each, from %s\n",
           tensor_length(train.images, 0), tensor_length(test.images, 0),
           tensor_length(train.images, 1), tensor_length(train.images, 2), arguments.data);

    network = arguments.load != NULL ? load_network(&arguments) : make_network(&arguments);
    check(model_build(network, tensor_row_size(train.images)), model_error(network));
    check(model_summary(network, stdout), model_error(network));

    how.epochs = arguments.epochs;
    how.batch_size = arguments.batch_size;
    how.verbose = (int)arguments.verbose;
    check(model_fit(network, train.images, train.one_hot, &how, NULL), model_error(network));

    evaluation.batch_size = 1000;
    evaluation.error = &error;
    check(model_evaluate(network, test.images, test.one_hot, &evaluation, &result), error.message);
    show_answers(network, &test, mnist_class_names(&train));
    printf("\ntest loss: %.4f\ntest accuracy: %.4f\n", result.loss,
           evaluation_value(&result, "accuracy"));

    if (arguments.save != NULL) {
        saving.error = &error;
        check(model_save(network, arguments.save, &saving), error.message);
        printf("\nsaved to %s\n", arguments.save);
    }
    model_free(network);
    mnist_free(&test);
    mnist_free(&train);
    return EXIT_SUCCESS;
}
