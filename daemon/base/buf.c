#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

enum { FIRST_SIZE = 64 };

void
buf_init(struct buf *b, size_t max_bytes)
{
	/* One byte above max is the NUL's. */
	*b = (struct buf){.max = max_bytes < SIZE_MAX ? max_bytes : SIZE_MAX - 1};
}

void
buf_fini(struct buf *b)
{
	mem_free(b->data);
	buf_init(b, b->max);
}

int
buf_reserve(struct buf *b, size_t n)
{
	if (n > b->max - b->len)
		return -1;
	size_t need = b->len + n + 1;
	if (need <= b->size)
		return 0;
	size_t size = b->size < FIRST_SIZE ? FIRST_SIZE : b->size;
	while (size < need)
		size = size > SIZE_MAX / 2 ? need : size * 2;
	if (size > b->max + 1)
		size = b->max + 1;
	char *data = mem_resize(b->data, size, 1);
	if (!data)
		return -1;
	data[b->len] = '\0';
	b->data = data;
	b->size = size;
	return 0;
}

int
buf_add(struct buf *b, const void *p, size_t n)
{
	if (buf_reserve(b, n) != 0)
		return -1;
	if (n > 0)
		memcpy(b->data + b->len, p, n);
	b->len += n;
	b->data[b->len] = '\0';
	return 0;
}

int
buf_add_str(struct buf *b, struct str s)
{
	return buf_add(b, s.p, s.len);
}

int
buf_addf(struct buf *b, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0 || buf_reserve(b, (size_t)n) != 0)
		return -1;
	va_start(args, format);
	vsnprintf(b->data + b->len, (size_t)n + 1, format, args);
	va_end(args);
	b->len += (size_t)n;
	return 0;
}

void
buf_drop(struct buf *b, size_t n)
{
	if (n >= b->len) {
		buf_clear(b);
		return;
	}
	memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
	b->data[b->len] = '\0';
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	if (b->data)
		b->data[0] = '\0';
}

struct str
buf_str(const struct buf *b)
{
	return str_make(b->data ? b->data : "", b->len);
}

char *
buf_take(struct buf *b)
{
	char *data = b->data;
	buf_init(b, b->max);
	return data;
}
