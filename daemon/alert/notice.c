#include "alert/notice.h"

#include <stdlib.h>

#include "alert/json_value.h"

int
notice_data(const struct notice *n, const struct alert_producer *p, struct buf *out)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s?, s:n, s:n, s:{s:s, s:s, s:s, s:s}}", "schema", "system/1", "id",
	    n->id, "code", n->code, "detail", n->detail, "target", n->target, "since", "totals", "producer", "name",
	    "picketd", "version", p->version, "instance", p->instance, "ruleset", p->ruleset);
	char *text = o ? json_dumps(o, JSON_VALUE_DUMP) : NULL;
	json_decref(o);
	int result = text ? buf_add_str(out, str_of(text)) : -1;
	free(text); /* jansson's own */
	return result;
}
