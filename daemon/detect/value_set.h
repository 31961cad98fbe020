/* A set of texts (users, applications, tenants) or of networks, as a tuning
 * entry or a named list gives them. Texts compare without case and may hold *
 * and ?, as values of rules do. Built by one thread, then immutable; a look-up
 * allocates nothing and costs one probe, and one a wildcard or prefix length. */
#ifndef DETECT_VALUE_SET_H
#define DETECT_VALUE_SET_H

#include <stdbool.h>

#include "base/fail.h"
#include "base/str.h"

enum value_set_kind { VALUE_SET_TEXTS, VALUE_SET_NETWORKS };

struct value_set;

struct value_set *value_set_new(enum value_set_kind kind); /* NULL without memory */
void value_set_free(struct value_set *set);                /* NULL is fine */
/* Blanks around the text do not count. -1: it is no address and no network, too long, or memory is out. */
int value_set_add(struct value_set *set, struct str text, struct fail *why) __attribute__((warn_unused_result));
/* False for an empty text. */
bool value_set_has(const struct value_set *set, struct str text);

#endif
