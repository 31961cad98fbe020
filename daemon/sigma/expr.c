#include "sigma/expr.h"

struct expr *
expr_new(struct arena *arena, enum expr_kind kind, unsigned index)
{
	struct expr *e = arena_alloc(arena, sizeof(*e));
	if (e)
		*e = (struct expr){.kind = kind, .index = index, .field = ""};
	return e;
}

void
expr_add(struct expr *parent, struct expr *child)
{
	child->prev = parent->last;
	parent->last = child;
}
