/* Numbers of rules and events, compared without loss where both are whole.
 * Plain values; any thread. Text forms: RFC 8259 section 6. */
#ifndef SIGMA_NUMBER_H
#define SIGMA_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct number {
	bool whole; /* i is exact, and d its nearest double */
	int64_t i;
	double d;
};

bool number_parse(struct str text, struct number *out);
struct number number_of_int(int64_t i);
struct number number_of_double(double d);
/* <0, 0, >0. */
int number_cmp(const struct number *a, const struct number *b);

#endif
