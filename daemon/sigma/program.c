#include "sigma/program.h"

#include "base/mem.h"

struct compiler {
	struct program_code *code;
	struct expr *const *selections;
	int32_t first; /* step of this program */
	bool failed;
};

void
program_code_fini(struct program_code *code)
{
	mem_free(code->steps);
	*code = (struct program_code){0};
}

static int32_t
emit(struct compiler *c, uint32_t test, int32_t yes, int32_t no)
{
	struct program_code *code = c->code;
	if (c->failed || code->len - c->first >= PROGRAM_LEN_MAX) {
		c->failed = true;
		return PROGRAM_REJECT;
	}
	if (yes == no)
		return yes;
	if (code->len == code->size) {
		int32_t size = code->size ? code->size * 2 : 1024;
		struct step *grown = mem_resize(code->steps, (size_t)size, sizeof(*grown));
		if (!grown) {
			c->failed = true;
			return PROGRAM_REJECT;
		}
		code->steps = grown;
		code->size = size;
	}
	code->steps[code->len] = (struct step){test, yes, no};
	return code->len++;
}

/* From the end to the start, so that targets are known; depth is bounded by the condition's. */
static int32_t
generate(struct compiler *c, const struct expr *e, int32_t yes, int32_t no)
{
	int32_t entry;
	switch (e->kind) {
	case EXPR_TEST:
		return emit(c, e->index, yes, no);
	case EXPR_SELECTION:
		return generate(c, c->selections[e->index], yes, no);
	case EXPR_NOT:
		return generate(c, e->last, no, yes);
	case EXPR_AND:
		entry = yes;
		for (const struct expr *child = e->last; child && !c->failed; child = child->prev)
			entry = generate(c, child, entry, no);
		return entry;
	case EXPR_OR:
		entry = no;
		for (const struct expr *child = e->last; child && !c->failed; child = child->prev)
			entry = generate(c, child, yes, entry);
		return entry;
	}
	return PROGRAM_REJECT;
}

int
program_compile(struct program_code *code, const struct expr *e, struct expr *const *selections, int32_t *entry,
    struct fail *why)
{
	struct compiler c = {code, selections, code->len, false};
	int32_t at = generate(&c, e, PROGRAM_ACCEPT, PROGRAM_REJECT);
	if (c.failed) {
		code->len = c.first;
		return fail_set(why, "condition", "the condition is too large: more than %d steps, or out of memory",
		    PROGRAM_LEN_MAX);
	}
	*entry = at;
	return 0;
}
