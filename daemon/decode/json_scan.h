/* One pass over a JSON text (RFC 8259, strict): validates all of it and keeps
 * what lies under the nodes of a trie as slices; no tree is built. One per
 * worker; not shared. Memory: a hit per node and a frame per level, made at
 * birth; what has to be copied goes to the caller's arena.
 * Names compare without case; of several members for one node a literal dotted
 * name ("properties.status.errorCode") wins over the nested path, the exact
 * spelling over another, and among equals the last. A string below which
 * paths go on is read as JSON if it holds an object or array. */
#ifndef DECODE_JSON_SCAN_H
#define DECODE_JSON_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/str.h"
#include "event/trie.h"
#include "event/value.h"

enum {
	JSON_KEYS_MAX = 1024,    /* members of one object; more: "keys" */
	JSON_VALUES_MAX = 16384, /* array elements and leaves kept of one record; the rest is cut */
	JSON_INNER_MAX = 6,      /* JSON in strings in JSON in strings ... */
};

struct json_scan;

/* trie is borrowed and must outlive the scanner. */
struct json_scan *json_scan_new(const struct trie *trie, unsigned max_depth, bool leaves);
void json_scan_free(struct json_scan *s);
/* Reads one whole text. What it found is valid until the next run, as long as text and arena live. -1 with code
 * "json", "depth", "keys" or "memory", the reason, and the JSON pointer of the place in why->file. */
int json_scan_run(struct json_scan *s, struct str text, struct arena *arena, struct fail *why)
    __attribute__((warn_unused_result));

/* MISSING when the text had nothing there. Texts of arrays and objects are as received, with their white space;
 * elements only under nodes that are wanted. Never NULL. */
const struct value *json_scan_value(const struct json_scan *s, uint32_t node);
struct value *json_scan_edit(struct json_scan *s, uint32_t node); /* same, to cut or compact its texts; NULL when missing */
/* The nodes that were met, each once; the value of one may be MISSING. */
const uint32_t *json_scan_touched(const struct json_scan *s, uint32_t *count);
/* The member's name as received (the last one, of several). */
struct str json_scan_name(const struct json_scan *s, uint32_t node);
/* A literal dotted name went through the node. */
bool json_scan_dotted(const struct json_scan *s, uint32_t node);
/* Strings, numbers and booleans of the text in order; NULL when there are none or they were not asked for. */
struct value *json_scan_leaves(const struct json_scan *s);
unsigned json_scan_anomalies(const struct json_scan *s); /* enum event_anomaly */

#endif
