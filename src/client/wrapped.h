/*
 * Prompts that a terminal program broke into lines.  PuTTY shows the text of a
 * host in lines of 77 characters, the first after `| ', each further one after
 * `> ', and that is what a user copies.
 */
#ifndef CA_CLIENT_WRAPPED_H
#define CA_CLIENT_WRAPPED_H

#include <stdbool.h>

#include "base/err.h"
#include "client/prompt.h"

/*
 * ca_prompt_find, for a text that a user copied.  If the text is a prompt only
 * without line ends inside it, these are dropped: LF, CR or CR LF, blanks before
 * them, one `| ' or `> ' after each of them; and a blank of the prompt that is
 * missing at a line end is put back.  Any other text has the result that
 * ca_prompt_find gives.  The offsets in prompt are those of the joined text.
 */
CA_MUST_CHECK enum ca_err ca_wrapped_find(
    const char *text, struct ca_prompt *prompt);

/* The text ends inside a prompt: a further line may complete it. */
bool ca_wrapped_open(const char *text);

#endif
