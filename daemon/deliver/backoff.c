#include "deliver/backoff.h"

#include <ctype.h>
#include <curl/curl.h>
#include <string.h>

static const int64_t LAST_SECOND = INT64_C(253402300799); /* of the year 9999; a date beyond it is none */

int64_t
backoff_ms(unsigned n, int64_t min_ms, int64_t max_ms, double random)
{
	int64_t step = min_ms > 0 ? min_ms : 1;
	while (n-- > 0 && step < max_ms)
		step *= 2;
	if (step > max_ms)
		step = max_ms;
	return (int64_t)((double)step * (0.8 + 0.2 * random));
}

bool
backoff_retry_after(struct str header, int64_t now_ms, int64_t *wait_ms)
{
	char text[64];
	int64_t seconds;
	struct str s = str_trim(header);
	if (s.len == 0 || s.len >= sizeof(text))
		return false;
	if (isdigit((unsigned char)s.p[0])) {
		if (!str_to_i64(s, &seconds) || seconds <= 0)
			return false;
		*wait_ms = seconds < INT32_MAX ? seconds * 1000 : INT64_C(1000) * INT32_MAX;
		return true;
	}
	/* Each of the three forms of an HTTP-date begins with the name of a day. */
	if (!isalpha((unsigned char)s.p[0]))
		return false;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	time_t at = curl_getdate(text, NULL);
	if (at < 0 || at > LAST_SECOND || (int64_t)at * 1000 <= now_ms)
		return false;
	*wait_ms = (int64_t)at * 1000 - now_ms;
	return true;
}
