#include "sigma/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

#include "base/mem.h"

enum {
	JIT_STACK_START = 32 * 1024,
	JIT_STACK_MAX = 512 * 1024,
	DEPTH_MAX = 1000,
	HEAP_MAX_KIB = 1024,
	NEST_MAX = 50,
	STEPS_DEFAULT = 100000,
	STEPS_PER_BYTE = 4,
	STEPS_FIRST_TRY = 2000000, /* of all places together; some ten milliseconds */
	STEPS_CHEAP = 200,         /* for each place: what nearly every search needs, and any number of them may take */
	DEAR_MAX = 128,            /* searches that need more, between two calls of regex_begin */
};

/* PCRE2 counts steps for each place where a match may begin anew, so that its limit alone lets a search over a long text
 * take the limit times the length. Hence two forms of an expression: as it is, under a limit by which all places together
 * stay within bounds, and, when that is hit, the other, whose one match tries all places under one limit. */
struct regex {
	pcre2_code *code;
	pcre2_code *whole; /* "any text, then the expression", anchored; NULL for the few that cannot stand so */
};

struct regex_scratch {
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	uint32_t max_steps;
	unsigned dear; /* searches since regex_begin */
};

static pcre2_code *
compile_whole(struct str text, uint32_t options, pcre2_compile_context *context)
{
	static const struct str before = {"(?s:.*?)(?:", 11};
	PCRE2_UCHAR pattern[REGEX_LEN_MAX + 32];
	int error = 0;
	PCRE2_SIZE at = before.len;
	memcpy(pattern, before.p, before.len);
	if (text.len > 0)
		memcpy(pattern + at, text.p, text.len);
	at += text.len;
	pattern[at++] = ')';
	return pcre2_compile(pattern, at, options | PCRE2_ANCHORED, &error, &at, context);
}

struct regex *
regex_new(struct str text, unsigned flags, struct fail *why)
{
	int error = 0;
	PCRE2_SIZE at = 0;
	PCRE2_UCHAR message[160] = "";
	uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
	options |= flags & REGEX_CASELESS ? PCRE2_CASELESS : 0;
	options |= flags & REGEX_MULTILINE ? PCRE2_MULTILINE : 0;
	options |= flags & REGEX_DOTALL ? PCRE2_DOTALL : 0;
	if (text.len > REGEX_LEN_MAX) {
		fail_set(why, "regex", "the regular expression is longer than %d bytes", REGEX_LEN_MAX);
		return NULL;
	}
	struct regex *regex = mem_zero(1, sizeof(*regex));
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	if (!regex || !context) {
		fail_set(why, "memory", "out of memory");
		goto fail;
	}
	pcre2_set_parens_nest_limit(context, NEST_MAX);
	regex->code = pcre2_compile((PCRE2_SPTR)(text.p ? text.p : ""), text.len, options, &error, &at, context);
	if (!regex->code) {
		pcre2_get_error_message(error, message, sizeof(message));
		fail_set(why, "regex", "bad regular expression at its byte %zu: %s", (size_t)at, (const char *)message);
		goto fail;
	}
	regex->whole = compile_whole(text, options, context);
	/* Refused where writable memory may not be executed: then it is interpreted. */
	(void)pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE);
	if (regex->whole)
		(void)pcre2_jit_compile(regex->whole, PCRE2_JIT_COMPLETE);
	pcre2_compile_context_free(context);
	return regex;
fail:
	pcre2_compile_context_free(context);
	mem_free(regex);
	return NULL;
}

void
regex_free(struct regex *regex)
{
	if (!regex)
		return;
	pcre2_code_free(regex->code);
	pcre2_code_free(regex->whole);
	mem_free(regex);
}

struct regex_scratch *
regex_scratch_new(uint32_t max_steps)
{
	struct regex_scratch *scratch = mem_zero(1, sizeof(*scratch));
	if (!scratch)
		return NULL;
	scratch->data = pcre2_match_data_create(1, NULL);
	scratch->context = pcre2_match_context_create(NULL);
	scratch->stack = pcre2_jit_stack_create(JIT_STACK_START, JIT_STACK_MAX, NULL);
	if (!scratch->data || !scratch->context) {
		regex_scratch_free(scratch);
		return NULL;
	}
	scratch->max_steps = max_steps ? max_steps : STEPS_DEFAULT;
	pcre2_set_depth_limit(scratch->context, DEPTH_MAX);
	pcre2_set_heap_limit(scratch->context, HEAP_MAX_KIB);
	if (scratch->stack)
		pcre2_jit_stack_assign(scratch->context, NULL, scratch->stack);
	return scratch;
}

void
regex_scratch_free(struct regex_scratch *scratch)
{
	if (!scratch)
		return;
	pcre2_match_data_free(scratch->data);
	pcre2_match_context_free(scratch->context);
	pcre2_jit_stack_free(scratch->stack);
	mem_free(scratch);
}

static int
search(const pcre2_code *code, struct regex_scratch *scratch, struct str text, uint32_t limit)
{
	pcre2_set_match_limit(scratch->context, limit);
	return pcre2_match(code, (PCRE2_SPTR)(text.p ? text.p : ""), text.len, 0, 0, scratch->data, scratch->context);
}

void
regex_begin(struct regex_scratch *scratch)
{
	scratch->dear = 0;
}

static int
search_dearly(const struct regex *regex, struct regex_scratch *scratch, struct str text, uint32_t each)
{
	uint64_t all = scratch->max_steps + (uint64_t)STEPS_PER_BYTE * text.len;
	if (scratch->dear == DEAR_MAX)
		return PCRE2_ERROR_MATCHLIMIT;
	scratch->dear++;
	int found = each > STEPS_CHEAP ? search(regex->code, scratch, text, each) : PCRE2_ERROR_MATCHLIMIT;
	if (found == PCRE2_ERROR_MATCHLIMIT && regex->whole)
		found = search(regex->whole, scratch, text, all < UINT32_MAX ? (uint32_t)all : UINT32_MAX);
	return found;
}

int
regex_search(const struct regex *regex, struct regex_scratch *scratch, struct str text)
{
	uint32_t each = STEPS_FIRST_TRY / (uint32_t)(text.len + 1) + 1;
	each = each < scratch->max_steps ? each : scratch->max_steps;
	int found = search(regex->code, scratch, text, each < STEPS_CHEAP ? each : STEPS_CHEAP);
	if (found == PCRE2_ERROR_MATCHLIMIT)
		found = search_dearly(regex, scratch, text, each);
	if (found >= 0)
		return 1;
	return found == PCRE2_ERROR_NOMATCH ? 0 : -1;
}
