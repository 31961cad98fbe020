#include "unit/unit.h"

#include "base/codec.h"
#include "ingest/auth.h"

static char red[] = "red-secret", blue[] = "blue-secret:with-colon";
static struct token_config tokens[2];
static struct auth *auth;
static const struct token_config *who;

static void
setup(size_t count)
{
	tokens[0].secret = (struct secret){.value = red, .len = strlen(red)};
	tokens[1].secret = (struct secret){.value = blue, .len = strlen(blue)};
	auth = auth_new(tokens, count);
	ck_assert_ptr_nonnull(auth);
}

static enum auth_result
check(const char *text)
{
	return auth_check(auth, text != NULL, str_of(text), &who);
}

START_TEST(each_carrier_shows_its_token)
{
	setup(2);
	ck_assert_int_eq(check("Bearer red-secret"), AUTH_OK);
	ck_assert_ptr_eq(who, &tokens[0]);
	ck_assert_int_eq(check("bEARER  blue-secret:with-colon"), AUTH_OK);
	ck_assert_ptr_eq(who, &tokens[1]);
	ck_assert_int_eq(check("Splunk red-secret"), AUTH_OK);
	char plain[] = "anyone:blue-secret:with-colon", basic[128] = "Basic ";
	codec_base64((const uint8_t *)plain, strlen(plain), basic + 6);
	ck_assert_int_eq(check(basic), AUTH_OK);
	ck_assert_ptr_eq(who, &tokens[1]);
	auth_free(auth);
}
END_TEST

START_TEST(anything_else_is_missing_or_wrong)
{
	setup(2);
	ck_assert_int_eq(check(NULL), AUTH_MISSING);
	ck_assert_int_eq(check(""), AUTH_MISSING);
	ck_assert_int_eq(check("red-secret"), AUTH_MISSING);
	ck_assert_int_eq(check("Bearer"), AUTH_MISSING);
	ck_assert_int_eq(check("Bearer "), AUTH_MISSING);
	ck_assert_int_eq(check("Digest red-secret"), AUTH_MISSING);
	ck_assert_int_eq(check("Bearer red-secre"), AUTH_WRONG);
	ck_assert_int_eq(check("Bearer red-secret2"), AUTH_WRONG);
	ck_assert_int_eq(check("Bearer RED-SECRET"), AUTH_WRONG);
	ck_assert_int_eq(check("Basic ????"), AUTH_WRONG);
	ck_assert_int_eq(check("Basic eA=="), AUTH_WRONG); /* no colon */
	ck_assert_int_eq(check("Basic eDo="), AUTH_WRONG); /* "x:" */
	ck_assert_ptr_null(who);
	auth_free(auth);
}
END_TEST

START_TEST(without_tokens_everyone_may_send)
{
	setup(0);
	ck_assert_int_eq(check(NULL), AUTH_OK);
	ck_assert_ptr_null(who);
	ck_assert_int_eq(check("Bearer anything"), AUTH_OK);
	auth_free(auth);
}
END_TEST

START_TEST(an_empty_secret_opens_nothing)
{
	setup(2);
	auth_free(auth);
	tokens[0].secret.len = 0;
	auth = auth_new(tokens, 2);
	ck_assert_int_eq(check("Basic eDo="), AUTH_WRONG);
	auth_free(auth);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {each_carrier_shows_its_token, anything_else_is_missing_or_wrong,
	    without_tokens_everyone_may_send, an_empty_secret_opens_nothing, NULL};
	return unit_run("auth", tests);
}
