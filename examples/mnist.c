/* Handwritten digits: trains 784-512-10 on MNIST, or on any data in the same four IDX files, and
 * shows what the network has learnt and where it still errs.
 *
 *     examples/mnist.sh                 builds this, fetches the data and runs it
 *     build/examples/mnist --data DIR   with the data in DIR, plain or as .gz
 *
 * --save FILE keeps what it has learnt in a safetensors file; --load FILE begins with one: with
 * --epochs 0 it only tests it, with more it goes on where that training ended.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLASSES 10
#define SHOWN 6          /* misclassified images that are drawn, */
#define SHOWN_IN_ROW 3   /* so many side by side, */
#define SHOWN_COLUMNS 26 /* which fit into 80 columns like this */

typedef struct arguments {
    const char *data, *load, *save;
    uint64_t epochs, batch_size, units, seed, threads, verbose;
} arguments_t;

typedef struct dataset {
    tensor_t *images;  /* (count, rows, columns) uint8 */
    tensor_t *labels;  /* (count) uint8 */
    tensor_t *one_hot; /* (count, CLASSES) float32 */
} digits_t;

typedef struct mistake {
    size_t image;
    int said;
    float probability;
} mistake_t;

/* ---- errors ---- */

static void fail(const char *message)
{
    fprintf(stderr, "mnist: %s\n", message);
    exit(EXIT_FAILURE);
}

static void check(dlcore_status status, const model_t *network)
{
    if (status != DLCORE_OK)
        fail(model_error(network));
}

static void check_record(dlcore_status status, const error_record_t *error)
{
    if (status != DLCORE_OK)
        fail(error->message);
}

/* ---- the command line ---- */

static void usage(FILE *stream, const arguments_t *defaults)
{
    fprintf(stream,
            "usage: mnist [options]\n"
            "  --data DIR        folder of the four IDX files (default: $DLCORE_MNIST_DIR)\n"
            "  --load FILE       begin with a saved model; --units and --seed are its own\n"
            "  --save FILE       save the trained model\n"
            "  --epochs N        to train in this run, default %d\n"
            "  --batch-size N    default %d\n"
            "  --units N         of the hidden layer, default %d\n"
            "  --seed N          default %u\n"
            "  --threads N       0: all CPUs (default); results do not depend on it\n"
            "  --verbose N       0 silent, 1 progress line (default), 2 one line per epoch\n"
            "  --help            this text\n",
            (int)defaults->epochs, (int)defaults->batch_size, (int)defaults->units,
            (unsigned)defaults->seed);
}

static void fail_usage(const arguments_t *defaults, const char *what, const char *argument)
{
    fprintf(stderr, "mnist: %s: %s\n", what, argument);
    usage(stderr, defaults);
    exit(2);
}

static bool parse_number(const char *text, uint64_t smallest, uint64_t largest, uint64_t *number)
{
    char *end = NULL;
    unsigned long long value;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (errno != 0 || text[0] < '0' || text[0] > '9' || *end != '\0' || value < smallest ||
        value > largest)
        return false;
    *number = value;
    return true;
}

static arguments_t parse_arguments(int argc, char **argv)
{
    const arguments_t defaults = {
        .data = getenv("DLCORE_MNIST_DIR"),
        .epochs = 5,
        .batch_size = 128,
        .units = 512,
        .seed = DLCORE_SEED_DEFAULT,
        .threads = 0,
        .verbose = 1,
    };
    arguments_t arguments = defaults;
    const struct {
        const char *name;
        uint64_t *number;
        uint64_t smallest, largest;
    } options[] = {
        {"--epochs", &arguments.epochs, 0, 100000},
        {"--batch-size", &arguments.batch_size, 1, 1000000},
        {"--units", &arguments.units, 1, 1000000},
        {"--seed", &arguments.seed, 0, UINT64_MAX},
        {"--threads", &arguments.threads, 0, DLCORE_THREADS_MAX},
        {"--verbose", &arguments.verbose, 0, 2},
    };
    const struct {
        const char *name;
        const char **text;
    } texts[] = {
        {"--data", &arguments.data}, {"--load", &arguments.load}, {"--save", &arguments.save}};
    const size_t option_count = sizeof options / sizeof options[0];
    const size_t text_count = sizeof texts / sizeof texts[0];
    int i;

    for (i = 1; i < argc; i++) {
        size_t length = strcspn(argv[i], "=");
        const char *value = argv[i][length] == '=' ? argv[i] + length + 1 : argv[i + 1];
        size_t o = 0;
        size_t t = 0;

        if (strcmp(argv[i], "--help") == 0) {
            usage(stdout, &defaults);
            exit(EXIT_SUCCESS);
        }
        while (o < option_count && (strlen(options[o].name) != length ||
                                    strncmp(options[o].name, argv[i], length) != 0))
            o++;
        while (t < text_count &&
               (strlen(texts[t].name) != length || strncmp(texts[t].name, argv[i], length) != 0))
            t++;
        if (o == option_count && t == text_count)
            fail_usage(&defaults, "unknown option", argv[i]);
        if (value == NULL)
            fail_usage(&defaults, "value is missing", argv[i]);
        else if (o == option_count)
            *texts[t].text = value;
        else if (!parse_number(value, options[o].smallest, options[o].largest, options[o].number))
            fail_usage(&defaults, "not a number in its range", argv[i]);
        i += argv[i][length] != '=';
    }
    return arguments;
}

/* ---- data ---- */

static tensor_t *load(const char *directory, const char *name, size_t rank)
{
    static const char *const endings[] = {"", ".gz"};
    char path[4096];
    char message[4352];
    error_record_t error;
    tensor_t *tensor = NULL;
    size_t i;

    for (i = 0; i < 2; i++) {
        FILE *file;

        if (snprintf(path, sizeof path, "%s/%s%s", directory, name, endings[i]) >= (int)sizeof path)
            fail("the name of the data folder is too long");
        file = fopen(path, "rb");
        if (file == NULL)
            continue;
        fclose(file);
        check_record(idx_load(path, NULL, &tensor, &error), &error);
        if (tensor_rank(tensor) != rank || tensor_dtype(tensor) != DTYPE_UINT8) {
            snprintf(message, sizeof message,
                     "%s: uint8 of rank %zu was expected, not %s of rank %zu", path, rank,
                     dtype_name(tensor_dtype(tensor)), tensor_rank(tensor));
            fail(message);
        }
        return tensor;
    }
    snprintf(message, sizeof message, "neither %s nor %s.gz can be read in %s", name, name,
             directory);
    fail(message);
    return NULL;
}

static digits_t load_dataset(const char *directory, const char *images, const char *labels)
{
    digits_t set = {load(directory, images, 3), load(directory, labels, 1), NULL};
    error_record_t error;

    check_record(tensor_one_hot(set.labels, CLASSES, &set.one_hot, &error), &error);
    return set;
}

static void free_dataset(digits_t *set)
{
    tensor_free(set->one_hot);
    tensor_free(set->labels);
    tensor_free(set->images);
}

/* ---- what it shows ---- */

static void print_confusion(unsigned confusion[CLASSES][CLASSES])
{
    size_t row;
    size_t column;

    printf("\nConfusion matrix: a row for each class, a column for each answer\n\n    ");
    for (column = 0; column < CLASSES; column++)
        printf("%6zu", column);
    printf("   right\n");
    for (row = 0; row < CLASSES; row++) {
        unsigned sum = 0;

        printf("%4zu", row);
        for (column = 0; column < CLASSES; column++) {
            sum += confusion[row][column];
            if (confusion[row][column] > 0)
                printf("%6u", confusion[row][column]);
            else
                printf("     .");
        }
        printf(sum > 0 ? "  %5.1f %%\n" : "      -\n", 100.0 * confusion[row][row] / sum);
    }
}

/* One line of text shows two rows of pixels. */
static void draw_line(const uint8_t *pixels, size_t rows, size_t columns, size_t row)
{
    static const char *const halves[] = {" ", "▀", "▄", "█"};
    size_t first = columns > SHOWN_COLUMNS ? (columns - SHOWN_COLUMNS) / 2 : 0;
    size_t i;

    for (i = 0; i < SHOWN_COLUMNS; i++) {
        size_t at = row * columns + first + i;
        int half = 0;

        if (first + i < columns) {
            half += pixels[at] >= 128;
            half += row + 1 < rows && pixels[at + columns] >= 128 ? 2 : 0;
        }
        fputs(halves[half], stdout);
    }
}

static void draw_mistakes(const digits_t *set, const mistake_t *mistakes, size_t count)
{
    const uint8_t *labels = tensor_data_const(set->labels);
    const uint8_t *images = tensor_data_const(set->images);
    const size_t rows = tensor_length(set->images, 1);
    const size_t columns = tensor_length(set->images, 2);
    size_t begin;
    size_t row;
    size_t i;

    printf("\n%s\n",
           count > 0 ? "The mistakes it was surest of" : "No test image was misclassified");
    for (begin = 0; begin < count; begin += SHOWN_IN_ROW) {
        size_t end = begin + SHOWN_IN_ROW < count ? begin + SHOWN_IN_ROW : count;

        printf("\n");
        for (i = begin; i < end; i++) {
            char caption[64];

            snprintf(caption, sizeof caption, "%d taken for %d (%.0f %%)",
                     labels[mistakes[i].image], mistakes[i].said,
                     100 * (double)mistakes[i].probability);
            printf("%-*s", i + 1 < end ? SHOWN_COLUMNS + 1 : 0, caption);
        }
        for (row = 0; row < rows; row += 2) {
            printf("\n");
            for (i = begin; i < end; i++) {
                draw_line(images + mistakes[i].image * rows * columns, rows, columns, row);
                fputs(i + 1 < end ? " " : "", stdout);
            }
        }
        printf("\n");
    }
}

/* Keeps the surest mistakes, the surest first. */
static size_t note_mistake(mistake_t *mistakes, size_t count, mistake_t mistake)
{
    size_t at = count;

    while (at > 0 && mistakes[at - 1].probability < mistake.probability)
        at--;
    if (at == SHOWN)
        return count;
    if (count < SHOWN)
        count++;
    memmove(mistakes + at + 1, mistakes + at, (count - at - 1) * sizeof *mistakes);
    mistakes[at] = mistake;
    return count;
}

static void show_answers(const model_t *network, const digits_t *set)
{
    const size_t count = tensor_length(set->images, 0);
    const size_t shape[2] = {count, CLASSES};
    const uint8_t *labels = tensor_data_const(set->labels);
    unsigned confusion[CLASSES][CLASSES] = {{0}};
    mistake_t mistakes[SHOWN];
    size_t mistake_count = 0;
    predict_options_t how = predict_options_default();
    tensor_t *probabilities = NULL;
    tensor_t *answers = NULL;
    error_record_t error;
    size_t i;

    how.error = &error;
    check_record(tensor_create(NULL, DTYPE_FLOAT32, 2, shape, &probabilities, &error), &error);
    check_record(model_predict_with(network, set->images, probabilities, &how), &error);
    check_record(tensor_argmax(probabilities, &answers, &error), &error);
    for (i = 0; i < count; i++) {
        int said = ((const int32_t *)tensor_data_const(answers))[i];
        const float *row = (const float *)tensor_data_const(probabilities) + i * CLASSES;

        confusion[labels[i]][said]++;
        if (said != labels[i])
            mistake_count = note_mistake(mistakes, mistake_count, (mistake_t){i, said, row[said]});
    }
    print_confusion(confusion);
    draw_mistakes(set, mistakes, mistake_count);
    tensor_free(answers);
    tensor_free(probabilities);
}

/* ---- the program ---- */

static model_t *make_network(const arguments_t *arguments, size_t input_width)
{
    model_options_t options = model_options_default();
    optimizer_t rmsprop = optimizer_rmsprop();
    error_record_t error;
    model_t *network = NULL;

    options.seed = arguments->seed;
    options.threads = arguments->threads;
    options.error = &error;
    check_record(model_create(&options, &network), &error);
    /* Pixels 0 .. 255 become 0 .. 1 within the model, so that it takes images as they are. */
    model_add(network, layer_rescaling(1 / 255.0, 0));
    model_add(network, layer_dense(arguments->units, ACTIVATION_RELU));
    model_add(network, layer_dense(CLASSES, ACTIVATION_SOFTMAX));
    check(model_compile(network, &rmsprop, LOSS_CATEGORICAL_CROSSENTROPY, METRIC_ACCURACY),
          network);
    check(model_build(network, input_width), network);
    return network;
}

static model_t *load_network(const arguments_t *arguments, size_t input_width)
{
    load_options_t options = load_options_default();
    error_record_t error;
    model_t *network = NULL;

    options.model.threads = arguments->threads;
    options.error = &error;
    check_record(model_load(arguments->load, &options, &network), &error);
    if (model_input_width(network) != input_width || model_output_width(network) != CLASSES)
        fail("the loaded model is for other images or classes");
    return network;
}

static void save_network(const model_t *network, const char *path)
{
    save_options_t options = save_options_default();
    error_record_t error;

    options.error = &error;
    check_record(model_save(network, path, &options), &error);
    printf("\nsaved to %s\n", path);
}

int main(int argc, char **argv)
{
    const arguments_t arguments = parse_arguments(argc, argv);
    fit_options_t how = fit_options_default();
    evaluate_options_t evaluation = evaluate_options_default();
    evaluation_t result;
    error_record_t error;
    digits_t train;
    digits_t test;
    model_t *network;

    if (arguments.data == NULL)
        fail("no data: give --data DIR or set DLCORE_MNIST_DIR, or run examples/mnist.sh");
    train = load_dataset(arguments.data, "train-images-idx3-ubyte", "train-labels-idx1-ubyte");
    test = load_dataset(arguments.data, "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte");
    printf("%zu images to train with and %zu to test, %zu x %zu pixels each, from %s\n",
           tensor_length(train.images, 0), tensor_length(test.images, 0),
           tensor_length(train.images, 1), tensor_length(train.images, 2), arguments.data);
    network = arguments.load != NULL ? load_network(&arguments, tensor_row_size(train.images))
                                     : make_network(&arguments, tensor_row_size(train.images));
    check(model_summary(network, stdout), network);

    how.epochs = arguments.epochs;
    how.batch_size = arguments.batch_size;
    how.verbose = (int)arguments.verbose;
    check(model_fit(network, train.images, train.one_hot, &how, NULL), network);

    evaluation.batch_size = 1000;
    evaluation.error = &error;
    check_record(model_evaluate(network, test.images, test.one_hot, &evaluation, &result), &error);
    show_answers(network, &test);
    printf("\ntest loss: %.4f\ntest accuracy: %.4f\n", result.loss,
           evaluation_value(&result, "accuracy"));

    if (arguments.save != NULL)
        save_network(network, arguments.save);
    model_free(network);
    free_dataset(&test);
    free_dataset(&train);
    return EXIT_SUCCESS;
}
