#include "unit/unit.h"

#include "api/exposition.h"

START_TEST(the_format_follows_the_accept_field)
{
	static const struct {
		const char *accept;
		bool openmetrics;
	} cases[] = {
	    {"", false},
	    {"*/*", false},
	    {"text/plain", false},
	    {"application/openmetrics-text", true},
	    {"Application/OpenMetrics-Text; version=1.0.0", true},
	    {"application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1", true},
	    {"application/openmetrics-text;q=0.3, text/plain;q=0.5", false},
	    {"application/openmetrics-text;q=0", false},
	    {"application/openmetrics-text-x", false},
	    {",;,=;q", false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_msg(exposition_is_openmetrics(str_of(cases[i].accept)) == cases[i].openmetrics, "%s",
		    cases[i].accept);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {the_format_follows_the_accept_field, NULL};
	return unit_run("exposition", tests);
}
