/* Graphs that are almost those of an activation or a normalization: with another constant, another
 * operator, an input in another's place. Each is refused, or gives the numbers that its nodes say,
 * computed here.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/onnx_case.h"

enum { ROWS = 2, WIDTH = 3, SIZE = ROWS * WIDTH, NODES = 18, INPUTS = 3 };

static const float x[SIZE] = {0.5F, -1.25F, 4.0F, -3.5F, 0.25F, 7.5F};

/* ---- graphs ---- */

typedef struct node {
    char operation[24], inputs[INPUTS][12], output[12], attributes[48];
} node_t;

typedef struct graph {
    node_t nodes[NODES];
    size_t count;
} graph_t;

static const char *const constants[] = {"zero", "one", "three", "six", "half", "two", "least", "v"};
static const double numbers[] = {0, 1, 3, 6, 0.5, 2, 1e-12, 0};
static const float v[WIDTH] = {2.0F, -0.5F, 4.0F};
enum { CONSTANTS = sizeof constants / sizeof constants[0] };

static int constant_of(const char *name)
{
    for (int i = 0; i < CONSTANTS; i++)
        if (strcmp(constants[i], name) == 0)
            return i;
    return -1;
}

/* A graph of lines "operation inputs output attributes"; "-" for no inputs. */
static graph_t graph_of(const char *const *lines)
{
    graph_t graph = {.count = 0};

    for (; lines[graph.count] != NULL; graph.count++) {
        node_t *node = &graph.nodes[graph.count];
        char inputs[48];
        size_t i = 0;

        assert_true(sscanf(lines[graph.count], "%23s %47s %11s %47[^\n]", node->operation, inputs,
                           node->output, node->attributes) >= 3);
        for (char *word = strtok(inputs, ","); word != NULL && inputs[0] != '-';
             word = strtok(NULL, ","))
            strcpy(node->inputs[i++], word);
    }
    return graph;
}

/* ---- what it says ---- */

typedef struct value {
    double numbers[SIZE];
} value_t;

static double attribute_of(const node_t *node, const char *name, double otherwise)
{
    const char *at = strstr(node->attributes, name);

    return at != NULL ? strtod(at + strlen(name) + 2, NULL) : otherwise;
}

static double apply(const node_t *node, double a, double b, double c)
{
    const char *of = node->operation;

    if (strcmp(of, "Add") == 0)
        return a + b;
    if (strcmp(of, "Sub") == 0)
        return a - b;
    if (strcmp(of, "Mul") == 0)
        return a * b;
    if (strcmp(of, "Div") == 0)
        return a / b;
    if (strcmp(of, "Pow") == 0)
        return pow(a, b);
    if (strcmp(of, "Max") == 0)
        return a > b ? a : b;
    if (strcmp(of, "Min") == 0)
        return a < b ? a : b;
    if (strcmp(of, "Greater") == 0)
        return a > b;
    if (strcmp(of, "GreaterOrEqual") == 0)
        return a >= b;
    if (strcmp(of, "Less") == 0)
        return a < b;
    if (strcmp(of, "LessOrEqual") == 0)
        return a <= b;
    if (strcmp(of, "Or") == 0)
        return a != 0 || b != 0;
    if (strcmp(of, "Not") == 0)
        return a == 0;
    if (strcmp(of, "Where") == 0)
        return a != 0 ? b : c;
    if (strcmp(of, "Cast") == 0)
        return strstr(node->attributes, "to=i9") != NULL ? a != 0 : a;
    if (strcmp(of, "Identity") == 0)
        return a;
    if (strcmp(of, "Sign") == 0)
        return (a > 0) - (a < 0);
    if (strcmp(of, "Elu") == 0)
        return a > 0 ? a : attribute_of(node, "alpha", 1) * expm1(a);
    if (strcmp(of, "Clip") == 0)
        return fmin(fmax(a, b), c);
    if (strcmp(of, "Sqrt") == 0)
        return sqrt(a);
    if (strcmp(of, "Reciprocal") == 0)
        return 1 / a;
    if (strcmp(of, "Exp") == 0)
        return exp(a);
    if (strcmp(of, "Log") == 0)
        return log(a);
    if (strcmp(of, "Abs") == 0)
        return fabs(a);
    if (strcmp(of, "Neg") == 0)
        return -a;
    if (strcmp(of, "Relu") == 0)
        return a > 0 ? a : 0;
    if (strcmp(of, "Tanh") == 0)
        return tanh(a);
    if (strcmp(of, "Erf") == 0)
        return erf(a);
    if (strcmp(of, "Sigmoid") == 0)
        return 1 / (1 + exp(-a));
    if (strcmp(of, "Softplus") == 0)
        return log1p(exp(a));
    if (strcmp(of, "HardSigmoid") == 0)
        return fmin(fmax(a * attribute_of(node, "alpha", 0.2) + attribute_of(node, "beta", 0.5), 0),
                    1);
    if (strcmp(of, "ThresholdedRelu") == 0)
        return a > attribute_of(node, "alpha", 1) ? a : 0;
    if (strcmp(of, "Constant") == 0)
        return attribute_of(node, "value_float", 0);
    fail_msg("%s is not computed here", of);
    return 0;
}

/* Over the units of a sample, or, where axes is 0, over the samples. */
static value_t reduce(const node_t *node, const value_t *of)
{
    bool samples = strstr(node->attributes, "axes=I0") != NULL;
    bool squares = strcmp(node->operation, "ReduceL2") == 0;
    value_t result;

    for (size_t i = 0; i < SIZE; i++) {
        double sum = 0;

        for (size_t k = 0; k < SIZE; k++)
            if (samples ? k % WIDTH == i % WIDTH : k / WIDTH == i / WIDTH)
                sum += squares ? of->numbers[k] * of->numbers[k] : of->numbers[k];
        result.numbers[i] = squares ? sqrt(sum) : sum / (samples ? ROWS : WIDTH);
    }
    return result;
}

static value_t compute(const graph_t *graph, const char *name)
{
    value_t result, inputs[INPUTS] = {{{0}}};
    int constant = constant_of(name);
    size_t n = 0;

    if (constant >= 0 || strcmp(name, "x") == 0) {
        for (size_t i = 0; i < SIZE; i++)
            result.numbers[i] = constant < 0                ? (double)x[i]
                                : constant == CONSTANTS - 1 ? (double)v[i % WIDTH]
                                                            : numbers[constant];
        return result;
    }
    while (n < graph->count && strcmp(graph->nodes[n].output, name) != 0)
        n++;
    assert_true(n < graph->count);
    for (size_t k = 0; k < INPUTS && graph->nodes[n].inputs[k][0] != '\0'; k++)
        inputs[k] = compute(graph, graph->nodes[n].inputs[k]);
    if (strncmp(graph->nodes[n].operation, "Reduce", 6) == 0)
        return reduce(&graph->nodes[n], &inputs[0]);
    for (size_t i = 0; i < SIZE; i++)
        result.numbers[i] = apply(&graph->nodes[n], inputs[0].numbers[i], inputs[1].numbers[i],
                                  inputs[2].numbers[i]);
    return result;
}

/* ---- what is read of it ---- */

static size_t loaded, refused;

static void put_graph(onnx_bytes_t *bytes, const graph_t *graph)
{
    onnx_begin(bytes);
    for (size_t i = 0; i + 1 < CONSTANTS; i++) {
        float number = (float)numbers[i];

        onnx_tensor(bytes, constants[i], "", &number);
    }
    onnx_tensor(bytes, "v", "3", v);
    for (size_t n = 0; n < graph->count; n++) {
        const node_t *node = &graph->nodes[n];
        char inputs[48];

        snprintf(inputs, sizeof inputs, "%s%s%s%s%s", node->inputs[0],
                 node->inputs[1][0] != '\0' ? "," : "", node->inputs[1],
                 node->inputs[2][0] != '\0' ? "," : "", node->inputs[2]);
        onnx_node(bytes, node->operation, inputs, node->output, node->attributes);
    }
}

static void show_graph(const graph_t *graph)
{
    for (size_t n = 0; n < graph->count; n++)
        print_error("  %s %s %s %s -> %s %s\n", graph->nodes[n].operation,
                    graph->nodes[n].inputs[0], graph->nodes[n].inputs[1], graph->nodes[n].inputs[2],
                    graph->nodes[n].output, graph->nodes[n].attributes);
}

/* Refused, or the numbers are those of the nodes. */
static void check_graph(const graph_t *graph)
{
    static onnx_bytes_t bytes;
    dlcore_onnx_load_options_t options = dlcore_onnx_load_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_model_t *model = NULL;
    const unsigned char *whole;
    float y[SIZE];
    value_t expected;
    size_t size;

    put_graph(&bytes, graph);
    whole = onnx_end(&bytes, 13, "?,3", &size);
    options.error = &error;
    if (dlcore_onnx_load_memory(whole, size, &options, &model) != DLCORE_OK) {
        assert_true(error.message[0] != '\0');
        refused++;
        return;
    }
    loaded++;
    assert_int_equal(dlcore_model_output_width(model), WIDTH);
    onnx_case_predict(model, ROWS, x, y);
    dlcore_model_free(model);
    expected = compute(graph, "y");
    for (size_t i = 0; i < SIZE; i++) {
        double e = expected.numbers[i], difference = fabs((double)y[i] - e);

        if (!(difference <= 2e-5 * fmax(1, fabs(e))) && (isfinite(e) || isfinite(y[i]))) {
            show_graph(graph);
            fail_msg("of %g: %.9g, not %.9g", (double)x[i], (double)y[i], e);
        }
    }
}

/* ---- misses ---- */

static void miss_inputs(const graph_t *graph, size_t n)
{
    for (size_t k = 0; k < INPUTS && graph->nodes[n].inputs[k][0] != '\0'; k++) {
        graph_t other = *graph;

        for (int i = 0; i < CONSTANTS; i++) {
            strcpy(other.nodes[n].inputs[k], constants[i]);
            check_graph(&other);
        }
        strcpy(other.nodes[n].inputs[k], "x");
        check_graph(&other);
        for (size_t before = 0; before < n; before++) {
            strcpy(other.nodes[n].inputs[k], graph->nodes[before].output);
            check_graph(&other);
        }
    }
    if (graph->nodes[n].inputs[1][0] != '\0') {
        graph_t other = *graph;

        strcpy(other.nodes[n].inputs[0], graph->nodes[n].inputs[1]);
        strcpy(other.nodes[n].inputs[1], graph->nodes[n].inputs[0]);
        check_graph(&other);
    }
}

/* Whether the node's result is true or false. */
static bool compares(const node_t *node)
{
    static const char *const names[] = {"Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Or"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(node->operation, names[i]) == 0)
            return true;
    return false;
}

static void miss_operator(const graph_t *graph, size_t n)
{
    static const char *const of_two[] = {"Add", "Sub", "Mul", "Div", "Pow", "Max", "Min"};
    static const char *const of_truth[] = {"Greater", "GreaterOrEqual", "Less", "LessOrEqual",
                                           "Or"};
    static const char *const of_one[] = {"Sqrt", "Reciprocal", "Exp", "Log",     "Abs",     "Neg",
                                         "Relu", "Tanh",       "Erf", "Sigmoid", "Softplus"};
    bool two = graph->nodes[n].inputs[1][0] != '\0';
    graph_t other = *graph;

    if (graph->nodes[n].inputs[0][0] == '\0' || graph->nodes[n].inputs[2][0] != '\0')
        return;
    if (compares(&graph->nodes[n])) {
        for (size_t i = 0; i < sizeof of_truth / sizeof of_truth[0]; i++) {
            strcpy(other.nodes[n].operation, of_truth[i]);
            check_graph(&other);
        }
        return;
    }
    if (strcmp(graph->nodes[n].operation, "Not") == 0 ||
        strcmp(graph->nodes[n].operation, "Cast") == 0) {
        strcpy(other.nodes[n].operation, "Identity");
        strcpy(other.nodes[n].attributes, "");
        check_graph(&other);
        return;
    }
    if (strncmp(graph->nodes[n].operation, "Reduce", 6) == 0) {
        strcpy(other.nodes[n].attributes, "axes=I0");
        check_graph(&other);
        strcpy(other.nodes[n].attributes, "axes=I1 keepdims=i1");
        check_graph(&other);
        strcpy(other.nodes[n].operation,
               graph->nodes[n].operation[6] == 'L' ? "ReduceMean" : "ReduceL2");
        check_graph(&other);
        return;
    }
    other.nodes[n].attributes[0] = '\0';
    for (size_t i = 0; i < (two ? sizeof of_two : sizeof of_one) / sizeof of_one[0]; i++) {
        strcpy(other.nodes[n].operation, two ? of_two[i] : of_one[i]);
        check_graph(&other);
    }
}

static void miss_attributes(const graph_t *graph, size_t n)
{
    static const char *const other_numbers[] = {"0", "0.5", "1", "-1", "1.5", "2", "20"};
    const char *at = strstr(graph->nodes[n].attributes, "=f");
    graph_t other = *graph;

    for (size_t i = 0; at != NULL && i < sizeof other_numbers / sizeof other_numbers[0]; i++) {
        size_t kept = (size_t)(at - graph->nodes[n].attributes) + 2;

        strcpy(other.nodes[n].attributes + kept, other_numbers[i]);
        check_graph(&other);
    }
}

static void test_onnx_near_misses_compute_what_their_nodes_say(void **state)
{
    static const char *const graphs[][NODES] = {
        {"Sigmoid x s", "Mul x,s y"},
        {"HardSigmoid x s alpha=f0.16666667", "Mul x,s y"},
        {"Add x,three a", "Clip a,zero,six c", "Mul x,c m", "Div m,six y"},
        {"Add three,x a", "Clip a,zero,six c", "Div c,six y"},
        {"Softplus x s", "Tanh s t", "Mul x,t y"},
        {"Abs x a", "Add one,a s", "Div x,s y"},
        {"Sigmoid x s", "Log s y"},
        {"Neg x n", "Softplus n s", "Neg s y"},
        {"Tanh x t", "Sub x,t y"},
        {"Constant - f value_float=f4", "Mul x,x q", "Add f,q s", "Sqrt s r", "Add x,r a",
         "Mul half,a y"},
        {"HardSigmoid x h alpha=f0.5", "Mul h,h q", "Sub x,one a", "Relu a r", "Add q,r y"},
        {"Softplus x s", "Constant - l value_float=f20", "Greater x,l g", "Where g,x,s y"},
        {"Constant - r value_float=f1.41421356", "Div x,r d", "Erf d e", "Add e,one a", "Mul x,a m",
         "Mul m,half y"},
        {"Constant - k value_float=f0.044715", "Constant - r value_float=f0.7978845608",
         "Pow x,three p", "Mul p,k q", "Add x,q s", "Mul s,r i", "Tanh i t", "Add t,one a",
         "Mul x,half h", "Mul h,a y"},
        {"Relu x p", "Neg x n", "Relu n m", "Mul v,m s", "Sub p,s y"},
        {"ThresholdedRelu x t alpha=f0.5", "Sub x,half b", "Min b,zero m", "Mul m,two s",
         "Add t,s y"},
        {"Sub x,v d", "Div d,two n", "Add n,one y"},
        {"Clip x,zero,six c", "Mul c,two y"},
        {"Mul x,x q", "ReduceMean q m axes=I-1", "Add half,m e", "Sqrt e s", "Div x,s n",
         "Mul v,n y"},
        {"Pow x,two q", "ReduceMean q m axes=I-1 keepdims=i1", "Add m,half e", "Sqrt e s",
         "Reciprocal s i", "Mul x,i n", "Mul n,v y"},
        {"Mul x,x q", "ReduceMean q m axes=I1", "Add half,m e", "Sqrt e s", "Div one,s i",
         "Mul i,x y"},
        {"ReduceMean x m axes=I-1", "Sub x,m d", "Pow d,two q", "ReduceMean q n axes=I1",
         "Add n,half e", "Sqrt e s", "Div d,s z", "Mul z,v g", "Add g,v y"},
        {"ReduceMean x m axes=I1", "Neg m n", "Sub x,m d", "Mul d,d q", "ReduceMean q r axes=I1",
         "Add r,half e", "Sqrt e s", "Reciprocal s i", "Mul i,v g", "Mul x,g a", "Mul n,g b",
         "Add a,b y"},
        {"ReduceL2 x l axes=I-1", "Max l,least d", "Div x,d y"},
        {"ReduceL2 x l axes=I-1", "Clip l,least,six d", "Div x,d y"},
        {"Mul x,x q", "ReduceMean q m axes=I1", "Add half,m e", "Sqrt e s", "Reciprocal s i",
         "Mul i,v w", "Mul x,w y"},
        {"Constant - f value_float=f4", "Pow x,two q", "Add q,f s", "Sqrt s r", "Add x,r a",
         "Div a,two y"},
        {"Constant - f value_float=f4", "Mul x,x q", "Add q,f s", "Sqrt s r", "Add r,x a",
         "Mul a,v y"},
        {"Min x,six m", "Max m,zero y"},
        {"Max x,half m", "Min m,six y"},
        {"Cast x c to=i1", "Cast c d to=i11", "Softplus d s", "Cast s e to=i1", "Tanh e t",
         "Mul d,t y"},
        /* choices, by Where and by products */
        {"Abs x a", "Greater a,half g", "Where g,x,zero y"},
        {"Abs x a", "LessOrEqual a,half g", "Where g,zero,x y"},
        {"Constant - m value_float=f-0.5", "Greater x,half g", "Less x,m l", "Cast g h to=i9",
         "Cast l k to=i9", "Or h,k o", "Where o,x,zero y"},
        {"Abs x a", "Greater a,half g", "Sign x s", "Mul s,half h", "Sub x,h d", "Mul x,zero z",
         "Where g,d,z y"},
        {"Constant - m value_float=f-0.5", "Greater x,half g", "Sub x,half d", "Where g,d,zero a",
         "Less x,m l", "Add x,half e", "Where l,e,zero b", "Add a,b y"},
        {"Constant - m value_float=f-0.5", "Sub x,half d", "Add x,half e", "Less x,m l", "Not l n",
         "Cast n o to=i1", "Cast l k to=i1", "Mul k,e p", "Mul zero,o z", "Add p,z s",
         "Greater x,half g", "Not g h", "Cast h i to=i1", "Cast g j to=i1", "Mul j,d q",
         "Mul s,i r", "Add q,r y"},
        {"LessOrEqual x,half g", "Where g,zero,x y"},
        {"Greater x,half g", "Cast g m to=i1", "Mul x,m y"},
        {"GreaterOrEqual half,x l", "Where l,zero,x y"},
        {"Constant - m value_float=f-1", "Constant - q value_float=f0.25", "LessOrEqual x,m a",
         "Less x,one l", "Add x,one s", "Pow s,two p", "Mul p,q f", "Where l,f,x w",
         "Where a,zero,w y"},
        {"Constant - m value_float=f-1", "Add x,one s", "Mul half,s f", "LessOrEqual x,m a",
         "Not a b", "Cast b c to=i1", "GreaterOrEqual x,one g", "Not g h", "Cast h i to=i1",
         "Cast g j to=i1", "Mul j,one p", "Mul f,i q", "Add p,q w", "Mul w,c y"},
        {"Greater x,zero g", "Not g h", "Elu x e", "Mul half,e b", "Mul b,h p", "Mul g,e q",
         "Add q,p y"},
        {"Greater x,half g", "Where g,x,zero a", "Clip a,zero,six c", "Neg x n", "Add n,half b",
         "Relu b r", "Mul r,two s", "Sub c,s y"},
        {"Relu x a", "Clip a,zero,six c", "Neg a n", "Relu n r", "Mul half,r s", "Sub c,s y"},
        {"Relu x a", "Min a,six m", "Max m,zero c", "Neg x n", "Relu n r", "Mul half,r s",
         "Sub c,s y"},
    };

    (void)state;
    for (size_t g = 0; g < sizeof graphs / sizeof graphs[0]; g++) {
        graph_t graph = graph_of(graphs[g]);

        check_graph(&graph);
        for (size_t n = 0; n < graph.count; n++) {
            miss_inputs(&graph, n);
            miss_operator(&graph, n);
            miss_attributes(&graph, n);
        }
    }
    print_message("%zu graphs read, %zu refused\n", loaded, refused);
    assert_in_range(loaded, 200, 100000);
    assert_in_range(refused, 200, 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onnx_near_misses_compute_what_their_nodes_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
