/* Texts as sparse rows: which words a review has tells whether it is good or bad.
 *
 * Words become numbers, each text a list of them, and the lists a sparse tensor, in which a row is
 * 1 for each word of its text and 0 for all others. The first layer then multiplies only the words
 * that are there. The reviews are made here, of a few hundred words; with 10,000 nothing else would
 * change.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    REVIEWS = 2000,
    TESTS = 500,
    LENGTH = 40,
    PLAIN_WORDS = 400,
    WORDS_MAX = 512,
    WORD_SIZE = 16
};

static const char *const praise[] = {"lovely", "superb", "charming", "gripping", "funny"};
static const char *const blame[] = {"dull", "clumsy", "boring", "shallow", "annoying"};

static model_t *network;
static error_record_t error; /* of all calls that do not change the model */

static void check(dlcore_status status)
{
    if (status == DLCORE_OK)
        return;
    fprintf(stderr, "texts: %s: %s\n", dlcore_status_name(status),
            error.status == status ? error.message : model_error(network));
    exit(EXIT_FAILURE);
}

/* ---- the reviews ---- */

static size_t draw(uint64_t *state, size_t n)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (size_t)((*state >> 33) % n);
}

/* Plain words, "w0" to "w399", and among them some of praise or blame, mostly of one kind. */
static void write_review(char *text, size_t size, int is_good, uint64_t *state)
{
    size_t used = 0;

    for (size_t i = 0; i < LENGTH; i++) {
        const char *const *kind = is_good == (draw(state, 5) > 0) ? praise : blame;

        if (draw(state, 8) == 0)
            used += (size_t)snprintf(text + used, size - used, "%s ", kind[draw(state, 5)]);
        else
            used += (size_t)snprintf(text + used, size - used, "w%zu ", draw(state, PLAIN_WORDS));
    }
}

/* ---- words and numbers ---- */

static char words[WORDS_MAX][WORD_SIZE];
static size_t word_count;

/* The number of a word; -1 for one that is not known, or with `learns` a new number. */
static int32_t number_of(const char *word, int learns)
{
    for (size_t i = 0; i < word_count; i++) {
        if (strcmp(words[i], word) == 0)
            return (int32_t)i;
    }
    if (!learns || word_count == WORDS_MAX)
        return -1;
    snprintf(words[word_count], WORD_SIZE, "%s", word);
    return (int32_t)word_count++;
}

/* The numbers of a text's words; answers how many. */
static size_t list_words(const char *text, int learns, int32_t *list)
{
    size_t count = 0, length;

    for (; *text != '\0' && count < LENGTH; text += length + (text[length] == ' ')) {
        char word[WORD_SIZE];
        int32_t number;

        length = strcspn(text, " ");
        snprintf(word, sizeof word, "%.*s", (int)length, text);
        number = number_of(word, learns);
        if (number >= 0)
            list[count++] = number;
    }
    return count;
}

/* ---- the program ---- */

static tensor_t *rows_of(size_t count, int32_t (*lists)[LENGTH], const size_t *lengths)
{
    const int32_t **pointers = malloc(count * sizeof *pointers);
    tensor_t *rows = NULL;

    if (pointers == NULL)
        exit(EXIT_FAILURE);
    for (size_t i = 0; i < count; i++)
        pointers[i] = lists[i];
    check(sparse_from_lists(NULL, count, WORDS_MAX, pointers, lengths, &rows, &error));
    free((void *)pointers);
    return rows;
}

static void train(const tensor_t *x, const tensor_t *y)
{
    optimizer_t rmsprop = optimizer_rmsprop();
    fit_options_t how = fit_options_default();

    check(model_create(NULL, &network));
    check(model_add(network, layer_dense(16, ACTIVATION_RELU)));
    check(model_add(network, layer_dense(16, ACTIVATION_RELU)));
    check(model_add(network, layer_dense(1, ACTIVATION_SIGMOID)));
    check(model_compile(network, &rmsprop, LOSS_BINARY_CROSSENTROPY, METRIC_ACCURACY));
    how.epochs = 6;
    how.verbose = 2;
    check(model_fit(network, x, y, &how, NULL));
}

/* A text that was not there before. A predictor takes the arrays of sparse rows as they are. */
static void judge(predictor_t *predictor, const char *text)
{
    int32_t list[1][LENGTH];
    size_t length = list_words(text, 0, list[0]);
    tensor_t *row = rows_of(1, list, &length); /* sorts the words, and drops repeated ones */
    float good = 0;

    check(predictor_run_sparse(predictor, sparse_of(row), &good));
    printf("%.2f  %s\n", good, text);
    tensor_free(row);
}

int main(void)
{
    static int32_t lists[REVIEWS][LENGTH];
    static size_t lengths[REVIEWS];
    static float labels[REVIEWS];
    const size_t count = REVIEWS;
    tensor_t *x = NULL, *y = NULL;
    predictor_t *predictor = NULL;
    evaluation_t result = {0};
    uint64_t state = 1;
    split_t parts;
    split_options_t how = split_options_default();

    for (size_t i = 0; i < count; i++) {
        char text[LENGTH * WORD_SIZE];

        write_review(text, sizeof text, i % 2 == 0, &state);
        labels[i] = (float)(i % 2 == 0);
        lengths[i] = list_words(text, 1, lists[i]);
    }
    x = rows_of(count, lists, lengths);
    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 1, &count, labels, 0, &y, &error));
    how.test_fraction = (double)TESTS / (double)REVIEWS;
    check(train_test_split(x, y, &how, &parts, &error));
    train(parts.train_x, parts.train_y);
    check(model_evaluate(network, parts.test_x, parts.test_y, NULL, &result));
    printf("%zu words; accuracy on %d other reviews: %.3f\n", word_count, TESTS,
           evaluation_value(&result, "accuracy"));
    check(predictor_create(network, NULL, &predictor));
    judge(predictor, "w3 superb w7 gripping and w12 funny");
    judge(predictor, "w3 dull w7 shallow and w12 annoying");
    predictor_free(predictor);
    split_free(&parts);
    tensor_free(x);
    tensor_free(y);
    model_free(network);
    return 0;
}
