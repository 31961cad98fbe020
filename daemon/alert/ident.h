/* The ids of an alert, functions of rule and event alone: SHA-256 over
 * netstrings, first 16 bytes in hex. The same event gives the same id after a
 * crash, on another node and in a replay. Pure; any thread; allocates nothing.
 * Source: delivery page section 2, vectors in section 3. */
#ifndef ALERT_IDENT_H
#define ALERT_IDENT_H

#include <stdint.h>

#include "alert/alert.h"
#include "base/str.h"
#include "detect/finding.h"

enum { IDENT_PARTS_MAX = 4 + 2 * RULE_GROUP_MAX + 2 };

/* The pieces of text that an id is made of; borrowed. */
struct ident {
	struct str parts[IDENT_PARTS_MAX];
	unsigned count;
	char folded[RULE_GROUP_MAX][128]; /* dedup values in lower case */
	char number[24];
};

enum { IDENT_KIND_PART = 4 }; /* parts[4] of an alert's id is its kind */
void ident_alert(const struct finding *f, struct ident *out);
/* By the rule's dedup fields, else its group, else the user, else the address. */
void ident_dedup(const struct finding *f, struct ident *out);
void ident_group(const struct finding *f, struct ident *out);

/* "<prefix><32 hex>" of the parts; out holds ALERT_ID_SIZE. */
void ident_text(const struct ident *ident, const char prefix[4], char *out);

#endif
