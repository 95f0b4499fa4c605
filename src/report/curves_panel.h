/* Drawing a panel of learning curves: axes, legend, lines.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_REPORT_CURVES_PANEL_H
#define DLCORE_REPORT_CURVES_PANEL_H

#include "system/compiler.h"

#include "report/panel.h"
#include "report/svg.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_PANEL_LEFT 76.0 /* room for the ticks of y and its name */

/* Sets the axes, too. */
void dlcore_panel_draw(dlcore_svg_t *svg, dlcore_panel_t *panel);

DLCORE_HIDDEN_END

#endif
