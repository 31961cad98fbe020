#include "unit.h"

#include "deliver/signature.h"
#include "store/delivery.h"

#define SECRET "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define BODY \
	"{\"type\":\"alert.trigger\",\"timestamp\":\"2026-11-22T20:00:00.000Z\",\"seq\":41,\"data\":{\"id\":" \
	"\"alr_9968293a6332f6e4f7364a3ccc760c89\"}}"

START_TEST(the_signature_equals_the_published_vector)
{
	struct signature_key key[2];
	struct buf out;
	buf_init(&out, 4096);
	ck_assert_int_eq(signature_key_parse(STR(SECRET), &key[0], NULL), 0);
	ck_assert_uint_eq(key[0].len, 32);
	for (uint8_t i = 0; i < 32; i++)
		ck_assert_uint_eq(key[0].bytes[i], i);
	ck_assert_int_eq(signature_make(key, 1, STR("msg_d6bb16b0a81344f29fcfc60b9bc6d40e"), 1795377600, STR(BODY), &out), 0);
	ck_assert_str_eq(out.data, "v1,DkoegjexMk3mQ9QzPvAaKR5mZbXcQPFuoL1IoodSDMg=");
	buf_clear(&out);
	key[1] = key[0];
	key[1].bytes[0] ^= 1;
	ck_assert_int_eq(signature_make(key, 2, STR("msg_d6bb16b0a81344f29fcfc60b9bc6d40e"), 1795377600, STR(BODY), &out), 0);
	ck_assert(str_starts(buf_str(&out), STR("v1,DkoegjexMk3mQ9QzPvAaKR5mZbXcQPFuoL1IoodSDMg= v1,")));
	ck_assert_uint_eq(out.len, 47 * 2 + 1);
	buf_fini(&out);
}
END_TEST

START_TEST(the_webhook_id_equals_the_published_vector)
{
	char id[ALERT_ID_SIZE];
	delivery_webhook_id("alr_9968293a6332f6e4f7364a3ccc760c89", "soc", id);
	ck_assert_str_eq(id, "msg_d6bb16b0a81344f29fcfc60b9bc6d40e");
}
END_TEST

START_TEST(a_secret_that_is_none_is_refused)
{
	static const char *const bad[] = {"", "whsec_", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
	    "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRY=" /* 23 bytes */, "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
	    "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
	    "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" /* 65 */};
	struct signature_key key;
	struct fail why;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(signature_key_parse(str_of(bad[i]), &key, &why) == -1, "%s", bad[i]);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {the_signature_equals_the_published_vector, the_webhook_id_equals_the_published_vector,
	    a_secret_that_is_none_is_refused, NULL};
	return unit_run("signature", tests);
}
