#include "reload.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "command/commands.h"
#include "sigma/ruleset.h"

static void
log_problems(const struct fail_list *problems)
{
	for (size_t i = 0; i < problems->len; i++)
		log_err("broken file", LOG_WHY(&problems->items[i]), LOG_END);
}

static void
tell(const struct policy *p, bool ok)
{
	metrics_set(metrics_get(METRIC_RELOAD_OK, NULL, NULL), ok ? 1 : 0);
	if (!p)
		return;
	unsigned count;
	ruleset_rules(p->rules, &count);
	metrics_set(metrics_get(METRIC_RELOAD_TIME, NULL, NULL), (double)clock_wall_ms() / 1000.0);
	metrics_set(metrics_get(METRIC_RULES, "loaded", NULL), count);
	metrics_set(metrics_get(METRIC_RULES, "disabled", NULL), ruleset_disabled(p->rules));
	metrics_set(metrics_get(METRIC_RULES, "error", NULL), ruleset_broken(p->rules));
	metrics_set(metrics_get(METRIC_RULESET_INFO, p->digest, NULL), 1);
	log_notice("rules loaded", LOG_INT("rules", count), LOG_INT("broken", ruleset_broken(p->rules)),
	    LOG_INT("tuning", tuning_count(p->tuning)),
	    LOG_TEXT("ruleset", p->digest), LOG_END);
}

struct policy *
reload_first(const struct config *config)
{
	struct policy_options how = {.config = config};
	struct fail_list problems;
	fail_list_init(&problems);
	struct policy *p = policy_load(&how, &problems);
	log_problems(&problems);
	tell(p, p && !problems.len);
	fail_list_fini(&problems);
	return p;
}

static void
tell_restart(const struct config *running, const struct config *fresh)
{
	enum { NAMES_MAX = 32 };
	const char *names[NAMES_MAX];
	size_t count = config_restart_needed(running, fresh, names, NAMES_MAX);
	for (size_t i = 0; i < count && i < NAMES_MAX; i++)
		log_warn("a changed option takes effect at the next restart", LOG_TEXT("option", names[i]), LOG_END);
}

struct policy *
reload_again(const struct config *running, const struct options *options)
{
	struct policy *p = NULL;
	struct fail_list problems;
	fail_list_init(&problems);
	struct config *fresh = command_load_config(options, &problems);
	if (fresh) {
		struct policy_options how = {.config = fresh, .running = running};
		p = policy_load(&how, &problems);
	}
	if (problems.len) {
		log_problems(&problems);
		log_err("reload refused; the running rules stay", LOG_INT("problems", (int64_t)problems.len), LOG_END);
		policy_unref(p);
		p = NULL;
	}
	if (p) {
		log_setup(fresh->log.level, fresh->log.format, fresh->log.rate);
		tell_restart(running, fresh);
	}
	tell(p, p != NULL);
	fail_list_fini(&problems);
	config_free(fresh);
	return p;
}
