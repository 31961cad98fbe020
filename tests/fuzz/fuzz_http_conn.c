/* http_conn over any bytes: the same events whole, byte by byte, and in the
 * pieces that the input itself chooses. */
#include "fuzz/fuzz.h"
#include "unit/http_script.h"

static const struct http_limits limits = {.max_line = 100, .max_head = 300, .max_count = 8, .max_body = 1000};

static char *
run(struct str input, size_t step)
{
	struct http_script s;
	http_script_init(&s, &limits);
	while (input.len && !s.failed) {
		size_t n = step ? step : 1u + ((unsigned char)input.p[0] & 31u);
		n = n < input.len ? n : input.len;
		http_script_feed(&s, str_make(input.p, n));
		input = str_make(input.p + n, input.len - n);
	}
	char *log = buf_take(&s.log);
	http_script_fini(&s);
	return log;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = {(const char *)data, size < 4096 ? size : 4096};
	char *whole = run(input, input.len + 1), *bytes = run(input, 1), *pieces = run(input, 0);
	if (strcmp(whole, bytes) != 0 || strcmp(whole, pieces) != 0)
		abort();
	free(whole);
	free(bytes);
	free(pieces);
	return 0;
}
