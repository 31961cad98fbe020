#include "sigma/correlation.h"

#include <math.h>

bool
correlation_holds(const struct correlation_range *range, double value)
{
	return (!(range->ops & RANGE_GT) || value > range->gt) && (!(range->ops & RANGE_GTE) || value >= range->gte) &&
	    (!(range->ops & RANGE_LT) || value < range->lt) && (!(range->ops & RANGE_LTE) || value <= range->lte) &&
	    (!(range->ops & RANGE_EQ) || value == range->eq) && (!(range->ops & RANGE_NEQ) || value != range->neq);
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
