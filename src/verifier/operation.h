/*
 * The three operations, as functions from a message to an answer.  What they need
 * of files and accounts comes by base/sys.h.
 */
#ifndef CA_VERIFIER_OPERATION_H
#define CA_VERIFIER_OPERATION_H

#include "auth/auth.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "op/op.h"
#include "verifier/calls.h"

/* One operation.  Begin with a zeroed struct; ca_operation_clear. */
struct ca_operation {
	struct ca_calls *calls;
	struct ca_crypto *crypto; /* borrowed */
	struct ca_log log;
	const struct ca_auth_claims *claims; /* NULL: nobody remembers uses */
	enum ca_op op;
	struct ca_op_args args;
	struct ca_config *cfg; /* NULL: it has a mistake, which was logged */
	enum ca_err cfg_err;
	struct ca_op_answer answer; /* borrows from the buffers below */
	struct ca_buf request, der, kept, text, index; /* index: a path */
	/* texts of the answer, in text: where each begins; the login, the
	 * rule, the notice, the environment and the lines by their numbers */
	size_t at[CA_OP_LIST_MAX], n;
	size_t login, rule, notice, env[2], line[2];
};

/* Read the configuration that args is about. */
void ca_operation_configure(struct ca_operation *o);

/* Name the paths that this operation may open. */
void ca_operation_paths(struct ca_operation *o, struct ca_op_texts *paths);

/* Say so, and what the module does by the configuration, if there is one. */
void ca_operation_ready(const struct ca_operation *o,
    const struct ca_op_texts *paths, struct ca_op_ready *ready);

/* Carry it out, by a configuration without mistakes; o->answer is then complete,
 * whatever came of it. */
void ca_operation_run(struct ca_operation *o, const struct ca_op_body *body);

void ca_operation_clear(struct ca_operation *o);

#endif
