/* When to try again. Pure; any thread. Contract: delivery page section 3,
 * "Outcome by answer"; Retry-After by RFC 9110 section 10.2.3. */
#ifndef DELIVER_BACKOFF_H
#define DELIVER_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* rand(0.8, 1) x min(max_ms, min_ms x 2^n); random is within [0, 1). */
int64_t backoff_ms(unsigned n, int64_t min_ms, int64_t max_ms, double random);
/* How long the header asks to wait: seconds or an HTTP-date. false: absent, negative, past or not understood. */
bool backoff_retry_after(struct str header, int64_t now_ms, int64_t *wait_ms);

#endif
