#include "config/option.h"

#include <stdlib.h>

#include "config/config.h"

#define STRUCT_CONFIG struct config
#define STRUCT_TOKEN struct token_config
#define STRUCT_SYSLOG struct syslog_config
#define STRUCT_WINDOW struct window_config
#define STRUCT_TARGET struct target_config
#define CHANGE_RELOAD true
#define CHANGE_RESTART false

static const struct option table[] = {
#define X(scope, path, type, member, fallback, low, high, change) \
	{SCOPE_##scope, path, OPTION_##type, offsetof(STRUCT_##scope, member), sizeof(((STRUCT_##scope *)0)->member), \
	    fallback, low, high, CHANGE_##change},
#include "config/config.def"
#undef X
};

enum { ROWS = sizeof(table) / sizeof(*table) };

const struct option *
option_table(size_t *count)
{
	*count = ROWS;
	return table;
}

const struct option *
option_find(enum option_scope scope, struct str path)
{
	for (size_t i = 0; i < ROWS; i++)
		if (table[i].scope == scope && str_eq(path, str_of(table[i].path)))
			return &table[i];
	return NULL;
}

bool
option_is_section(enum option_scope scope, struct str path)
{
	for (size_t i = 0; i < ROWS; i++)
		if (table[i].scope == scope && str_starts(str_of(table[i].path), path) && table[i].path[path.len] == '.')
			return true;
	return false;
}

bool
option_items(const struct option *o, struct option_items *out)
{
	switch (o->type) {
	case OPTION_TOKENS:
		*out = (struct option_items){SCOPE_TOKEN, sizeof(struct token_config)};
		return true;
	case OPTION_SYSLOGS:
		*out = (struct option_items){SCOPE_SYSLOG, sizeof(struct syslog_config)};
		return true;
	case OPTION_WINDOWS:
		*out = (struct option_items){SCOPE_WINDOW, sizeof(struct window_config)};
		return true;
	case OPTION_TARGETS:
		*out = (struct option_items){SCOPE_TARGET, sizeof(struct target_config)};
		return true;
	default:
		return false;
	}
}

size_t *
option_count(const struct option *o, void *base)
{
	switch (o->type) {
	case OPTION_TOKENS:
		return &((struct config *)base)->http.token_count;
	case OPTION_SYSLOGS:
		return &((struct config *)base)->syslog_count;
	case OPTION_WINDOWS:
		return &((struct config *)base)->windows.context_count;
	case OPTION_TARGETS:
		return &((struct config *)base)->target_count;
	case OPTION_QUIET:
		return &((struct config *)base)->input.quiet_count;
	case OPTION_LISTS:
		return &((struct config *)base)->rules.list_count;
	case OPTION_NETS:
		return &((struct syslog_config *)base)->allow_count;
	case OPTION_SECRETS:
		return &((struct target_config *)base)->secret_count;
	default:
		return NULL;
	}
}
