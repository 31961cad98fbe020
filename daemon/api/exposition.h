/* Which text format of the metrics a scraper wants: Prometheus text 0.0.4, or
 * OpenMetrics 1.0 when its Accept field prefers it (RFC 9110 section 12.5.1).
 * Pure. */
#ifndef API_EXPOSITION_H
#define API_EXPOSITION_H

#include <stdbool.h>

#include "base/str.h"

bool exposition_is_openmetrics(struct str accept);

#endif
