/*
 * Texts in the language of the user: gettext(3), for the programs that a user reads
 * (certauth, certauth-sign) and for what the verifier says to one.  The log of an
 * administrator stays English.
 *
 * The locale of the process is not changed: a text is looked up in a locale of its own,
 * so that no number, no comparison and no message of a library depends on the user's
 * environment.  This file is not linked into the PAM module.
 */
#ifndef CA_BASE_TR_H
#define CA_BASE_TR_H

#include <stdbool.h>

/* A text that is looked up later: xgettext(1) collects it. */
#define N_(text) text
#define _(text) ca_tr(text)
#define P_(text) ca_tr_part(text)

/*
 * Look texts up in this locale from now on ("de_DE.UTF-8"); NULL: in that of the
 * environment (LC_ALL, LC_MESSAGES, LANG; LANGUAGE).  The catalog is read at once: a
 * process that confines itself later needs no file.  log: what this process logs is read
 * by its user, and not by an administrator.  False, and English: the locale is not
 * installed, or is none.  Called before there is a second thread.
 */
bool ca_tr_use(const char *locale, bool log);

/* Is there a catalog for the locale of ca_tr_use? */
bool ca_tr_known(void);

/*
 * The text in the language of ca_tr_use, else text itself; never freed.  A translation
 * whose conversions (%s and the like) differ from those of text is not used.
 */
const char *ca_tr(const char *text) __attribute__((format_arg(1)));

/* The same for a part of a text that is logged: in English, unless the user reads the
 * log. */
const char *ca_tr_part(const char *text) __attribute__((format_arg(1)));

/* The same for a text that depends on a number. */
const char *ca_trn(const char *one, const char *many, unsigned long n)
    __attribute__((format_arg(1), format_arg(2)));

#endif
