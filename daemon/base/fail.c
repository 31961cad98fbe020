#include "base/fail.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

enum { LIST_MAX = 1000 };

/* Copies text, cut to size at a character's start, control bytes as '?'. from and to may overlap in no byte. */
static void
copy_clean(char *to, size_t size, const char *from)
{
	size_t n = strlen(from);
	if (n >= size) {
		n = size - 1;
		while (n > 0 && ((unsigned char)from[n] & 0xC0) == 0x80)
			n--;
	}
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)from[i];
		to[i] = c < 0x20 || c == 0x7F ? '?' : from[i];
	}
	to[n] = '\0';
}

/* Formats aside first: an argument may point into *why itself. */
__attribute__((format(printf, 3, 0))) static void
fill(struct fail *why, const char *code, const char *format, va_list args)
{
	char text[sizeof why->text * 2];
	char short_code[sizeof why->code];
	if (vsnprintf(text, sizeof text, format, args) < 0)
		text[0] = '\0';
	copy_clean(short_code, sizeof short_code, code ? code : "");
	copy_clean(why->text, sizeof why->text, text);
	memcpy(why->code, short_code, sizeof short_code);
}

static void
place(struct fail *why, const char *file, unsigned line, unsigned column)
{
	char name[sizeof why->file];
	copy_clean(name, sizeof name, file ? file : "");
	memcpy(why->file, name, sizeof name);
	why->line = line;
	why->column = column;
}

int
fail_set(struct fail *why, const char *code, const char *format, ...)
{
	if (!why)
		return -1;
	va_list args;
	va_start(args, format);
	fill(why, code, format, args);
	va_end(args);
	return -1;
}

int
fail_at(struct fail *why, const char *file, unsigned line, unsigned column, const char *code,
    const char *format, ...)
{
	if (!why)
		return -1;
	va_list args;
	va_start(args, format);
	fill(why, code, format, args);
	va_end(args);
	place(why, file, line, column);
	return -1;
}

static void
print_as(const struct fail *why, const char *word, char *out, size_t size)
{
	char at[sizeof why->file + 32] = "";
	char code[sizeof why->code + 4] = "";
	if (why->file[0] && why->line && why->column)
		snprintf(at, sizeof at, "%s:%u:%u: ", why->file, why->line, why->column);
	else if (why->file[0] && why->line)
		snprintf(at, sizeof at, "%s:%u: ", why->file, why->line);
	else if (why->file[0])
		snprintf(at, sizeof at, "%s: ", why->file);
	if (why->code[0])
		snprintf(code, sizeof code, " [%s]", why->code);
	snprintf(out, size, "%s%s: %s%s", at, word, why->text, code);
}

void
fail_print(const struct fail *why, char *out, size_t size)
{
	print_as(why, "error", out, size);
}

void
fail_list_init(struct fail_list *list)
{
	*list = (struct fail_list){0};
}

void
fail_list_fini(struct fail_list *list)
{
	mem_free(list->items);
	fail_list_init(list);
}

void
fail_list_add(struct fail_list *list, const struct fail *why)
{
	/* Room grows in powers of two, so that len alone says when. */
	if (list->len < LIST_MAX && (list->len & (list->len - 1)) == 0) {
		struct fail *items = mem_resize(list->items, list->len ? list->len * 2 : 1, sizeof *items);
		if (!items) {
			list->dropped++;
			return;
		}
		list->items = items;
	}
	if (list->len >= LIST_MAX) {
		list->dropped++;
		return;
	}
	list->items[list->len++] = *why;
}

int
fail_list_at(struct fail_list *list, const char *file, unsigned line, unsigned column, const char *code,
    const char *format, ...)
{
	struct fail why = {0};
	va_list args;
	va_start(args, format);
	fill(&why, code, format, args);
	va_end(args);
	place(&why, file, line, column);
	fail_list_add(list, &why);
	return -1;
}

static void
print_list(const struct fail_list *list, const char *word, FILE *out)
{
	char line[1024];
	for (size_t i = 0; i < list->len; i++) {
		print_as(&list->items[i], word, line, sizeof(line));
		fprintf(out, "%s\n", line);
	}
	if (list->dropped)
		fprintf(out, "and %zu more problems\n", list->dropped);
}

void
fail_list_print(const struct fail_list *list, FILE *out)
{
	print_list(list, "error", out);
}

void
fail_list_print_warnings(const struct fail_list *list, FILE *out)
{
	print_list(list, "warning", out);
}

void
fail_list_print_notes(const struct fail_list *list, FILE *out)
{
	print_list(list, "note", out);
}
