#include "event/batch.h"

#include "base/mem.h"

void
batch_init(struct batch *b)
{
	*b = (struct batch){.max_records = UINT32_MAX};
}

void
batch_fini(struct batch *b)
{
	mem_free(b->errors);
	b->errors = NULL;
	b->error_count = 0;
}

/* Cuts at a character, so that the answer stays valid UTF-8. */
static void
copy_text(char *out, size_t size, struct str s)
{
	size_t n = s.len < size ? s.len : size - 1;

	if (n < s.len)
		while (n > 0 && ((unsigned char)s.p[n] & 0xC0U) == 0x80U)
			n--;
	if (n > 0)
		memcpy(out, s.p, n);
	out[n] = '\0';
}

void
batch_reject(struct batch *b, uint32_t index, const char *code, struct str pointer, struct str detail)
{
	b->rejected++;
	if (!b->errors) {
		b->errors = mem_zero(BATCH_ERRORS_MAX, sizeof(*b->errors));
		if (!b->errors)
			return;
	}
	if (b->error_count >= BATCH_ERRORS_MAX)
		return;
	struct batch_error *error = &b->errors[b->error_count++];
	error->index = index;
	error->place = b->place;
	copy_text(error->code, sizeof(error->code), str_of(code));
	copy_text(error->pointer, sizeof(error->pointer), pointer);
	copy_text(error->detail, sizeof(error->detail), detail);
}
