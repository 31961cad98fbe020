/* Cuts an alert's `data` until its compact text fits: what triage misses least
 * goes first, and each cut leaves its JSON pointer (relative to `data`) in
 * `truncated`. Ids, scores and counts are never cut. Pure; any thread.
 * Source: delivery page section 2, Limits. */
#ifndef ALERT_SHRINK_H
#define ALERT_SHRINK_H

#include <jansson.h>
#include <stddef.h>

/* A receiver takes 16 KiB with the envelope around data. */
enum { SHRINK_MAX_BYTES = 16 * 1024 - 256 };

/* 0, also when even the last cut leaves more than max_bytes; -1 without memory. */
int shrink_to(json_t *data, size_t max_bytes) __attribute__((warn_unused_result));

#endif
