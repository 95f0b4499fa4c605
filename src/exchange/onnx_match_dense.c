/* Gemm and MatMul: dense layers. The bias of a MatMul is an Add behind it, which is an affine step
 * that joins the layer (onnx_steps.c).
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_match.h"

/* Whether input 1 is a kernel, which is then in *kernel as (inputs, units). */
static dlcore_status onnx_find_kernel(const dlcore_onnx_match_t *match,
                                      const dlcore_onnx_node_t *node, bool transposed,
                                      dlcore_onnx_constant_t *kernel)
{
    const dlcore_onnx_graph_t *graph = match->graph;
    dlcore_status status;
    int64_t inputs;

    if (!dlcore_onnx_constant(graph, dlcore_onnx_node_input(graph, node, 1), kernel))
        return dlcore_onnx_refuse(match, node,
                                  "its second operand is not a constant: no dense layer");
    status = dlcore_onnx_constant_check(graph, kernel);
    if (status != DLCORE_OK)
        return status;
    if (kernel->rank != 2 || kernel->count == 0)
        return dlcore_onnx_refuse(match, node, "its kernel has %zu axes and %zu numbers",
                                  kernel->rank, kernel->count);
    if (transposed) {
        inputs = kernel->dims[1];
        kernel->dims[1] = kernel->dims[0];
        kernel->dims[0] = inputs;
        kernel->transposed = !kernel->transposed;
    }
    return DLCORE_OK;
}

/* A dense step without a bias; NULL where it is refused, the error written. */
static dlcore_onnx_step_t *onnx_add_dense(dlcore_onnx_match_t *match,
                                          const dlcore_onnx_node_t *node, bool transposed)
{
    dlcore_onnx_constant_t kernel;
    dlcore_onnx_step_t *step;

    if (onnx_find_kernel(match, node, transposed, &kernel) != DLCORE_OK)
        return NULL;
    step = dlcore_onnx_add_step(match, node, DLCORE_ONNX_STEP_DENSE);
    if (step == NULL)
        return NULL;
    step->needs_rows = true;
    step->kernel = kernel;
    step->layer = dlcore_layer_dense((size_t)kernel.dims[1], DLCORE_ACTIVATION_LINEAR);
    step->layer.use_bias = false;
    match->value = dlcore_onnx_node_input(match->graph, node, 0);
    return step;
}

static dlcore_status onnx_match_matmul(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    return onnx_add_dense(match, node, false) != NULL ? DLCORE_OK : match->graph->error->status;
}

/* y = alpha x B + beta C */
static dlcore_status onnx_match_gemm(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    float beta = (float)dlcore_onnx_float(match, node, "beta", 1.0);
    dlcore_onnx_step_t *step;
    dlcore_status status;

    if (dlcore_onnx_int(match, node, "transA", 0) != 0)
        return dlcore_onnx_refuse(match, node, "transA is 1: the samples would be columns");
    step = onnx_add_dense(match, node, dlcore_onnx_int(match, node, "transB", 0) != 0);
    if (step == NULL)
        return match->graph->error->status;
    step->alpha = dlcore_onnx_float(match, node, "alpha", 1.0);
    if (dlcore_onnx_node_input(match->graph, node, 2) == DLCORE_ONNX_NONE)
        return DLCORE_OK;
    step->layer.use_bias = true;
    status = dlcore_onnx_read_vector(match, node, dlcore_onnx_node_input(match->graph, node, 2),
                                     "bias", &step->vectors[0]);
    for (size_t i = 0; i < step->vectors[0].count; i++)
        step->vectors[0].data[i] *= beta;
    return status;
}

const dlcore_onnx_operator_t dlcore_onnx_operators_dense[] = {
    {"Gemm", "", 7, {"alpha", "beta", "transA", "transB"}, onnx_match_gemm},
    {"MatMul", "", 1, {NULL}, onnx_match_matmul},
    {0},
};
