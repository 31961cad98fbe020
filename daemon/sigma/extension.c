#include "sigma/extension.h"

#include "sigma/keep.h"
#include "sigma/read.h"
#include "sigma/window_names.h"

enum { COLUMNS_MAX = 100 };

struct extension_reader {
	const struct detection_loader *loader;
	const struct detection *detection;
	struct rule *rule;
	struct score *score;
	struct fail *why;
};

static int
parse_threat_score(struct extension_reader *r, const struct yaml_node *node)
{
	if (!r->detection)
		return yaml_fail(r->why, node, "threat-score", "a correlation has no selections to score");
	if (score_parse(r->loader, r->detection, node, r->score, r->why))
		return -1;
	r->rule->terms = r->score->terms;
	r->rule->term_count = r->score->count;
	return 0;
}

static int
parse_confidence(struct extension_reader *r, const struct yaml_node *node)
{
	if (read_text(r->loader->arena, node, 64, &r->rule->confidence, r->why))
		return -1;
	if (!str_eq(node->text, STR("low")) && !str_eq(node->text, STR("medium")) && !str_eq(node->text, STR("high")))
		return yaml_fail(r->why, node, "confidence", "'confidence' is low, medium or high");
	return 0;
}

static int
parse_joins(struct extension_reader *r, const struct yaml_node *node)
{
	unsigned count = 0;
	if (!node)
		return 0;
	if (read_fields(r->loader, node, &r->rule->dedup_joins, &count, r->why))
		return -1;
	if (count != 1 || r->rule->dedup_joins->prefix % 32 != 0)
		return yaml_fail(r->why, node, "dedup", "'joins' is one field, which names an event by its id");
	return 0;
}

static int
parse_dedup(struct extension_reader *r, const struct yaml_node *node)
{
	static const char *const keys[] = {"by", "joins", "rule", NULL};
	if (read_keys(node, keys, "dedup", r->why) || parse_joins(r, yaml_get(node, "joins")))
		return -1;
	const struct yaml_node *rule = yaml_get(node, "rule");
	if (rule && !yaml_get(node, "by"))
		return yaml_fail(r->why, rule, "dedup", "'rule' needs 'by': the fields by which that rule's alerts are put together");
	if (rule && read_text(r->loader->arena, rule, 64, &r->rule->dedup_rule, r->why))
		return -1;
	const struct yaml_node *by = yaml_get(node, "by");
	if (read_fields(r->loader, by, &r->rule->dedup_by, &r->rule->dedup_count, r->why))
		return -1;
	for (unsigned i = 0; i < r->rule->dedup_count; i++)
		if (r->rule->dedup_by[i].prefix % 32 != 0)
			return yaml_fail(r->why, by, "dedup", "alerts are put together by networks when 'burst' or 'group-by' has them and "
			    "'dedup' has no 'by'");
	return 0;
}

static int
set_column(struct extension_reader *r, const struct yaml_node *name, const struct yaml_node *field,
    struct rule_column *column)
{
	if (read_text(r->loader->arena, name, 64, &column->name, r->why) ||
	    read_text(r->loader->arena, field, 256, &column->field, r->why))
		return -1;
	column->kind = COLUMN_FIELD;
	if (str_eq(field->text, STR("_messageTime")))
		column->kind = COLUMN_MESSAGE_TIME;
	else if (str_eq(field->text, STR("threat_score")))
		column->kind = COLUMN_THREAT_SCORE;
	column->slot = -1;
	if (column->kind != COLUMN_FIELD)
		return 0;
	return field_scope_slot(r->loader->fields, field->text, field, &column->slot, r->why);
}

static int
set_columns(struct extension_reader *r, const struct yaml_node *node)
{
	unsigned i = 0;
	if (node->len > COLUMNS_MAX)
		return yaml_fail(r->why, node, "columns", "more than %d columns", COLUMNS_MAX);
	struct rule_column *columns = keep_zero(r->loader->arena, node->len, sizeof(*columns));
	if (!columns)
		return fail_set(r->why, "memory", "out of memory");
	for (const struct yaml_node *n = node->first; n; n = n->next) {
		if (set_column(r, n->key ? n->key : n, n, &columns[i++]))
			return -1;
	}
	r->rule->columns = columns;
	r->rule->column_count = i;
	return 0;
}

static int
parse_columns(struct extension_reader *r, const struct yaml_node *node)
{
	if (node->kind != YAML_MAP)
		return yaml_fail(r->why, node, "columns", "'columns' is a map of column names to fields");
	return set_columns(r, node);
}

static int
parse_version(struct extension_reader *r, const struct yaml_node *node)
{
	int64_t version;
	if (!yaml_as_int(node, &version) || version < 1 || version > INT32_MAX)
		return yaml_fail(r->why, node, "version", "'version' is a whole number from 1");
	r->rule->version = (int)version;
	return 0;
}

static int
parse_runbook_url(struct extension_reader *r, const struct yaml_node *node)
{
	if (read_text(r->loader->arena, node, 2048, &r->rule->runbook_url, r->why))
		return -1;
	if (!str_starts(node->text, STR("https://")) && !str_starts(node->text, STR("http://")))
		return yaml_fail(r->why, node, "runbook-url", "'runbook_url' begins with https:// or http://");
	return 0;
}

static int
parse_burst(struct extension_reader *r, const struct yaml_node *node)
{
	static const char *const keys[] = {"by", "span", NULL};
	struct rule_burst *burst = &r->rule->burst;
	if (!r->detection)
		return yaml_fail(r->why, node, "burst", "a correlation fires once per burst by itself");
	if (read_keys(node, keys, "burst", r->why))
		return -1;
	const struct yaml_node *by = yaml_get(node, "by"), *span = yaml_get(node, "span");
	if (!by || !span)
		return yaml_fail(r->why, node, "burst", "'burst' needs 'by' and 'span'");
	if (read_fields(r->loader, by, &burst->by, &burst->by_count, r->why))
		return -1;
	if (burst->by_count == 0)
		return yaml_fail(r->why, by, "burst", "'by' names no field");
	return read_span(span, &burst->span_ms, r->why);
}

static int
parse_alert_on_unknown(struct extension_reader *r, const struct yaml_node *node)
{
	if (r->detection)
		return yaml_fail(r->why, node, "alert-on-unknown", "'alert_on_unknown' belongs to correlations");
	if (!yaml_as_bool(node, &r->rule->alert_on_unknown))
		return yaml_fail(r->why, node, "alert-on-unknown", "'alert_on_unknown' is true or false");
	return 0;
}

/* They are declared already: the detection that was read since has their names. */
static int
parse_windows(struct extension_reader *r, const struct yaml_node *node)
{
	if (!r->detection)
		return yaml_fail(r->why, node, "window", "'windows' belongs to rules with selections");
	return window_names_compile(r->loader->fields->windows, r->detection, r->why);
}

int
extension_parse(const struct detection_loader *loader, const struct detection *detection,
    const struct yaml_node *map, struct rule *rule, struct score *score, struct fail *why)
{
	static const struct {
		const char *key;
		int (*parse)(struct extension_reader *r, const struct yaml_node *node);
	} table[] = {
#define X(key) {#key, parse_##key},
#include "sigma/extension.def"
#undef X
	};
	static const char *const keys[] = {
#define X(key) #key,
#include "sigma/extension.def"
#undef X
	    NULL};
	struct extension_reader r = {loader, detection, rule, score, why};
	if (read_keys(map, keys, "picketd", why))
		return -1;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct yaml_node *node = yaml_get(map, table[i].key);
		if (node && table[i].parse(&r, node))
			return -1;
	}
	return 0;
}

int
extension_fields(const struct detection_loader *loader, const struct yaml_node *list, struct rule *rule,
    struct fail *why)
{
	struct extension_reader r = {loader, NULL, rule, NULL, why};
	if (list->kind != YAML_LIST)
		return yaml_fail(why, list, "fields", "'fields' is a list of field names");
	return set_columns(&r, list);
}
