/*
 * doctor: the configuration, and the permissions of the files that it names.
 */
#include "doctor/doctor.h"
#include "doctor/doctor_view.h"

#include <errno.h>
#include <openssl/objects.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Enough for 32,768 characters in 128 answers, each with a mark. */
#define ANSWER_ENOUGH 257

/* ---- views ---- */

/* Is there a file that libpam reads for this service? */
static bool
is_service(const struct ca_doctor *d, const char *service)
{
	const char *const dirs[] = {d->pam_dir, "/usr/lib/pam.d"};
	char path[4200];
	bool found = false;

	for (size_t i = 0; i < 2 && !found; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", dirs[i], service);
		found = access(path, F_OK) == 0;
	}
	return found;
}

/* A section of no service is often a service's name that is misspelt. */
static void
check_section(struct ca_doctor *d, const struct ca_doctor_view *section)
{
	bool used = false, other = false;

	for (size_t i = 0; i < d->nviews; i++) {
		const struct ca_doctor_view *v = d->views[i];

		used = used || (v->line && v->above == section);
		/* libpam reads it for every service without a file */
		other = other || (v->line && strcmp(v->service, "other") == 0);
	}
	if (used || (other && !is_service(d, section->service)))
		return;
	bool there = is_service(d, section->service);
	d->view = section;
	ca_doctor_find(d, CA_F_CONFIG_SECTION,
	    there ? CA_LEVEL_NOTE : CA_LEVEL_WARNING,
	    there ? "[%s] is in the configuration, but %s/%s does not use "
		    "pam_certauth.so"
		  : "[%s] is in the configuration, but there is no %s/%s",
	    section->service, d->pam_dir, section->service);
	if (there)
		ca_doctor_mend(d,
		    "add an auth line of pam_certauth.so to %s/%s, or remove "
		    "[%s] from %s",
		    d->pam_dir, section->service, section->service,
		    section->file);
	else
		ca_doctor_mend(d,
		    "rename [%s] in %s: a section has the name of a file in %s",
		    section->service, section->file, d->pam_dir);
	d->view = NULL;
}

void
ca_doctor_views(struct ca_doctor *d)
{
	const char *path =
	    d->config != NULL ? d->config : CA_SYSCONFDIR "/certauth.conf";

	if (!ca_doctor_view_file(d, path))
		return;
	if (access(path, F_OK) != 0)
		ca_doctor_find(d, CA_F_CONFIG_ABSENT, CA_LEVEL_NOTE,
		    "%s does not exist", path);
	if (d->no_pam)
		return;
	ca_doctor_pam_views(d);
	for (size_t i = 0; i < d->nviews; i++)
		if (!d->views[i]->line && d->views[i]->service != NULL)
			check_section(d, d->views[i]);
}

/* ---- keys ---- */

/* Record that a key has its value, and why that is a finding. */
static void __attribute__((format(printf, 5, 6)))
find_key(struct ca_doctor *d, enum ca_finding_code code, enum ca_level level,
    const char *key, const char *fmt, ...)
{
	const char *name;
	char *value = NULL, *more = NULL;
	va_list ap;

	for (size_t i = 0; (name = ca_config_key_name(i)) != NULL; i++)
		if (strcmp(name, key) == 0)
			value = ca_config_key_value(d->cfg, i);
	va_start(ap, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.*): va_start is above */
	if (vasprintf(&more, fmt, ap) < 0 || value == NULL)
		abort();
	va_end(ap);
	ca_doctor_find(d, code, level, "%s sets %s = %s%s",
	    ca_doctor_origin(d, key), key, value, more);
	ca_doctor_drop_where(d);
	free(value);
	free(more);
}

static void
check_answer(struct ca_doctor *d)
{
	if (d->cfg->max_answer >= ANSWER_ENOUGH)
		return;
	find_key(d, CA_F_MAX_ANSWER, CA_LEVEL_WARNING, "max_answer",
	    ": %u is below %d", d->cfg->max_answer, ANSWER_ENOUGH);
	ca_doctor_mend(d,
	    "set max_answer = 500 in %s; every application can carry 500 "
	    "characters",
	    ca_doctor_origin(d, "max_answer"));
}

/* Keys for proof = command, while no service has it. */
static void
check_unused(struct ca_doctor *d)
{
	const struct ca_config *cfg = d->cfg;
	const char *key = cfg->pkcs11             ? "pkcs11"
			  : cfg->ssh_agent        ? "ssh_agent"
			  : cfg->key_file != NULL ? "key_file"
						  : NULL;

	for (size_t i = 0; key != NULL && i < d->nviews; i++)
		if (ca_doctor_by_command(d->views[i]->cfg))
			key = NULL;
	if (key == NULL)
		return;
	find_key(d, CA_F_CONFIG_UNUSED, CA_LEVEL_WARNING, key, "%s",
	    ", but no service has proof = command");
	ca_doctor_mend(d,
	    "set proof = command in %s, for the service at the machine, or "
	    "remove %s",
	    ca_doctor_origin(d, key), key);
}

static bool
is_purpose(int nid)
{
	static const int purposes[] = {NID_client_auth, NID_server_auth,
	    NID_code_sign, NID_email_protect, NID_time_stamp, NID_OCSP_sign,
	    NID_ms_smartcard_login, NID_pkInitClientAuth, NID_ipsec_IKE,
	    NID_anyExtendedKeyUsage, NID_sshClient, NID_ms_efs,
	    NID_ipsecEndSystem, NID_ipsecUser, NID_ipsecTunnel};

	for (size_t i = 0; i < sizeof purposes / sizeof *purposes; i++)
		if (purposes[i] == nid)
			return true;
	return false;
}

/* An object identifier that libcrypto knows as something else than a purpose
 * is misspelt; one that it does not know may be the site's own. */
static void
check_purpose(struct ca_doctor *d)
{
	const struct ca_list *list = &d->cfg->purpose;

	for (size_t i = 0; i < list->n; i++) {
		const char *oid = list->v[i];
		ASN1_OBJECT *o = OBJ_txt2obj(oid, 1);
		int nid = o != NULL ? OBJ_obj2nid(o) : NID_undef;

		ASN1_OBJECT_free(o);
		if (strspn(oid, "0123456789.") != strlen(oid) ||
		    is_purpose(nid))
			continue;
		if (nid == NID_undef)
			find_key(d, CA_F_PURPOSE, CA_LEVEL_NOTE, "purpose",
			    ": %s is not a known purpose", oid);
		else
			find_key(d, CA_F_PURPOSE, CA_LEVEL_WARNING, "purpose",
			    ": %s is the object identifier of %s, which is not "
			    "a purpose of a certificate",
			    oid, OBJ_nid2ln(nid));
		ca_doctor_mend(d,
		    "%sset purpose in %s to an object identifier of the "
		    "extendedKeyUsage of the users' certificates: `certauth "
		    "inspect CERT.pem' prints them",
		    nid == NID_undef ? "nothing, if your CA has it; otherwise "
				     : "",
		    ca_doctor_origin(d, "purpose"));
	}
}

void
ca_doctor_keys(struct ca_doctor *d)
{
	if (d->cfg->mode == CA_MODE_AUDIT) {
		/* else it is a line of PAM, which begins with a path */
		bool in_file = ca_doctor_origin(d, "mode")[0] == '[';

		find_key(d, CA_F_MODE_AUDIT, CA_LEVEL_WARNING, "mode", "%s",
		    in_file ? "; it holds only while a verifier answers, and "
			      "mode=audit as an argument of the module always"
			    : "");
		ca_doctor_mend(d,
		    "remove `mode = audit' from %s when the log shows that the "
		    "right logins would be granted",
		    ca_doctor_origin(d, "mode"));
	}
	check_answer(d);
	if (d->cfg->crl == CA_CRL_OFF) {
		find_key(d, CA_F_CRL_OFF, CA_LEVEL_WARNING, "crl", "%s", "");
		const char *command = ca_doctor_crl_command(d, "crl update");
		ca_doctor_mend(d, "remove `crl = off' from %s, then run `%s'",
		    ca_doctor_origin(d, "crl"), command);
	}
	ca_doctor_helper(d);
	ca_doctor_language(d);
	check_unused(d);
	check_purpose(d);
}

/* ---- files ---- */

void
ca_doctor_files(struct ca_doctor *d)
{
	const struct ca_config *cfg = d->cfg;
	const char *path[] = {d->view->file, cfg->ca_dir,
	    cfg->intermediates_dir,
	    cfg->crl == CA_CRL_OFF ? NULL : cfg->crl_dir,
	    cfg->revocation == CA_SOURCES_CRL ? NULL : cfg->ocsp_dir,
	    cfg->users, cfg->users_dir,
	    cfg->directory == CA_DIRECTORY_LDAP ? cfg->directory_index : NULL,
	    cfg->host_cert,
	    cfg->host_key != NULL && cfg->host_key[0] == '/' ? cfg->host_key
							     : NULL,
	    ca_doctor_by_command(cfg) ? cfg->helper : NULL};

	for (size_t i = 0; i < sizeof path / sizeof *path; i++)
		ca_doctor_path(d, path[i]);
}
