#include "sigma/field_scope.h"

#include "sigma/window_names.h"

int
field_scope_slot(struct field_scope *scope, struct str name, const struct yaml_node *place, int *slot,
    struct fail *why)
{
	static const struct str window = {"window.", 7};
	if (name.len > window.len && str_eq_nocase(str_make(name.p, window.len), window))
		return window_names_slot(scope->windows, name, place, slot, why);
	*slot = field_set_intern(scope->fields, name);
	if (*slot < 0)
		return yaml_fail(why, place, "too-many-fields", "the rules name more than %d fields", FIELD_SLOTS_MAX);
	return 0;
}
