/* Standard Webhooks signatures (v1): HMAC-SHA256 over "id.timestamp.body".
 * Made at send time, never stored. Pure; any thread. Source: Standard Webhooks
 * specification; vectors in delivery page section 3. */
#ifndef DELIVER_SIGNATURE_H
#define DELIVER_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

enum { SIGNATURE_KEY_MIN = 24, SIGNATURE_KEY_MAX = 64 };

struct signature_key {
	uint8_t bytes[SIGNATURE_KEY_MAX];
	size_t len;
};

/* "whsec_" + base64 of 24 to 64 bytes. */
int signature_key_parse(struct str secret, struct signature_key *key, struct fail *why)
    __attribute__((warn_unused_result));
/* The header's value: "v1,<base64>" of each key, separated by a space. */
int signature_make(const struct signature_key *keys, size_t count, struct str id, int64_t timestamp_s, struct str body,
    struct buf *out) __attribute__((warn_unused_result));

#endif
