/* Pieces that several kinds of documents have: checked against bounds and
 * copied to the ruleset's arena. Each returns -1 with the place in *why. */
#ifndef SIGMA_READ_H
#define SIGMA_READ_H

#include <stdint.h>

#include "base/fail.h"
#include "config/yaml.h"
#include "sigma/detection.h"
#include "sigma/rule.h"

enum { SPAN_MAX_DAYS = 90, TEXTS_MAX = 500 };

/* A scalar of 1 to max bytes. */
int read_text(struct arena *arena, const struct yaml_node *node, size_t max, const char **out, struct fail *why)
    __attribute__((warn_unused_result));
/* A list of scalars, or one; node NULL gives an empty list. NULL-terminated. */
int read_texts(struct arena *arena, const struct yaml_node *node, const char *const **out, struct fail *why)
    __attribute__((warn_unused_result));
/* "ipAddress/24": the field ipAddress and 24, the length of an IPv4 network (8 to 32); the IPv6 network is twice as long.
 * Any other name: the name and 32. */
int read_network(const struct yaml_node *node, struct str *field, unsigned *prefix, struct fail *why)
    __attribute__((warn_unused_result));
/* A field name or a list of at most RULE_GROUP_MAX, interned; node NULL gives none. */
int read_fields(const struct detection_loader *loader, const struct yaml_node *node, const struct rule_field **out,
    unsigned *count, struct fail *why) __attribute__((warn_unused_result));
/* A number and one of s m h d. */
int read_span(const struct yaml_node *node, int64_t *out_ms, struct fail *why) __attribute__((warn_unused_result));
/* Every key of the map is one of the words; else "did you mean". */
int read_keys(const struct yaml_node *map, const char *const *words, const char *where, struct fail *why)
    __attribute__((warn_unused_result));
/* Depends on every key and value below node, and on before. */
uint64_t read_hash(const struct yaml_node *node, uint64_t before);

#endif
