/*
 * How the module's helper talks to its user: through the module, by the
 * lines of channel/helper.h on standard input and output.
 */
#ifndef CA_SIGN_HELPERTALK_H
#define CA_SIGN_HELPERTALK_H

#include <stdbool.h>

#include "base/err.h"
#include "channel/helper.h"
#include "key/key.h"

struct ca_helper_talk {
	struct ca_helper_input in;
	bool gone;                /* the module closed its end */
	bool asked;               /* the user typed a secret */
	bool choices;             /* the application shows lists */
	const struct ca_log *log; /* gets each error, too; borrowed */
};

/* Write one line.  CA_ERR_IO: the module closed its end. */
CA_MUST_CHECK enum ca_err ca_helper_talk_text(
    struct ca_helper_talk *t, enum ca_helper_verb verb, const char *text);

/* Questions to the user, by t as it is now; t must outlive it. */
struct ca_key_ui ca_helper_talk_ui(struct ca_helper_talk *t);

#endif
