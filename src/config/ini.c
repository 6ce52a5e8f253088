#include "config/ini.h"

#include <stdio.h>
#include <string.h>

struct span {
	const char *p;
	size_t len;
};

static bool
blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct span
trim(const char *p, size_t len)
{
	while (len > 0 && blank(p[0])) {
		p++;
		len--;
	}
	while (len > 0 && blank(p[len - 1]))
		len--;
	return (struct span){p, len};
}

/* The offset of the first character of stop, or of a comment (a semicolon after
 * a blank), or len. */
static size_t
find(const char *p, size_t len, const char *stop)
{
	size_t i = 0;

	while (i < len && strchr(stop, p[i]) == NULL &&
	       !(p[i] == ';' && i > 0 && blank(p[i - 1])))
		i++;
	return i;
}

static enum ca_err
mistake(struct ca_ini *in, struct ca_ini_item *item, const char *what)
{
	item->kind = CA_INI_MISTAKE;
	item->line = in->line;
	item->value = what;
	in->mistaken = true;
	return CA_OK;
}

/* Take the next line, without its line end. */
static struct span
take_line(struct ca_ini *in)
{
	const char *line = in->p;
	const char *nl = memchr(line, '\n', (size_t)(in->end - line));
	size_t len = (size_t)((nl != NULL ? nl : in->end) - line);

	in->p = nl != NULL ? nl + 1 : in->end;
	in->line++;
	if (in->crlf && len > 0 && line[len - 1] == '\r')
		len--;
	return (struct span){line, len};
}

static bool
control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

static bool
unimportant(struct span line)
{
	struct span s = trim(line.p, line.len);

	return s.len == 0 || s.p[0] == '#' || s.p[0] == ';';
}

/* What is wrong with the bytes of a line, or NULL.  A file from Windows has the
 * same mistake on every line: "" after the first one, which is not reported. */
static const char *
bad_bytes(struct ca_ini *in, struct span line)
{
	const char *what = NULL;

	if (in->line == 1 && line.len >= 3 &&
	    memcmp(line.p, "\xef\xbb\xbf", 3) == 0)
		return "the file begins with a byte order mark; save the file "
		       "as UTF-8 without one";
	for (size_t i = 0; what == NULL && i < line.len; i++)
		if (line.p[i] == '\0') {
			what = "the line contains a NUL byte";
		} else if (line.p[i] == '\r') {
			what = in->told_cr
				   ? ""
				   : "the line contains a control byte (0x0d); "
				     "lines must end as on Unix; run: "
				     "sed -i 's/\\r$//' FILE";
			in->told_cr = true;
		} else if (control(line.p[i])) {
			what = "the line contains a control byte, which is not "
			       "printable";
		}
	if (what == NULL && line.len > CA_INI_LINE_MAX && !unimportant(line))
		what = "the line is longer than 4096 bytes; a list can "
		       "continue on indented lines";
	return what;
}

static enum ca_err
section(struct ca_ini *in, struct ca_ini_item *item, struct span line)
{
	size_t close = 1 + find(line.p + 1, line.len - 1, "]");

	if (close == line.len || line.p[close] != ']')
		return mistake(in, item,
		    "the section's name has no ] at its "
		    "end");
	struct span rest = trim(line.p + close + 1, line.len - close - 1);
	if (rest.len > 0 && rest.p[0] != '#' && rest.p[0] != ';')
		return mistake(in, item, "there is text after the section's ]");
	if (close == 1 || close - 1 > CA_INI_SECTION_MAX)
		return mistake(in, item,
		    "a section's name must have 1 to 49 "
		    "characters");
	ca_buf_reset(&in->name);
	ca_buf_put(&in->name, line.p + 1, close - 1);
	item->kind = CA_INI_SECTION;
	item->name = ca_buf_text(&in->name);
	return item->name != NULL ? CA_OK : CA_ERR_MEMORY;
}

/* Append a part of a value.  False: the part contains a comment with #, which
 * would become part of the value. */
static bool
put_value(struct ca_buf *value, const char *p, size_t len)
{
	struct span s = trim(p, find(p, len, ""));

	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '#' && (i == 0 || blank(s.p[i - 1])))
			return false;
	ca_buf_put(value, s.p, s.len);
	return true;
}

/*
 * Append the indented lines that follow a pair.  Blank lines and comments may
 * be between them.  A line with a mistake ends the value; the next call reports
 * it.
 */
static void
join(struct ca_ini *in, struct ca_ini_item *item)
{
	for (;;) {
		struct ca_ini before = *in;
		struct span line;

		if (in->p == in->end)
			return;
		line = take_line(in);
		const char *wrong = bad_bytes(in, line);
		if (wrong == NULL && unimportant(line))
			continue;
		size_t len = in->value.len;
		if (wrong == NULL && blank(line.p[0])) {
			struct span s = trim(line.p, line.len);

			ca_buf_str(&in->value, " ");
			if (put_value(&in->value, s.p, s.len)) {
				if (item->indented == 0)
					item->indented = in->line;
				continue;
			}
		}
		/* the line is not part of this value: read it again later, but
		 * keep the buffer, which may have moved */
		before.value = in->value;
		before.value.len = len;
		*in = before;
		return;
	}
}

static enum ca_err
pair(struct ca_ini *in, struct ca_ini_item *item, struct span line)
{
	size_t equals = find(line.p, line.len, "=:");
	struct span name = trim(line.p, equals);

	in->pair = true;
	/* KEY: VALUE is not accepted: one form is enough */
	if (name.len == 0 || equals == line.len || line.p[equals] != '=')
		return mistake(
		    in, item, "the line is neither KEY = VALUE nor [SECTION]");
	ca_buf_reset(&in->name);
	ca_buf_reset(&in->value);
	ca_buf_put(&in->name, name.p, name.len);
	if (!put_value(&in->value, line.p + equals + 1, line.len - equals - 1))
		return mistake(in, item,
		    "a comment that begins with # needs a line of its own; "
		    "after a value, write ; with a blank before it");
	join(in, item);
	if (ca_buf_err(&in->value) == CA_ERR_LIMIT)
		return mistake(in, item, "the list is longer than 65536 bytes");
	item->kind = CA_INI_PAIR;
	item->name = ca_buf_text(&in->name);
	item->value = ca_buf_text(&in->value);
	return item->name != NULL && item->value != NULL ? CA_OK
							 : CA_ERR_MEMORY;
}

/* An indented line that join() did not take: it has a mistake, or continues a
 * line that has one. */
static enum ca_err
left_over(struct ca_ini *in, struct ca_ini_item *item, struct span line)
{
	struct ca_buf scratch = CA_BUF_INIT(CA_INI_LINE_MAX);
	struct span s = trim(line.p, line.len);
	bool plain = put_value(&scratch, s.p, s.len);

	ca_buf_free(&scratch);
	if (!in->pair)
		return mistake(in, item,
		    "the line is indented, but there is "
		    "no list before it to continue");
	if (!plain)
		return mistake(in, item,
		    "a comment that begins with # needs a line of its own; "
		    "after a value, write ; with a blank before it");
	/* drop the line only if the line that it continues was reported */
	if (!in->mistaken)
		return mistake(in, item,
		    "the line is indented, but there is "
		    "no list before it to continue");
	return CA_OK;
}

enum ca_err
ca_ini_next(struct ca_ini *in, struct ca_ini_item *item)
{
	*item = (struct ca_ini_item){0};
	while (in->p != in->end) {
		struct span line = take_line(in);
		const char *wrong = bad_bytes(in, line);

		item->line = in->line;
		if (wrong != NULL && wrong[0] != '\0')
			return mistake(in, item, wrong);
		if (wrong != NULL || unimportant(line))
			continue;
		if (blank(line.p[0])) {
			enum ca_err rc = left_over(in, item, line);

			if (rc != CA_OK || item->kind == CA_INI_MISTAKE)
				return rc;
			continue;
		}
		in->pair = false;
		return line.p[0] == '[' ? section(in, item, line)
					: pair(in, item, line);
	}
	item->kind = CA_INI_END;
	item->line = in->line;
	return CA_OK;
}

void
ca_ini_init(struct ca_ini *in, const void *text, size_t len, bool crlf)
{
	*in = (struct ca_ini){.crlf = crlf,
	    .name = CA_BUF_INIT(CA_INI_LINE_MAX + 1),
	    .value = CA_BUF_INIT(CA_INI_VALUE_MAX)};
	/* text may be NULL if len is 0: no arithmetic on NULL */
	in->p = len > 0 ? text : "";
	in->end = in->p + len;
}

void
ca_ini_free(struct ca_ini *in)
{
	ca_buf_free(&in->name);
	ca_buf_free(&in->value);
}
