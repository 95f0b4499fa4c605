/* What the normalizations of rows share: layer, RMS and unit normalization.
 *
 * SPDX-License-Identifier: MIT */
#include "base/size.h"
#include "nn/layer_normalized.h"

/* Of each row what it was normalized by. */
size_t dlcore_rows_state_floats(size_t width, size_t rows)
{
    (void)width;
    return dlcore_size_round_up(rows * (sizeof(dlcore_row_scale_t) / sizeof(float)), 16);
}

static dlcore_row_scale_t *row_scales(const dlcore_layer_pass_t *pass)
{
    return (dlcore_row_scale_t *)(void *)pass->state;
}

/* NULL where the layer has none. */
static const float *row_gamma(const dlcore_layer_pass_t *pass, size_t column)
{
    return dlcore_layer_has_gamma(pass->layer) ? pass->values + pass->parameters[0].offset + column
                                               : NULL;
}

static const float *row_beta(const dlcore_layer_pass_t *pass, size_t column)
{
    size_t index = dlcore_layer_has_gamma(pass->layer) ? 1 : 0;

    return dlcore_layer_has_beta(pass->layer)
               ? pass->values + pass->parameters[index].offset + column
               : NULL;
}

dlcore_row_moments_t dlcore_row_moments(const dlcore_layer_pass_t *pass, size_t row, float mean)
{
    enum { MOST = 256 }; /* floats that are added up as floats */
    const dlcore_matrix_t *x = pass->x;
    dlcore_row_moments_t total = {0.0, 0.0};

    for (size_t p = 0; p < dlcore_matrix_panels(x); p++) {
        const float *from = dlcore_matrix_at(x, row, p);
        size_t n = dlcore_matrix_panel_columns(x, p);

        for (size_t i = 0; i < n; i += MOST) {
            float part[2];

            pass->kernels->row_moments(from + i, dlcore_size_min(n - i, MOST), mean, part);
            total.sum += (double)part[0];
            total.squares += (double)part[1];
        }
    }
    return total;
}

double dlcore_row_squares(const dlcore_layer_pass_t *pass, size_t row)
{
    return dlcore_row_moments(pass, row, 0.0f).squares;
}

void dlcore_rows_forward(const dlcore_layer_pass_t *pass, dlcore_row_measure_t *measure)
{
    size_t end = dlcore_share(pass->y->rows, pass->worker + 1, pass->workers);

    for (size_t row = dlcore_share(pass->y->rows, pass->worker, pass->workers); row < end; row++) {
        dlcore_row_scale_t scale = measure(pass, row);

        if (pass->state != NULL)
            row_scales(pass)[row] = scale;
        for (size_t p = 0; p < dlcore_matrix_panels(pass->y); p++)
            pass->kernels->row_normalize(
                dlcore_matrix_at(pass->x, row, p), dlcore_matrix_at(pass->y, row, p),
                dlcore_matrix_panel_columns(pass->y, p), &scale,
                row_gamma(pass, p * pass->y->panel), row_beta(pass, p * pass->y->panel));
    }
}

static void zero_padding(dlcore_matrix_t *dx, size_t row)
{
    size_t last = dlcore_matrix_panels(dx) - 1;
    float *padding = dlcore_matrix_at(dx, row, last);

    for (size_t c = dlcore_matrix_panel_columns(dx, last); c < dx->panel; c++)
        padding[c] = 0.0f;
}

void dlcore_rows_input_gradient(const dlcore_layer_pass_t *pass, dlcore_row_measure_t *measure,
                                dlcore_row_settle_t *settle_row)
{
    const dlcore_matrix_t *x = pass->x, *dy = pass->dy;
    size_t end = dlcore_share(dy->rows, pass->worker + 1, pass->workers);

    for (size_t row = dlcore_share(dy->rows, pass->worker, pass->workers); row < end; row++) {
        dlcore_row_scale_t scale = measure != NULL ? measure(pass, row) : row_scales(pass)[row];
        float dots[2] = {0};

        for (size_t p = 0; p < dlcore_matrix_panels(dy); p++)
            pass->training_kernels->row_dots(
                dlcore_matrix_at(x, row, p), dlcore_matrix_at(dy, row, p),
                dlcore_matrix_panel_columns(dy, p), &scale, row_gamma(pass, p * dy->panel), dots);
        settle_row(pass, &scale, dots);
        for (size_t p = 0; p < dlcore_matrix_panels(dy); p++)
            pass->training_kernels->row_combine(
                dlcore_matrix_at(x, row, p), dlcore_matrix_at(dy, row, p),
                dlcore_matrix_at(pass->dx, row, p), dlcore_matrix_panel_columns(dy, p), &scale,
                row_gamma(pass, p * dy->panel), dots);
        zero_padding(pass->dx, row);
    }
}

void dlcore_rows_parameter_gradient(const dlcore_layer_pass_t *pass)
{
    size_t pieces = dlcore_pieces(pass->dy), gamma = dlcore_layer_has_gamma(pass->layer) ? 1 : 0;
    size_t end = dlcore_share(pieces, pass->worker + 1, pass->workers);

    for (size_t i = dlcore_share(pieces, pass->worker, pass->workers); i < end; i++) {
        dlcore_piece_t x = dlcore_piece(pass->x, i), dy = dlcore_piece(pass->dy, i);
        float sums[DLCORE_PIECE] = {0}, dots[DLCORE_PIECE] = {0};
        size_t floats = dlcore_size_round_up(x.count, 16);

        if (x.count == 0)
            continue;
        pass->training_kernels->column_row_dots(pass->x->data + x.offset,
                                                pass->dy->data + dy.offset, pass->dy->rows, x.count,
                                                pass->dy->panel, row_scales(pass), sums, dots);
        if (gamma == 1)
            pass->sink->take(pass->sink, pass->parameters[0].offset + x.column, dots, floats);
        if (dlcore_layer_has_beta(pass->layer))
            pass->sink->take(pass->sink, pass->parameters[gamma].offset + x.column, sums, floats);
    }
}
