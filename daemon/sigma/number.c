#include "sigma/number.h"

enum { SHORT_DIGITS = 15 }; /* whole numbers of so many digits are exact as a double */

/* Most numbers of events: short, whole, without leading zeros; no need for strtod. */
static bool
parse_short(struct str text, int64_t *out)
{
	bool negative = text.len > 1 && text.p[0] == '-';
	size_t i = negative;
	int64_t value = 0;
	if (text.len == 0 || text.len - i > SHORT_DIGITS || (text.p[i] == '0' && text.len - i > 1))
		return false;
	for (; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		value = value * 10 + (text.p[i] - '0');
	}
	*out = negative ? -value : value;
	return true;
}

bool
number_parse(struct str text, struct number *out)
{
	double d;
	int64_t i;
	if (parse_short(text, &i)) {
		*out = number_of_int(i);
		return true;
	}
	if (text.len == 0 || (text.p[0] != '-' && (text.p[0] < '0' || text.p[0] > '9')) || !str_to_double(text, &d))
		return false;
	*out = str_to_i64(text, &i) ? number_of_int(i) : number_of_double(d);
	return true;
}

struct number
number_of_int(int64_t i)
{
	return (struct number){true, i, (double)i};
}

struct number
number_of_double(double d)
{
	return (struct number){false, 0, d};
}

int
number_cmp(const struct number *a, const struct number *b)
{
	if (a->whole && b->whole)
		return (a->i > b->i) - (a->i < b->i);
	return (a->d > b->d) - (a->d < b->d);
}
