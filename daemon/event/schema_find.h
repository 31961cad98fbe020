/* What a schema and those that it extends say about a name. Pure; any thread. */
#ifndef EVENT_SCHEMA_FIND_H
#define EVENT_SCHEMA_FIND_H

#include "event/schema_doc.h"

/* In the schema itself or what it extends; NULL when neither has it. */
const struct schema_field *schema_find_field(const struct schema *s, struct str name);
const struct schema_category *schema_find_category(const struct schema *s, struct str text);
/* The field that a name means, through aliases and without what may stand before it; NULL when no schema says where it
 * stands: *name is then where to look. *words is the first field on the way that translates, or NULL. */
const struct schema_field *schema_follow(const struct schema *s, struct str *name, const struct schema_field **words);
/* The log sources of its events, by number from 0; false beyond the last. */
bool schema_source_at(const struct schema *s, unsigned i, const struct source **out);
/* Whether a record of the shape may have the field at all, as far as the schema says: one without members has any. */
bool schema_supplies(const struct schema *s, struct str name);

#endif
