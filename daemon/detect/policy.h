/* Everything that a reload replaces, as one value: rules, tuning, schemas, the
 * plan that follows from them, result-code classes, named lists, the
 * listeners' log sources.
 * Built aside on the control loop, then immutable and reference-counted; each
 * worker and each batch under way holds a reference. */
#ifndef DETECT_POLICY_H
#define DETECT_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fail.h"
#include "config/config.h"
#include "config/list.h"
#include "detect/correlator.h"
#include "detect/outcome_class.h"
#include "detect/tuning.h"
#include "event/plan.h"
#include "event/schema.h"
#include "sigma/ruleset.h"

enum { POLICY_DIGEST_SIZE = 16 };

struct policy {
	/* set at load, then constant */
	struct list_set *lists;
	struct field_set *fields;
	struct schema_set *schemas;
	struct ruleset *rules;
	struct plan *plan;
	struct outcome_table *outcomes;
	struct correlation_index *correlations;
	struct tuning *tuning;
	char digest[POLICY_DIGEST_SIZE]; /* of rules, lists and tuning: "sha256:" + 8 hex */
	/* any thread */
	_Atomic unsigned refs;
};

struct policy_options {
	const struct config *config;
	const struct config *running;              /* whose listeners are open; NULL = config */
	const struct source_config *replay_source; /* --logsource product=..; NULL = none */
	bool any_source;                           /* --logsource any */
	bool keep_text;                            /* for ruleset_explain */
	const char *rule_file;                     /* read in front of rules.dirs; NULL = none */
};

/* NULL when schemas or result codes are broken or memory is out. Broken rules, tuning and lists leave a policy without
 * them and a *problems that is not empty: the caller decides (at start go on, at reload refuse). */
struct policy *policy_load(const struct policy_options *options, struct fail_list *problems);
struct policy *policy_ref(struct policy *p);
void policy_unref(struct policy *p); /* NULL is fine */
/* The interned source of a listener's configuration; NULL = generic. */
const struct source *policy_source(const struct policy *p, const struct source_config *source);
/* The same by source.identity; NULL when the policy does not know it. */
const struct source *policy_source_known(const struct policy *p, uint64_t identity);

#endif
