/*
 * Private to map.c, directory.c, hint.c and outcome.c: the decision about one
 * certificate.
 */
#ifndef CA_MAP_MAPINT_H
#define CA_MAP_MAPINT_H

#include "map/account.h"
#include "map/ident.h"
#include "map/map.h"
#include "map/match.h"

#define LOGINS_MAX 8 /* different logins of one certificate that are kept */

/* The results of the rules so far. */
struct ca_map_decision {
	const struct ca_context *ctx;
	const struct ca_map_input *in;
	const char *user; /* NULL: from the map */
	struct ca_account_user who;
	struct ca_match_where where;
	struct ca_ident id;
	struct ca_buf made;
	/* the different logins that rules gave */
	char *login[LOGINS_MAX];
	size_t n;
	bool more;     /* than LOGINS_MAX */
	char *rule;    /* the first rule that gave the right one */
	bool allowed;  /* one of them is user */
	char *invalid; /* the rule whose login is refused, and why */
	char *option;  /* the rule of which only an option does not match */
	char *refused; /* the line that refuses the certificate */
	/* the directory that was asked, and knows no account */
	enum ca_directory asked;
	time_t index_made; /* of CA_DIRECTORY_LDAP */
	ca_map_trace *trace;
	void *trace_ctx;
};

/* Keep a login that a rule gave, and the rule if it is the first that decides. */
CA_MUST_CHECK enum ca_err ca_map_keep(
    struct ca_map_decision *d, const char *login, const char *rule);

/* Call the trace, if there is one. */
void ca_map_tell(
    const struct ca_map_decision *d, const struct ca_map_trial *trial);

/*
 * Ask SSSD, and keep the accounts that it gives as a rule keeps its login.  CA_ERR_IO
 * and others: nobody can say who has the certificate; the report says why.
 */
CA_MUST_CHECK enum ca_err ca_map_directory(
    struct ca_map_decision *d, struct ca_report *report);

/* Try the logins of the index of the directory.  Errors as ca_ldap_index_visit. */
CA_MUST_CHECK enum ca_err ca_map_try_ldap(struct ca_map_decision *d);

/* Return the login that is granted, or NULL; the report has the reason. */
const char *ca_map_conclude(
    struct ca_map_decision *d, struct ca_report *report);

/* Report that the rules could not be used. */
void ca_map_cannot(struct ca_report *report, const struct ca_config *cfg,
    const char *path, enum ca_err err);

#endif
