/* Learning rate schedules, checked and evaluated.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_SCHEDULE_H
#define DLCORE_NN_SCHEDULE_H

#include "system/compiler.h"

#include "dlcore/schedule.h"
#include "dlcore/status.h"

DLCORE_HIDDEN_BEGIN

/* DLCORE_ERROR_ARGUMENT with the setting's name, its range and its value. */
dlcore_status dlcore_schedule_validate(const dlcore_schedule_t *schedule,
                                       dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
