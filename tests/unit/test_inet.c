#include "unit/unit.h"

#include <arpa/inet.h>

#include "base/inet.h"

static const char *
round_trip(const char *text)
{
	static char out[INET_TEXT_SIZE];
	struct inet address;
	if (!inet_parse(str_of(text), &address))
		return "refused";
	inet_text(&address, out);
	return out;
}

START_TEST(inet_parse_drops_port_and_zone_and_folds_mapped)
{
	static const char *const cases[][2] = {{"1.2.3.4", "1.2.3.4"}, {"1.2.3.4:65535", "1.2.3.4"}, {"::1", "::1"},
	    {"[::1]", "::1"}, {"[::1]:0", "::1"}, {"fe80::1%eth0", "fe80::1"}, {"[fe80::1%eth0]:9", "fe80::1"},
	    {"::ffff:10.1.2.3", "10.1.2.3"}, {"[::FFFF:a01:203]:5", "10.1.2.3"}, {"2001:DB8:0:0:0:0:0:0", "2001:db8::"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_str_eq(round_trip(cases[i][0]), cases[i][1]);
}
END_TEST

START_TEST(inet_parse_refuses_what_is_no_address)
{
	static const char *const bad[] = {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4:", "1.2.3.4:65536",
	    "1.2.3.4:+5", "1.2.3.4:-5", "1.2.3.4%eth0", "[1.2.3.4]:5", "[::1", "[]", "[]:5", "[::1]5", "[::1]:", "::1]",
	    "%eth0", "[%eth0]", "g::", ":", "::1 ", " ::1", "1.2.3.4/8",
	    "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(strcmp(round_trip(bad[i]), "refused") == 0, "%s", bad[i]);
	struct inet address;
	ck_assert(!inet_parse(STR("1.2.3.4\0"), &address));
	ck_assert(!inet_parse(str_make(NULL, 0), &address));
}
END_TEST

START_TEST(inet_text_follows_rfc_5952)
{
	static const char *const cases[][2] = {{"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
	    {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"}, {"0:0:0:0:0:0:0:0", "::"}, {"1:0:0:0:0:0:0:0", "1::"},
	    {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"}, {"2001:0DB8::00AA", "2001:db8::aa"},
	    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_str_eq(round_trip(cases[i][0]), cases[i][1]);
}
END_TEST

START_TEST(inet_text_agrees_with_inet_ntop)
{
	for (uint32_t zeros = 0; zeros < 256; zeros++) {
		struct inet address = {.family = 6};
		char ours[INET_TEXT_SIZE], theirs[INET_TEXT_SIZE];
		for (unsigned i = 0; i < 16; i++)
			address.bytes[i] = zeros >> (i / 2) & 1 ? 0 : (uint8_t)(i * 17 + zeros);
		if ((zeros & 31) == 31)
			continue; /* there inet_ntop writes the tail as IPv4 */
		inet_text(&address, ours);
		ck_assert_ptr_nonnull(inet_ntop(AF_INET6, address.bytes, theirs, sizeof theirs));
		ck_assert_str_eq(ours, theirs);
	}
}
END_TEST

START_TEST(inet_net_holds_exactly_its_prefix)
{
	struct inet_net net;
	struct inet in, out;
	ck_assert(inet_net_parse(STR("10.128.0.0/9"), &net));
	ck_assert(inet_parse(STR("10.255.1.1"), &in) && inet_parse(STR("10.127.255.255"), &out));
	ck_assert(inet_net_has(&net, &in) && !inet_net_has(&net, &out));
	ck_assert(inet_parse(STR("::ffff:10.128.0.0"), &in) && inet_net_has(&net, &in));
	ck_assert(inet_net_parse(STR("2001:db8::/33"), &net));
	ck_assert(inet_parse(STR("2001:db8:7fff::"), &in) && inet_parse(STR("2001:db8:8000::"), &out));
	ck_assert(inet_net_has(&net, &in) && !inet_net_has(&net, &out));
	ck_assert(inet_net_parse(STR("0.0.0.0/0"), &net) && inet_parse(STR("9.9.9.9"), &in) && inet_net_has(&net, &in));
	ck_assert(inet_parse(STR("::1"), &out) && !inet_net_has(&net, &out));
	ck_assert(inet_net_parse(STR("1.2.3.4"), &net) && net.prefix == 32);
	ck_assert(inet_net_parse(STR("::1/128"), &net) && inet_net_has(&net, &out));
	ck_assert(inet_net_parse(STR("::ffff:10.0.0.0/104"), &net) && net.prefix == 8);
}
END_TEST

START_TEST(inet_net_parse_refuses_host_bits_and_bad_prefixes)
{
	static const char *const bad[] = {"10.0.0.1/8", "10.0.0.0/33", "::1/127", "::/129", "10.0.0.0/", "10.0.0.0/-1",
	    "10.0.0.0/+8", "10.0.0.0/8/8", "/8", "", "::ffff:10.0.0.0/8", "1.2.3.4:5/32"};
	struct inet_net net;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!inet_net_parse(str_of(bad[i]), &net), "%s", bad[i]);
}
END_TEST

START_TEST(inet_mask_keeps_the_first_bits)
{
	struct inet address;
	char text[INET_TEXT_SIZE];
	ck_assert(inet_parse(STR("2001:db8:1:2:3:4:5:6"), &address));
	address = inet_mask(address, 64);
	inet_text(&address, text);
	ck_assert_str_eq(text, "2001:db8:1:2::");
	ck_assert(inet_parse(STR("255.255.255.255"), &address));
	address = inet_mask(address, 13);
	inet_text(&address, text);
	ck_assert_str_eq(text, "255.248.0.0");
}
END_TEST

START_TEST(inet_knows_loopback_and_link_local)
{
	struct inet a;
	ck_assert(inet_parse(STR("127.9.9.9"), &a) && inet_is_loopback(&a) && !inet_is_link_local(&a));
	ck_assert(inet_parse(STR("::1"), &a) && inet_is_loopback(&a));
	ck_assert(inet_parse(STR("::ffff:127.0.0.1"), &a) && inet_is_loopback(&a));
	ck_assert(inet_parse(STR("169.254.169.254"), &a) && inet_is_link_local(&a));
	ck_assert(inet_parse(STR("febf::1"), &a) && inet_is_link_local(&a));
	ck_assert(inet_parse(STR("fec0::1"), &a) && !inet_is_link_local(&a) && !inet_is_loopback(&a));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {inet_parse_drops_port_and_zone_and_folds_mapped,
	    inet_parse_refuses_what_is_no_address, inet_text_follows_rfc_5952, inet_text_agrees_with_inet_ntop,
	    inet_net_holds_exactly_its_prefix, inet_net_parse_refuses_host_bits_and_bad_prefixes,
	    inet_mask_keeps_the_first_bits, inet_knows_loopback_and_link_local, NULL};
	return unit_run("inet", tests);
}
