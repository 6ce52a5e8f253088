#include "ldap/ldapwhy.h"

#include <stdarg.h>
#include <stdio.h>

void
ca_ldap_why_set(
    struct ca_ldap_why *why, enum ca_ldap_cause cause, const char *fmt, ...)
{
	va_list ap;

	why->cause = cause;
	va_start(ap, fmt);
	(void)vsnprintf(why->text, sizeof why->text, fmt, ap);
	va_end(ap);
}

/* Results of RFC 4511 appendix A, and those below 0 of libldap itself. */
static enum ca_ldap_cause
cause_of(int result, enum ca_ldap_step step)
{
	switch (result) {
	case LDAP_SERVER_DOWN:
	case LDAP_CONNECT_ERROR:
	case LDAP_TIMEOUT:
	case LDAP_DECODING_ERROR:
		return CA_LDAP_CAUSE_LOST;
	case LDAP_LOCAL_ERROR:
		return CA_LDAP_CAUSE_LOCAL;
	case LDAP_INVALID_CREDENTIALS:
	case LDAP_INAPPROPRIATE_AUTH:
		return CA_LDAP_CAUSE_BIND;
	case LDAP_AUTH_METHOD_NOT_SUPPORTED:
	case LDAP_AUTH_UNKNOWN:
		return CA_LDAP_CAUSE_MECHANISM;
	case LDAP_STRONG_AUTH_REQUIRED:
	case LDAP_CONFIDENTIALITY_REQUIRED:
		return CA_LDAP_CAUSE_STRONGER;
	case LDAP_INSUFFICIENT_ACCESS:
		return CA_LDAP_CAUSE_RIGHTS;
	case LDAP_NO_SUCH_OBJECT:
	case LDAP_INVALID_DN_SYNTAX:
		/* of a bind, the name is that of directory_bind_dn */
		return step == CA_LDAP_STEP_BIND ? CA_LDAP_CAUSE_BIND
						 : CA_LDAP_CAUSE_BASE;
	case LDAP_FILTER_ERROR:
	case LDAP_UNDEFINED_TYPE:
	case LDAP_INAPPROPRIATE_MATCHING:
		return CA_LDAP_CAUSE_FILTER;
	case LDAP_SIZELIMIT_EXCEEDED:
	case LDAP_ADMINLIMIT_EXCEEDED:
		return CA_LDAP_CAUSE_SIZE;
	case LDAP_TIMELIMIT_EXCEEDED:
		return CA_LDAP_CAUSE_TIME;
	case LDAP_BUSY:
	case LDAP_UNAVAILABLE:
		return CA_LDAP_CAUSE_BUSY;
	case LDAP_UNWILLING_TO_PERFORM:
		return CA_LDAP_CAUSE_UNWILLING;
	default:
		return CA_LDAP_CAUSE_OTHER;
	}
}

void
ca_ldap_why_result(struct ca_ldap_why *why, LDAP *ld, enum ca_ldap_step step,
    int result, const char *said)
{
	char *last = NULL;

	if (said == NULL) {
		(void)ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &last);
		said = last != NULL ? last : "";
	}
	ca_ldap_why_set(why, cause_of(result, step), "%s%s%.400s%s",
	    ldap_err2string(result), *said != '\0' ? " (" : "", said,
	    *said != '\0' ? ")" : "");
	ldap_memfree(last);
}

bool
ca_ldap_why_away(const struct ca_ldap_why *why)
{
	switch (why->cause) {
	case CA_LDAP_CAUSE_NAME:
	case CA_LDAP_CAUSE_CONNECT:
	case CA_LDAP_CAUSE_TLS:
	case CA_LDAP_CAUSE_TLS_ISSUER:
	case CA_LDAP_CAUSE_TLS_TIME:
	case CA_LDAP_CAUSE_TLS_NAME:
	case CA_LDAP_CAUSE_STARTTLS:
	case CA_LDAP_CAUSE_BUSY:
	case CA_LDAP_CAUSE_LOST:
		return true;
	default:
		return false;
	}
}
