/* A report for people: each alert with the selections that held, and on which
 * values. Highest score first, then newest, then by id, so that equal replays
 * give equal text. No line is wider than REPORT_TABLE_WIDTH. */
#ifndef REPORT_TABLE_H
#define REPORT_TABLE_H

#include <stdio.h>

#include "command/report.h"

enum { REPORT_TABLE_WIDTH = 100 }; /* characters */

/* 0, or -1: write error or no memory. */
int report_table(const struct report *r, FILE *out) __attribute__((warn_unused_result));

#endif
