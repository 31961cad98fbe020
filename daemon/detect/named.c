#include "detect/named.h"

#include <stdio.h>
#include <string.h>

#include "base/inet.h"
#include "base/mem.h"
#include "detect/identity.h"
#include "detect/number_slot.h"
#include "sigma/fold.h"
#include "sigma/program.h"

enum { RATIO_DECIMALS = 6, RATIO_ONE = 1000000 };

_Static_assert((int)NAMED_TEXT_SIZE == (int)IDENTITY_USER_SIZE, "identity_user writes into a part's buffer");

struct part { /* a key field of the event under way */
	bool wanted, present;
	uint64_t hash;
	struct str text;            /* TEXT and USER: into buffer */
	struct inet network;        /* ADDRESS */
	char buffer[NAMED_TEXT_SIZE];
};

struct view { /* a window as the event under way sees it */
	const struct named_window *window;
	bool by_user, by_address, by_asn; /* the key fixes it: there is one, and no need to count */
	unsigned tested[WINDOW_FIGURES], tested_count; /* figures that have a slot */
	bool present;
	uint64_t key;
	struct window_figures at;
	char text[WINDOW_FIGURES][NUMBER_SLOT_SIZE];
};

struct named {
	/* set at birth */
	const struct window_part *kinds; /* part_count of them */
	struct part *parts;
	struct view *views;
	unsigned part_count, view_count;
	bool conditions; /* some window has one */
	/* of the event under way */
	int64_t at_ms;
};

static void
view_init(struct named *n, struct view *v, const struct named_window *window)
{
	v->window = window;
	for (unsigned i = 0; i < window->key_count; i++) {
		const struct window_part *kind = &n->kinds[window->keys[i]];
		n->parts[window->keys[i]].wanted = true;
		v->by_user |= kind->kind == WINDOW_PART_USER;
		v->by_address |= kind->kind == WINDOW_PART_ADDRESS && kind->prefix == 32;
		v->by_asn |= kind->slot == FIELD_ASN;
	}
	for (unsigned i = 0; i < WINDOW_FIGURES; i++)
		if (window->slots[i] >= 0)
			v->tested[v->tested_count++] = i;
	n->conditions |= window->where != PROGRAM_ACCEPT;
}

struct named *
named_new(const struct ruleset *rules)
{
	struct named *n = mem_zero(1, sizeof(*n));
	if (!n)
		return NULL;
	const struct named_window *windows = ruleset_windows(rules, &n->view_count);
	n->kinds = ruleset_window_parts(rules, &n->part_count);
	n->parts = mem_zero(n->part_count + 1, sizeof(*n->parts));
	n->views = mem_zero(n->view_count + 1, sizeof(*n->views));
	if (!n->parts || !n->views) {
		named_free(n);
		return NULL;
	}
	for (unsigned i = 0; i < n->view_count; i++)
		view_init(n, &n->views[i], &windows[i]);
	return n;
}

void
named_free(struct named *n)
{
	if (!n)
		return;
	mem_free(n->parts);
	mem_free(n->views);
	mem_free(n);
}

/* ---- keys ---- */

static bool
read_address(const struct window_part *kind, struct part *p, struct str text)
{
	static const uint8_t zero[16];
	struct inet address;
	if (!inet_parse(str_trim(text), &address) || memcmp(address.bytes, zero, address.family == 4 ? 4 : 16) == 0)
		return false;
	p->network = inet_mask(address, address.family == 4 ? kind->prefix : 2 * kind->prefix);
	return true;
}

static struct str
hashed(const struct window_part *kind, struct part *p)
{
	return kind->kind == WINDOW_PART_ADDRESS ? str_make((const char *)&p->network, sizeof(p->network)) : p->text;
}

static void
read_part(const struct window_part *kind, struct part *p, const struct event *e, const struct window_table *t)
{
	switch (kind->kind) {
	case WINDOW_PART_USER:
		p->text = identity_user(e, p->buffer);
		p->present = p->text.len > 0;
		break;
	case WINDOW_PART_ADDRESS:
		p->present = read_address(kind, p, event_text(e, kind->slot));
		break;
	case WINDOW_PART_TEXT:
		p->text = str_make(p->buffer, fold_text(str_trim(event_text(e, kind->slot)), p->buffer, sizeof(p->buffer)));
		p->present = p->text.len > 0;
		break;
	}
	if (!p->present)
		return;
	struct str bytes = hashed(kind, p);
	p->hash = window_table_key(t, (uint64_t)kind->kind, &bytes, 1);
}

/* Each text is hashed once, however many windows have it in their key. */
static void
make_keys(struct named *n, const struct event *e, const struct window_table *t)
{
	uint64_t tenant = window_table_key(t, WINDOW_PART_TEXT, &e->tenant, 1);
	for (unsigned i = 0; i < n->part_count; i++)
		if (n->parts[i].wanted)
			read_part(&n->kinds[i], &n->parts[i], e, t);
	for (unsigned i = 0; i < n->view_count; i++) {
		struct view *v = &n->views[i];
		const struct named_window *w = v->window;
		uint64_t words[2 + WINDOW_KEYS_MAX] = {w->definition, tenant};
		v->present = true;
		for (unsigned k = 0; k < w->key_count; k++) {
			v->present = v->present && n->parts[w->keys[k]].present;
			words[2 + k] = n->parts[w->keys[k]].hash;
		}
		v->key = window_table_mix(t, words, 2 + w->key_count);
		if (v->present)
			window_table_prefetch(t, v->key);
	}
}

/* ---- figures ---- */

static void
count_users(const struct view *v, const struct window_figures *f, uint64_t counts[WINDOW_FIGURES])
{
	bool failed = f->classes[WINDOW_FAILURE] > 0, succeeded = f->classes[WINDOW_SUCCESS] > 0;
	counts[FIGURE_DISTINCT_USERS] = v->by_user ? f->attempts > 0 : f->distinct;
	counts[FIGURE_FAILED_USERS] = v->by_user ? failed : f->failed;
	counts[FIGURE_SUCCESSFUL_USERS] = v->by_user ? succeeded : f->successful;
	counts[FIGURE_STRANGERS] = v->by_user ? failed && !succeeded : f->strangers;
	uint64_t successful = counts[FIGURE_SUCCESSFUL_USERS];
	counts[FIGURE_STRANGER_RATIO] = counts[FIGURE_STRANGERS] * RATIO_ONE / (successful > 0 ? successful : 1);
}

static void
count(const struct view *v, const struct window_figures *f, int64_t at_ms, uint64_t counts[WINDOW_FIGURES])
{
	counts[FIGURE_ATTEMPTS] = f->attempts;
	counts[FIGURE_FAILURES] = f->classes[WINDOW_FAILURE];
	counts[FIGURE_INTERRUPTED] = f->classes[WINDOW_INTERRUPTED];
	counts[FIGURE_SUCCESSES] = f->classes[WINDOW_SUCCESS];
	count_users(v, f, counts);
	/* addresses are the values of a window by user, third ones where users are the values */
	counts[FIGURE_DISTINCT_IPS] = v->by_address ? f->attempts > 0 : v->by_user ? f->distinct : f->distinct3;
	counts[FIGURE_FAILED_IPS] = v->by_address ? f->classes[WINDOW_FAILURE] > 0 : v->by_user ? f->failed : f->failed3;
	counts[FIGURE_DISTINCT_ASNS] = v->by_asn ? f->attempts > 0 : f->distinct2;
	counts[FIGURE_AGE] = f->attempts > 0 && f->first_ms < at_ms ? (uint64_t)(at_ms - f->first_ms) : 0;
}

static void
write_slots(struct view *v, struct event *e, const struct window_figures *f)
{
	uint64_t counts[WINDOW_FIGURES];
	count(v, f, e->window_ms, counts);
	for (unsigned k = 0; k < v->tested_count; k++) {
		unsigned i = v->tested[k];
		number_slot_write(e, v->window->slots[i], v->text[i], counts[i],
		    i == FIGURE_STRANGER_RATIO ? RATIO_DECIMALS : 0);
	}
}

static void
clear_slots(const struct named *n, struct event *e)
{
	for (unsigned i = 0; i < n->view_count; i++)
		for (unsigned k = 0; k < n->views[i].tested_count; k++) {
			unsigned slot = (unsigned)n->views[i].window->slots[n->views[i].tested[k]];
			if (slot < e->slot_count)
				e->slots[slot] = (struct value){.type = VALUE_MISSING};
		}
}

/* ---- observing ---- */

static void
observe(struct view *v, struct window_table *t, struct event *e, const struct context *context, bool counts)
{
	struct window_answer answer;
	struct window_update update = {
		.ts_ms = e->window_ms,
		.value = !v->by_user ? context->user_value : !v->by_address ? context->ip_value : 0,
		.value2 = v->by_asn ? 0 : context->asn_value,
		.value3 = context->ip_value,
		.code = WINDOW_CODE_NONE,
		.class = (enum window_class)context->outcome,
		.triple = !v->by_user && !v->by_address,
	};
	window_table_observe(t, v->key, v->window->span_ms, counts ? &update : NULL, e->window_ms, &answer);
	v->at = answer.at;
	write_slots(v, e, &answer.best);
}

void
named_observe(struct named *n, struct contexts *contexts, struct matcher *m, struct event *e, struct context *context)
{
	struct window_table *t = contexts_windows(contexts);
	context->named = n;
	n->at_ms = e->window_ms;
	clear_slots(n, e);
	for (unsigned i = 0; i < n->view_count; i++)
		n->views[i].present = false;
	if (n->view_count == 0 || !e->is_sign_in)
		return;
	make_keys(n, e, t);
	if (n->conditions && context->counted)
		matcher_begin(m, e);
	/* in dependency order: a condition finds the figures of the windows before it in their slots */
	for (unsigned i = 0; i < n->view_count; i++) {
		struct view *v = &n->views[i];
		bool counts = context->counted && (v->window->where == PROGRAM_ACCEPT || matcher_where(m, v->window));
		if (v->present)
			observe(v, t, e, context, counts);
	}
}

/* ---- telling ---- */

bool
named_read(const struct named *n, unsigned window, struct named_figures *out)
{
	const struct view *v = &n->views[window];
	if (!v->present)
		return false;
	*out = (struct named_figures){.span_ms = v->window->span_ms, .first_ms = v->at.first_ms, .last_ms = v->at.last_ms,
	    .exact = v->at.exact, .partial = v->at.partial};
	count(v, &v->at, n->at_ms, out->counts);
	return true;
}

unsigned
named_key_count(const struct named *n, unsigned window)
{
	return n->views[window].window->key_count;
}

const char *
named_key(const struct named *n, unsigned window, unsigned key, char text[NAMED_TEXT_SIZE])
{
	unsigned i = n->views[window].window->keys[key];
	const struct window_part *kind = &n->kinds[i];
	const struct part *p = &n->parts[i];
	if (kind->kind == WINDOW_PART_ADDRESS) {
		inet_text(&p->network, text);
		size_t len = strlen(text);
		unsigned bits = p->network.family == 4 ? kind->prefix : 2 * kind->prefix;
		if (p->network.family == 6 || bits < 32)
			(void)snprintf(text + len, NAMED_TEXT_SIZE - len, "/%u", bits);
	} else {
		identity_cut(p->text, text, NAMED_TEXT_SIZE);
	}
	return kind->name;
}
