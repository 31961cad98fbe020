#include "command/junit.h"

#include <string.h>

#include "base/buf.h"
#include "base/codec.h"
#include "base/mem.h"
#include "decode/describe.h"

enum { CASES_MAX_BYTES = 256 << 20, ALERTS_SHOWN = 20 };

struct junit {
	const struct expect *expect;
	const struct report *report;
	struct buf cases;
	size_t *unnamed; /* by rule.index: alerts of rules that no expectation names */
	unsigned tests, failures;
	bool bad;
};

/* ---- XML ---- */

static void
add(struct junit *j, const char *markup)
{
	j->bad = j->bad || buf_add_str(&j->cases, str_of(markup));
}

static void
add_char(struct junit *j, const char *p, size_t len)
{
	static const struct {
		char c;
		const char *entity;
	} entities[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&apos;"}};
	for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
		if (*p == entities[i].c) {
			add(j, entities[i].entity);
			return;
		}
	}
	j->bad = j->bad || buf_add(&j->cases, p, len);
}

/* U+FFFE and U+FFFF are no characters of XML; control characters are escapes already. */
static void
add_text(struct junit *j, struct str raw)
{
	struct buf plain;
	buf_init(&plain, CASES_MAX_BYTES);
	j->bad = j->bad || describe_text(raw, &plain);
	struct str text = buf_str(&plain);
	bool valid = codec_utf8_valid(text);
	for (size_t i = 0; i < text.len; i++) {
		bool ascii = (unsigned char)text.p[i] < 0x80;
		bool none = valid && text.len - i >= 3 && (!memcmp(text.p + i, "\xEF\xBF\xBE", 3) || !memcmp(text.p + i, "\xEF\xBF\xBF", 3));
		if (none)
			i += 2;
		add_char(j, none || (!ascii && !valid) ? "?" : text.p + i, 1);
	}
	buf_fini(&plain);
}

static void
add_attribute(struct junit *j, const char *name, struct str value)
{
	add(j, " ");
	add(j, name);
	add(j, "=\"");
	add_text(j, value);
	add(j, "\"");
}

/* ---- cases ---- */

static void
open_case(struct junit *j, const char *class, const char *name)
{
	j->tests++;
	add(j, "    <testcase");
	add_attribute(j, "classname", str_of(class));
	add_attribute(j, "name", str_of(name));
	add(j, " time=\"0\">\n");
}

/* The alerts of a rule, or of every rule of a file that no expectation names. */
struct choice {
	const char *rule;
	const struct ruleset *rules;
	const char *file;
};

static bool
is_chosen(const struct junit *j, const struct choice *c, const char *rule)
{
	if (c->rule)
		return strcmp(rule, c->rule) == 0;
	const struct rule *of = ruleset_find(c->rules, str_of(rule));
	return of && strcmp(of->file, c->file) == 0 && !(j->expect && expect_names(j->expect, rule));
}

static void
add_alerts(struct junit *j, const struct choice *c)
{
	size_t count, found = 0;
	const struct report_entry *entries = report_entries(j->report, &count);
	for (size_t i = 0; i < count; i++) {
		if (!is_chosen(j, c, alert_rule_id(entries[i].alert)) || found++ >= ALERTS_SHOWN)
			continue;
		add_text(j, str_of(entries[i].file));
		j->bad = j->bad ||
		    buf_addf(&j->cases, ":%lu: %s score %d ", entries[i].line, alert_rule_id(entries[i].alert),
			alert_score(entries[i].alert));
		add(j, alert_id(entries[i].alert));
		add(j, "\n");
	}
	if (found > ALERTS_SHOWN)
		j->bad = j->bad || buf_addf(&j->cases, "and %zu more\n", found - ALERTS_SHOWN);
}

static void
add_failure(struct junit *j, const char *type, const char *message, const struct choice *c)
{
	j->failures++;
	add(j, "      <failure");
	add_attribute(j, "type", str_of(type));
	add_attribute(j, "message", str_of(message));
	add(j, ">");
	add_alerts(j, c);
	add(j, "</failure>\n");
}

static void
on_verdict(const struct expect_verdict *v, void *ctx)
{
	struct junit *j = ctx;
	char name[EXPECT_TEXT_SIZE + 64], message[EXPECT_TEXT_SIZE + 64];
	snprintf(name, sizeof name, "%s (line %u)", v->wanted, v->line);
	snprintf(message, sizeof message, "%zu alerts, wanted %s", v->seen, v->wanted);
	open_case(j, v->rule, name);
	if (!v->met)
		add_failure(j, "expectation", message, &(struct choice){.rule = v->rule});
	add(j, "    </testcase>\n");
}

static void
add_file(struct junit *j, const struct choice *c, size_t found)
{
	bool fails = found && j->expect && expect_unexpected(j->expect) == UNEXPECTED_FAIL;
	char message[64];
	open_case(j, c->file, "no expectation");
	snprintf(message, sizeof message, "%zu unexpected %s", found, found == 1 ? "alert" : "alerts");
	if (fails) {
		add_failure(j, "unexpected", message, c);
	} else if (found) {
		add(j, "      <system-out>");
		add_alerts(j, c);
		add(j, "</system-out>\n");
	}
	add(j, "    </testcase>\n");
}

/* The files of which no rule is named, and those of which one that is not gave an alert. A file's rules stand
 * together, in the order of the files. */
static void
add_files(struct junit *j, const struct ruleset *rules)
{
	unsigned count;
	const struct rule *const *list = ruleset_rules(rules, &count);
	for (unsigned i = 0; i < count;) {
		struct choice c = {NULL, rules, list[i]->file};
		bool named = false;
		size_t found = 0;
		for (; i < count && strcmp(list[i]->file, c.file) == 0; i++) {
			named = named || (j->expect && expect_names(j->expect, list[i]->id));
			found += j->unnamed[i];
		}
		if (!named || found)
			add_file(j, &c, found);
	}
}

static int
count_unnamed(struct junit *j, const struct ruleset *rules)
{
	unsigned rule_count;
	size_t count;
	(void)ruleset_rules(rules, &rule_count);
	const struct report_entry *entries = report_entries(j->report, &count);
	j->unnamed = mem_zero(rule_count + 1, sizeof *j->unnamed);
	for (size_t i = 0; j->unnamed && i < count; i++) {
		const struct rule *rule = ruleset_find(rules, str_of(alert_rule_id(entries[i].alert)));
		if (rule && !(j->expect && expect_names(j->expect, rule->id)))
			j->unnamed[rule->index]++;
	}
	return j->unnamed ? 0 : -1;
}

static int
put(const struct junit *j, FILE *out)
{
	struct str cases = buf_str(&j->cases);
	fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	fprintf(out, "<testsuites name=\"picketd\" tests=\"%u\" failures=\"%u\" errors=\"0\" time=\"0\">\n", j->tests,
	    j->failures);
	fprintf(out, "  <testsuite name=\"replay\" tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"0\" time=\"0\">\n",
	    j->tests, j->failures);
	if (cases.len)
		fwrite(cases.p, 1, cases.len, out);
	fprintf(out, "  </testsuite>\n</testsuites>\n");
	return ferror(out) ? -1 : 0;
}

int
junit_print(const struct expect *expect, const struct report *r, const struct ruleset *rules, FILE *out)
{
	struct junit j = {.expect = expect, .report = r};
	buf_init(&j.cases, CASES_MAX_BYTES);
	int failed = count_unnamed(&j, rules);
	if (!failed && expect)
		expect_each(expect, r, on_verdict, &j);
	if (!failed)
		add_files(&j, rules);
	failed |= j.bad || put(&j, out) ? -1 : 0;
	buf_fini(&j.cases);
	mem_free(j.unnamed);
	return failed;
}
