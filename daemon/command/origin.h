/* --logsource: of which log source the events are that an offline command
 * reads. A plain value; its texts point into itself, so it must not move. */
#ifndef ORIGIN_H
#define ORIGIN_H

#include <stdbool.h>
#include <stdio.h>

#include "config/config.h"

enum { ORIGIN_TEXT_SIZE = 256 };

struct origin {
	bool any; /* events as they are, every rule may see them */
	struct source_config source; /* of events whose shape does not tell */
	char text[ORIGIN_TEXT_SIZE];
};

/* text: NULL, "any", or "product=P,service=S,category=C". 0, or EX_USAGE after a message on err. */
int origin_parse(struct origin *out, const char *text, FILE *err);

#endif
