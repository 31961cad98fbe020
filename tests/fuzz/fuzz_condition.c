/* Any bytes as a condition: an expression that compiles to a program, or a reason with a place inside the text. */
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "sigma/condition.h"
#include "sigma/program.h"

enum { NAMES = 4 };

static void
check_program(const struct program_code *code, int32_t entry)
{
	if (entry >= code->len || entry < PROGRAM_REJECT)
		abort();
	for (int32_t i = 0; i < code->len; i++) {
		if (code->steps[i].yes >= i || code->steps[i].no >= i)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str names[NAMES] = {STR("selection"), STR("sel_a"), STR("sel_b"), STR("_x")};
	const struct condition_names all = {names, NAMES};
	struct expr *selections[NAMES];
	struct program_code code = {0};
	struct arena arena;
	struct fail why = {0};
	size_t offset = 0;
	int32_t entry;
	arena_init(&arena, 16 << 20, 0);
	for (unsigned i = 0; i < NAMES; i++)
		selections[i] = expr_new(&arena, EXPR_TEST, i);
	struct expr *e = condition_parse(&arena, str_make((const char *)data, size), &all, &offset, &why);
	if (!e && (!why.code[0] || !why.text[0] || offset > size))
		abort();
	if (e && selections[NAMES - 1] && !program_compile(&code, e, selections, &entry, &why))
		check_program(&code, entry);
	program_code_fini(&code);
	arena_fini(&arena);
	return 0;
}
