/* ONNX models written by hand.
 *
 * SPDX-License-Identifier: MIT */
#include "support/onnx_bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A message that is being written. */
typedef struct message {
    unsigned char *bytes;
    size_t size, room;
} message_t;

static void put_byte(message_t *to, unsigned byte)
{
    assert_true(to->size < to->room);
    to->bytes[to->size++] = (unsigned char)byte;
}

static void put_varint(message_t *to, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        put_byte(to, (unsigned)(value & 0x7F) | 0x80);
    put_byte(to, (unsigned)value);
}

static void put_int(message_t *to, unsigned field, int64_t value)
{
    put_varint(to, field << 3);
    put_varint(to, (uint64_t)value);
}

static void put_float(message_t *to, unsigned field, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    put_varint(to, field << 3 | 5);
    for (int i = 0; i < 4; i++)
        put_byte(to, bits >> 8 * i & 0xFF);
}

static void put_bytes(message_t *to, unsigned field, const void *bytes, size_t size)
{
    put_varint(to, field << 3 | 2);
    put_varint(to, size);
    assert_true(size <= to->room - to->size);
    if (size > 0)
        memcpy(to->bytes + to->size, bytes, size);
    to->size += size;
}

static void put_text(message_t *to, unsigned field, const char *text)
{
    put_bytes(to, field, text, strlen(text));
}

/* A message into another. */
static void put_message(message_t *to, unsigned field, const message_t *message)
{
    put_bytes(to, field, message->bytes, message->size);
}

#define MESSAGE(name, size)           \
    unsigned char name##_bytes[size]; \
    message_t name = {name##_bytes, 0, sizeof name##_bytes}

/* The next word of a list, in `word`; NULL after the last. */
static const char *next_word(const char *list, char separator, char word[256])
{
    const char *end = strchr(list, separator);
    size_t length = end != NULL ? (size_t)(end - list) : strlen(list);

    assert_true(length < 256);
    memcpy(word, list, length);
    word[length] = '\0';
    return end != NULL ? end + 1 : NULL;
}

static void put_numbers(message_t *to, const char *list, unsigned ints, unsigned floats)
{
    char word[256];

    while (list != NULL && list[0] != '\0') {
        list = next_word(list, ',', word);
        if (ints != 0)
            put_int(to, ints, strtoll(word, NULL, 10));
        else
            put_float(to, floats, strtof(word, NULL));
    }
}

/* TensorProto of float32, with its numbers in float_data: `more` than its shape says. */
static void put_list(message_t *attribute, const char *list, int64_t more)
{
    MESSAGE(tensor, 512);
    MESSAGE(numbers, 256);
    char word[256];
    int64_t count = 0;

    while (list != NULL) {
        uint32_t bits;
        float number;

        list = next_word(list, ',', word);
        number = strtof(word, NULL);
        memcpy(&bits, &number, sizeof bits);
        for (int i = 0; i < 4; i++)
            put_byte(&numbers, bits >> 8 * i & 0xFF);
        count++;
    }
    put_int(&tensor, 1, count - more);
    put_int(&tensor, 2, 1);
    put_message(&tensor, 4, &numbers);
    put_message(attribute, 5, &tensor);
}

static void put_attribute(message_t *node, char *word)
{
    MESSAGE(attribute, 2048);
    char *value = strchr(word, '=');
    char kind;

    assert_non_null(value);
    *value++ = '\0';
    kind = *value++;
    put_text(&attribute, 1, word);
    if (kind == 'i')
        put_int(&attribute, 3, strtoll(value, NULL, 10));
    else if (kind == 'f')
        put_float(&attribute, 2, strtof(value, NULL));
    else if (kind == 's')
        put_text(&attribute, 4, value);
    else if (kind == 't' || kind == 'T')
        put_list(&attribute, value, kind == 'T');
    else
        put_numbers(&attribute, value, kind == 'I' ? 8 : 0, 7);
    put_int(&attribute, 20,
            kind == 'f'   ? 1
            : kind == 'i' ? 2
            : kind == 's' ? 3
            : kind == 't' ? 4
            : kind == 'T' ? 4
            : kind == 'F' ? 6
                          : 7);
    put_message(node, 5, &attribute);
}

static void put_into_graph(onnx_bytes_t *model, unsigned field, const message_t *message)
{
    message_t graph = {model->graph, model->graph_size, sizeof model->graph};

    put_message(&graph, field, message);
    model->graph_size = graph.size;
}

void onnx_begin(onnx_bytes_t *model)
{
    model->graph_size = model->model_size = model->notes_size = 0;
    model->input_type = 1;
    model->domain = NULL;
}

void onnx_node(onnx_bytes_t *model, const char *operation, const char *inputs, const char *outputs,
               const char *attributes)
{
    MESSAGE(node, 4096);
    char word[256];

    while (inputs != NULL) {
        inputs = next_word(inputs, ',', word);
        put_text(&node, 1, word);
    }
    while (outputs != NULL) {
        outputs = next_word(outputs, ',', word);
        put_text(&node, 2, word);
    }
    put_text(&node, 4, operation);
    while (attributes != NULL && attributes[0] != '\0') {
        attributes = next_word(attributes, ' ', word);
        put_attribute(&node, word);
    }
    if (model->domain != NULL)
        put_text(&node, 7, model->domain);
    put_into_graph(model, 1, &node);
}

static size_t put_dims(message_t *tensor, const char *dims)
{
    char word[256];
    size_t count = 1;

    while (dims != NULL && dims[0] != '\0') {
        dims = next_word(dims, ',', word);
        put_int(tensor, 1, strtoll(word, NULL, 10));
        count *= (size_t)strtoll(word, NULL, 10);
    }
    return count;
}

void onnx_typed_tensor(onnx_bytes_t *model, const char *name, const char *dims, int type,
                       unsigned field, const void *bytes, size_t size)
{
    MESSAGE(tensor, 8192);

    put_dims(&tensor, dims);
    put_int(&tensor, 2, type);
    put_text(&tensor, 8, name);
    put_bytes(&tensor, field, bytes, size);
    put_into_graph(model, 5, &tensor);
}

void onnx_tensor(onnx_bytes_t *model, const char *name, const char *dims, const float *numbers)
{
    MESSAGE(ignored, 256);
    size_t count = put_dims(&ignored, dims);
    unsigned char bytes[4096];

    assert_true(4 * count <= sizeof bytes);
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;

        memcpy(&bits, &numbers[i], sizeof bits);
        for (size_t k = 0; k < 4; k++)
            bytes[4 * i + k] = (unsigned char)(bits >> 8 * k);
    }
    onnx_typed_tensor(model, name, dims, 1, 9, bytes, 4 * count);
}

void onnx_ints(onnx_bytes_t *model, const char *name, size_t count, const int64_t *numbers)
{
    MESSAGE(packed, 256);
    char dims[8] = {(char)('0' + count), '\0'};

    for (size_t i = 0; i < count; i++)
        put_varint(&packed, (uint64_t)numbers[i]);
    onnx_typed_tensor(model, name, dims, 7, 7, packed.bytes, packed.size);
}

static void put_pair(message_t *tensor, const char *key, const char *value)
{
    MESSAGE(pair, 512);

    if (value == NULL)
        return;
    put_text(&pair, 1, key);
    put_text(&pair, 2, value);
    put_message(tensor, 13, &pair);
}

void onnx_external(onnx_bytes_t *model, const char *name, const char *dims, const char *location,
                   const char *offset, const char *length)
{
    MESSAGE(tensor, 2048);

    put_dims(&tensor, dims);
    put_int(&tensor, 2, 1);
    put_text(&tensor, 8, name);
    put_pair(&tensor, "location", location);
    put_pair(&tensor, "offset", offset);
    put_pair(&tensor, "length", length);
    put_int(&tensor, 14, 1);
    put_into_graph(model, 5, &tensor);
}

void onnx_note(onnx_bytes_t *model, const char *key, const char *value, size_t size)
{
    MESSAGE(pair, 1024);
    message_t notes = {model->notes, model->notes_size, sizeof model->notes};

    put_text(&pair, 1, key);
    put_bytes(&pair, 2, value, size);
    put_message(&notes, 14, &pair);
    model->notes_size = notes.size;
}

void onnx_port(onnx_bytes_t *model, unsigned field, const char *name, const char *dims, int type)
{
    MESSAGE(port, 1024);
    MESSAGE(kind, 512);
    MESSAGE(tensor, 512);
    MESSAGE(shape, 512);

    put_int(&tensor, 1, type);
    while (dims != NULL) {
        MESSAGE(dimension, 300);
        char word[256];

        dims = next_word(dims, ',', word);
        if (word[0] == '?')
            put_text(&dimension, 2, "batch");
        else
            put_int(&dimension, 1, strtoll(word, NULL, 10));
        put_message(&shape, 1, &dimension);
    }
    if (shape.size > 0)
        put_message(&tensor, 2, &shape);
    put_message(&kind, 1, &tensor);
    put_text(&port, 1, name);
    put_message(&port, 2, &kind);
    put_into_graph(model, field, &port);
}

static void put_opset(message_t *model, const char *domain, int version)
{
    MESSAGE(opset, 128);

    put_text(&opset, 1, domain);
    put_int(&opset, 2, version);
    put_message(model, 8, &opset);
}

const unsigned char *onnx_end(onnx_bytes_t *model, int opset, const char *input, size_t *size)
{
    message_t all = {model->model, 0, sizeof model->model};

    onnx_port(model, 11, "x", input, model->input_type);
    onnx_port(model, 12, "y", NULL, 1);
    put_int(&all, 1, 8);
    put_text(&all, 2, "by hand");
    put_opset(&all, "", opset);
    put_opset(&all, "ai.onnx.ml", 3);
    put_bytes(&all, 7, model->graph, model->graph_size);
    assert_true(model->notes_size <= all.room - all.size);
    memcpy(all.bytes + all.size, model->notes, model->notes_size);
    all.size += model->notes_size;
    model->model_size = all.size;
    *size = all.size;
    return model->model;
}
