/*
 * Shared by the files of the client rules: rules.c (rules 2 and 3, and the
 * order of all), hostrule.c (rule 1) and proof.c (rule 4).  Private to them.
 */
#ifndef CA_CLIENT_RULESINT_H
#define CA_CLIENT_RULESINT_H

#include "client/rules.h"

/* The user meant name, or trusts name to answer for the host meant. */
bool ca_rules_meant(const struct ca_rules_case *c, const char *name);

/* Append n names, escaped, with commas between them. */
void ca_rules_put_names(struct ca_buf *b, const char *const *name, size_t n);

/* Rules 1 and 4; errors as of ca_rules_check. */
CA_MUST_CHECK enum ca_err ca_rules_rule_host(const struct ca_rules_case *c);
CA_MUST_CHECK enum ca_err ca_rules_proof(const struct ca_rules_case *c);

#endif
