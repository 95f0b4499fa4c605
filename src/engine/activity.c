/* Penalties of outputs.
 *
 * SPDX-License-Identifier: MIT */
#include "engine/activity.h"

void dlcore_activity_clear(dlcore_workspace_t *workspace, const dlcore_place_t *place)
{
    size_t rows = workspace->input[workspace->batch].rows;
    size_t end = dlcore_share(rows, place->worker + 1, place->workers);

    for (size_t row = dlcore_share(rows, place->worker, place->workers);
         workspace->row_activity != NULL && row < end; row++)
        workspace->row_activity[row] = 0.0;
}

void dlcore_activity_rows(const dlcore_network_t *network, dlcore_workspace_t *workspace, size_t i,
                          const dlcore_place_t *place)
{
    const dlcore_regularizer_t *regularizer = &network->nodes[i].layer.activity_regularizer;
    const dlcore_training_kernels_t *kernels = dlcore_training_kernels(network->kernels);
    const dlcore_matrix_t *y = &workspace->outputs[i];
    size_t end = dlcore_share(y->rows, place->worker + 1, place->workers);

    for (size_t row = dlcore_share(y->rows, place->worker, place->workers); row < end; row++) {
        for (size_t p = 0; p < dlcore_matrix_panels(y); p++) {
            const float *from = dlcore_matrix_at(y, row, p);
            size_t n = dlcore_matrix_panel_columns(y, p);

            workspace->row_activity[row] +=
                regularizer->l1 * (double)kernels->absolute_sum(from, n) +
                regularizer->l2 * (double)kernels->plain->dot(from, from, n);
        }
    }
}

double dlcore_activity_sum(const dlcore_workspace_t *workspace, size_t rows)
{
    double sum = 0.0;

    for (size_t row = 0; workspace->row_activity != NULL && row < rows; row++)
        sum += workspace->row_activity[row];
    return sum;
}

void dlcore_activity_gradient(const dlcore_network_t *network, dlcore_workspace_t *workspace,
                              size_t i, const dlcore_place_t *place)
{
    const dlcore_regularizer_t *regularizer = &network->nodes[i].layer.activity_regularizer;
    const dlcore_training_kernels_t *kernels = dlcore_training_kernels(network->kernels);
    const dlcore_matrix_t *y = &workspace->outputs[i];
    dlcore_matrix_t *dy = &workspace->gradients[i];
    float l1 = (float)(regularizer->l1 / (double)workspace->batch_rows);
    float two_l2 = (float)(2.0 * regularizer->l2 / (double)workspace->batch_rows);
    size_t end = dlcore_share(y->rows, place->worker + 1, place->workers);

    /* row by row: padding of dy is zero and has to stay so */
    for (size_t row = dlcore_share(y->rows, place->worker, place->workers); row < end; row++) {
        for (size_t p = 0; p < dlcore_matrix_panels(y); p++) {
            float *to = dlcore_matrix_at(dy, row, p);

            kernels->add_penalty(dlcore_matrix_panel_columns(y, p), to, to,
                                 dlcore_matrix_at(y, row, p), l1, two_l2);
        }
    }
}
