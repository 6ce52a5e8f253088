/*
 * The one reader of configuration files: certauth.conf and the client's file
 * have the same dialect (certauth.conf(5) describes it).
 *
 * The reader replaces libinih, which has a bound compiled in that a caller
 * cannot raise (200 bytes a line, 50 a section's name) and which reads a longer
 * line as two lines.  A PKCS#11 URI with its module-path is longer.  Both
 * programs that used libinih also had to check every line before libinih saw
 * it.  The reader here takes what certauth.conf(5) says, and reports every
 * other line as a mistake: nothing is cut, dropped or guessed.
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

/* One thing that the file says.  The strings belong to the reader, and are
 * valid until the next call. */
struct ca_ini_item {
	enum ca_ini_kind kind;
	unsigned line;     /* the line where it begins, from 1 */
	unsigned indented; /* pair: the first indented line that continues the
			     * value (only a list may have one), or 0 */
	const char *name;  /* section or key, never empty */
	const char *value; /* without the blanks around it and its comment;
			     * indented lines are joined by a blank */
};

struct ca_ini {
	const char *p, *end; /* borrowed: what is not read yet */
	unsigned line;       /* the number of the last line that was read */
	bool crlf;           /* a CR before the end of a line is ignored */
	/* private from here on */
	bool pair;     /* the last line that was not indented is a pair */
	bool mistaken; /* a mistake was reported */
	bool told_cr;  /* that of CR was reported */
	struct ca_buf name, value;
};

/* Begin to read the len bytes at text, which stay the caller's.  crlf: lines
 * may end in CR LF, as editors of Windows write them. */
void ca_ini_init(struct ca_ini *in, const void *text, size_t len, bool crlf);

void ca_ini_free(struct ca_ini *in);

/*
 * The next item.  After a mistake the reader continues with the next line, so
 * that all mistakes of a file can be reported.  CA_OK, also at the end of the
 * file; CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_ini_next(
    struct ca_ini *in, struct ca_ini_item *item);

#endif
