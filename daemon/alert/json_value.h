/* Event values and texts as jansson values: what was received, within what our
 * receivers can read: valid UTF-8, numbers within 2^53-1 (others as text).
 * Pure; any thread. New references, NULL without memory. */
#ifndef ALERT_JSON_VALUE_H
#define ALERT_JSON_VALUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "event/value.h"

/* How every document of ours is written. */
enum { JSON_VALUE_DUMP = JSON_COMPACT | JSON_REAL_PRECISION(15) };

json_t *json_text(struct str s);         /* ill-formed parts become U+FFFD */
json_t *json_text_or_null(struct str s); /* empty is null */
json_t *json_time(int64_t ms);
json_t *json_number(double d);           /* integral values as integers */
json_t *json_value(const struct value *v);

/* object[key] = value, stealing value; any failure sets *bad. */
void json_put(json_t *object, const char *key, json_t *value, bool *bad);

#endif
