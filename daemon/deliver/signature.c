#include "deliver/signature.h"

#include <inttypes.h>

#include "base/codec.h"

int
signature_key_parse(struct str secret, struct signature_key *key, struct fail *why)
{
	struct str prefix = STR("whsec_");
	uint8_t bytes[SIGNATURE_KEY_MAX];
	if (!str_starts(secret, prefix))
		return fail_set(why, "secret", "a signing secret begins with whsec_");
	struct str text = str_make(secret.p + prefix.len, secret.len - prefix.len);
	ptrdiff_t len = codec_base64_decode(text, bytes, sizeof(bytes));
	if (len < SIGNATURE_KEY_MIN)
		return fail_set(why, "secret", "a signing secret is whsec_ and the base64 of %d to %d bytes",
		    SIGNATURE_KEY_MIN, SIGNATURE_KEY_MAX);
	memcpy(key->bytes, bytes, (size_t)len);
	key->len = (size_t)len;
	return 0;
}

int
signature_make(const struct signature_key *keys, size_t count, struct str id, int64_t timestamp_s, struct str body,
    struct buf *out)
{
	struct buf signed_text;
	buf_init(&signed_text, id.len + body.len + 64);
	int result = -1;
	if (buf_add_str(&signed_text, id) < 0 || buf_addf(&signed_text, ".%" PRId64 ".", timestamp_s) < 0 ||
	    buf_add_str(&signed_text, body) < 0)
		goto out;
	for (size_t i = 0; i < count; i++) {
		uint8_t digest[SHA256_SIZE];
		char text[4 * ((SHA256_SIZE + 2) / 3) + 1];
		codec_hmac_sha256(str_make((const char *)keys[i].bytes, keys[i].len), buf_str(&signed_text), digest);
		codec_base64(digest, sizeof(digest), text);
		if (buf_addf(out, "%sv1,%s", i ? " " : "", text) < 0)
			goto out;
	}
	result = 0;
out:
	buf_fini(&signed_text);
	return result;
}
