#include "store/group.h"

#include "base/fault.h"
#include "base/mem.h"

enum { EXPIRE_MAX = 256 };

void
group_init(struct group *g)
{
	*g = (struct group){0};
	g->batches_end = &g->batches;
	g->settled_end = &g->settled;
	g->claims_end = &g->claims;
}

static void
drop_added(struct group *g)
{
	for (size_t i = 0; i < g->added_len; i++)
		alert_unref(g->added[i]);
	g->added_len = 0;
}

void
group_fini(struct group *g)
{
	drop_added(g);
	mem_free(g->added);
	group_drop_settled(g);
}

void
group_drop_settled(struct group *g)
{
	while (g->settled) {
		struct delivery *next = g->settled->next;
		delivery_free(g->settled);
		g->settled = next;
	}
	g->settled_end = &g->settled;
	g->settled_len = 0;
}

void
group_add_batch(struct group *g, struct batch *b)
{
	b->next = NULL;
	*g->batches_end = b;
	g->batches_end = &b->next;
	g->alerts += b->alert_count;
	g->writes = true;
}

void
group_add_settled(struct group *g, struct delivery *d)
{
	if (d->verdict != DELIVERY_DEAD) { /* only a dead letter needs the document */
		mem_free(d->data);
		d->data = NULL;
	}
	d->next = NULL;
	*g->settled_end = d;
	g->settled_end = &d->next;
	g->settled_len++;
	g->writes = true;
}

static bool
is_settled(const struct group *g, const struct delivery *row)
{
	for (const struct delivery *d = g->settled; d; d = d->next) {
		if (d->target == row->target && d->seq == row->seq)
			return true;
	}
	return false;
}

unsigned
group_hide_settled(const struct group *g, struct delivery **rows)
{
	unsigned hidden = 0;
	while (*rows) {
		struct delivery *d = *rows;
		if (!is_settled(g, d)) {
			rows = &d->next;
			continue;
		}
		*rows = d->next;
		delivery_free(d);
		hidden++;
	}
	return hidden;
}

void
group_add_claim(struct group *g, struct claim *c)
{
	c->next = NULL;
	*g->claims_end = c;
	g->claims_end = &c->next;
	g->writes = true;
}

static int
keep_added(struct group *g, struct alert *a, struct fail *why)
{
	if (g->added_len == g->added_cap) {
		size_t cap = g->added_cap ? g->added_cap * 2 : 64;
		struct alert **grown = mem_resize(g->added, cap, sizeof(struct alert *));
		if (!grown)
			return fail_set(why, "memory", "no memory for a group of alerts");
		g->added = grown;
		g->added_cap = cap;
	}
	g->added[g->added_len++] = alert_ref(a);
	return 0;
}

/* 1 added with its rows of the outbox, 0 known: *score is the stored one. */
static int
add_alert(struct group *g, const struct group_tables *tables, struct alert *a, int64_t now_ms, int *score,
    struct fail *why)
{
	int result = alerts_add(tables->alerts, a, now_ms, score, why);
	if (result == 1 && (outbox_add(tables->outbox, a, now_ms, why) < 0 || keep_added(g, a, why) < 0))
		return -1;
	return result;
}

/* The copy of an event that scores higher than what is on disk goes out under an id of its own; a second such copy,
 * higher still, likewise. */
static int
escalate(struct group *g, const struct group_tables *tables, const struct alert *a, int64_t now_ms, struct fail *why)
{
	int result = 0, score = 0;
	for (int again = 0; again <= 1 && result == 0 && score < alert_score(a); again++) {
		struct alert *e = alert_escalate(a, again);
		if (!e)
			return fail_set(why, "memory", "no memory for an escalated alert");
		result = add_alert(g, tables, e, now_ms, &score, why);
		alert_unref(e);
	}
	return result < 0 ? -1 : 0;
}

static int
apply_batch(struct group *g, const struct group_tables *tables, const struct batch *b, int64_t now_ms,
    struct fail *why)
{
	for (uint32_t i = 0; i < b->alert_count; i++) {
		int score = 0;
		int result = add_alert(g, tables, b->alerts[i], now_ms, &score, why);
		if (result == 0 && alert_score(b->alerts[i]) > score)
			result = escalate(g, tables, b->alerts[i], now_ms, why);
		if (result < 0)
			return -1;
	}
	return 0;
}

static int
apply(struct group *g, const struct group_tables *tables, int64_t now_ms, struct fail *why)
{
	for (const struct delivery *d = g->settled; d; d = d->next) {
		if (outbox_settle(tables->outbox, d, why) < 0)
			return -1;
	}
	for (struct claim *c = g->claims; c; c = c->next) {
		if (c->expire_before_ms <= 0)
			continue;
		int expired = outbox_expire(tables->outbox, c->target, c->expire_before_ms, EXPIRE_MAX, why);
		if (expired < 0)
			return -1;
		c->expired = (unsigned)expired;
	}
	for (const struct batch *b = g->batches; b; b = b->next) {
		if (apply_batch(g, tables, b, now_ms, why) < 0)
			return -1;
	}
	return outbox_flush(tables->outbox, why);
}

int
group_commit(struct group *g, const struct group_tables *tables, int64_t now_ms, uint32_t *fresh, struct fail *why)
{
	drop_added(g);
	if (db_exec(tables->db, "BEGIN IMMEDIATE", why) < 0)
		return -1;
	int result = apply(g, tables, now_ms, why);
	if (result == 0 && g->batches && fault_hit("store.commit"))
		result = fail_set(why, "storage", "fault point store.commit");
	if (result == 0) {
		if (g->batches)
			(void)fault_hit("store.hold");
		result = db_exec(tables->db, "COMMIT", why);
	}
	if (result == 0) {
		*fresh = outbox_commit(tables->outbox);
		return 0;
	}
	struct fail ignored;
	(void)!db_exec(tables->db, "ROLLBACK", &ignored);
	outbox_rollback(tables->outbox);
	for (struct claim *c = g->claims; c; c = c->next)
		c->expired = 0;
	drop_added(g);
	return -1;
}
