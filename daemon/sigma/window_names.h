/* The named windows of a ruleset under construction: which definitions there
 * are, and which names the rule under load sees. In dependency order: the
 * condition of a window tests only windows before it. Belongs to the loader. */
#ifndef SIGMA_WINDOW_NAMES_H
#define SIGMA_WINDOW_NAMES_H

#include <stdbool.h>

#include "config/config.h"
#include "sigma/detection.h"
#include "sigma/named_window.h"
#include "sigma/rule.h"

struct window_name { /* visible to a rule */
	const char *name;
	unsigned window;
};

struct window_names {
	const struct detection_loader *loader; /* borrowed */
	int64_t max_span_ms;
	struct named_window windows[NAMED_WINDOWS_MAX];
	uint64_t needs[NAMED_WINDOWS_MAX]; /* bits of the windows that its condition tests, and of those that theirs test */
	const struct expr *conditions[NAMED_WINDOWS_MAX]; /* not compiled yet; else NULL */
	unsigned count;
	struct window_part parts[WINDOW_PARTS_MAX];
	unsigned part_count;
	/* visible names: first those of the configuration, then those of the rule under load */
	struct window_name names[2 * NAMED_WINDOWS_MAX];
	bool used[2 * NAMED_WINDOWS_MAX]; /* by the rule under load */
	unsigned config_count, name_count;
	const char *hides; /* a name of the configuration that the rule has given to a window of its own; else NULL */
	const struct yaml_node *pending; /* definitions not declared yet, chained by next: their names mean nothing so far */
};

/* Begins another rule: only the configuration's names are visible. */
void window_names_begin(struct window_names *w);
/* The list `windows` of a rule, whose conditions are over the selections of the detection map, before that is read. */
int window_names_declare(struct window_names *w, const struct yaml_node *list, const struct yaml_node *detection,
    struct fail *why) __attribute__((warn_unused_result));
/* Afterwards: compiles the conditions. */
int window_names_compile(struct window_names *w, const struct detection *detection, struct fail *why)
    __attribute__((warn_unused_result));
/* An item of windows.contexts; visible to all rules that begin later. */
int window_names_configure(struct window_names *w, const struct window_config *config, const char *file,
    struct fail *why) __attribute__((warn_unused_result));
/* window.<name>.<figure> as the rule under load means it; -1 with the place in *why. */
int window_names_slot(struct window_names *w, struct str field, const struct yaml_node *place, int *slot,
    struct fail *why) __attribute__((warn_unused_result));
/* Index in names of the visible name; -1 when there is none. */
int window_names_find(const struct window_names *w, struct str name);
/* "window.office.failures" -> "office" and "failures"; what stands behind | does not belong to it. False: no such field. */
bool window_field_split(struct str field, struct str *name, struct str *figure);
/* Tells the rule which windows it tests. */
int window_names_keep(struct window_names *w, struct rule *rule, struct fail *why) __attribute__((warn_unused_result));
/* Those that the rules in use test, with all that their conditions test; parts too. In the arena of the loader. */
struct window_set {
	struct named_window *windows;
	unsigned count;
	struct window_part *parts;
	unsigned part_count;
};
/* rules: count of them, whose windows' numbers become those of the set. */
int window_names_finish(struct window_names *w, const struct rule *const *rules, unsigned count, struct window_set *out)
    __attribute__((warn_unused_result));

#endif
