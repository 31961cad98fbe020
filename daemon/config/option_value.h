/* Reads, prints and frees the value of one row of the option table in the
 * struct it belongs to (base). Lists of structs are config.c's business.
 * One thread. */
#ifndef CONFIG_OPTION_VALUE_H
#define CONFIG_OPTION_VALUE_H

#include "base/buf.h"
#include "base/fail.h"
#include "config/config.h"
#include "config/option.h"
#include "config/yaml.h"

/* Replaces the value; on failure it is as it was, and *why has place and reason. */
int option_parse(const struct option *o, const struct yaml_node *n, void *base, struct fail *why)
    __attribute__((warn_unused_result));
/* The value as YAML on one line. */
int option_print(const struct option *o, const void *base, struct buf *out) __attribute__((warn_unused_result));
void option_fini(const struct option *o, void *base);

/* For both halves of this header (option_value.c and option_list.c). */

/* Text without control characters of at most max bytes; *out is NULL for null and for "". */
int option_text(const struct option *o, const struct yaml_node *n, size_t max, char **out, struct fail *why)
    __attribute__((warn_unused_result));
/* In double quotes, all but printable ASCII escaped; null for NULL. */
int option_quote(const char *text, struct buf *out) __attribute__((warn_unused_result));
/* "<cred:NAME>" in double quotes; null for a secret that is not set. */
int option_quote_secret(const struct secret *s, struct buf *out) __attribute__((warn_unused_result));
int option_parse_list(const struct option *o, const struct yaml_node *n, void *base, struct fail *why)
    __attribute__((warn_unused_result));
int option_print_list(const struct option *o, const void *base, struct buf *out) __attribute__((warn_unused_result));
void option_fini_list(const struct option *o, void *base);

#endif
