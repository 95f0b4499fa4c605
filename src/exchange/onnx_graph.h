/* An ONNX graph in memory: values by number, nodes, attributes, and where the numbers of tensors
 * lie. Weights stay in the file until they are wanted (onnx_tensor.h).
 *
 * Numbers of things (values, nodes, tensors, ...) are indexes into the graph's arrays, and
 * DLCORE_ONNX_NONE is no thing. Texts are offsets into `names`, where each ends in a zero byte.
 *
 * Memory: an array grows by what the file has, and never beyond the limits below, so that a file of
 * a million empty nodes is refused early.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_ONNX_GRAPH_H
#define DLCORE_EXCHANGE_ONNX_GRAPH_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dlcore/status.h"
#include "files/input.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_ONNX_NONE SIZE_MAX
#define DLCORE_ONNX_RANK_MAX 8
#define DLCORE_ONNX_THINGS_MAX ((size_t)1 << 16)  /* nodes, values, tensors, attributes, edges */
#define DLCORE_ONNX_NAMES_MAX ((size_t)8 << 20)   /* bytes of all texts */
#define DLCORE_ONNX_NUMBERS_MAX ((size_t)1 << 22) /* in lists of attributes */

/* TensorProto.DataType */
typedef enum dlcore_onnx_type {
    DLCORE_ONNX_FLOAT = 1,
    DLCORE_ONNX_UINT8 = 2,
    DLCORE_ONNX_INT8 = 3,
    DLCORE_ONNX_UINT16 = 4,
    DLCORE_ONNX_INT16 = 5,
    DLCORE_ONNX_INT32 = 6,
    DLCORE_ONNX_INT64 = 7,
    DLCORE_ONNX_STRING = 8,
    DLCORE_ONNX_BOOL = 9,
    DLCORE_ONNX_FLOAT16 = 10,
    DLCORE_ONNX_DOUBLE = 11,
    DLCORE_ONNX_UINT32 = 12,
    DLCORE_ONNX_UINT64 = 13,
    DLCORE_ONNX_BFLOAT16 = 16
} dlcore_onnx_type_t;

/* A list that grows. */
typedef struct dlcore_onnx_list {
    void *items;
    size_t count, room;
} dlcore_onnx_list_t;

/* Where a tensor's numbers are. */
typedef enum dlcore_onnx_storage {
    DLCORE_ONNX_EMPTY,    /* nowhere */
    DLCORE_ONNX_RAW,      /* little-endian, one after the other, in the file */
    DLCORE_ONNX_PACKED,   /* a packed field of that name in the file: float_data, int32_data, ... */
    DLCORE_ONNX_EXTERNAL, /* as RAW, in another file */
    DLCORE_ONNX_LISTED /* numbers of an attribute: `offset` into floats (FLOAT) or ints (INT64) */
} dlcore_onnx_storage_t;

typedef struct dlcore_onnx_tensor {
    size_t name;
    int32_t type;
    size_t rank;
    int64_t dims[DLCORE_ONNX_RANK_MAX];
    size_t count; /* of numbers */
    dlcore_onnx_storage_t storage;
    unsigned field;      /* of PACKED: its number */
    size_t offset, size; /* bytes, or LISTED: numbers */
    size_t location;     /* EXTERNAL: the file's name; NONE: it has none */
    const char *problem; /* why it cannot be used, "has more than 8 axes"; NULL: it can */
} dlcore_onnx_tensor_t;

typedef struct dlcore_onnx_value {
    size_t name;
    size_t node;   /* that makes it */
    size_t tensor; /* initializer */
    size_t input;  /* of the graph */
} dlcore_onnx_value_t;

typedef struct dlcore_onnx_attribute {
    size_t name;
    int32_t type; /* AttributeProto.AttributeType */
    float f;
    int64_t i;
    size_t s;
    size_t tensor;
    size_t first, count; /* of floats or ints */
} dlcore_onnx_attribute_t;

/* AttributeProto.AttributeType */
enum {
    DLCORE_ONNX_ATTRIBUTE_FLOAT = 1,
    DLCORE_ONNX_ATTRIBUTE_INT = 2,
    DLCORE_ONNX_ATTRIBUTE_STRING = 3,
    DLCORE_ONNX_ATTRIBUTE_TENSOR = 4,
    DLCORE_ONNX_ATTRIBUTE_FLOATS = 6,
    DLCORE_ONNX_ATTRIBUTE_INTS = 7
};

typedef struct dlcore_onnx_node {
    size_t name, operation, domain;
    size_t inputs, input_count;   /* edges */
    size_t outputs, output_count; /* ends */
    size_t attributes, attribute_count;
} dlcore_onnx_node_t;

/* An input or output of the graph. */
typedef struct dlcore_onnx_port {
    size_t value;
    int32_t type; /* 0: not said, or no tensor */
    bool has_shape;
    size_t rank;
    int64_t dims[DLCORE_ONNX_RANK_MAX]; /* 0: not said */
} dlcore_onnx_port_t;

typedef struct dlcore_onnx_opset {
    size_t domain;
    int64_t version;
} dlcore_onnx_opset_t;

/* Of metadata_props: the value's text is these bytes of the file. */
typedef struct dlcore_onnx_pair {
    size_t key;
    size_t offset, size;
} dlcore_onnx_pair_t;

typedef struct dlcore_onnx_graph {
    dlcore_allocator_t allocator;
    dlcore_error_record_t *error; /* never NULL */
    /* Why a constant that was only looked at could not be read, which no answer of "it is none" may
     * hide; never NULL. */
    dlcore_error_record_t *unread;
    dlcore_input_t *input; /* the file */
    const char *path;      /* of the file, for external data beside it; NULL: it has none */
    const void *external;  /* external data in memory; NULL: none */
    size_t external_size;

    dlcore_onnx_list_t names; /* char */
    dlcore_onnx_list_t values, nodes, attributes, tensors, inputs, outputs, opsets, notes;
    dlcore_onnx_list_t edges;  /* size_t: values that nodes take, NONE for one that is left out */
    dlcore_onnx_list_t ends;   /* size_t: values that nodes make */
    dlcore_onnx_list_t floats; /* float */
    dlcore_onnx_list_t ints;   /* int64_t */
    size_t
        *table; /* values by the hash of their names, number + 1; twice as long as they are many */
    size_t table_size;
    int64_t ir_version;
    size_t producer, producer_version; /* NONE: not said */
} dlcore_onnx_graph_t;

/* Room for one more in a list: zeroed, and counted; NULL, with the error written, without memory or
 * at `limit`. `what` is for the message: "nodes". */
void *dlcore_onnx_append(dlcore_onnx_graph_t *graph, dlcore_onnx_list_t *list, size_t item_size,
                         size_t limit, const char *what);
/* Room for `size` bytes in names and a zero byte behind them; the offset, or NONE as above. */
size_t dlcore_onnx_add_text(dlcore_onnx_graph_t *graph, size_t size);
/* The value of a name, whose text is taken back where it was known and was added last; NONE as
 * above. */
size_t dlcore_onnx_intern(dlcore_onnx_graph_t *graph, size_t name);

/* After reading: which node makes which value. DLCORE_ERROR_FORMAT where two do, or where an
 * attribute has another type than its operator gives it. */
dlcore_status dlcore_onnx_graph_link(dlcore_onnx_graph_t *graph);
/* Has nodes take what casts between floats, and Identity, take: onnx_skip.c. After
 * dlcore_onnx_settle_constants. */
void dlcore_onnx_skip_casts(dlcore_onnx_graph_t *graph);
/* Frees what it holds, not the struct. */
void dlcore_onnx_graph_clear(dlcore_onnx_graph_t *graph);

/* A text; "" for NONE. Of a name that has a zero byte what stands before it. */
static inline const char *dlcore_onnx_text(const dlcore_onnx_graph_t *graph, size_t text)
{
    return text != DLCORE_ONNX_NONE ? (const char *)graph->names.items + text : "";
}

static inline dlcore_onnx_value_t *dlcore_onnx_value(const dlcore_onnx_graph_t *graph, size_t i)
{
    return (dlcore_onnx_value_t *)graph->values.items + i;
}

static inline dlcore_onnx_node_t *dlcore_onnx_node(const dlcore_onnx_graph_t *graph, size_t i)
{
    return (dlcore_onnx_node_t *)graph->nodes.items + i;
}

static inline dlcore_onnx_tensor_t *dlcore_onnx_tensor(const dlcore_onnx_graph_t *graph, size_t i)
{
    return (dlcore_onnx_tensor_t *)graph->tensors.items + i;
}

static inline const dlcore_onnx_port_t *dlcore_onnx_input(const dlcore_onnx_graph_t *graph,
                                                          size_t i)
{
    return (const dlcore_onnx_port_t *)graph->inputs.items + i;
}

static inline const dlcore_onnx_port_t *dlcore_onnx_output(const dlcore_onnx_graph_t *graph,
                                                           size_t i)
{
    return (const dlcore_onnx_port_t *)graph->outputs.items + i;
}

/* The i-th input or output of a node; NONE where it is left out. */
static inline size_t dlcore_onnx_node_input(const dlcore_onnx_graph_t *graph,
                                            const dlcore_onnx_node_t *node, size_t i)
{
    return i < node->input_count ? ((const size_t *)graph->edges.items)[node->inputs + i]
                                 : DLCORE_ONNX_NONE;
}

static inline size_t dlcore_onnx_node_output(const dlcore_onnx_graph_t *graph,
                                             const dlcore_onnx_node_t *node, size_t i)
{
    return i < node->output_count ? ((const size_t *)graph->ends.items)[node->outputs + i]
                                  : DLCORE_ONNX_NONE;
}

/* The node that makes a value; NULL: none does. */
static inline const dlcore_onnx_node_t *dlcore_onnx_maker(const dlcore_onnx_graph_t *graph,
                                                          size_t value)
{
    size_t node =
        value != DLCORE_ONNX_NONE ? dlcore_onnx_value(graph, value)->node : DLCORE_ONNX_NONE;

    return node != DLCORE_ONNX_NONE ? dlcore_onnx_node(graph, node) : NULL;
}

/* Whether a node is that operator of ONNX's own domain. */
bool dlcore_onnx_is(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node,
                    const char *operation);

/* The node's attribute of that name; NULL: it has none. In a graph that is linked it has the type
 * that ONNX gives that name; of other domains its type is for the caller to check. */
const dlcore_onnx_attribute_t *dlcore_onnx_find_attribute(const dlcore_onnx_graph_t *graph,
                                                          const dlcore_onnx_node_t *node,
                                                          const char *name);
/* The version of a domain's operators, "" for ONNX's own; 0: not imported. */
int64_t dlcore_onnx_opset_of(const dlcore_onnx_graph_t *graph, const char *domain);

/* Which node, for messages: `Gemm "/0/Gemm"`. Answers `to`. */
#define DLCORE_ONNX_WHERE_SIZE 96
const char *dlcore_onnx_where(char to[DLCORE_ONNX_WHERE_SIZE], const dlcore_onnx_graph_t *graph,
                              const dlcore_onnx_node_t *node);

/* A graph that takes errors into `ignored`, and what to do with them then. */
dlcore_onnx_graph_t dlcore_onnx_quiet(const dlcore_onnx_graph_t *graph,
                                      dlcore_error_record_t *ignored);
bool dlcore_onnx_quiet_end(const dlcore_onnx_graph_t *quiet, dlcore_status status);

DLCORE_HIDDEN_END

#endif
