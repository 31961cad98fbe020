#include "detect/advice.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/mem.h"

enum { TENANTS_MAX = 256, TENANT_TEXT_MAX = 64, HIDDEN_ENOUGH = 20 };

struct tenant {
	char name[TENANT_TEXT_MAX];
	size_t len;
	unsigned hidden; /* sign-ins with hidden risk so far */
	bool told;       /* warned, or seen with a risk that is not hidden */
};

struct advisor {
	atomic_bool shape_told;
	pthread_mutex_t mu;
	/* guarded by mu */
	struct tenant tenants[TENANTS_MAX];
	unsigned count;
};

struct advisor *
advisor_new(void)
{
	struct advisor *a = mem_zero(1, sizeof *a);
	if (!a)
		return NULL;
	pthread_mutex_init(&a->mu, NULL);
	return a;
}

void
advisor_free(struct advisor *a)
{
	if (a)
		pthread_mutex_destroy(&a->mu);
	mem_free(a);
}

static struct tenant *
tenant_of(struct advisor *a, struct str name)
{
	for (unsigned i = 0; i < a->count; i++)
		if (str_eq(str_make(a->tenants[i].name, a->tenants[i].len), name))
			return &a->tenants[i];
	if (a->count == TENANTS_MAX || name.len > TENANT_TEXT_MAX)
		return NULL;
	struct tenant *t = &a->tenants[a->count++];
	if (name.len)
		memcpy(t->name, name.p, name.len);
	t->len = name.len;
	return t;
}

static enum advice
see_risk(struct advisor *a, const struct event *e)
{
	struct str level = event_text(e, FIELD_RISK_LEVEL);
	if (!level.len)
		return ADVICE_NONE;
	bool hidden = str_eq_nocase(level, STR("hidden"));
	enum advice advice = ADVICE_NONE;
	pthread_mutex_lock(&a->mu);
	struct tenant *t = tenant_of(a, e->tenant);
	if (t && !t->told) {
		t->told = !hidden || ++t->hidden == HIDDEN_ENOUGH;
		if (hidden && t->told)
			advice = ADVICE_RISK_HIDDEN;
	}
	pthread_mutex_unlock(&a->mu);
	return advice;
}

enum advice
advisor_see(struct advisor *a, const struct event *e)
{
	if (!e->source)
		return atomic_exchange_explicit(&a->shape_told, true, memory_order_relaxed) ? ADVICE_NONE
											   : ADVICE_UNKNOWN_SHAPE;
	return e->is_sign_in ? see_risk(a, e) : ADVICE_NONE;
}
