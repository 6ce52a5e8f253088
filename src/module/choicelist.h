/*
 * GDM's extension of the conversation: a list of which the user chooses one line.
 *
 * An application that has it names it in GDM_SUPPORTED_PAM_EXTENSIONS.  It gets the
 * list as one message of PAM_BINARY_PROMPT, and answers with a message of its own in
 * place of a text.  Both are structs in the memory of the process, with pointers.
 */
#ifndef CA_MODULE_CHOICELIST_H
#define CA_MODULE_CHOICELIST_H

#include <security/pam_modules.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "channel/helper.h"

/* ---- the messages, in the layout of GDM (gdm/gdm-pam-extensions.h) ---- */

struct ca_choicelist_header {
	uint32_t length; /* bytes of the whole message, in network byte order */
	unsigned char
	    type; /* the extension: its place in the variable, from 0 */
};

struct ca_choicelist_item {
	const char *key, *text; /* what is answered, what is shown */
};

struct ca_choicelist_request {
	struct ca_choicelist_header header;
	const char *title;
	size_t n;
	/* the message ends after n of them */
	struct ca_choicelist_item item[CA_HELPER_ITEMS_MAX];
};

/* From malloc, as its key, which is NULL if nothing was chosen; who asked frees
 * both. */
struct ca_choicelist_response {
	struct ca_choicelist_header header;
	char *key;
};

/* ---- */

/* Has an application with this PAM_SERVICE and this value of the variable (both may
 * be NULL) the list?  *type is that of its messages.  Only services whose names
 * begin with "gdm-" have it. */
bool ca_choicelist_type(
    const char *service, const char *variable, unsigned char *type);

/* An application, and the type of its messages. */
struct ca_choicelist {
	pam_handle_t *pamh;
	unsigned char type;
};

/* Has the application of list->pamh the list, by its PAM_SERVICE and environment?
 * Then the type is set.  The environment of a program that runs setuid, or with
 * capabilities of its file, does not count. */
bool ca_choicelist_shown(struct ca_choicelist *list);

/* The choose of struct ca_prompter; ctx is a struct ca_choicelist for which
 * ca_choicelist_shown was true. */
CA_MUST_CHECK enum ca_err ca_choicelist_ask(void *ctx, const char *title,
    const struct ca_buf *items, struct ca_secret **answer);

#endif
