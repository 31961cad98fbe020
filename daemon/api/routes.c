#include "api/routes.h"

static const struct route routes[] = {
#define X(path, role, handler) {{(path), sizeof(path) - 1}, role, handler},
#include "api/routes.def"
#undef X
};

const struct route *
route_find(struct str path)
{
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
		if (str_eq(path, routes[i].path))
			return &routes[i];
	}
	return NULL;
}
