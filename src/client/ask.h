/*
 * Questions to the person: on the terminal, or through an askpass program
 * where there is none.
 */
#ifndef CA_CLIENT_ASK_H
#define CA_CLIENT_ASK_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "key/key.h"

/* Where to ask.  A zeroed one asks on the terminal alone. */
struct ca_ask {
	const char *program; /* askpass program, or NULL; borrowed */
	bool program_first;  /* it is preferred to the terminal */
};

/*
 * Ask and read one line, at most 4,096 bytes, without its end.  echo false:
 * what is typed is not shown, and the terminal is restored whatever happens,
 * a signal too.  prompt is escaped.  CA_ERR_CANCELLED: end of file or a
 * signal, or the program said no; CA_ERR_IO: no terminal and no program.
 */
CA_MUST_CHECK enum ca_err ca_ask_line(const struct ca_ask *ask,
    const char *prompt, bool echo, struct ca_secret **answer);

/* Yes or no; only "y" or "yes" is CA_OK, all else CA_ERR_CANCELLED. */
CA_MUST_CHECK enum ca_err ca_ask_yes(
    const struct ca_ask *ask, const char *question);

/* The same as a key source wants it; ask must outlive it. */
struct ca_key_ui ca_ask_ui(struct ca_ask *ask);

/*
 * Run program with one argument, everything above its descriptor 2 closed,
 * and take what it prints up to the first line end.  CA_ERR_CANCELLED: its
 * exit status is not zero; CA_ERR_IO: it could not be started.
 */
CA_MUST_CHECK enum ca_err ca_ask_program(
    const char *program, const char *prompt, struct ca_secret **answer);

#endif
