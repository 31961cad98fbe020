#include "detect/policy.h"

#include <stdatomic.h>
#include <stdio.h>

#include "base/codec.h"
#include "base/mem.h"

static bool
source_is_set(const struct source_config *source)
{
	return source && (source->product || source->service || source->category);
}

static int
intern_source(struct policy *p, const struct source_config *source)
{
	if (!source_is_set(source))
		return 0;
	return schema_set_source(p->schemas, str_of(source->product), str_of(source->service),
		   str_of(source->category))
	    ? 0
	    : -1;
}

/* Listeners name sources that no schema may have: they must be routable, too. Those that are open do: what a new
 * configuration changes of them takes effect at a restart. */
static int
intern_sources(struct policy *p, const struct policy_options *options)
{
	const struct config *c = options->running ? options->running : options->config;
	int failed = intern_source(p, &c->http.source) | intern_source(p, options->replay_source);
	for (size_t i = 0; i < c->http.token_count; i++)
		failed |= intern_source(p, &c->http.tokens[i].source);
	for (size_t i = 0; i < c->syslog_count; i++)
		failed |= intern_source(p, &c->syslog[i].source);
	return failed;
}

static struct ruleset *
load_rules(struct policy *p, const struct policy_options *options, struct fail_list *problems)
{
	const struct rules_config *rules = &options->config->rules;
	struct ruleset_options how = {
	    .dirs = (const char *const *)rules->dirs.items,
	    .dir_count = rules->dirs.len,
	    .disabled = (const char *const *)rules->disabled.items,
	    .disabled_count = rules->disabled.len,
	    .lists = p->lists,
	    .windows = options->config->windows.contexts,
	    .window_count = options->config->windows.context_count,
	    .config_file = options->config->path ? options->config->path : "",
	    .max_window_span_ms = options->config->windows.max_span_ms,
	    .any_source = options->any_source,
	    .keep_text = options->keep_text,
	    .first = options->rule_file,
	    .max_regex_steps = options->config->limits.max_regex_steps,
	};
	return ruleset_load(&how, p->fields, problems);
}

static struct tuning *
load_tuning(struct policy *p, const struct policy_options *options, struct fail_list *problems)
{
	const struct rules_config *rules = &options->config->rules;
	struct tuning_options how = {
	    .dirs = (const char *const *)rules->tuning.items,
	    .dir_count = rules->tuning.len,
	    .rules = p->rules,
	    .lists = p->lists,
	    .fields = p->fields,
	    .other_rules = rules->replaced,
	};
	return tuning_load(&how, problems);
}

/* Without tuning it is that of the rules. */
static void
make_digest(struct policy *p)
{
	uint8_t digest[SHA256_SIZE];
	char hex[SHA256_SIZE * 2 + 1];
	snprintf(p->digest, sizeof(p->digest), "%s", ruleset_digest(p->rules));
	if (tuning_count(p->tuning) == 0)
		return;
	struct str pieces[] = {str_of(p->digest), tuning_digest(p->tuning)};
	codec_sha256_pieces(pieces, 2, digest);
	codec_hex(digest, SHA256_SIZE, hex);
	snprintf(p->digest, sizeof(p->digest), "sha256:%.8s", hex);
}

static bool
sees(const struct rule *rule, const struct source *source, const void *ctx)
{
	return ruleset_sees(ctx, rule, source);
}

/* Rules say which fields they want, schemas where those are: the plan is their product. */
static int
compile(struct policy *p, const struct policy_options *options, struct fail *why)
{
	unsigned count = 0;
	const struct source *const *sources = schema_set_sources(p->schemas, &count);
	if (ruleset_route(p->rules, sources, count) < 0)
		return fail_set(why, "memory", "no memory to route rules to log sources");
	struct plan_options plan = {.leaves = ruleset_wants_leaves(p->rules), .any_source = options->any_source};
	p->plan = plan_compile(p->fields, p->schemas, &plan, why);
	if (!p->plan)
		return -1;
	struct correlation_rules from = {.sources = sources, .source_count = count, .sees = sees, .ctx = p->rules};
	from.rules = ruleset_rules(p->rules, &from.count);
	p->correlations = correlation_index_new(&from);
	if (!p->correlations)
		return fail_set(why, "memory", "no memory to index correlations");
	return 0;
}

struct policy *
policy_load(const struct policy_options *options, struct fail_list *problems)
{
	const struct input_config *input = &options->config->input;
	struct fail why = {0};
	struct policy *p = mem_zero(1, sizeof *p);
	if (!p)
		goto no_memory;
	atomic_init(&p->refs, 1);
	p->fields = field_set_new();
	if (!p->fields)
		goto no_memory;
	p->schemas = schema_set_load((const char *const *)input->schemas.items, input->schemas.len, problems);
	p->outcomes = outcome_table_load(input->result_codes, problems);
	if (!p->schemas || !p->outcomes)
		goto failed;
	p->lists = list_set_load(options->config, problems);
	if (!p->lists || intern_sources(p, options) < 0)
		goto no_memory;
	p->rules = load_rules(p, options, problems);
	p->tuning = p->rules ? load_tuning(p, options, problems) : NULL;
	if (!p->tuning)
		goto no_memory;
	make_digest(p);
	if (compile(p, options, &why) == 0)
		return p;
	fail_list_add(problems, &why);
	goto failed;
no_memory:
	fail_set(&why, "memory", "no memory to load the policy");
	fail_list_add(problems, &why);
failed:
	policy_unref(p);
	return NULL;
}

struct policy *
policy_ref(struct policy *p)
{
	atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
	return p;
}

void
policy_unref(struct policy *p)
{
	if (!p || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1)
		return;
	correlation_index_free(p->correlations);
	plan_free(p->plan);
	tuning_free(p->tuning);
	ruleset_free(p->rules);
	list_set_free(p->lists);
	outcome_table_free(p->outcomes);
	schema_set_free(p->schemas);
	field_set_free(p->fields);
	mem_free(p);
}

const struct source *
policy_source(const struct policy *p, const struct source_config *source)
{
	if (!source_is_set(source))
		return NULL;
	unsigned count = 0;
	const struct source *const *sources = schema_set_sources(p->schemas, &count);
	for (unsigned i = 0; i < count; i++)
		if (str_eq(sources[i]->product, str_of(source->product)) &&
		    str_eq(sources[i]->service, str_of(source->service)) &&
		    str_eq(sources[i]->category, str_of(source->category)))
			return sources[i];
	return NULL;
}

const struct source *
policy_source_known(const struct policy *p, uint64_t identity)
{
	unsigned count = 0;
	const struct source *const *sources = schema_set_sources(p->schemas, &count);
	for (unsigned i = 0; i < count; i++)
		if (sources[i]->identity == identity)
			return sources[i];
	return NULL;
}
