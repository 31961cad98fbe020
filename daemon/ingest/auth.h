/* Who sends: the Authorization field against the configured tokens, carried as
 * Bearer, as Splunk (HEC) or as the password of Basic. Tokens are kept as
 * SHA-256; one check compares all of them in constant time. Immutable after
 * auth_new; any thread. Sources: RFC 6750, RFC 7617, delivery page section 4. */
#ifndef INGEST_AUTH_H
#define INGEST_AUTH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "config/config.h"

struct auth;

enum auth_result {
	AUTH_OK,      /* known token, or no tokens are configured (then *who is NULL) */
	AUTH_MISSING, /* no credentials, or of another scheme */
	AUTH_WRONG,
};

/* Tokens are borrowed and must outlive it. NULL without memory. */
struct auth *auth_new(const struct token_config *tokens, size_t count);
void auth_free(struct auth *a);
/* present: the request has the field. *who is the token on AUTH_OK. */
enum auth_result auth_check(const struct auth *a, bool present, struct str authorization,
    const struct token_config **who);

#endif
