/*
 * pam_pkcs11.conf, version 0.6.  Every name that its code reads, or that is in its
 * example file, is in one of these tables.
 */
#include "import/import.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "import/import_mapper.h"

/* How a setting is translated. */
enum how {
	NONE,  /* it has no counterpart */
	NO_IF, /* true has no counterpart; false is always so here */
	OK_IF, /* true is always so here; false has no counterpart */
	DONE,  /* by another function, or it has no effect of its own */
};

struct setting {
	const char *name;
	enum how how;
	const char *why;
};

static const char no_password[] =
    "no password is passed between modules; the token's rules decide whether a PIN is asked";
static const char no_loading[] =
    "mappers are not loaded: the users file replaces them";
static const char by_label[] = "prompts name the token by its label";

static const struct setting global[] = {
    {"nullok", NO_IF, "an empty PIN is not accepted"},
    {"debug", DONE, NULL},
    {"quiet", NO_IF, "the log has one line per login, always"},
    {"use_first_pass", NO_IF, no_password},
    {"try_first_pass", NO_IF, no_password},
    {"use_authtok", NO_IF, no_password},
    {"use_authok", NO_IF, no_password},
    {"card_only", DONE, NULL},
    {"wait_for_card", DONE, NULL},
    {"dont_wait_for_card", DONE, NULL},
    {"nodebug", DONE, NULL},
    {"screen_savers", NONE,
	"a screen locker is a PAM service: configure it in its pam.d file and in a section of certauth.conf"},
    {"err_display_time", NONE, "messages are shown without a delay"},
    {"use_pkcs11_module", DONE, NULL},
    {"use_mappers", DONE, NULL},
    {"mapper_search_path", NONE, no_loading},
    {NULL, NONE, NULL},
};

static const struct setting module[] = {
    {"module", DONE, NULL},
    {"description", NONE, by_label},
    {"slot_description", DONE, NULL},
    {"slot_num", DONE, NULL},
    {"support_threads", NONE,
	"a PKCS#11 library runs in a process of its own here"},
    {"ca_dir", DONE, NULL},
    {"crl_dir", DONE, NULL},
    {"nss_dir", NONE,
	"NSS is not used: export the CA certificates with `certutil -L -n NAME -a' into ca_dir"},
    {"cert_policy", DONE, NULL},
    {"token_type", NONE, by_label},
    {"crl_policy", NONE, "pam_pkcs11 never read it either"},
    {NULL, NONE, NULL},
};

static const struct setting *
find(const struct setting *table, const char *name)
{
	for (; table->name != NULL; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

/* Write the values separated by commas, truncated to size. */
static const char *
all_values(const struct ca_scconf_item *item, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < item->nvalues && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s",
		    i > 0 ? ", " : "", item->value[i]);
	return out;
}

/* The settings of a block that a table knows; others are gaps. */
static void
judge(struct ca_import *im, const struct ca_scconf *conf, size_t parent,
    const struct setting *table)
{
	for (size_t i = 0; i < conf->n; i++) {
		const struct ca_scconf_item *item = &conf->item[i];
		const struct setting *s;
		char all[512];

		if (item->parent != parent || item->block)
			continue;
		s = find(table, item->name);
		if (s == NULL)
			ca_import_gap(im, item->line, item->name,
			    ca_scconf_value(item),
			    "pam_pkcs11 has no such setting");
		else if (s->how == NONE ||
			 (s->how == NO_IF && ca_scconf_true(item)) ||
			 (s->how == OK_IF && !ca_scconf_true(item)))
			ca_import_gap(im, item->line, item->name,
			    all_values(item, all, sizeof all), s->why);
		else if (s->how != DONE)
			ca_import_note(im, item->line,
			    "%s = %s: this is always so here", item->name,
			    ca_scconf_value(item));
	}
}

/* ---- the PKCS#11 module ---- */

/* RFC 7512: escape all but unreserved characters as %XX; keep slashes. */
static void
put_uri(struct ca_buf *out, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXY"
			   "Z0123456789-._~/",
			*p) != NULL)
			ca_buf_u8(out, (uint8_t)*p);
		else
			ca_buf_fmt(out, "%%%02X", (unsigned char)*p);
	}
}

static void
token_uri(struct ca_import *im, const struct ca_scconf_item *module_item,
    const struct ca_scconf_item *slot)
{
	struct ca_buf uri = CA_BUF_INIT(8192);
	const char *path = ca_scconf_value(module_item);
	const char *name = ca_scconf_value(slot);
	bool by_slot = name[0] != '\0' && strcmp(name, "none") != 0;

	ca_buf_str(&uri, "pkcs11:");
	if (by_slot) {
		ca_buf_str(&uri, "slot-description=");
		put_uri(&uri, name);
	}
	if (path[0] == '/') {
		ca_buf_str(&uri, "?module-path=");
		put_uri(&uri, path);
		ca_import_note(im, module_item->line,
		    "a module that `p11-kit list-modules' shows needs no "
		    "module-path");
	} else if (path[0] != '\0') {
		ca_import_gap(im, module_item->line, "module", path,
		    "a module is named by an absolute path, or registered with "
		    "p11-kit");
	}
	const char *text = ca_buf_text(&uri);
	if (text != NULL && (by_slot || path[0] == '/'))
		ca_import_set(im, by_slot ? slot->line : module_item->line,
		    by_slot ? "slot_description" : "module", "token_uri", text);
	ca_buf_free(&uri);
}

/* A directory; pam_pkcs11 also accepted a file. */
static void
dir_setting(struct ca_import *im, const struct ca_scconf_item *item)
{
	const char *path = ca_scconf_value(item);
	struct stat st;

	if (item == NULL || path[0] == '\0')
		return;
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
		ca_import_gap(im, item->line, item->name, path,
		    "it is a file; put it into the directory "
		    "/etc/certauth/ca or /etc/certauth/crl");
	else
		ca_import_set(im, item->line, item->name, item->name, path);
}

static void
cert_policy(struct ca_import *im, const struct ca_scconf_item *item)
{
	bool crl = false;

	for (size_t i = 0; item != NULL && i < item->nvalues; i++) {
		const char *v = item->value[i];

		if (strcmp(v, "ca") == 0 || strcmp(v, "signature") == 0)
			ca_import_note(im, item->line,
			    "cert_policy %s: it is always checked", v);
		else if (strcmp(v, "crl_offline") == 0)
			crl = true;
		else if (strcmp(v, "crl_online") == 0 ||
			 strcmp(v, "crl_auto") == 0) {
			crl = true;
			ca_import_note(im, item->line,
			    "cert_policy %s: no login fetches CRLs; the timer "
			    "of `certauth crl update' does",
			    v);
		} else if (strcmp(v, "ocsp_on") == 0)
			ca_import_note(im, item->line,
			    "cert_policy %s: pam_pkcs11 with OpenSSL did not "
			    "ask; set revocation = any to accept a response of "
			    "the client, or of certauth-ocsp-update.timer, in "
			    "place of a CRL",
			    v);
		else if (strcmp(v, "none") == 0)
			ca_import_gap(im, item->line, "cert_policy", v,
			    "a certificate's chain is always checked");
		else if (strcmp(v, "no_signature") == 0)
			ca_import_gap(im, item->line, "cert_policy", v,
			    "without a signature a copied certificate would "
			    "log in");
		else
			ca_import_gap(im, item->line, "cert_policy", v,
			    "pam_pkcs11 has no such policy");
	}
	if (!crl)
		ca_import_note(im, item != NULL ? item->line : 0,
		    "pam_pkcs11 did not read CRLs: with crl = prefer, a login without a CRL is accepted and logged; set crl = require to deny it");
	else
		ca_import_note(im, item->line,
		    "crl: every certificate of the chain needs a CRL here; set crl_check = leaf to check only the end-entity certificate, as pam_pkcs11 did");
	ca_import_set(im, 0, "cert_policy", "crl", crl ? "require" : "prefer");
}

static void
module_block(
    struct ca_import *im, const struct ca_scconf *conf, const char *name)
{
	const struct ca_scconf_item *block =
	    ca_scconf_find(conf, 0, "pkcs11_module", name);
	const struct ca_scconf_item *slot_num;

	if (block == NULL) {
		ca_import_note(
		    im, 0, "there is no block pkcs11_module %s", name);
		cert_policy(im, NULL);
		return;
	}
	size_t at = (size_t)(block - conf->item);
	judge(im, conf, at, module);
	token_uri(im, ca_scconf_find(conf, at, "module", NULL),
	    ca_scconf_find(conf, at, "slot_description", NULL));
	slot_num = ca_scconf_find(conf, at, "slot_num", NULL);
	if (slot_num != NULL && strcmp(ca_scconf_value(slot_num), "0") != 0)
		ca_import_gap(im, slot_num->line, "slot_num",
		    ca_scconf_value(slot_num),
		    "a slot's number depends on what is plugged in; name the "
		    "token in token_uri (`p11tool --list-tokens')");
	dir_setting(im, ca_scconf_find(conf, at, "ca_dir", NULL));
	dir_setting(im, ca_scconf_find(conf, at, "crl_dir", NULL));
	cert_policy(im, ca_scconf_find(conf, at, "cert_policy", NULL));
}

/* ---- the whole ---- */

static void
unused_blocks(
    struct ca_import *im, const struct ca_scconf *conf, const char *used)
{
	for (size_t i = 0; i < conf->n; i++) {
		const struct ca_scconf_item *b = &conf->item[i];

		if (b->parent != 0 || !b->block)
			continue;
		if (strcmp(b->name, "pkcs11_module") != 0 &&
		    strcmp(b->name, "mapper") != 0)
			ca_import_gap(im, b->line, b->name, b->label,
			    "pam_pkcs11 has no such block");
		else if (strcmp(b->name, "pkcs11_module") == 0 &&
			 (b->label == NULL || strcmp(b->label, used) != 0))
			ca_import_note(im, b->line,
			    "pkcs11_module %s is not in use",
			    b->label != NULL ? b->label : "without a name");
	}
}

static void
globals(struct ca_import *im, const struct ca_scconf *conf)
{
	const struct ca_scconf_item *item;

	judge(im, conf, 0, global);
	ca_import_set(im, 0, "pam_pkcs11", "proof", "command, conversation");
	ca_import_set(im, 0, "pam_pkcs11", "pkcs11", "yes");
	item = ca_scconf_find(conf, 0, "debug", NULL);
	if (ca_scconf_true(item))
		ca_import_set(im, item->line, "debug", "debug", "yes");
	item = ca_scconf_find(conf, 0, "card_only", NULL);
	if (ca_scconf_true(item))
		ca_import_note(im, item->line,
		    "card_only: the module asks no password; check in pam.d that "
		    "no other module asks one; if no login is given, the "
		    "certificate decides the login");
	item = ca_scconf_find(conf, 0, "wait_for_card", NULL);
	if (ca_scconf_true(item)) {
		ca_import_note(im, item->line,
		    "wait_for_card: the wait has a time limit here");
		ca_import_set(
		    im, item->line, "wait_for_card", "wait_for_token", "60s");
	}
}

static void
argument(struct ca_import *im, const char *arg)
{
	char name[64];
	size_t len = strcspn(arg, "=");
	const char *value = arg[len] == '=' ? arg + len + 1 : NULL;

	if (len >= sizeof name) {
		ca_import_gap(im, 0, arg, NULL,
		    "pam_pkcs11 has no such "
		    "argument");
		return;
	}
	memcpy(name, arg, len);
	name[len] = '\0';
	const struct setting *s = find(global, name);
	if (s == NULL)
		s = find(module, name);
	if (strcmp(name, "config_file") == 0)
		ca_import_note(im, 0,
		    "argument config_file: it is the file "
		    "that is imported; here, config=");
	else if (strcmp(name, "debug") == 0)
		ca_import_set(im, 0, "argument debug", "debug", "yes");
	else if (strcmp(name, "wait_for_card") == 0)
		ca_import_set(
		    im, 0, "argument wait_for_card", "wait_for_token", "60s");
	else if ((strcmp(name, "ca_dir") == 0 ||
		     strcmp(name, "crl_dir") == 0) &&
		 value != NULL)
		ca_import_set(im, 0, name, name, value);
	else if (s != NULL && s->how == DONE && value == NULL)
		ca_import_note(
		    im, 0, "argument %s: this is always so here", name);
	else if (s != NULL && s->how == DONE)
		ca_import_gap(im, 0, name, value,
		    "the argument overrides the setting in the file: change the file, and import it again");
	else if (strcmp(name, "pkcs11_module") == 0)
		ca_import_gap(im, 0, name, value,
		    "the argument overrides the setting in the file: set use_pkcs11_module there, and import it again");
	else
		ca_import_gap(im, 0, name, value,
		    s != NULL && s->why != NULL
			? s->why
			: "pam_pkcs11 has no such argument");
}

enum ca_err
ca_import_pam_pkcs11(
    struct ca_import *im, const struct ca_buf *text, int argc, char **argv)
{
	struct ca_scconf conf;
	enum ca_err rc = ca_scconf_parse(text->p, text->len, &conf);

	if (rc == CA_OK && (conf.n == 0 || !conf.item[0].block ||
			       strcmp(conf.item[0].name, "pam_pkcs11") != 0)) {
		conf.line = conf.n > 0 ? conf.item[0].line : 1;
		conf.why = "it does not begin with `pam_pkcs11 {'";
		rc = CA_ERR_FORMAT;
	}
	if (rc != CA_OK) {
		(void)ca_cli_fail("%s:%u: %s", im->file, conf.line,
		    conf.why != NULL ? conf.why : ca_err_text(rc));
		ca_scconf_clear(&conf);
		return CA_ERR_FORMAT;
	}
	for (int i = 0; i < argc; i++)
		argument(im, argv[i]);
	const struct ca_scconf_item *use =
	    ca_scconf_find(&conf, 0, "use_pkcs11_module", NULL);
	const char *name = use != NULL ? ca_scconf_value(use) : "default";
	globals(im, &conf);
	module_block(im, &conf, name);
	unused_blocks(im, &conf, name);
	ca_import_mappers(im, &conf);
	ca_scconf_clear(&conf);
	return CA_OK;
}
