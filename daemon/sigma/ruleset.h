/* The compiled whole of a set of rule directories: predicates shared between
 * rules, an index by log source. Immutable; shared by workers; belongs to the
 * policy. A broken file never stops the others. */
#ifndef SIGMA_RULESET_H
#define SIGMA_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "config/config.h"
#include "config/list.h"
#include "event/event.h"
#include "event/field.h"
#include "sigma/condition.h"
#include "sigma/named_window.h"
#include "sigma/rule.h"

struct ruleset;

struct ruleset_options {
	const char *const *dirs; /* or single files; of two rules of one id the earlier directory's wins */
	size_t dir_count;
	const char *first; /* one more, in front of dirs; NULL = none */
	const char *const *disabled; /* rule ids */
	size_t disabled_count;
	const struct list_set *lists; /* for |expand; NULL = none */
	const struct window_config *windows; /* window_count of windows.contexts; every rule may test them */
	size_t window_count;
	const char *config_file;     /* where they come from, for messages */
	int64_t max_window_span_ms; /* 0 = WINDOW_SPAN_MAX_MS */
	bool any_source;          /* every rule may see every event */
	uint32_t max_regex_steps; /* PCRE2 match limit */
	bool keep_text;           /* of items, for ruleset_explain */
	bool check_retired;       /* report problems of deprecated and unsupported rules too */
};

/* Interns the fields that rules name into fields. Broken rules go to *problems
 * and are left out; NULL only without memory. */
struct ruleset *ruleset_load(const struct ruleset_options *options, struct field_set *fields,
    struct fail_list *problems);
/* The same from one text, as if it were a file of that name; options->dirs is not read. */
struct ruleset *ruleset_load_text(const struct ruleset_options *options, const char *file, struct str text,
    struct field_set *fields, struct fail_list *problems);
/* After the schemas' sources are known: which rules may see which source. */
int ruleset_route(struct ruleset *set, const struct source *const *sources, unsigned count)
    __attribute__((warn_unused_result));
void ruleset_free(struct ruleset *set);
/* May the event rule see events of the source (NULL: of none)? */
bool ruleset_sees(const struct ruleset *set, const struct rule *rule, const struct source *source);

const struct rule *const *ruleset_rules(const struct ruleset *set, unsigned *count); /* by rule.index */
const struct rule *ruleset_find(const struct ruleset *set, struct str id);
/* As people refer to it: by id in any case, or by name. */
const struct rule *ruleset_named(const struct ruleset *set, struct str text);
/* There is a rule of this id or name, but it does not run: disabled, retired or broken. */
bool ruleset_rests(const struct ruleset *set, struct str text);
unsigned ruleset_disabled(const struct ruleset *set);
unsigned ruleset_broken(const struct ruleset *set);
const char *ruleset_digest(const struct ruleset *set); /* "sha256:" + 8 hex, over the contents of rule files and lists and the ids that run */
bool ruleset_wants_leaves(const struct ruleset *set);  /* some rule has keywords */
/* What the operator should know and is no error: skipped, replaced and silenced rules. */
const struct fail_list *ruleset_notes(const struct ruleset *set);
/* The selections of an event rule, in the order of match_mask's bits. */
const struct condition_names *ruleset_selections(const struct ruleset *set, const struct rule *rule);
/* Does the condition or a term's hold the selection otherwise than behind `not`? If not, to make it false takes no
 * match away. */
bool ruleset_needs_selection(const struct ruleset *set, const struct rule *rule, unsigned selection);
/* The named windows that rules test, in dependency order, and the fields of their keys. */
const struct named_window *ruleset_windows(const struct ruleset *set, unsigned *count);
const struct window_part *ruleset_window_parts(const struct ruleset *set, unsigned *count);

#endif
