#include "sigma/number.h"

bool
number_parse(struct str text, struct number *out)
{
	double d;
	int64_t i;
	if (!str_to_double(text, &d))
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
