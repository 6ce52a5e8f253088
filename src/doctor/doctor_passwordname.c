/*
 * doctor: signed passwords: which program asks a PAM service whose name its
 * configuration has chosen.
 */
#include "doctor/doctor_password.h"

#include <string.h>
#include <strings.h>

#include "doctor/servicefile.h"

struct search {
	const char *service;
	const char *key;    /* begins the line */
	const char *before; /* stands before the name, or "" */
	bool found;
};

/* Is text, up to an end of a word, the name?  Quotes may be around it. */
static bool
is_name(const char *text, const char *name)
{
	size_t n = strlen(name);

	text += strspn(text, "\"'");
	return strncmp(text, name, n) == 0 &&
	       (text[n] == '\0' || strchr(" \t\"';", text[n]) != NULL);
}

/* The name is a word of the line, behind the text before. */
static void
look_for(void *ctx, const struct ca_service_line *line)
{
	struct search *s = ctx;
	const char *at = line->value;

	if (s->key[0] != '\0' && strcasecmp(line->key, s->key) != 0)
		return;
	if (s->before[0] != '\0') {
		if ((at = strstr(at, s->before)) == NULL)
			return;
		at += strlen(s->before);
	}
	for (; *at != '\0'; at += strcspn(at, " \t"), at += strspn(at, " \t"))
		s->found = s->found || is_name(at, s->service);
}

const char *
ca_doctor_password_named(const char *service)
{
	static const struct {
		const char *carrier, *pattern, *words, *base, *key, *before;
	} t[] = {
	    {"nginx", "/etc/nginx/nginx.conf", "", NULL,
		"auth_pam_service_name", ""},
	    {"nginx", "/etc/nginx/*/*", "", NULL, "auth_pam_service_name", ""},
	    {"Apache", "/etc/apache2/apache2.conf", "Include IncludeOptional",
		"/etc/apache2", "AuthPAMService", ""},
	    {"Apache", "/etc/httpd/conf/httpd.conf", "Include IncludeOptional",
		"/etc/httpd", "AuthPAMService", ""},
	    {"OpenVPN", "/etc/openvpn/*.conf", "", NULL, "plugin", "auth-pam"},
	    {"OpenVPN", "/etc/openvpn/server/*.conf", "", NULL, "plugin",
		"auth-pam"},
	    {"vsftpd", "/etc/vsftpd.conf", "", NULL, "pam_service_name", ""},
	    {"ProFTPD", "/etc/proftpd/*.conf", "", NULL, "AuthPAMConfig", ""},
	    {"PostgreSQL", "/etc/postgresql/*/*/pg_hba.conf", "", NULL, "",
		"pamservice="},
	    {"Dovecot", "/etc/dovecot/dovecot.conf", "!include !include_try",
		NULL, "args", ""},
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct search s = {service, t[i].key, t[i].before, false};

		(void)ca_servicefile_walk(
		    t[i].pattern, t[i].words, t[i].base, look_for, &s);
		if (s.found)
			return t[i].carrier;
	}
	return NULL;
}
