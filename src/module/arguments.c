/*
 * What the module itself reads of its arguments.
 */
#include <string.h>

#include "module/verifier.h"

static enum ca_err
set_way(const char *word, const struct ca_log *log, enum ca_verifier_way *out)
{
	static const char *const words[] = {
	    [CA_VERIFIER_AUTO] = "auto",
	    [CA_VERIFIER_RESIDENT] = "resident",
	    [CA_VERIFIER_SPAWN] = "spawn",
	};

	for (int i = CA_VERIFIER_AUTO; i <= CA_VERIFIER_SPAWN; i++) {
		if (strcmp(word, words[i]) == 0) {
			*out = (enum ca_verifier_way)i;
			return CA_OK;
		}
	}
	ca_log_err(log,
	    "verifier=%s: the module's argument must be auto, resident or "
	    "spawn",
	    word);
	return CA_ERR_CONFIG;
}

enum ca_err
ca_verifier_arguments(int argc, const char **argv, const struct ca_log *log,
    struct ca_verifier_args *out)
{
	bool seen = false;
	enum ca_err rc;

	*out = (struct ca_verifier_args){.way = CA_VERIFIER_AUTO};
	/* first of all: a trial stays one, whatever else is wrong */
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "mode=audit") == 0)
			out->audit = true;
		if (strcmp(argv[i], "require_account=yes") == 0)
			out->account = true;
		if (strcmp(argv[i], "require_account=no") == 0)
			out->no_account = true;
		if (strcmp(argv[i], "proof=password") == 0)
			out->password = true;
	}
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "use_first_pass") == 0) {
			out->first_pass = true;
			continue;
		}
		/* a password that there is already is used in any case */
		if (strcmp(argv[i], "try_first_pass") == 0)
			continue;
		if (strncmp(argv[i], "verifier=", 9) == 0) {
			if (seen) {
				ca_log_err(log,
				    "the module's argument verifier= is given "
				    "twice; remove one");
				return CA_ERR_CONFIG;
			}
			seen = true;
			rc = set_way(argv[i] + 9, log, &out->way);
			if (rc != CA_OK)
				return rc;
			continue;
		}
		out->own = out->own || ca_op_names_file(argv[i]);
		if (out->argv.n == CA_OP_LIST_MAX || !ca_op_fits(argv[i])) {
			ca_log_err(log,
			    "the module has too many arguments, or too long "
			    "ones; put them into certauth.conf");
			return CA_ERR_LIMIT;
		}
		out->argv.v[out->argv.n++] = argv[i];
	}
	return CA_OK;
}
