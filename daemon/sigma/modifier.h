/* The left side of a detection item, `field|modifier|modifier`, read and
 * checked: which comparison it asks for. A plain value; its text points into
 * the document. Source: Sigma 2.1.0, appendix "Modifiers". */
#ifndef SIGMA_MODIFIER_H
#define SIGMA_MODIFIER_H

#include <stdbool.h>

#include "base/fail.h"
#include "base/str.h"
#include "base/timestamp.h"
#include "config/yaml.h"
#include "sigma/glyphs.h"
#include "sigma/pattern.h"
#include "sigma/regex.h"

enum comparison {
	COMPARE_TEXT,
	COMPARE_REGEX,
	COMPARE_CIDR,
	COMPARE_EXISTS,
	COMPARE_FIELDREF,
	COMPARE_ORDER,
	COMPARE_DATE,
};
enum base64 { BASE64_NONE, BASE64_WHOLE, BASE64_OFFSET };
enum comparison_order { ORDER_GT, ORDER_GTE, ORDER_LT, ORDER_LTE };

struct modifiers {
	struct str field; /* empty: keywords */
	enum comparison comparison;
	enum comparison_order order; /* COMPARE_ORDER only */
	enum pattern_wrap wrap;
	unsigned regex_flags; /* enum regex_flag, or'ed */
	enum timestamp_part part; /* COMPARE_DATE only */
	bool all, cased, negate;
	bool expand, windash; /* these and the next two: changes of the value's text, in this order */
	enum utf16 utf16;
	enum base64 base64;
};

enum modifier_kind { MODIFIER_WRAP, MODIFIER_FLAG, MODIFIER_REGEX_FLAG, MODIFIER_MAIN, MODIFIER_CHANGE };
struct modifier {
	const char *name, *help;
	enum modifier_kind kind;
};
/* The table of modifier.def. */
const struct modifier *modifier_table(unsigned *count);

/* key is the item's key in the document; *why gets the place of the modifier that is wrong. */
int modifiers_parse(const struct yaml_node *key, struct modifiers *out, struct fail *why)
    __attribute__((warn_unused_result));
/* One value may become several, any of which is enough. */
bool modifiers_multiply(const struct modifiers *m);

#endif
