#include "base/format.h"
#include "base/text.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define FOREIGN_LEAST 16 /* bytes that a text of others has at least */

struct line {
	char *text;
	size_t size; /* of text, the NUL included */
	size_t len;
	size_t foreign; /* bytes that a text of others may take */
	const char *(*say)(
	    const char *); /* in the reader's language, or NULL */
	bool full;
};

/* A conversion of the format. */
struct spec {
	bool ours, zero; /* the flags - and 0 */
	int width, precision;
	char size; /* 0, h, l, L for ll, z */
	char conv;
};

static void
put(struct line *l, const char *p, size_t n)
{
	l->full = l->full || l->len + n >= l->size;
	if (l->full)
		return;
	memcpy(l->text + l->len, p, n);
	l->len += n;
}

/* Text of ours, or of the format: unprintable characters are escaped. */
static void
put_ours(struct line *l, const char *text, size_t len)
{
	const uint8_t *p = (const uint8_t *)text;
	char out[CA_TEXT_STEP];
	size_t n;

	for (size_t i = 0; i < len && !l->full;) {
		i += ca_text_next(p + i, len - i, "", out, &n);
		put(l, out, n);
	}
}

static void
put_foreign(struct line *l, const char *text, size_t len)
{
	const uint8_t *p = (const uint8_t *)text;
	char out[CA_TEXT_STEP];
	size_t n, used = 0;

	if (ca_text_plain(text, len) && len <= l->foreign) {
		put(l, text, len);
		return;
	}
	put(l, "\"", 1);
	for (size_t i = 0; i < len;) {
		i += ca_text_next(p + i, len - i, "\\\"=", out, &n);
		used += n;
		if (used > l->foreign) {
			put(l, "...", 3);
			break;
		}
		put(l, out, n);
	}
	put(l, "\"", 1);
}

static void
put_text(struct line *l, const struct spec *s, const char *text)
{
	size_t len;

	if (text == NULL)
		text = "(null)";
	else if (s->ours && s->precision < 0 && l->say != NULL)
		text = l->say(text);
	len = s->precision >= 0 ? strnlen(text, (size_t)s->precision)
				: strlen(text);
	if (s->ours)
		put_ours(l, text, len);
	else
		put_foreign(l, text, len);
}

static void
put_number(struct line *l, const struct spec *s, bool negative,
    unsigned long long value)
{
	char digit[32];
	size_t n = 0;
	unsigned base = s->conv == 'x' ? 16 : s->conv == 'o' ? 8 : 10;

	do {
		digit[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value > 0);
	while (n < sizeof digit - 1 && (int)n < s->width && s->zero)
		digit[n++] = '0';
	if (negative)
		digit[n++] = '-';
	for (int pad = s->width - (int)n; pad > 0 && pad < 64; pad--)
		put(l, " ", 1);
	while (n > 0)
		put(l, &digit[--n], 1);
}

/* Read the conversion whose % is before p; returns what follows it. */
static const char *
read_spec(const char *p, va_list *ap, struct spec *s)
{
	*s = (struct spec){.precision = -1};
	for (; *p == '-' || *p == '0'; p++) {
		s->ours = s->ours || *p == '-';
		s->zero = s->zero || *p == '0';
	}
	for (; *p >= '0' && *p <= '9' && s->width < 100; p++)
		s->width = 10 * s->width + (*p - '0');
	if (p[0] == '.' && p[1] == '*') {
		s->precision = va_arg(*ap, int);
		p += 2;
	} else if (p[0] == '.') {
		s->precision = 0;
		for (p++; *p >= '0' && *p <= '9' && s->precision < 10000; p++)
			s->precision = 10 * s->precision + (*p - '0');
	}
	for (; *p != '\0' && strchr("hlz", *p) != NULL; p++)
		s->size = *p == 'l' && s->size == 'l' ? 'L' : *p;
	s->conv = *p;
	return *p != '\0' ? p + 1 : p;
}

static long long
signed_arg(va_list *ap, char size)
{
	switch (size) {
	case 'l':
		return va_arg(*ap, long);
	case 'L':
		return va_arg(*ap, long long);
	case 'z':
		return (long long)va_arg(*ap, size_t);
	default:
		return va_arg(*ap, int);
	}
}

static unsigned long long
unsigned_arg(va_list *ap, char size)
{
	switch (size) {
	case 'l':
		return va_arg(*ap, unsigned long);
	case 'L':
		return va_arg(*ap, unsigned long long);
	case 'z':
		return va_arg(*ap, size_t);
	default:
		return va_arg(*ap, unsigned);
	}
}

/* False: the conversion is not supported. */
static bool
put_arg(struct line *l, const struct spec *s, va_list *ap, int err)
{
	char c, why[256];
	const char *whole;
	long long v;

	switch (s->conv) {
	case 's':
		put_text(l, s, va_arg(*ap, const char *));
		return true;
	case 'd':
	case 'i':
		v = signed_arg(ap, s->size);
		put_number(l, s, v < 0,
		    v < 0 ? 0ULL - (unsigned long long)v
			  : (unsigned long long)v);
		return true;
	case 'u':
	case 'x':
	case 'o':
		put_number(l, s, false, unsigned_arg(ap, s->size));
		return true;
	case 'c':
		c = (char)va_arg(*ap, int);
		put_foreign(l, &c, 1);
		return true;
	case 'm':
		errno = err;
		(void)snprintf(why, sizeof why, "%m");
		whole = l->say != NULL ? l->say(why) : why;
		put_ours(l, whole, strlen(whole));
		return true;
	case '%':
		put(l, "%", 1);
		return true;
	default:
		return false;
	}
}

static void
format(struct line *l, const char *fmt, va_list *ap, int err)
{
	struct spec s;

	l->len = 0;
	l->full = false;
	if (l->say != NULL)
		fmt = l->say(fmt);
	while (*fmt != '\0') {
		size_t n = strcspn(fmt, "%");

		put_ours(l, fmt, n);
		fmt += n;
		if (*fmt == '\0')
			break;
		fmt = read_spec(fmt + 1, ap, &s);
		if (!put_arg(l, &s, ap, err)) {
			put_ours(l, "(bad conversion)", 16);
			break;
		}
	}
	l->text[l->len] = '\0';
}

void
ca_vformat(char *out, size_t size, const char *(*text)(const char *),
    const char *fmt, va_list ap)
{
	int saved = errno;
	struct line l = {
	    .text = out, .size = size, .foreign = size, .say = text};
	va_list again;

	do {
		va_copy(again, ap);
		format(&l, fmt, &again, saved);
		va_end(again);
		/* below this length, our own text is too long */
	} while (l.full && (l.foreign /= 2) >= FOREIGN_LEAST);
	errno = saved;
}

void
ca_format(char *out, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.*): va_start is above */
	ca_vformat(out, size, NULL, fmt, ap);
	va_end(ap);
}
