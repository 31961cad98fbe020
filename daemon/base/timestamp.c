#include "base/timestamp.h"

#include <stdlib.h>

#include "base/clock.h"

enum { MS_PER_SECOND = 1000, SECONDS_PER_DAY = 86400, TEXT_MAX = 64 };

struct cursor {
	const char *p, *end;
};

struct civil {
	int year, month, day, hour, minute, second, ms;
	int offset_minutes;
	bool has_time; /* not only a date */
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
take(struct cursor *c, char wanted)
{
	if (c->p == c->end || *c->p != wanted)
		return false;
	c->p++;
	return true;
}

/* From min to max digits, all that there are: more than max is an error. */
static bool
take_number(struct cursor *c, unsigned min, unsigned max, int *out)
{
	unsigned n = 0;
	int value = 0;

	while (c->p < c->end && is_digit(*c->p)) {
		if (++n > max)
			return false;
		value = value * 10 + (*c->p++ - '0');
	}
	*out = value;
	return n >= min;
}

static void
skip_spaces(struct cursor *c)
{
	while (c->p < c->end && *c->p == ' ')
		c->p++;
}

/* ASCII, without case. */
static bool
take_word(struct cursor *c, struct str word)
{
	if ((size_t)(c->end - c->p) < word.len || !str_eq_nocase(str_make(c->p, word.len), word))
		return false;
	c->p += word.len;
	return true;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar, counted in eras of 400 years from March. */
static int64_t
days_of(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = y / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool
is_valid(const struct civil *t)
{
	if (t->year < 1 || t->month < 1 || t->month > 12 || t->day < 1 || t->day > days_in_month(t->year, t->month))
		return false;
	return t->hour <= 23 && t->minute <= 59 && t->second <= 60;
}

static bool
civil_to_ms(const struct civil *t, int64_t *out_ms)
{
	if (!is_valid(t))
		return false;
	int64_t seconds = days_of(t->year, t->month, t->day) * SECONDS_PER_DAY + t->hour * 3600 + t->minute * 60 +
	    t->second - (int64_t)t->offset_minutes * 60;
	*out_ms = seconds * MS_PER_SECOND + t->ms;
	return true;
}

/* YYYY-MM-DD, YYYY/MM/DD or M/D/YYYY */
static bool
take_date(struct cursor *c, struct civil *t)
{
	int first;
	const char *from = c->p;

	if (!take_number(c, 1, 4, &first))
		return false;
	if (c->p - from == 4) {
		char separator = c->p < c->end && *c->p == '/' ? '/' : '-';
		t->year = first;
		return take(c, separator) && take_number(c, 1, 2, &t->month) && take(c, separator) &&
		    take_number(c, 1, 2, &t->day);
	}
	t->month = first;
	return c->p - from <= 2 && take(c, '/') && take_number(c, 1, 2, &t->day) && take(c, '/') &&
	    take_number(c, 4, 4, &t->year);
}

static bool
take_fraction(struct cursor *c, int *ms)
{
	int scale = 100;
	const char *from = c->p;

	for (*ms = 0; c->p < c->end && is_digit(*c->p); c->p++, scale /= 10)
		*ms += (*c->p - '0') * scale;
	return c->p > from && c->p - from <= 12;
}

static bool
take_time(struct cursor *c, struct civil *t)
{
	t->has_time = true;
	if (!take_number(c, 1, 2, &t->hour) || !take(c, ':') || !take_number(c, 2, 2, &t->minute))
		return false;
	if (take(c, ':') && !take_number(c, 2, 2, &t->second))
		return false;
	if (take(c, '.') && !take_fraction(c, &t->ms))
		return false;
	skip_spaces(c);
	bool am = take_word(c, STR("AM")), pm = !am && take_word(c, STR("PM"));
	/* "09:41 AM" and, from senders that mean it, "13:05 PM" */
	if (am && t->hour == 12)
		t->hour = 0;
	else if (pm && t->hour < 12)
		t->hour += 12;
	else if (am && t->hour > 12)
		return false;
	skip_spaces(c);
	return true;
}

static bool
take_zone(struct cursor *c, struct civil *t)
{
	int hours, minutes = 0, sign = 1;

	if (c->p == c->end || take_word(c, STR("Z")) || take_word(c, STR("UTC")) || take_word(c, STR("GMT")))
		return true;
	if (take(c, '-'))
		sign = -1;
	else if (!take(c, '+'))
		return false;
	const char *from = c->p;
	if (!take_number(c, 1, 4, &hours))
		return false;
	if (c->p - from > 2) { /* +0100 */
		minutes = hours % 100;
		hours /= 100;
	} else if (take(c, ':') && !take_number(c, 2, 2, &minutes)) {
		return false;
	}
	if (hours > 23 || minutes > 59)
		return false;
	t->offset_minutes = sign * (hours * 60 + minutes);
	return true;
}

/* Seconds, milliseconds, microseconds or nanoseconds, told apart by size; a fraction only behind seconds
 * and milliseconds. */
static bool
parse_epoch(struct str text, int64_t *out_ms)
{
	enum { WHOLE_DIGITS_MAX = 19 };
	int64_t value = 0;
	int ms = 0;
	struct cursor c = {text.p, text.p + text.len};

	for (; c.p < c.end && is_digit(*c.p); c.p++) {
		if (c.p - text.p >= WHOLE_DIGITS_MAX || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, *c.p - '0', &value))
			return false;
	}
	if (take(&c, '.') && !take_fraction(&c, &ms))
		return false;
	if (c.p != c.end || value < 100000000)
		return false;
	if (value < 100000000000)
		*out_ms = value * MS_PER_SECOND + ms;
	else if (value < 100000000000000)
		*out_ms = value;
	else if (value < 100000000000000000)
		*out_ms = value / 1000;
	else
		*out_ms = value / 1000000;
	return true;
}

/* A date and a time, up to the end. */
static bool
parse_civil(struct str text, struct civil *t)
{
	struct cursor c = {text.p, text.p + text.len};

	if (!take_date(&c, t))
		return false;
	bool comma = take(&c, ',');
	if (!comma && !take_word(&c, STR("T")) && !(c.p < c.end && *c.p == ' '))
		return false;
	skip_spaces(&c);
	if (!take_time(&c, t) || !take_zone(&c, t))
		return false;
	skip_spaces(&c);
	return c.p == c.end;
}

bool
timestamp_parse(struct str text, int64_t *out_ms)
{
	struct civil t = {.year = 0};

	text = str_trim(text);
	if (text.len == 0 || text.len > TEXT_MAX)
		return false;
	if (!memchr(text.p, ':', text.len))
		return parse_epoch(text, out_ms);
	return parse_civil(text, &t) && civil_to_ms(&t, out_ms);
}

/* ISO 8601: the week belongs to the year of its Thursday. */
static int
week_of(const struct civil *t)
{
	int64_t days = days_of(t->year, t->month, t->day);
	int64_t weekday = ((days + 3) % 7 + 7) % 7; /* 0: Monday */
	int64_t thursday = days - weekday + 3;
	int year = t->year;

	if (thursday < days_of(year, 1, 1))
		year--;
	else if (thursday >= days_of(year + 1, 1, 1))
		year++;
	return (int)((thursday - days_of(year, 1, 1)) / 7) + 1;
}

/* Number of the form that parse_epoch takes -> its parts in UTC. */
static bool
parse_epoch_civil(struct str text, struct civil *t)
{
	char utc[CLOCK_TEXT_SIZE];
	int64_t ms;

	if (!parse_epoch(text, &ms))
		return false;
	clock_text(ms, utc);
	return parse_civil(str_of(utc), t);
}

bool
timestamp_part(struct str text, enum timestamp_part part, int *out)
{
	struct civil t = {.year = 0};

	text = str_trim(text);
	if (text.len == 0 || text.len > TEXT_MAX)
		return false;
	struct cursor c = {text.p, text.p + text.len};
	bool known = memchr(text.p, ':', text.len) ? parse_civil(text, &t) :
	    (take_date(&c, &t) && c.p == c.end) || parse_epoch_civil(text, &t);
	if (!known || !is_valid(&t) || (!t.has_time && part <= TIMESTAMP_HOUR))
		return false;
	const int parts[] = {[TIMESTAMP_MINUTE] = t.minute, [TIMESTAMP_HOUR] = t.hour, [TIMESTAMP_DAY] = t.day,
	    [TIMESTAMP_WEEK] = week_of(&t), [TIMESTAMP_MONTH] = t.month, [TIMESTAMP_YEAR] = t.year};
	*out = parts[part];
	return true;
}

static int
year_of(int64_t ms)
{
	int64_t days = ms / ((int64_t)SECONDS_PER_DAY * MS_PER_SECOND);
	int year = (int)(1970 + days / 366);

	while (days_of(year + 1, 1, 1) <= days)
		year++;
	return year;
}

bool
timestamp_parse_rfc3164(struct str text, int64_t now_ms, int64_t *out_ms, size_t *used)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct cursor c = {text.p, text.p + text.len};
	struct civil t = {.year = 0};
	int64_t best = 0, ms;
	bool found = false;

	if (text.len < 15)
		return false;
	for (int i = 0; i < 12; i++)
		if (str_eq_nocase(str_make(text.p, 3), str_make(months + (size_t)i * 3, 3)))
			t.month = i + 1;
	c.p += 3;
	if (t.month == 0 || !take(&c, ' '))
		return false;
	skip_spaces(&c);
	if (!take_number(&c, 1, 2, &t.day) || !take(&c, ' ') || !take_number(&c, 2, 2, &t.hour) || !take(&c, ':') ||
	    !take_number(&c, 2, 2, &t.minute) || !take(&c, ':') || !take_number(&c, 2, 2, &t.second))
		return false;
	if (take(&c, '.') && !take_fraction(&c, &t.ms))
		return false;
	/* 29 February may be no day in the nearest years */
	for (int year = year_of(now_ms) - 1; year <= year_of(now_ms) + 1; year++) {
		t.year = year;
		if (!civil_to_ms(&t, &ms))
			continue;
		if (!found || llabs(ms - now_ms) < llabs(best - now_ms))
			best = ms;
		found = true;
	}
	if (found) {
		*out_ms = best;
		*used = (size_t)(c.p - text.p);
	}
	return found;
}
