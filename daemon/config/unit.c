#include "config/unit.h"

#include <inttypes.h>
#include <stdio.h>

struct unit {
	const char *name;
	int64_t factor;
};

/* Largest first. */
static const struct unit durations[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {0}};
static const struct unit sizes[] = {{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1}, {0}};

static bool
parse(struct str text, const struct unit *units, int64_t *out)
{
	size_t digits = 0;
	int64_t number;
	while (digits < text.len && text.p[digits] >= '0' && text.p[digits] <= '9')
		digits++;
	if (!str_to_i64(str_make(text.p, digits), &number))
		return false;
	struct str name = str_make(text.p + digits, text.len - digits);
	for (const struct unit *u = units; u->name; u++) {
		if (!str_eq(name, str_of(u->name)))
			continue;
		if (number > INT64_MAX / u->factor)
			return false;
		*out = number * u->factor;
		return true;
	}
	return false;
}

bool
unit_parse_duration(struct str text, int64_t *ms)
{
	return parse(text, durations, ms);
}

bool
unit_parse_bytes(struct str text, int64_t *bytes)
{
	return parse(text, sizes, bytes);
}

void
unit_duration_text(int64_t ms, char out[UNIT_TEXT_SIZE])
{
	const struct unit *u = durations;
	if (ms == 0) {
		snprintf(out, UNIT_TEXT_SIZE, "0s");
		return;
	}
	while (ms % u->factor != 0)
		u++;
	snprintf(out, UNIT_TEXT_SIZE, "%" PRId64 "%s", ms / u->factor, u->name);
}

void
unit_bytes_text(uint64_t bytes, char out[UNIT_TEXT_SIZE])
{
	const struct unit *u = sizes;
	while (bytes == 0 ? u->factor != 1 : bytes % (uint64_t)u->factor != 0)
		u++;
	snprintf(out, UNIT_TEXT_SIZE, "%" PRIu64 "%s", bytes / (uint64_t)u->factor, u->name);
}
