/* Tuning entries (`rules.tuning`): for the events that they match, entries make
 * selections or terms of a rule false, or keep its alerts as suppressed. They
 * only take away: a rule that does not match is not looked at. Immutable after
 * load, belongs to the policy, any thread; a look allocates nothing. At most
 * TUNING_ENTRIES_MAX entries. A broken entry is left out, so that alerts come.
 * Contract: sigma page section 12, product page "False positives and tuning". */
#ifndef DETECT_TUNING_H
#define DETECT_TUNING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/metrics.h"
#include "config/list.h"
#include "event/field.h"
#include "sigma/matcher.h"
#include "sigma/ruleset.h"

enum { TUNING_ENTRIES_MAX = 10000, TUNING_NAMED_MAX = 8 };

struct tuning;

struct tuning_entry { /* what an alert tells of it */
	const char *id, *owner, *reason;
	int64_t end_ms; /* INT64_MAX: none */
	metrics_series applied;
};

struct tuning_options { /* all borrowed */
	const char *const *dirs; /* or single files; of two entries of one id the earlier directory's wins */
	size_t dir_count;
	const struct ruleset *rules;
	const struct list_set *lists;
	struct field_set *fields; /* the fields that entries read are interned */
	bool other_rules; /* the rules are not the configured ones: entries for rules that are not there are passed over */
};

/* Every problem goes to *problems. NULL only without memory. */
struct tuning *tuning_load(const struct tuning_options *options, struct fail_list *problems);
/* The same from one text, as if it were a file of that name; options->dirs is not read. */
struct tuning *tuning_load_text(const struct tuning_options *options, const char *file, struct str text,
    struct fail_list *problems);
void tuning_free(struct tuning *t); /* NULL is fine */
unsigned tuning_count(const struct tuning *t);
unsigned tuning_broken(const struct tuning *t); /* entries and files left out */
/* Over the contents of all files. */
struct str tuning_digest(const struct tuning *t);
/* Is there any entry that makes something false? If not, tuning_mask need not be asked. */
bool tuning_masks(const struct tuning *t);

struct tuning_effect {
	struct match_mask off;
	const struct tuning_entry *entries[TUNING_NAMED_MAX]; /* the first that apply */
	unsigned count;
};

/* For a rule that just matched: what entries make false that is true. False: nothing. */
bool tuning_mask(const struct tuning *t, struct matcher *m, const struct event *e, const struct rule *rule,
    struct tuning_effect *out);
/* The same, and counts each entry that applies. */
bool tuning_apply(const struct tuning *t, struct matcher *m, const struct event *e, const struct rule *rule,
    struct tuning_effect *out);
/* The first entry that keeps the rule's alerts about this event as suppressed; NULL when there is none. */
const struct tuning_entry *tuning_suppresses(const struct tuning *t, const struct event *e, const struct rule *rule);

#endif
