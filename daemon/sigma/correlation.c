#include "sigma/correlation.h"

#include <math.h>

bool
correlation_holds(const struct correlation_range *range, double value)
{
	return (!(range->ops & RANGE_GT) || value > range->gt) && (!(range->ops & RANGE_GTE) || value >= range->gte) &&
	    (!(range->ops & RANGE_LT) || value < range->lt) && (!(range->ops & RANGE_LTE) || value <= range->lte) &&
	    (!(range->ops & RANGE_EQ) || value == range->eq) && (!(range->ops & RANGE_NEQ) || value != range->neq);
}

bool
correlation_is_temporal(const struct correlation *c)
{
	return c->type == CORRELATION_TEMPORAL || c->type == CORRELATION_TEMPORAL_ORDERED;
}

double
correlation_threshold(const struct correlation_range *range)
{
	double least = 0;
	if (range->ops & RANGE_GT)
		least = fmax(least, floor(range->gt) + 1);
	if (range->ops & RANGE_GTE)
		least = fmax(least, ceil(range->gte));
	if (range->ops & RANGE_EQ)
		least = fmax(least, range->eq);
	if (range->ops & RANGE_NEQ && least == range->neq)
		least++;
	return least;
}

bool
correlation_text_holds(const struct expr *text, uint64_t seen)
{
	bool all = text->kind == EXPR_AND;
	switch (text->kind) {
	case EXPR_NOT:
		return !correlation_text_holds(text->last, seen);
	case EXPR_AND:
	case EXPR_OR:
		for (const struct expr *e = text->last; e; e = e->prev)
			if (correlation_text_holds(e, seen) != all)
				return !all;
		return all;
	case EXPR_TEST:
	case EXPR_SELECTION:
		break;
	}
	return seen >> text->index & 1;
}
