/* The inside of the rule loader, for its files: documents on their way to rules.
 * One thread; lives as long as one load. */
#ifndef SIGMA_LOADER_PRIV_H
#define SIGMA_LOADER_PRIV_H

#include "base/codec.h"
#include "sigma/collection.h"
#include "sigma/correlation_load.h"
#include "sigma/filter.h"
#include "sigma/heading.h"
#include "sigma/ruleset_priv.h"
#include "sigma/window_names.h"

enum draft_state { DRAFT_GOOD, DRAFT_BROKEN, DRAFT_DISABLED };

struct draft { /* one document on its way to a rule; in the arena */
	enum draft_state state;
	struct rule rule;
	struct heading heading;
	struct rule_entry entry;
	struct correlation_draft correlation;
	struct filter filter;
	bool own_id;   /* not that of a collection's template */
	bool filtered; /* its condition was joined by a filter's, and is compiled anew */
	const struct yaml_node *root; /* lives as long as the loader */
	size_t dir;
	bool counted, generate; /* some correlation refers to it; and asks for its own alerts too */
	const char *counted_by; /* one in another file */
	bool resolving, resolved; /* a correlation's references: under way, done */
	struct draft *next;
};

struct loader {
	struct ruleset *set;
	const struct ruleset_options *options;
	struct detection_loader parts;
	struct field_scope scope;
	struct window_names windows;
	struct fail_list *problems;
	struct draft *first, **last;
	unsigned count;
	struct map *by_id, *by_name;
	struct collection collection; /* of the file being read */
	struct yaml_docs **files; /* file_count of them */
	size_t file_count, file_size;
	size_t dir; /* index of the directory being read */
	uint8_t digest[SHA256_SIZE];
};

/* "rule 'title' text more", at the rule. */
void loader_note(struct loader *l, const struct rule *rule, const char *code, const char *text, const char *more);
/* Reports the problem, at the document when it has no place yet; the draft becomes no rule. */
void loader_break(struct loader *l, struct draft *draft, struct fail *why);
/* The rule or correlation of that id or name; NULL when there is none. */
struct draft *loader_find(const struct loader *l, struct str text);
/* The rule's condition as it is now -> its program. */
int loader_compile(struct loader *l, struct draft *draft, struct fail *why) __attribute__((warn_unused_result));
/* When every document was read. -1 only without memory. */
int loader_apply_filters(struct loader *l) __attribute__((warn_unused_result));

#endif
