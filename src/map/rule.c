/*
 * Storage for one line of the users file.
 */
#include "map/rule.h"
#include "base/format.h"

#include <stdarg.h>

#define CANONICAL_MAX 65536

void
ca_rule_init(struct ca_rule *rule)
{
	rule->value_buf = CA_BUF_INIT(CANONICAL_MAX);
	rule->issuer_buf = CA_BUF_INIT(CANONICAL_MAX);
	rule->why[0] = '\0';
}

void
ca_rule_free(struct ca_rule *rule)
{
	ca_buf_free(&rule->value_buf);
	ca_buf_free(&rule->issuer_buf);
}

enum ca_err
ca_rule_refuse(struct ca_rule *rule, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.*): va_start is above */
	ca_vformat(rule->why, sizeof rule->why, NULL, fmt, ap);
	va_end(ap);
	return CA_ERR_FORMAT;
}
