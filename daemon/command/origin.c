#include "command/origin.h"

#include <string.h>
#include <sysexits.h>

/* Cuts out->text in place. */
static int
split(struct origin *out)
{
	for (char *part = out->text, *end; part; part = end) {
		end = strchr(part, ',');
		if (end)
			*end++ = '\0';
		if (strncmp(part, "product=", 8) == 0)
			out->source.product = part + 8;
		else if (strncmp(part, "service=", 8) == 0)
			out->source.service = part + 8;
		else if (strncmp(part, "category=", 9) == 0)
			out->source.category = part + 9;
		else
			return -1;
	}
	return 0;
}

int
origin_parse(struct origin *out, const char *text, FILE *err)
{
	*out = (struct origin){.any = text && strcmp(text, "any") == 0};
	if (!text || out->any)
		return 0;
	int len = snprintf(out->text, sizeof out->text, "%s", text);
	if (len >= 0 && len < (int)sizeof out->text && split(out) == 0)
		return 0;
	fprintf(err, "picketd: --logsource takes any, or product=P,service=S,category=C: %s\n", text);
	return EX_USAGE;
}
