/* Sources that fell silent: categories of input.quiet_after of which no event
 * came for that long (since start, when none came at all). Control loop only. */
#ifndef QUIET_H
#define QUIET_H

#include <stdint.h>

#include "config/config.h"

struct quiet;

struct quiet *quiet_new(const struct input_config *input, int64_t now_ms); /* borrowed */
void quiet_free(struct quiet *q);
/* Looks at picketd_source_last_event_timestamp_seconds; logs and sets picketd_degraded once per silence. */
void quiet_check(struct quiet *q, int64_t now_ms);

#endif
