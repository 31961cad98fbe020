/* Any text of a receiver's Retry-After: a positive wait, or none. */
#include <stdlib.h>

#include "deliver/backoff.h"
#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int64_t wait = -1;
	bool taken = backoff_retry_after(str_make((const char *)data, size), INT64_C(1795377600000), &wait);
	if (taken ? wait <= 0 : wait != -1)
		abort();
	return 0;
}
