/* Event files: their framing and messages, read by a small reader of the test's own, and what is in
 * them for a run. TensorBoard's reader has a script: tests/tensorboard.sh.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "dlcore.h"
#include "report/event_record.h"
#include "support/classifier.h"
#include "support/failing_allocator.h"
#include "support/failing_io.h"
#include "support/folder.h"
#include "support/models.h"
#include "support/tensors.h"

enum { ROWS = 64, INPUTS = 4, CLASSES = 3 };

/* RFC 3720, B.4. */
static void test_crc32c_has_the_values_of_the_rfc(void **state)
{
    unsigned char bytes[32];

    (void)state;
    assert_int_equal(dlcore_crc32c("123456789", 9), 0xe3069283);
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(dlcore_crc32c(bytes, 32), 0x8a9136aa);
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(dlcore_crc32c(bytes, 32), 0x62a8ab43);
    for (unsigned char i = 0; i < 32; i++)
        bytes[i] = i;
    assert_int_equal(dlcore_crc32c(bytes, 32), 0x46dd794e);
    assert_int_equal(dlcore_crc32c(bytes, 0), 0);
}

/* ---- reading ---- */

static uint64_t little(const unsigned char *bytes, size_t size)
{
    uint64_t number = 0;

    while (size-- > 0)
        number = number << 8 | bytes[size];
    return number;
}

static double double_of(const unsigned char *bytes)
{
    uint64_t bits = little(bytes, 8);
    double number;

    memcpy(&number, &bits, sizeof number);
    return number;
}

static uint64_t varint(const unsigned char **at)
{
    uint64_t number = 0;

    for (int shift = 0;; shift += 7) {
        number |= (uint64_t)(**at & 0x7f) << shift;
        if ((*(*at)++ & 0x80) == 0)
            return number;
    }
}

/* Field number `field` of a message: its number, or where it begins and its length. */
static const unsigned char *field(const unsigned char *message, size_t size, unsigned wanted,
                                  uint64_t *number)
{
    const unsigned char *at = message;

    while (at < message + size) {
        uint64_t key = varint(&at), length = 0;
        const unsigned char *begin;

        if ((key & 7) == 0) {
            begin = at;
            *number = varint(&at);
        } else {
            length = (key & 7) == 1 ? 8 : (key & 7) == 5 ? 4 : varint(&at);
            begin = at;
            at += length;
            if (key >> 3 == wanted)
                *number = length;
        }
        if (key >> 3 == wanted)
            return begin;
    }
    assert_ptr_equal(at, message + size);
    return NULL;
}

typedef struct read_event {
    uint64_t step;
    char tag[64];
    bool is_histogram;
    float value;
    double least, most, count, sum, counted;
} read_event_t;

static uint32_t masked_crc(const unsigned char *bytes, size_t size)
{
    uint32_t crc = dlcore_crc32c(bytes, size);

    return (crc >> 15 | crc << 17) + 0xa282ead8;
}

static void read_histogram(const unsigned char *histogram, size_t size, read_event_t *to)
{
    uint64_t length;
    const unsigned char *buckets, *limits;

    to->least = double_of(field(histogram, size, 1, &length));
    to->most = double_of(field(histogram, size, 2, &length));
    to->count = double_of(field(histogram, size, 3, &length));
    to->sum = double_of(field(histogram, size, 4, &length));
    limits = field(histogram, size, 6, &length);
    assert_int_equal(length, 240);
    assert_true(double_of(limits + 232) == to->most);
    buckets = field(histogram, size, 7, &length);
    assert_int_equal(length, 240);
    to->counted = 0;
    for (size_t i = 0; i < 30; i++)
        to->counted += double_of(buckets + 8 * i);
}

static void read_value(const unsigned char *event, size_t size, read_event_t *to)
{
    uint64_t length;
    const unsigned char *summary = field(event, size, 5, &length), *value, *found;

    assert_non_null(summary);
    value = field(summary, (size_t)length, 1, &length);
    assert_non_null(value);
    size = (size_t)length;
    found = field(value, size, 1, &length);
    assert_in_range(length, 1, sizeof to->tag - 1);
    memcpy(to->tag, found, (size_t)length);
    found = field(value, size, 2, &length);
    if (found != NULL) {
        uint32_t bits = (uint32_t)little(found, 4);
        memcpy(&to->value, &bits, sizeof to->value);
    }
    found = field(value, size, 5, &length);
    to->is_histogram = found != NULL;
    if (found != NULL)
        read_histogram(found, (size_t)length, to);
}

/* The events of a file behind its first record; their number. */
static size_t read_events(const char *path, read_event_t *events, size_t room)
{
    static unsigned char bytes[100000];
    FILE *file = fopen(path, "rb");
    size_t size, at = 0, count = 0;
    uint64_t length;

    assert_non_null(file);
    size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (size_t record = 0; at < size; record++) {
        size_t message = (size_t)little(bytes + at, 8);
        const unsigned char *event = bytes + at + 12;

        assert_int_equal(little(bytes + at + 8, 4), masked_crc(bytes + at, 8));
        assert_true(at + 16 + message <= size);
        assert_int_equal(little(event + message, 4), masked_crc(event, message));
        at += 16 + message;
        assert_true(double_of(field(event, message, 1, &length)) > 1.7e9);
        if (record == 0) {
            assert_memory_equal(field(event, message, 3, &length), "brain.Event:2", 13);
            continue;
        }
        assert_true(count < room);
        events[count] = (read_event_t){0};
        assert_non_null(field(event, message, 2, &events[count].step));
        read_value(event, message, &events[count++]);
    }
    return count;
}

static const read_event_t *find(const read_event_t *events, size_t count, const char *tag,
                                uint64_t step)
{
    for (size_t i = 0; i < count; i++)
        if (events[i].step == step && strcmp(events[i].tag, tag) == 0)
            return &events[i];
    return NULL;
}

/* ---- records ---- */

static void test_event_histogram_counts_every_finite_number_once(void **state)
{
    const float numbers[] = {-1, -1, 0, 0.5f, 2, NAN, INFINITY, 2};
    dlcore_event_histogram_t histogram;

    (void)state;
    dlcore_event_histogram_of(numbers, 8, &histogram);
    assert_true(histogram.least == -1 && histogram.most == 2 && histogram.count == 6);
    assert_true(histogram.sum == 2.5 && histogram.squares == 10.25);
    assert_true(histogram.counts[0] == 2 && histogram.counts[10] == 1 &&
                histogram.counts[15] == 1 && histogram.counts[29] == 2);
    dlcore_event_histogram_of(numbers, 2, &histogram); /* all the same */
    assert_true(histogram.counts[0] == 2);
    dlcore_event_histogram_of(numbers + 5, 2, &histogram);
    assert_true(histogram.most < histogram.least);
}

/* The longest tag fits, whole characters of it. */
static void test_event_records_have_room_for_the_longest_tag(void **state)
{
    unsigned char record[DLCORE_EVENT_RECORD_MAX + 16];
    char tag[400];
    dlcore_event_histogram_t histogram = {.least = 0, .most = 1};
    size_t size;

    (void)state;
    memset(tag, 'x', sizeof tag);
    tag[sizeof tag - 1] = '\0';
    memcpy(tag + 239, "\xc3\xa9", 2);
    memset(record, 0x55, sizeof record);
    size = dlcore_event_histogram(record, 1e9, UINT64_MAX, tag, &histogram);
    assert_true(size <= DLCORE_EVENT_RECORD_MAX);
    for (size_t i = size; i < sizeof record; i++)
        assert_int_equal(record[i], 0x55);
    assert_int_equal(dlcore_event_scalar(record, 1e9, 1, tag, 0.5),
                     12 + 4 + 9 + 2 + 3 + 3 + 3 + 239 + 5);
}

/* ---- a run ---- */

static double expected[3][4]; /* by epoch: loss, accuracy, val_loss, val_accuracy */
static double batch_losses[64];
static size_t batches;

static callback_action_t note_epoch(void *user, const training_event_t *event)
{
    static const char *const names[] = {"loss", "accuracy", "val_loss", "val_accuracy"};

    (void)user;
    for (size_t i = 0; i < 4; i++)
        expected[event->epoch][i] = training_value(event, names[i]);
    return CALLBACK_CONTINUE;
}

static callback_action_t note_batch(void *user, const training_event_t *event)
{
    (void)user;
    batch_losses[batches++] = training_value(event, "loss");
    return CALLBACK_CONTINUE;
}

static void run(tensor_board_t *board, model_t *model, samples_t samples)
{
    fit_options_t how = fit_options_default();
    callback_t callbacks[2] = {tensor_board_callback(board),
                               {.on_epoch_end = note_epoch, .on_batch_end = note_batch}};

    batches = 0;
    how.epochs = 3;
    how.batch_size = 16;
    how.validation_split = 0.25;
    how.validation_freq = 2;
    how.callbacks = callbacks;
    how.callback_count = 2;
    assert_accepted(model, model_fit(model, samples.x, samples.y, &how, NULL));
}

static void check_epochs(const read_event_t *events, size_t count, bool apart)
{
    for (size_t epoch = 0; epoch < 3; epoch++) {
        const read_event_t *loss = find(events, count, "epoch_loss", epoch);
        const read_event_t *rate = find(events, count, "epoch_learning_rate", epoch);
        const read_event_t *validation = find(events, count, "epoch_val_accuracy", epoch);

        assert_true(loss != NULL && loss->value == (float)expected[epoch][0]);
        assert_true(rate != NULL && rate->value == 0.001f);
        assert_true(find(events, count, "epoch_accuracy", epoch)->value ==
                    (float)expected[epoch][1]);
        assert_true((validation != NULL) == (!apart && epoch == 1));
        if (validation != NULL)
            assert_true(validation->value == (float)expected[epoch][3]);
    }
}

static void test_tensor_board_writes_values_of_epochs_batches_and_weights(void **state)
{
    static const size_t widths[] = {INPUTS, 6, CLASSES, 0};
    static read_event_t events[200];
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    model_t *model = classifier(NULL, widths, optimizer_adam());
    tensor_board_t board = tensor_board_default(folder_path("."));
    const read_event_t *kernel;
    size_t count;

    (void)state;
    board.update_freq = 2;
    board.histogram_freq = 2;
    run(&board, model, samples);
    count = read_events(board.paths[0], events, 200);
    check_epochs(events, count, false);
    assert_int_equal(count, 3 * 3 + 2 + 5 * 2 + 2 * 4);
    for (size_t i = 0; i < batches; i += 2)
        assert_true(find(events, count, "batch_loss", i)->value == (float)batch_losses[i]);
    kernel = find(events, count, "dense/kernel/histogram", 2);
    assert_true(kernel != NULL && kernel->is_histogram && kernel->count == 24 &&
                kernel->counted == 24 && kernel->least < kernel->most);
    assert_null(find(events, count, "dense/kernel/histogram", 1));
    model_free(model);
    samples_free(samples);
}

static void test_tensor_board_has_a_file_for_validation_and_one_for_each_run(void **state)
{
    static const size_t widths[] = {INPUTS, CLASSES, 0};
    static read_event_t events[50];
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    model_t *model = classifier(NULL, widths, optimizer_adam());
    tensor_board_t board = tensor_board_default(folder_path("."));
    char first[DLCORE_TENSOR_BOARD_PATH_SIZE];
    size_t files, count;

    (void)state;
    folder_files(true);
    board.validation_folder = board.folder;
    run(&board, model, samples);
    files = folder_files(false);
    assert_int_equal(files, 2);
    memcpy(first, board.paths[0], sizeof first);
    count = read_events(board.paths[0], events, 50);
    check_epochs(events, count, true);
    assert_int_equal(count, 9);
    count = read_events(board.paths[1], events, 50);
    assert_int_equal(count, 2);
    assert_true(find(events, count, "epoch_loss", 1)->value == (float)expected[1][2]);
    assert_true(find(events, count, "epoch_accuracy", 1)->value == (float)expected[1][3]);
    run(&board, model, samples);
    assert_int_equal(folder_files(false), 4);
    assert_string_not_equal(first, board.paths[0]);
    model_free(model);
    samples_free(samples);
}

static callback_action_t want_no_more_batches(void *user, const training_event_t *event)
{
    (void)event;
    ((tensor_board_t *)user)->update_freq = 0;
    return CALLBACK_CONTINUE;
}

static void test_tensor_board_whose_update_freq_becomes_0_writes_no_more_batches(void **state)
{
    static const size_t widths[] = {INPUTS, CLASSES, 0};
    static read_event_t events[50];
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    model_t *model = classifier(NULL, widths, optimizer_adam());
    tensor_board_t board = tensor_board_default(folder_path("."));
    fit_options_t how = fit_options_default();
    callback_t callbacks[2];
    size_t count;

    (void)state;
    folder_files(true);
    board.update_freq = 1;
    callbacks[0] = tensor_board_callback(&board);
    callbacks[1] = (callback_t){.user = &board, .on_epoch_end = want_no_more_batches};
    how.epochs = 2;
    how.batch_size = ROWS;
    how.callbacks = callbacks;
    how.callback_count = 2;
    assert_accepted(model, model_fit(model, samples.x, samples.y, &how, NULL));
    count = read_events(board.paths[0], events, 50);
    assert_non_null(find(events, count, "batch_loss", 0));
    assert_null(find(events, count, "batch_loss", 1));
    assert_non_null(find(events, count, "epoch_loss", 1));
    model_free(model);
    samples_free(samples);
}

static void test_tensor_board_names_a_folder_that_is_not_there(void **state)
{
    static const size_t widths[] = {INPUTS, CLASSES, 0};
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    model_t *model = classifier(NULL, widths, optimizer_adam());
    tensor_board_t board = tensor_board_default("/nowhere/at/all");
    fit_options_t how = fit_options_default();
    callback_t callback = tensor_board_callback(&board);
    static char longest[2000];

    (void)state;
    how.callbacks = &callback;
    how.callback_count = 1;
    assert_int_equal(model_fit(model, samples.x, samples.y, &how, NULL), DLCORE_ERROR_IO);
    assert_non_null(strstr(model_error(model), "tensor_board: cannot make /nowhere/at/all/events"));
    board.folder = NULL;
    assert_int_equal(model_fit(model, samples.x, samples.y, &how, NULL), DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(model_error(model), "tensor_board: folder is NULL"));
    memset(longest, 'x', sizeof longest - 1);
    board.folder = longest;
    assert_int_equal(model_fit(model, samples.x, samples.y, &how, NULL), DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(model_error(model), "the folder's path has more than 976 bytes"));
    model_free(model);
    samples_free(samples);
}

/* Each call of the system fails in turn, and each allocation. */
static void test_tensor_board_of_failing_calls_ends_the_run_with_a_message(void **state)
{
    static const size_t widths[] = {INPUTS, CLASSES, 0};
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    model_t *model = classifier(NULL, widths, optimizer_adam());
    const char *path = folder_path("here");
    char folder[512];
    size_t written = 0, opened = 0, closed = 0;

    (void)state;
    snprintf(folder, sizeof folder, "%.*s", (int)(strlen(path) - strlen("/here")), path);
    for (size_t at = 1;; at++) {
        tensor_board_t board = tensor_board_default(folder);
        fit_options_t how = fit_options_default();
        callback_t callback;
        failing_io_t io;
        dlcore_system_t system;
        dlcore_status status;

        failing_io_init(&io);
        io.fail_at = at;
        system = failing_io(&io);
        board.system = &system;
        board.validation_folder = folder;
        board.update_freq = 1;
        board.histogram_freq = 1;
        callback = tensor_board_callback(&board); /* which asks for batches by update_freq */
        how.epochs = 2;
        how.validation_split = 0.25;
        how.callbacks = &callback;
        how.callback_count = 1;
        status = model_fit(model, samples.x, samples.y, &how, NULL);
        assert_int_equal(io.opened, io.closed);
        (void)folder_files(true);
        if (io.failures == 0) {
            assert_int_equal(status, DLCORE_OK);
            break;
        }
        assert_int_equal(status, DLCORE_ERROR_IO);
        assert_non_null(strstr(model_error(model), "tensor_board: cannot "));
        written += strstr(model_error(model), "cannot write") != NULL;
        opened += strstr(model_error(model), "cannot open") != NULL;
        closed += strstr(model_error(model), "cannot close") != NULL;
        assert_true(at < 200);
    }
    assert_true(written > 0 && opened > 0 && closed > 0);
    model_free(model);
    samples_free(samples);
}

static dlcore_status fit_by(const dlcore_allocator_t *allocator, void *context)
{
    static const size_t widths[] = {INPUTS, CLASSES, 0};
    tensor_board_t board = tensor_board_default(context);
    csv_logger_t logger = csv_logger_default(folder_path("log.csv"));
    model_options_t options = model_options_default();
    fit_options_t how = fit_options_default();
    callback_t callbacks[2] = {tensor_board_callback(&board), csv_logger_callback(&logger)};
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    dlcore_status status;
    model_t *model;

    options.allocator = *allocator;
    options.threads = 1;
    board.histogram_freq = 1;
    how.callbacks = callbacks;
    how.callback_count = 2;
    how.verbose = 0;
    model = classifier(&options, widths, optimizer_adam());
    status =
        model == NULL ? DLCORE_ERROR_MEMORY : model_fit(model, samples.x, samples.y, &how, NULL);
    model_free(model);
    samples_free(samples);
    (void)folder_files(true);
    return status;
}

static void test_tensor_board_without_memory_ends_the_run_cleanly(void **state)
{
    const char *path = folder_path("here");
    char folder[512];

    (void)state;
    snprintf(folder, sizeof folder, "%.*s", (int)(strlen(path) - strlen("/here")), path);
    assert_true(failing_allocator_sweep(fit_by, folder) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc32c_has_the_values_of_the_rfc),
        cmocka_unit_test(test_event_histogram_counts_every_finite_number_once),
        cmocka_unit_test(test_event_records_have_room_for_the_longest_tag),
        cmocka_unit_test(test_tensor_board_writes_values_of_epochs_batches_and_weights),
        cmocka_unit_test(test_tensor_board_has_a_file_for_validation_and_one_for_each_run),
        cmocka_unit_test(test_tensor_board_of_failing_calls_ends_the_run_with_a_message),
        cmocka_unit_test(test_tensor_board_without_memory_ends_the_run_cleanly),
        cmocka_unit_test(test_tensor_board_whose_update_freq_becomes_0_writes_no_more_batches),
        cmocka_unit_test(test_tensor_board_names_a_folder_that_is_not_there),
    };

    return cmocka_run_group_tests_name("callback_tensor_board", tests, folder_make, folder_remove);
}
