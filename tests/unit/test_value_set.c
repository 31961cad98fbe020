#include "detect/value_set.h"

#include <stdio.h>

#include "unit.h"

START_TEST(texts_compare_without_case_and_with_wildcards)
{
	struct fail why = {0};
	struct value_set *set = value_set_new(VALUE_SET_TEXTS);
	static const char *const items[] = {" Mia@Contoso.example ", "vpn-*@contoso.example", "k?y", "DOM\\user", "ÄRGER", "a\\*b"};
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++)
		ck_assert_int_eq(value_set_add(set, str_of(items[i]), &why), 0);
	static const struct {
		const char *text;
		bool has;
	} rows[] = {{"mia@contoso.EXAMPLE", true}, {" mia@contoso.example\n", true}, {"xmia@contoso.example", false},
	    {"VPN-7@contoso.example", true}, {"vpn-@contoso.example", true}, {"vpn-7@contoso.example.net", false},
	    {"key", true}, {"keey", false}, {"kéy", true}, {"dom\\USER", true}, {"ärger", true}, {"a*b", true}, {"axb", false},
	    {"", false}, {"  ", false}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(value_set_has(set, str_of(rows[i].text)) == rows[i].has, "'%s'", rows[i].text);
	char *longest = malloc(2000);
	memset(longest, 'x', 2000);
	ck_assert(!value_set_has(set, str_make(longest, 2000)));
	ck_assert_int_eq(value_set_add(set, str_make(longest, 2000), &why), -1);
	ck_assert_int_eq(value_set_add(set, STR(" "), &why), -1);
	free(longest);
	value_set_free(set);
}
END_TEST

START_TEST(networks_hold_their_addresses)
{
	struct fail why = {0};
	struct value_set *set = value_set_new(VALUE_SET_NETWORKS);
	static const char *const items[] = {"198.51.100.0/24", "203.0.113.7", "2001:db8:1::/48", "::ffff:192.0.2.0/120"};
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++)
		ck_assert_int_eq(value_set_add(set, str_of(items[i]), &why), 0);
	static const struct {
		const char *text;
		bool has;
	} rows[] = {{"198.51.100.0", true}, {"198.51.100.255", true}, {"198.51.101.0", false}, {"203.0.113.7", true},
	    {"203.0.113.7:443", true}, {"::ffff:203.0.113.7", true}, {"203.0.113.8", false}, {"2001:db8:1:ffff::1", true},
	    {"2001:db8:2::1", false}, {"192.0.2.9", true}, {"192.0.3.9", false}, {"198.51.100", false}, {"", false}, {"*", false}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(value_set_has(set, str_of(rows[i].text)) == rows[i].has, "'%s'", rows[i].text);
	ck_assert_int_eq(value_set_add(set, STR("198.51.100.1/24"), &why), -1); /* host bits */
	ck_assert_str_eq(why.code, "network");
	ck_assert_int_eq(value_set_add(set, STR("office"), &why), -1);
	/* an item of a list is not terminated */
	ck_assert_int_eq(value_set_add(set, str_make("office\n10.0.0.0/8\n", 6), &why), -1);
	ck_assert_ptr_null(strstr(why.text, "10.0.0.0"));
	value_set_free(set);
}
END_TEST

START_TEST(everything_is_a_network_and_a_text)
{
	struct fail why = {0};
	struct value_set *nets = value_set_new(VALUE_SET_NETWORKS), *texts = value_set_new(VALUE_SET_TEXTS);
	ck_assert_int_eq(value_set_add(nets, STR("0.0.0.0/0"), &why), 0);
	ck_assert_int_eq(value_set_add(texts, STR("*"), &why), 0);
	ck_assert(value_set_has(nets, STR("192.0.2.1")));
	ck_assert(!value_set_has(nets, STR("2001:db8::1")));
	ck_assert(value_set_has(texts, STR("anyone")));
	ck_assert(!value_set_has(texts, STR("")));
	value_set_free(nets);
	value_set_free(texts);
	value_set_free(NULL);
}
END_TEST

START_TEST(long_list_is_taken)
{
	struct fail why = {0};
	char text[64];
	struct value_set *set = value_set_new(VALUE_SET_TEXTS);
	for (unsigned i = 0; i < 200000; i++) {
		int len = snprintf(text, sizeof(text), "User-%u@contoso.example", i);
		ck_assert_int_eq(value_set_add(set, str_make(text, (size_t)len), &why), 0);
	}
	ck_assert(value_set_has(set, STR("uSER-199999@contoso.example")));
	ck_assert(!value_set_has(set, STR("user-200000@contoso.example")));
	value_set_free(set);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {texts_compare_without_case_and_with_wildcards, networks_hold_their_addresses,
	    everything_is_a_network_and_a_text, long_list_is_taken, NULL};
	return unit_run("value_set", tests);
}
