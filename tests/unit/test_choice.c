#include "unit/unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "decode/choice.h"
#include "decode/decoder.h"
#include "event/schema_find.h"

/* A schema of our own, in a directory that is removed again, and a decoder over it. */
static struct {
	char dir[64], file[96];
	struct field_set *fields;
	struct schema_set *schemas;
	struct plan *plan;
	struct decoder *decoder;
	struct event event;
} f;

static const char schema[] =
    "priority: 1\n"
    "source: {product: door, service: main, also: [side]}\n"
    "detect: [{ends: {kind: [door.event]}}]\n"
    "prefix: [p.]\n"
    "strip: [data.]\n"
    "category: [kind, type]\n"
    "categories: [{name: open, also: [opened]}]\n"
    "fields:\n"
    "  ip: [{address: from}]\n"
    "  name: [{path: path, after: /doors/}]\n"
    "  colour: ['list.pairs[key=Colour].value', fallback]\n"
    "  word: {alias: code, values: {a1: alpha, '2': two}}\n"
    "  both: {alias: code, also: [reason, list]}\n"
    "  verdict: {from: code, equals: a1, then: good, else: bad, also: [reason]}\n"
    "  again: {alias: word}\n"
    "members: [known.*, p.inside, reason, code]\n";

static void
set_up(void)
{
	static const char *const names[] = {"ip", "name", "colour", "word", "both", "verdict", "again", "data.reason", NULL};
	const struct decoder_limits limits = {.max_depth = 64, .max_text = 1 << 20, .max_future_ms = 600000};
	struct fail_list problems;
	struct fail why = {0};

	snprintf(f.dir, sizeof(f.dir), "/tmp/test_choice_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(f.dir));
	snprintf(f.file, sizeof(f.file), "%s/door.yaml", f.dir);
	FILE *file = fopen(f.file, "wb");
	ck_assert_ptr_nonnull(file);
	fputs(schema, file);
	fclose(file);
	fail_list_init(&problems);
	const char *const dirs[] = {f.dir};
	f.schemas = schema_set_load(dirs, 1, &problems);
	ck_assert_msg(f.schemas != NULL, "%s", problems.len > 0 ? problems.items[0].text : "");
	fail_list_fini(&problems);
	f.fields = field_set_new();
	for (int i = 0; names[i]; i++)
		ck_assert_int_ge(field_set_intern(f.fields, str_of(names[i])), 0);
	f.plan = plan_compile(f.fields, f.schemas, &(struct plan_options){0}, &why);
	ck_assert_ptr_nonnull(f.plan);
	f.decoder = decoder_new(f.plan, &limits);
	ck_assert_ptr_nonnull(f.decoder);
}

static void
tear_down(void)
{
	decoder_free(f.decoder);
	plan_free(f.plan);
	field_set_free(f.fields);
	schema_set_free(f.schemas);
	unlink(f.file);
	rmdir(f.dir);
}

static void
read_door(const char *members)
{
	const struct decoder_origin origin = {.received_ms = 1795392000000};
	static char text[2000];
	struct str inner;
	struct fail why;

	snprintf(text, sizeof(text), "{\"kind\":\"a.Door.Event\"%s%s}", *members ? "," : "", members);
	ck_assert_int_eq(decoder_read(f.decoder, str_of(text), &origin, &f.event, &inner, &why), DECODE_EVENT);
	ck_assert_str_eq(f.event.shape, "door");
}

/* The texts of a value, or of its elements, with blanks between. */
static const char *
texts(const char *name)
{
	static char out[200];
	const struct value *v = event_value(&f.event, field_set_find(f.fields, str_of(name)));
	size_t len = 0;

	*out = '\0';
	for (const struct value *e = v->type == VALUE_ARRAY ? v->elements : v; e && e->type != VALUE_MISSING; e = e->next)
		len += (size_t)snprintf(out + len, sizeof(out) - len, "%s%.*s", len ? " " : "", (int)e->text.len, e->text.p);
	return out;
}

START_TEST(an_address_loses_its_port_and_nothing_else)
{
	static const struct {
		const char *from, *ip;
	} cases[] = {{"\"192.0.2.1:62289\"", "192.0.2.1"}, {"\"[2001:db8::1]:443\"", "2001:db8::1"}, {"\"[2001:db8::1]\"", "2001:db8::1"},
	    {"\"2001:db8::1\"", "2001:db8::1"}, {"\"192.0.2.1\"", "192.0.2.1"}, {"\"AWS Internal\"", "AWS Internal"}, {"\"host:1\"", "host:1"},
	    {"[\"192.0.2.7:1\",\"192.0.2.8\"]", "192.0.2.7"}, {"\"[\"", "["}, {"\":\"", ":"}, {"\"\"", ""}, {"null", "null"}};
	char text[100];

	set_up();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "\"from\":%s", cases[i].from);
		read_door(text);
		ck_assert_str_eq(texts("ip"), cases[i].ip);
	}
	tear_down();
}
END_TEST

START_TEST(what_follows_a_text_counts_and_a_text_without_it_does_not)
{
	set_up();
	read_door("\"path\":\"buildings/1/doors/front/doors/2\"");
	ck_assert_str_eq(texts("name"), "front/doors/2");
	read_door("\"path\":\"/doors/\"");
	ck_assert_str_eq(texts("name"), "");
	read_door("\"path\":\"front\"");
	ck_assert_int_eq(event_value(&f.event, field_set_find(f.fields, STR("name")))->type, VALUE_MISSING);
	tear_down();
}
END_TEST

START_TEST(elements_of_a_list_are_selected_by_the_name_they_have)
{
	static const struct {
		const char *members, *colour;
	} cases[] = {{"\"list\":{\"pairs\":[{\"key\":\"Size\",\"value\":\"1\"},{\"value\":\"red\",\"key\":\"colour\"}]}", "red"},
	    {"\"list\":[{\"pairs\":[{\"key\":\"Colour\",\"value\":\"red\"}]},{\"pairs\":[{\"key\":\"x\",\"value\":\"y\"},"
	     "{\"key\":\"Colour\",\"value\":\"blue\"}]}]", "red blue"},
	    {"\"list\":{\"pairs\":{\"key\":\"Colour\",\"value\":7}}", "7"},
	    {"\"list\":{\"pairs\":[{\"key\":\"Colour\",\"value\":[\"red\",\"blue\"]}]}", "red blue"},
	    {"\"list\":{\"pairs\":[{\"key\":\"Colour\"},{\"value\":\"red\"},\"Colour\",null,[]]},\"fallback\":\"grey\"", "grey"},
	    {"\"list\":{\"pairs\":[{\"key\":\"Colours\",\"value\":\"red\"}]}", ""},
	    {"\"list\":{\"pairs\":[{\"key\":\"Colour\",\"value\":\"caf\\u00e9\"}]}", "caf\xC3\xA9"}};

	set_up();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		read_door(cases[i].members);
		ck_assert_str_eq(texts("colour"), cases[i].colour);
	}
	tear_down();
}
END_TEST

START_TEST(words_are_translated_through_aliases_and_others_stay)
{
	set_up();
	read_door("\"code\":\"A1\"");
	ck_assert_str_eq(texts("word"), "alpha");
	ck_assert_str_eq(texts("again"), "alpha");
	read_door("\"p\":{\"code\":2}");
	ck_assert_str_eq(texts("word"), "two");
	read_door("\"code\":\"a11\"");
	ck_assert_str_eq(texts("word"), "a11");
	read_door("\"code\":{\"a1\":1}");
	ck_assert_str_eq(texts("word"), "{\"a1\":1}");
	tear_down();
}
END_TEST

START_TEST(a_field_holds_the_scalars_of_others_beside_its_own)
{
	set_up();
	read_door("\"code\":\"a1\",\"reason\":\"late\",\"list\":\"\"");
	ck_assert_str_eq(texts("both"), "a1 late");
	ck_assert_str_eq(texts("verdict"), "good late");
	read_door("\"code\":\"a1\",\"reason\":null,\"list\":{\"x\":1}");
	ck_assert_str_eq(texts("both"), "a1");
	ck_assert_str_eq(texts("verdict"), "good");
	read_door("\"reason\":\"late\"");
	ck_assert_str_eq(texts("both"), "late");
	ck_assert_str_eq(texts("data.reason"), "late");
	read_door("\"code\":null");
	ck_assert_int_eq(event_value(&f.event, field_set_find(f.fields, STR("both")))->type, VALUE_NULL);
	tear_down();
}
END_TEST

START_TEST(the_first_text_that_is_a_category_wins)
{
	set_up();
	read_door("\"type\":\"Opened\"");
	ck_assert(str_eq(f.event.category, STR("open")));
	read_door("\"type\":\"shut\"");
	ck_assert(str_eq(f.event.category, STR("a.Door.Event")));
	ck_assert_uint_eq(f.event.source->also_len, 1);
	tear_down();
}
END_TEST

START_TEST(a_schema_supplies_its_fields_and_members_and_what_lies_below_or_above)
{
	static const struct {
		const char *name;
		bool supplied;
	} cases[] = {{"IP", true}, {"again", true}, {"known", true}, {"known.x.y", true}, {"KNOWN.x", true}, {"knownx", false}, {"p", true},
	    {"p.inside", true}, {"p.inside.more", false}, {"data.reason", true}, {"data.other", false}, {"other", false}};
	unsigned count;

	set_up();
	const struct schema *door = schema_set_schemas(f.schemas, &count)[0];
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(schema_supplies(door, str_of(cases[i].name)) == cases[i].supplied, "%s", cases[i].name);
	struct schema open = {.name = "open"};
	ck_assert(schema_supplies(&open, STR("anything")));
	tear_down();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		an_address_loses_its_port_and_nothing_else,
		what_follows_a_text_counts_and_a_text_without_it_does_not,
		elements_of_a_list_are_selected_by_the_name_they_have,
		words_are_translated_through_aliases_and_others_stay,
		a_field_holds_the_scalars_of_others_beside_its_own,
		the_first_text_that_is_a_category_wins,
		a_schema_supplies_its_fields_and_members_and_what_lies_below_or_above,
		NULL,
	};
	return unit_run("choice", tests);
}
