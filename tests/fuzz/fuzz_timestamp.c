/* A time that timestamp_parse takes reads the same from its RFC 3339 form; both parsers keep within the text. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/timestamp.h"
#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str text = {(const char *)data, size};
	const int64_t now = 1795392000000;
	char form[CLOCK_TEXT_SIZE];
	int64_t ms = 0, again = 0;
	size_t used = 0;

	if (timestamp_parse(text, &ms) && ms >= -62135596800000 && ms < 253402300800000) {
		clock_text(ms, form);
		if (!timestamp_parse(str_of(form), &again) || again != ms)
			abort();
	}
	if (timestamp_parse_rfc3164(text, now, &ms, &used)) {
		if (used > size || llabs(ms - now) > INT64_C(4) * 366 * 86400000)
			abort();
		clock_text(ms, form);
		if (!timestamp_parse(str_of(form), &again) || again != ms)
			abort();
	}
	return 0;
}
