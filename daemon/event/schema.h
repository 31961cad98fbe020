/* Schemas: per shape of a source, which paths hold each canonical field; from
 * conf/schemas/NAME.yaml. Loaded once, then immutable and shared; belongs to
 * the policy. Also interns log sources. */
#ifndef EVENT_SCHEMA_H
#define EVENT_SCHEMA_H

#include <stddef.h>

#include "base/fail.h"
#include "base/str.h"
#include "event/event.h"

struct schema;
struct schema_set;

/* Every *.yaml of the directories in name order; of two schemas of one name the
 * earlier directory's wins (the site's comes first). NULL, with every problem in
 * *problems, when any file is broken. */
struct schema_set *schema_set_load(const char *const *dirs, size_t dir_count, struct fail_list *problems);
void schema_set_free(struct schema_set *set);
/* The interned source (during load only); empty attributes are absent. NULL without memory. */
const struct source *schema_set_source(struct schema_set *set, struct str product, struct str service,
    struct str category);
/* Other services under which rules know the log of the source (during load only); services must live as long as the set. */
void schema_set_also(struct schema_set *set, const struct source *source, const struct str *services, unsigned count);
/* All interned sources, by index. */
const struct source *const *schema_set_sources(const struct schema_set *set, unsigned *count);

#endif
