/*
 * Ask the user questions: on the terminal, or through an askpass program if
 * there is no terminal.
 */
#ifndef CA_CLIENT_ASK_H
#define CA_CLIENT_ASK_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "key/key.h"

/* Where to ask.  A zeroed struct asks on the terminal only. */
struct ca_ask {
	const char *program; /* askpass program, or NULL; borrowed */
	bool program_first;  /* prefer the program to the terminal */
	char notes[4096];    /* lines for the next question, each with its LF */
	bool full;           /* one was dropped, and each later one is */
};

/*
 * Choose the program as ssh(1) does: SSH_ASKPASS if there is a display (DISPLAY,
 * WAYLAND_DISPLAY) or SSH_ASKPASS_REQUIRE is force; else configured, or NULL.
 * SSH_ASKPASS_REQUIRE=never: no program; force, or prefer with a display: the
 * program before the terminal.  certauth's own askpass only answers hosts, so
 * it is no such program.  Both strings are borrowed.
 */
void ca_ask_configure(struct ca_ask *ask, const char *configured);

/*
 * Ask and read one line, at most 4,096 bytes, without its line end.  echo
 * false: what the user types is not shown.  The terminal is restored in any
 * case, after a signal too.  prompt is escaped.  CA_ERR_CANCELLED: end of file,
 * a signal, or the program's exit status is not 0; CA_ERR_IO: there is neither
 * a terminal nor a program.
 */
CA_MUST_CHECK enum ca_err ca_ask_line(const struct ca_ask *ask,
    const char *prompt, bool echo, struct ca_secret **answer);

/* Ask yes or no.  Only "y" or "yes" is CA_OK; any other answer is
 * CA_ERR_CANCELLED. */
CA_MUST_CHECK enum ca_err ca_ask_yes(
    const struct ca_ask *ask, const char *question);

/* The same as a key source needs it; ask must outlive it.  What a question needs is
 * written to standard error, and stands in front of the question if a program asks. */
struct ca_key_ui ca_ask_ui(struct ca_ask *ask);

/*
 * Run program with one argument, all descriptors above 2 closed, and take what
 * it prints up to the first line end.  CA_ERR_CANCELLED: its exit status is not
 * 0; CA_ERR_IO: it could not be started.
 */
CA_MUST_CHECK enum ca_err ca_ask_program(
    const char *program, const char *prompt, struct ca_secret **answer);

#endif
