#include "detect/finding.h"

const char *
finding_kind_name(enum finding_kind kind)
{
	static const char *const names[] = {"trigger", "repeat", "escalate"};
	return names[kind];
}
