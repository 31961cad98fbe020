#include "detect/group.h"

#include "detect/identity.h"
#include "sigma/fold.h"

static struct str
group_value(struct groups *out, const struct rule_field *field, struct str text)
{
	if (field->slot == FIELD_IP_ADDRESS && GROUP_TEXT_SIZE - out->used >= IDENTITY_IP_SIZE) {
		char *ip = out->text + out->used;
		struct str key = identity_network(text, field->prefix ? field->prefix : 32, ip);
		if (key.len > 0) {
			memmove(ip, key.p, key.len);
			out->used += key.len;
			return str_make(ip, key.len);
		}
	}
	size_t room = GROUP_TEXT_SIZE - out->used;
	char *p = out->text + out->used;
	size_t len = fold_text(text, p, room < GROUP_VALUE_MAX ? room : GROUP_VALUE_MAX);
	out->used += len;
	return str_make(p, len);
}

static bool
is_scalar(const struct value *v)
{
	return v->type == VALUE_BOOL || v->type == VALUE_NUMBER || v->type == VALUE_STRING;
}

/* Distinct scalar elements of the field, folded. */
static unsigned
field_values(const struct event *e, const struct rule_field *field, struct groups *out, struct str values[GROUPS_MAX])
{
	const struct value *v = event_value(e, field->slot);
	bool array = v->type == VALUE_ARRAY;
	unsigned n = 0;
	for (v = array ? v->elements : v; v && n < GROUPS_MAX; v = array ? v->next : NULL) {
		if (!is_scalar(v))
			continue;
		size_t used = out->used;
		struct str value = group_value(out, field, v->text);
		bool known = false;
		for (unsigned i = 0; i < n; i++)
			known = known || str_eq(values[i], value);
		if (known)
			out->used = used; /* many copies of one leave room for the others */
		else
			values[n++] = value;
	}
	return n;
}

void
groups_of(const struct event *e, const struct rule_field *fields, unsigned count, struct groups *out)
{
	out->used = 0;
	out->count = 1;
	for (unsigned f = 0; f < count && f < RULE_GROUP_MAX; f++) {
		struct str values[GROUPS_MAX];
		unsigned n = field_values(e, &fields[f], out, values), had = out->count;
		if (n == 0) {
			out->count = 0;
			return;
		}
		/* the first value goes to the groups there are, each further one to copies of them */
		for (unsigned i = had; i < GROUPS_MAX && i < had * n; i++) {
			memcpy(out->values[i], out->values[i % had], f * sizeof(struct str));
			out->values[i][f] = values[i / had];
			out->count++;
		}
		for (unsigned i = 0; i < had; i++)
			out->values[i][f] = values[0];
	}
}
