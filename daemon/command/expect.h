/* --expect: a YAML file that says which alerts a replay must give.
 *   RULE: {exactly: N | at_least: N | at_most: N, file: GLOB, score: N, users: [..]}
 *   RULE: [several of these]
 *   unexpected: fail | warn | ignore      (alerts of rules that are not named; default fail) */
#ifndef EXPECT_H
#define EXPECT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/fail.h"
#include "command/report.h"
#include "sigma/ruleset.h"

struct expect;

enum expect_unexpected { UNEXPECTED_FAIL, UNEXPECTED_WARN, UNEXPECTED_IGNORE };
enum { EXPECT_TEXT_SIZE = 512 };

/* What became of one {exactly: N, ...}. */
struct expect_verdict {
	const char *rule;
	const char *file; /* the expect file */
	unsigned line;
	char wanted[EXPECT_TEXT_SIZE]; /* "exactly 1, score 2"; cut to size */
	size_t seen;                   /* alerts that it is about */
	bool met;
};

struct expect *expect_load(const char *path, struct fail *why);
void expect_free(struct expect *e);
/* Every expectation in the order of the file. */
void expect_each(const struct expect *e, const struct report *r, void (*on_verdict)(const struct expect_verdict *v, void *ctx),
    void *ctx);
bool expect_names(const struct expect *e, const char *rule);
enum expect_unexpected expect_unexpected(const struct expect *e);
/* Prints one line per expectation that is not met and per unexpected alert; true when all is as expected. A name
 * that no rule has is told, too. */
bool expect_check(const struct expect *e, const struct report *r, const struct ruleset *rules, FILE *out);

#endif
