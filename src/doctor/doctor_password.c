/*
 * doctor: signed passwords.  Services that show no prompt of a module, and carry one
 * password of a bounded length.
 */
#include "doctor/doctor_password.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor/doctor_pam.h"
#include "doctor/doctor_stack.h"
#include "doctor/doctor_view.h"
#include "module/verifier.h"

#define EXAMPLE                                                                \
	"[success=done ignore=ignore authinfo_unavail=ignore default=die]"

/* Measured on Debian 12; docs/services.md has the same table. */
static const struct ca_password_carrier carriers[] = {
    {"OpenVPN", "openvpn", 127, CA_ANY_RHOST, CA_SENT_ONCE},
    {"vsftpd", "vsftpd", 128, CA_ANY_RHOST, CA_SENT_ONCE},
    {"FreeRADIUS", "radiusd freeradius", 128, CA_NO_RHOST, CA_SENT_ONCE},
    {"CUPS", "cups", 249, CA_LOCAL_RHOST, CA_SENT_BY_REQUEST},
    {"saslauthd",
	"smtp smtps smtpd submission submissions imap imaps pop pop3 pop3s "
	"sieve nntp ldap xmpp",
	256, CA_NO_RHOST, CA_SENT_BY_CONNECTION},
    {"ProFTPD", "proftpd ftp", 512, CA_ANY_RHOST, CA_SENT_ONCE},
    {"xrdp", "xrdp-sesman", 512, CA_NO_RHOST, CA_SENT_ONCE},
    {"Dovecot", "dovecot", 1024, CA_ANY_RHOST, CA_SENT_BY_CONNECTION},
    {"nginx", "nginx", 6120, CA_ANY_RHOST, CA_SENT_BY_REQUEST},
    {"Apache", "apache apache2 httpd http", 6120, CA_ANY_RHOST,
	CA_SENT_BY_REQUEST},
    {"PostgreSQL", "postgresql postgres", 65530, CA_ANY_RHOST,
	CA_SENT_BY_CONNECTION},
};

static const struct ca_password_carrier *
carrier_of(const char *service)
{
	const size_t len = strlen(service);
	const char *name;

	for (size_t i = 0; i < sizeof carriers / sizeof *carriers; i++) {
		const char *p = carriers[i].services;

		for (size_t n; *p != '\0'; p += n + (p[n] == ' ')) {
			n = strcspn(p, " ");
			if (n == len && strncmp(p, service, n) == 0)
				return &carriers[i];
		}
	}
	name = ca_doctor_password_named(service);
	for (size_t i = 0;
	     name != NULL && i < sizeof carriers / sizeof *carriers; i++)
		if (strcmp(carriers[i].name, name) == 0)
			return &carriers[i];
	return NULL;
}

static bool
by_password(const struct ca_doctor_view *v)
{
	return v->cfg->proof[0] == CA_PROOF_PASSWORD;
}

/* ---- the lines of PAM ---- */

struct look {
	struct ca_doctor *d;
	struct ca_password_user *u;
};

static bool
takes_password(const struct ca_pam_line *line)
{
	static const char *const names[] = {"pam_unix.so", "pam_sss.so",
	    "pam_ldap.so", "pam_krb5.so", "pam_winbind.so", "pam_pwdfile.so",
	    "pam_radius_auth.so", "pam_userdb.so", "pam_mysql.so",
	    "pam_exec.so"};
	const char *module = ca_pamfile_module(line);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(module, names[i]) == 0)
			return true;
	return false;
}

/* The first line of the module, or the first with proof = password. */
static void
look_at(void *ctx, const struct ca_pam_line *line)
{
	const struct look *l = ctx;
	struct ca_password_user *u = l->u;

	if (strcasecmp(line->type, "auth") != 0)
		return;
	u->behind = u->behind || (u->view != NULL && takes_password(line));
	if (!ca_pamfile_is_ours(line) ||
	    (u->view != NULL && by_password(u->view)))
		return;
	const struct ca_doctor_view *v =
	    ca_doctor_view_of(l->d, u->service, line);
	if (v == NULL || (u->view != NULL && !by_password(v)))
		return;
	u->view = v;
	u->behind = u->spawn = false;
	(void)snprintf(u->at, sizeof u->at, "%s:%u", line->file, line->number);
	(void)snprintf(u->control, sizeof u->control, "%s", line->control);
	for (int i = 0; i < line->argc; i++)
		u->spawn =
		    u->spawn || strcmp(line->argv[i], "verifier=spawn") == 0;
}

static void
check_proof(struct ca_doctor *d, const struct ca_password_user *u)
{
	ca_doctor_find(d, CA_F_PASSWORD_PROOF, CA_LEVEL_ERROR,
	    "%s: the service %s (%s) takes one password, and proof is not "
	    "password",
	    u->at, u->service, u->carrier->name);
	ca_doctor_mend(d, "set proof = password in section [%s] of %s",
	    u->service, d->view->file);
}

/* A refused text of ours must not reach the next module, and the password of a user
 * without a certificate must. */
static void
check_control(struct ca_doctor *d, const struct ca_password_user *u)
{
	char refused[16], other[16];
	const char *what = NULL;

	ca_stack_action(u->control, CA_STACK_FAILURE, refused);
	ca_stack_action(u->control, CA_STACK_UNAVAILABLE, other);
	if (!u->behind)
		return;
	if (strcasecmp(refused, "die") != 0)
		what = "calls the next module after a signed password was "
		       "refused, which gets the signed password from the "
		       "service";
	else if (strcasecmp(other, "die") == 0 || strcasecmp(other, "bad") == 0)
		what = "refuses every password that is no signed password, so "
		       "that the next module is of no use";
	if (what == NULL)
		return;
	ca_doctor_find(d, CA_F_PASSWORD_CONTROL, CA_LEVEL_WARNING,
	    "%s: the control %s %s", u->at, u->control, what);
	ca_doctor_mend(d, "use the control " EXAMPLE);
}

/* ---- uses ---- */

static void
check_again(struct ca_doctor *d, const struct ca_password_user *u)
{
	const bool requests = u->carrier->again == CA_SENT_BY_REQUEST;

	if (u->carrier->again == CA_SENT_ONCE ||
	    d->view->cfg->password_use != CA_PASSWORD_ONCE)
		return;
	ca_doctor_find(d, CA_F_PASSWORD_AGAIN,
	    requests ? CA_LEVEL_WARNING : CA_LEVEL_NOTE,
	    "clients of %s send the same password with each %s, and "
	    "password_use is once",
	    u->carrier->name, requests ? "request" : "connection");
	ca_doctor_mend(d,
	    "if clients do not make a signed password for each %s, set "
	    "password_use = window in section [%s] of %s",
	    requests ? "request" : "connection", u->service, d->view->file);
}

static void
check_window(struct ca_doctor *d, const struct ca_password_user *u)
{
	if (d->view->cfg->password_use != CA_PASSWORD_WINDOW ||
	    u->carrier->rhost == CA_ANY_RHOST)
		return;
	/* without a window, one that sends it with each request serves nobody */
	ca_doctor_find(d, CA_F_PASSWORD_WINDOW,
	    u->carrier->again == CA_SENT_BY_REQUEST ? CA_LEVEL_NOTE
						    : CA_LEVEL_WARNING,
	    u->carrier->rhost == CA_NO_RHOST
		? "%s does not set PAM_RHOST, and password_use is window "
		  "(%u seconds)"
		: "%s sets PAM_RHOST to localhost for every client on its "
		  "own host, and password_use is window (%u seconds)",
	    u->carrier->name, d->view->cfg->password_window);
	ca_doctor_mend(d,
	    "set password_use = once in %s if clients can make a signed "
	    "password for each login, or a password_window as short as they "
	    "need",
	    ca_doctor_origin(d, "password_use"));
}

/* ---- who remembers ---- */

static void
check_resident(struct ca_doctor *d, const struct ca_password_user *u)
{
	struct stat st;

	if (u->spawn) {
		ca_doctor_find(d, CA_F_PASSWORD_RESIDENT, CA_LEVEL_ERROR,
		    "%s: verifier=spawn with proof = password", u->at);
		ca_doctor_mend(d, "remove verifier=spawn from %s", u->at);
		return;
	}
	if (lstat(ca_verifier_socket, &st) == 0 && S_ISSOCK(st.st_mode))
		return;
	ca_doctor_find(d, CA_F_PASSWORD_RESIDENT, CA_LEVEL_ERROR,
	    "a service has proof = password, and there is no socket %s",
	    ca_verifier_socket);
	ca_doctor_mend(d,
	    "systemctl enable --now certauth-verifier.service, or "
	    "run certauth-verifier --listen as root under the "
	    "supervisor of this machine");
}

/* ---- the check ---- */

static void
check_service(struct ca_doctor *d, const char *service)
{
	struct ca_password_user u = {
	    .service = service, .carrier = carrier_of(service)};
	struct look l = {d, &u};

	/* the check of PAM reports a file that cannot be read */
	if (ca_doctor_pam_walk(d, service, true, look_at, &l) != CA_OK ||
	    u.view == NULL)
		return;
	d->view = u.view;
	d->cfg = u.view->cfg;
	if (!by_password(u.view)) {
		if (u.carrier != NULL)
			check_proof(d, &u);
		return;
	}
	check_control(d, &u);
	check_resident(d, &u);
	ca_doctor_password_names(d);
	if (u.carrier == NULL)
		return;
	check_again(d, &u);
	check_window(d, &u);
	ca_doctor_password_keys(d, &u);
	ca_doctor_password_cache(d, &u);
	ca_doctor_password_plain(d, &u);
}

void
ca_doctor_password(struct ca_doctor *d)
{
	struct ca_list names = {0};

	if (d->no_pam || !ca_doctor_pam_services(d, &names))
		return;
	for (size_t i = 0; i < names.n; i++)
		check_service(d, names.v[i]);
	d->view = NULL;
	d->cfg = NULL;
	ca_doctor_pam_services_free(&names);
}
