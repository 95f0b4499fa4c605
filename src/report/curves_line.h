/* Drawing a learning curve.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_REPORT_CURVES_LINE_H
#define DLCORE_REPORT_CURVES_LINE_H

#include "system/compiler.h"

#include "report/panel.h"
#include "report/svg.h"

DLCORE_HIDDEN_BEGIN

/* The line of a curve, its dots where values are few, and a ring at the best. The axes are set. */
void dlcore_curve_draw(dlcore_svg_t *svg, const dlcore_panel_t *panel,
                       const dlcore_curve_line_t *curve);

DLCORE_HIDDEN_END

#endif
