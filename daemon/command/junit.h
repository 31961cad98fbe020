/* A replay as JUnit XML, for the reports of a build server: a test case for
 * each expectation, and for each rule file that no expectation is about (it
 * fails by an alert that nobody expected). Anything that came from outside is
 * escaped; what XML 1.0 cannot hold is written as \uXXXX or '?'. */
#ifndef JUNIT_H
#define JUNIT_H

#include <stdio.h>

#include "command/expect.h"
#include "command/report.h"
#include "sigma/ruleset.h"

/* expect: NULL when nothing is expected; then no case fails. 0, or -1: write error or no memory. */
int junit_print(const struct expect *expect, const struct report *r, const struct ruleset *rules, FILE *out)
    __attribute__((warn_unused_result));

#endif
