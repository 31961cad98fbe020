#include "detect/number_slot.h"

#include <string.h>

/* Decimal text of n / 10^decimals, without trailing zeros. */
static size_t
number_text(uint64_t n, unsigned decimals, char out[NUMBER_SLOT_SIZE])
{
	char digits[NUMBER_SLOT_SIZE];
	size_t at = sizeof(digits), len;
	bool shown = false; /* trailing zeros of the fraction are left out */
	for (unsigned i = 0; i < decimals; i++, n /= 10) {
		shown = shown || n % 10 != 0;
		if (shown)
			digits[--at] = (char)('0' + n % 10);
	}
	if (shown)
		digits[--at] = '.';
	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	len = sizeof(digits) - at;
	memcpy(out, digits + at, len);
	return len;
}

void
number_slot_write(struct event *e, int slot, char text[NUMBER_SLOT_SIZE], uint64_t n, unsigned decimals)
{
	if (slot < 0 || (unsigned)slot >= e->slot_count)
		return;
	e->slots[slot] = (struct value){.text = str_make(text, number_text(n, decimals, text)), .type = VALUE_NUMBER};
}
