#include "gates.h"

#include "base/log.h"
#include "base/mem.h"
#include "loop/listener.h"

struct gate {
	struct crew *crew;
	int index; /* WORKER_HTTP, or into config->syslog */
	struct listener *listener;
};

struct gates {
	struct gate *items;
	size_t count;
};

static void
on_accept(int fd, const struct inet *peer, void *ctx)
{
	struct gate *g = ctx;
	crew_give(g->crew, g->index, fd, peer);
}

static int
gate_open(struct gate *g, struct loop *control, const char *address, struct fail *why)
{
	const char *name = g->index == WORKER_HTTP ? "http" : "syslog";
	g->listener = listener_open(control, name, str_of(address), on_accept, g, why);
	if (!g->listener)
		return -1;
	log_notice("listening", LOG_TEXT("listener", name), LOG_TEXT("address", listener_address(g->listener)),
	    LOG_END);
	return 0;
}

struct gates *
gates_open(const struct config *config, struct loop *control, struct crew *crew, struct fail *why)
{
	struct gates *g = mem_zero(1, sizeof *g);
	if (g)
		g->items = mem_zero(config->syslog_count + 1, sizeof *g->items);
	if (!g || !g->items) {
		fail_set(why, "memory", "no memory for the listeners");
		goto failed;
	}
	for (int i = WORKER_HTTP; i < (int)config->syslog_count; i++) {
		const char *address = i == WORKER_HTTP ? config->http.address : config->syslog[i].address;
		if (!address)
			continue;
		struct gate *gate = &g->items[g->count++];
		*gate = (struct gate){.crew = crew, .index = i};
		if (gate_open(gate, control, address, why) < 0)
			goto failed;
	}
	return g;
failed:
	gates_close(g);
	return NULL;
}

void
gates_close(struct gates *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < g->count; i++)
		listener_close(g->items[i].listener);
	mem_free(g->items);
	mem_free(g);
}
