#include "ingest/auth.h"

#include "base/codec.h"
#include "base/mem.h"

enum { BASIC_MAX = 1024 }; /* decoded user:password */

struct auth {
	const struct token_config *tokens;
	size_t count;
	uint8_t (*digests)[SHA256_SIZE];
};

struct auth *
auth_new(const struct token_config *tokens, size_t count)
{
	struct auth *a = mem_zero(1, sizeof *a);
	uint8_t(*digests)[SHA256_SIZE] = mem_zero(count ? count : 1, SHA256_SIZE);
	if (!a || !digests) {
		mem_free(a);
		mem_free(digests);
		return NULL;
	}
	*a = (struct auth){.tokens = tokens, .count = count, .digests = digests};
	for (size_t i = 0; i < count; i++)
		codec_sha256(str_make(tokens[i].secret.value, tokens[i].secret.len), digests[i]);
	return a;
}

void
auth_free(struct auth *a)
{
	if (!a)
		return;
	mem_free(a->digests);
	mem_free(a);
}

/* All tokens are compared, whichever fits: the time tells nothing. */
static enum auth_result
check_token(const struct auth *a, struct str token, const struct token_config **who)
{
	uint8_t digest[SHA256_SIZE];
	const struct token_config *found = NULL;
	codec_sha256(token, digest);
	for (size_t i = 0; i < a->count; i++) {
		bool equal = codec_equal_const(digest, a->digests[i], SHA256_SIZE);
		if (equal && token.len)
			found = &a->tokens[i];
	}
	if (!found)
		return AUTH_WRONG;
	*who = found;
	return AUTH_OK;
}

static enum auth_result
check_basic(const struct auth *a, struct str text, const struct token_config **who)
{
	uint8_t plain[BASIC_MAX];
	ptrdiff_t n = codec_base64_decode(text, plain, sizeof plain);
	const uint8_t *colon = n > 0 ? memchr(plain, ':', (size_t)n) : NULL;
	if (!colon)
		return AUTH_WRONG;
	return check_token(a, str_make((const char *)colon + 1, (size_t)(plain + n - colon - 1)), who);
}

enum auth_result
auth_check(const struct auth *a, bool present, struct str authorization, const struct token_config **who)
{
	*who = NULL;
	if (a->count == 0)
		return AUTH_OK;
	struct str credentials = authorization;
	struct str scheme = str_split(&credentials, ' ');
	credentials = str_trim(credentials);
	if (!present || credentials.len == 0)
		return AUTH_MISSING;
	if (str_eq_nocase(scheme, STR("Bearer")) || str_eq_nocase(scheme, STR("Splunk")))
		return check_token(a, credentials, who);
	if (str_eq_nocase(scheme, STR("Basic")))
		return check_basic(a, credentials, who);
	return AUTH_MISSING;
}
