#include "deliver/webhook.h"

#include <event2/event.h>
#include <string.h>

#include "base/mem.h"

struct transfer {
	struct request *request;
	CURL *easy;
	void (*on_answer)(const struct answer *answer, void *ctx);
	void *ctx;
	struct transfer *next;
};

struct webhook {
	struct loop *loop;
	CURLM *multi;
	struct event *timer;
	struct transfer *transfers;
};

/* Takes the finished transfer out of the list; NULL when it was dropped meanwhile. */
static struct transfer *
take_transfer(struct webhook *w, const CURL *easy)
{
	for (struct transfer **at = &w->transfers; *at; at = &(*at)->next) {
		struct transfer *t = *at;
		if (t->easy == easy) {
			*at = t->next;
			return t;
		}
	}
	return NULL;
}

static void
finish(struct webhook *w)
{
	int left;
	CURLMsg *m;
	while ((m = curl_multi_info_read(w->multi, &left))) {
		if (m->msg != CURLMSG_DONE)
			continue;
		CURL *easy = m->easy_handle;
		CURLcode code = m->data.result; /* m dies with the handle's removal */
		struct transfer *t = take_transfer(w, easy);
		curl_multi_remove_handle(w->multi, easy);
		if (!t)
			continue;
		struct answer answer;
		request_end(t->request, code, &answer);
		t->on_answer(&answer, t->ctx);
		mem_free(t);
	}
}

static void
on_ready(evutil_socket_t fd, short what, void *ctx)
{
	struct webhook *w = ctx;
	int running, mask = (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0);
	curl_multi_socket_action(w->multi, fd, mask, &running);
	finish(w);
}

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct webhook *w = ctx;
	int running;
	(void)fd;
	(void)what;
	curl_multi_socket_action(w->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	finish(w);
}

/* curl asks to watch a socket; the event hangs from curl's own record of it. */
static int
on_watch(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
	struct webhook *w = ctx;
	struct event *event = socket_ctx;
	(void)easy;
	if (event)
		event_free(event);
	curl_multi_assign(w->multi, fd, NULL);
	if (what == CURL_POLL_REMOVE)
		return 0;
	short mask = (short)((what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0) | EV_PERSIST);
	event = event_new(loop_base(w->loop), fd, mask, on_ready, w);
	if (!event || event_add(event, NULL) < 0) {
		if (event)
			event_free(event);
		return -1; /* curl fails its transfers with an error */
	}
	curl_multi_assign(w->multi, fd, event);
	return 0;
}

static int
on_set_timer(CURLM *multi, long ms, void *ctx)
{
	struct webhook *w = ctx;
	(void)multi;
	if (ms < 0) {
		event_del(w->timer);
		return 0;
	}
	struct timeval tv = {ms / 1000, (ms % 1000) * 1000};
	return event_add(w->timer, &tv);
}

struct webhook *
webhook_new(struct loop *loop)
{
	struct webhook *w = mem_zero(1, sizeof(*w));
	if (!w)
		return NULL;
	w->loop = loop;
	w->multi = curl_multi_init();
	w->timer = evtimer_new(loop_base(loop), on_timer, w);
	if (!w->multi || !w->timer || curl_multi_setopt(w->multi, CURLMOPT_SOCKETFUNCTION, on_watch) != CURLM_OK ||
	    curl_multi_setopt(w->multi, CURLMOPT_SOCKETDATA, w) != CURLM_OK ||
	    curl_multi_setopt(w->multi, CURLMOPT_TIMERFUNCTION, on_set_timer) != CURLM_OK ||
	    curl_multi_setopt(w->multi, CURLMOPT_TIMERDATA, w) != CURLM_OK) {
		webhook_free(w);
		return NULL;
	}
	return w;
}

void
webhook_free(struct webhook *w)
{
	if (!w)
		return;
	while (w->transfers)
		webhook_drop(w, w->transfers->request);
	if (w->multi)
		curl_multi_cleanup(w->multi);
	if (w->timer)
		event_free(w->timer);
	mem_free(w);
}

int
webhook_post(struct webhook *w, struct request *r, const struct request_message *message,
    void (*on_answer)(const struct answer *answer, void *ctx), void *ctx)
{
	struct transfer *t = mem_zero(1, sizeof(*t));
	CURL *easy = t ? request_begin(r, message) : NULL;
	if (!easy || curl_multi_add_handle(w->multi, easy) != CURLM_OK) {
		mem_free(t);
		return -1;
	}
	*t = (struct transfer){.request = r, .easy = easy, .on_answer = on_answer, .ctx = ctx, .next = w->transfers};
	w->transfers = t;
	return 0;
}

void
webhook_drop(struct webhook *w, struct request *r)
{
	struct transfer *t = w->transfers;
	while (t && t->request != r)
		t = t->next;
	if (!t)
		return;
	(void)take_transfer(w, t->easy);
	curl_multi_remove_handle(w->multi, t->easy);
	mem_free(t);
}
