/*
 * The only reader of configuration files: certauth.conf and the client's file
 * have the same syntax, which certauth.conf(5) describes.
 *
 * The reader replaces libinih, whose bounds are compiled in (200 bytes in a
 * line, 50 in a section's name) and which reads a longer line as two lines.  A
 * PKCS#11 URI with its module-path can be longer.  Every line that
 * certauth.conf(5) does not allow is reported as a mistake; nothing is
 * truncated, dropped or guessed.
 */
#ifndef CA_CONFIG_INI_H
#define CA_CONFIG_INI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

#define CA_INI_LINE_MAX 4096     /* bytes of one line, without its end */
#define CA_INI_SECTION_MAX 49    /* bytes of a section's name */
#define CA_INI_VALUE_MAX 65536   /* bytes of one value, over all its lines */
#define CA_INI_FILE_MAX 1048576u /* bytes of one file */

enum ca_ini_kind {
	CA_INI_END,     /* the end of the file */
	CA_INI_SECTION, /* [name] */
	CA_INI_PAIR,    /* name = value */
	CA_INI_MISTAKE, /* value says what is wrong with the line */
};

/* One item of the file.  The strings belong to the reader, and are valid until
 * the next call. */
struct ca_ini_item {
	enum ca_ini_kind kind;
	unsigned line;     /* the line where the item begins, from 1 */
	unsigned indented; /* pair: the first indented line that continues the
			     * value (only a list may have one), or 0 */
	const char *name;  /* section or key, never empty */
	const char *value; /* without surrounding blanks and the comment;
			     * indented lines are joined with a blank */
};

struct ca_ini {
	const char *p, *end; /* borrowed: the text not read yet */
	unsigned line;       /* the number of the last line that was read */
	bool crlf;           /* a CR before the end of a line is ignored */
	/* private members follow */
	bool pair;     /* the last line that was not indented is a pair */
	bool mistaken; /* a mistake was reported */
	bool told_cr;  /* the mistake about CR was reported */
	struct ca_buf name, value;
};

/* Begin to read the len bytes at text, which are borrowed.  crlf: lines may end
 * with CR LF, as editors on Windows write them. */
void ca_ini_init(struct ca_ini *in, const void *text, size_t len, bool crlf);

void ca_ini_free(struct ca_ini *in);

/*
 * Read the next item.  After a mistake the reader continues with the next line,
 * so that all mistakes of a file can be reported.  CA_OK, also at the end of
 * the file; CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_ini_next(
    struct ca_ini *in, struct ca_ini_item *item);

#endif
