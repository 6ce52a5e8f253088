/*
 * Lines of text between the user and the program: on the controlling terminal,
 * and on standard input.
 */

#ifndef CA_CLIENT_TERMINAL_H
#define CA_CLIENT_TERMINAL_H

#include <signal.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* Write text to fd, with bytes that are not printable escaped. */
void ca_terminal_say(int fd, const char *text);

/* Append one line of fd, without its end.  *eof: the file ended instead of the
 * line.  mask: the signals that are blocked while it waits; NULL: as they are.
 * CA_ERR_CANCELLED: a signal; CA_ERR_IO; CA_ERR_LIMIT. */
CA_MUST_CHECK enum ca_err ca_line_read(
    int fd, const sigset_t *mask, struct ca_buf *line, bool *eof);

/* Show prompt on the terminal and append one line.  echo false: what the user
 * types is not shown; the terminal is restored in any case, after a signal too.
 * CA_ERR_NOT_FOUND: there is no terminal; CA_ERR_CANCELLED: end of file or a
 * signal; CA_ERR_IO; CA_ERR_LIMIT. */
CA_MUST_CHECK enum ca_err ca_terminal_ask(
    const char *prompt, bool echo, struct ca_buf *line);

/*
 * Append one line of standard input, without its line end.  A terminal in
 * canonical mode cuts lines at 4,095 characters, and a request may be longer,
 * so canonical mode is off while this reads.  prompt (may be NULL) is written
 * to standard error after that, so that a user who pastes when the prompt
 * appears is not too early.  CA_ERR_NOT_FOUND: end of file.
 */
CA_MUST_CHECK enum ca_err ca_terminal_stdin_line(
    const char *prompt, struct ca_buf *line);

/* True if there is a terminal to ask on. */
bool ca_terminal_present(void);

#endif
