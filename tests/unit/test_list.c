#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/list.h"
#include "unit.h"

static char directory[64], path[96];
static struct fail_list problems;

static void
put(const char *data, size_t len)
{
	snprintf(directory, sizeof(directory), "/tmp/test-list-%d", (int)getpid());
	snprintf(path, sizeof(path), "%s/l.txt", directory);
	ck_assert(mkdir(directory, 0700) == 0 || access(directory, W_OK) == 0);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(data, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
}

/* The list "L" from the file, named by file relative to a configuration beside it. */
static struct list_set *
load(const char *file)
{
	char config_path[96], name[] = "Tor_exits";
	snprintf(config_path, sizeof(config_path), "%s/picketd.yaml", directory);
	struct list_config one = {name, (char *)(uintptr_t)file};
	struct config config = {.path = config_path, .rules = {.lists = &one, .list_count = 1}};
	fail_list_init(&problems);
	return list_set_load(&config, &problems);
}

static void
end(struct list_set *set)
{
	list_set_free(set);
	fail_list_fini(&problems);
	unlink(path);
	rmdir(directory);
}

START_TEST(list_has_one_item_a_line_without_comments_and_blanks_each_once)
{
	static const char text[] = "\xef\xbb\xbf# Tor\n 192.0.2.7\t# exit\r\n\n198.51.100.0/24\n192.0.2.7\n#x\n"
				   "a_b.com#EXT#@t.example\nMicrosoft Teams";
	put(text, sizeof(text) - 1);
	struct list_set *set = load("l.txt");
	const struct list *list = list_set_find(set, STR("tor_EXITS"));
	ck_assert_ptr_nonnull(list);
	ck_assert_uint_eq(problems.len, 0);
	ck_assert_uint_eq(list->count, 4);
	ck_assert(str_eq(list->items[0], STR("192.0.2.7")));
	ck_assert(str_eq(list->items[1], STR("198.51.100.0/24")));
	ck_assert(str_eq(list->items[2], STR("a_b.com#EXT#@t.example")));
	ck_assert(str_eq(list->items[3], STR("Microsoft Teams")));
	ck_assert_str_eq(list->file, path);
	ck_assert_ptr_eq(list_set_at(set, 0), list);
	ck_assert_ptr_null(list_set_at(set, 1));
	ck_assert_ptr_null(list_set_find(set, STR("tor")));
	end(set);
}
END_TEST

START_TEST(list_that_is_empty_is_there)
{
	put("", 0);
	struct list_set *set = load(path);
	ck_assert_ptr_nonnull(list_set_find(set, STR("tor_exits")));
	ck_assert_uint_eq(list_set_find(set, STR("tor_exits"))->count, 0);
	end(set);
}
END_TEST

static const struct broken {
	const char *text;
	size_t len;
	unsigned line;
	const char *code;
} broken[] = {
    {"a\nb\0c\n", 6, 2, "type"},
    {"a\n\nx\xff\n", 6, 3, "type"},
    {"\x1b[31m", 5, 1, "type"},
};

START_TEST(list_that_is_broken_is_a_problem_with_its_line_and_no_list)
{
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		const struct broken *t = &broken[i];
		put(t->text, t->len);
		struct list_set *set = load("l.txt");
		ck_assert_ptr_nonnull(set);
		ck_assert_ptr_null(list_set_find(set, STR("tor_exits")));
		ck_assert_uint_eq(problems.len, 1);
		ck_assert_str_eq(problems.items[0].file, path);
		ck_assert_uint_eq(problems.items[0].line, t->line);
		ck_assert_str_eq(problems.items[0].code, t->code);
		end(set);
	}
}
END_TEST

START_TEST(list_file_that_is_missing_or_a_directory_is_a_problem)
{
	put("", 0);
	struct list_set *set = load("nowhere.txt");
	ck_assert_str_eq(problems.items[0].code, "file");
	ck_assert_ptr_null(list_set_at(set, 0));
	list_set_free(set);
	fail_list_fini(&problems);
	set = load("/tmp");
	ck_assert_str_eq(problems.items[0].code, "file");
	end(set);
}
END_TEST

START_TEST(list_is_bounded_in_bytes_and_in_the_length_of_an_item)
{
	char *text = malloc(LIST_FILE_MAX + 1);
	ck_assert_ptr_nonnull(text);
	memset(text, 'a', LIST_FILE_MAX + 1);
	put(text, LIST_FILE_MAX + 1);
	struct list_set *set = load(path);
	ck_assert_str_eq(problems.items[0].code, "out-of-range");
	list_set_free(set);
	fail_list_fini(&problems);
	put(text, LIST_ITEM_BYTES);
	set = load(path);
	ck_assert_uint_eq(problems.len, 0);
	list_set_free(set);
	fail_list_fini(&problems);
	put(text, LIST_ITEM_BYTES + 1);
	set = load(path);
	ck_assert_str_eq(problems.items[0].code, "out-of-range");
	free(text);
	end(set);
}
END_TEST

START_TEST(list_has_at_most_a_million_items)
{
	size_t room = (size_t)(LIST_ITEMS_MAX + 1) * 8, len = 0;
	char *text = malloc(room + 1);
	ck_assert_ptr_nonnull(text);
	for (unsigned i = 0; i <= LIST_ITEMS_MAX; i++)
		len += (size_t)snprintf(text + len, room + 1 - len, "%u\n", i);
	put(text, len);
	struct list_set *set = load(path);
	ck_assert_uint_eq(problems.len, 1);
	ck_assert_str_eq(problems.items[0].code, "out-of-range");
	ck_assert_uint_eq(problems.items[0].line, LIST_ITEMS_MAX + 1);
	free(text);
	end(set);
}
END_TEST

/* directory/NAME/lists/file with the text; made once, removed by drop_beside. */
static void
put_beside(const char *name, const char *file, const char *text)
{
	char at[160];
	snprintf(at, sizeof(at), "%s/%s", directory, name);
	ck_assert(mkdir(at, 0700) == 0 || access(at, W_OK) == 0);
	snprintf(at, sizeof(at), "%s/%s/lists", directory, name);
	ck_assert(mkdir(at, 0700) == 0 || access(at, W_OK) == 0);
	snprintf(at, sizeof(at), "%s/%s/lists/%s", directory, name, file);
	FILE *f = fopen(at, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}

static void
drop_beside(const char *name, const char *file)
{
	char at[160];
	snprintf(at, sizeof(at), "%s/%s/lists/%s", directory, name, file);
	unlink(at);
	snprintf(at, sizeof(at), "%s/%s/lists", directory, name);
	rmdir(at);
	snprintf(at, sizeof(at), "%s/%s", directory, name);
	rmdir(at);
}

START_TEST(list_beside_the_rules_counts_where_no_earlier_one_has_the_name)
{
	put("configured\n", 11);
	put_beside("site", "vpn.txt", "site\n");
	put_beside("site", "notes.md", "no list\n");
	put_beside("shipped", "VPN.txt", "shipped\n");
	put_beside("shipped", "tor_exits.txt", "192.0.2.1\n");
	put_beside("shipped", "empty.txt", "# the operator's\n");
	char site[96], shipped[96], name[] = "tor_exits", *dirs[] = {site, shipped};
	snprintf(site, sizeof(site), "%s/site", directory);
	snprintf(shipped, sizeof(shipped), "%s/shipped", directory);
	struct list_config one = {name, path};
	struct config config = {.rules = {.lists = &one, .list_count = 1, .dirs = {dirs, 2}}};
	fail_list_init(&problems);
	struct list_set *set = list_set_load(&config, &problems);
	ck_assert_uint_eq(problems.len, 0);
	ck_assert(str_eq(list_set_find(set, STR("tor_exits"))->items[0], STR("configured")));
	ck_assert(str_eq(list_set_find(set, STR("vpn"))->items[0], STR("site")));
	ck_assert_uint_eq(list_set_find(set, STR("empty"))->count, 0);
	ck_assert_ptr_null(list_set_find(set, STR("notes")));
	ck_assert_ptr_nonnull(list_set_at(set, 2));
	ck_assert_ptr_null(list_set_at(set, 3));
	drop_beside("site", "vpn.txt");
	drop_beside("site", "notes.md");
	drop_beside("shipped", "VPN.txt");
	drop_beside("shipped", "tor_exits.txt");
	drop_beside("shipped", "empty.txt");
	end(set);
}
END_TEST

START_TEST(list_that_is_configured_and_missing_is_not_replaced_by_one_beside_the_rules)
{
	put("", 0);
	put_beside("shipped", "tor_exits.txt", "192.0.2.1\n");
	char shipped[96], name[] = "tor_exits", nowhere[] = "/nowhere/tor.txt", *dirs[] = {shipped};
	snprintf(shipped, sizeof(shipped), "%s/shipped", directory);
	struct list_config one = {name, nowhere};
	struct config config = {.rules = {.lists = &one, .list_count = 1, .dirs = {dirs, 1}}};
	fail_list_init(&problems);
	struct list_set *set = list_set_load(&config, &problems);
	ck_assert_uint_eq(problems.len, 1);
	ck_assert_ptr_null(list_set_find(set, STR("tor_exits")));
	drop_beside("shipped", "tor_exits.txt");
	end(set);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {list_has_one_item_a_line_without_comments_and_blanks_each_once,
	    list_that_is_empty_is_there, list_that_is_broken_is_a_problem_with_its_line_and_no_list,
	    list_file_that_is_missing_or_a_directory_is_a_problem,
	    list_is_bounded_in_bytes_and_in_the_length_of_an_item, list_has_at_most_a_million_items,
	    list_beside_the_rules_counts_where_no_earlier_one_has_the_name,
	    list_that_is_configured_and_missing_is_not_replaced_by_one_beside_the_rules, NULL};
	return unit_run("list", tests);
}
