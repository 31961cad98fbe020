/* The members of an alert's `data` in the order of the delivery page, section
 * 2. Pure; any thread. The ids are made by ident.h. */
#ifndef ALERT_DOCUMENT_H
#define ALERT_DOCUMENT_H

#include <jansson.h>

#include "alert/alert.h"
#include "detect/finding.h"

struct document_ids {
	const char *alert, *dedup_key;
};

/* New object; NULL without memory. */
json_t *document_json(const struct finding *f, const struct alert_producer *producer, const struct document_ids *ids,
    int64_t detected_ms);

/* The members about the windows, NULL without memory. */
json_t *document_context(const struct context *context, const struct rule *rule);
json_t *document_outcome(const struct finding *f);

/* Plain text, at most 200 bytes, without control characters. */
json_t *document_title(const struct finding *f);

#endif
