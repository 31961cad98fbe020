#include "api/exposition.h"

#include "api/routes.h"
#include "base/metrics.h"

/* The q of one media range, 1 when it names none or a malformed one. */
static double
quality(struct str parameters)
{
	while (parameters.len) {
		struct str value = str_trim(str_split(&parameters, ';'));
		struct str name = str_trim(str_split(&value, '='));
		double q = 1;
		if (str_eq_nocase(name, STR("q")) && str_to_double(str_trim(value), &q))
			return q;
	}
	return 1;
}

bool
exposition_is_openmetrics(struct str accept)
{
	double open = 0, text = 0;
	while (accept.len) {
		struct str parameters = str_split(&accept, ',');
		struct str type = str_trim(str_split(&parameters, ';'));
		double q = quality(parameters);
		if (str_eq_nocase(type, STR("application/openmetrics-text")))
			open = q > open ? q : open;
		else if (str_eq_nocase(type, STR("text/plain")))
			text = q > text ? q : text;
	}
	return open > 0 && open >= text;
}

void
api_metrics(const struct api_request *request, struct api_reply *reply)
{
	bool open = exposition_is_openmetrics(request->accept);
	if (request->hooks->refresh)
		request->hooks->refresh(request->hooks->ctx);
	reply->type = open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
	                   : "text/plain; version=0.0.4; charset=utf-8";
	reply->status = metrics_write(&reply->body, open) == 0 ? 200 : 500;
}
