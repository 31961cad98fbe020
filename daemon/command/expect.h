/* --expect: a YAML file that says which alerts a replay must give.
 *   RULE: {exactly: N | at_least: N | at_most: N, file: GLOB, score: N, users: [..]}
 *   RULE: [several of these]
 *   unexpected: fail | warn | ignore      (rules that are not named; default fail) */
#ifndef EXPECT_H
#define EXPECT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/fail.h"
#include "command/report.h"

struct expect;

struct expect *expect_load(const char *path, struct fail *why);
void expect_free(struct expect *e);
/* Prints one line per expectation that is not met; true when all are. */
bool expect_check(const struct expect *e, const struct report *r, FILE *out);

#endif
