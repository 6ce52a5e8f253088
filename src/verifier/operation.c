#include "verifier/operation.h"

#include "base/tr.h"
#include "map/map.h"
#include "verifier/operationint.h"

#define ANSWER_BYTES ((size_t)1 << 18)

/* ---- configuration ---- */

void
ca_operation_configure(struct ca_operation *o)
{
	o->request = CA_BUF_INIT(CA_REQUEST_MAX);
	o->der = CA_BUF_INIT(ANSWER_BYTES);
	o->kept = CA_BUF_INIT(ANSWER_BYTES);
	o->text = CA_BUF_INIT(ANSWER_BYTES);
	o->index = CA_BUF_INIT(CA_OP_TEXT_MAX - 1);
	o->log = (struct ca_log){ca_calls_log, o->calls, false};
	o->cfg_err = ca_config_load((int)o->args.argv.n, o->args.argv.v,
	    o->args.service, &o->log, &o->cfg);
	o->log.debug = o->cfg != NULL && o->cfg->debug;
	if (o->cfg == NULL)
		return;
	ca_buf_fmt(&o->index, "%s.cdb", o->cfg->users);
	/* the catalog is read before the worker is confined; doctor says if there
	 * is none */
	if (o->cfg->language != NULL &&
	    (o->op == CA_OP_JUDGE ||
		(o->op == CA_OP_REQUEST &&
		    o->cfg->first_answer == CA_FIRST_IGNORE)))
		(void)ca_tr_use(o->cfg->language, false);
}

static void
add_path(struct ca_op_texts *paths, const char *path)
{
	if (path != NULL && path[0] == '/' && paths->n < CA_OP_LIST_MAX)
		paths->v[paths->n++] = path;
}

void
ca_operation_paths(struct ca_operation *o, struct ca_op_texts *paths)
{
	const struct ca_config *cfg = o->cfg;

	paths->n = 0;
	if (cfg == NULL)
		return;
	add_path(paths, cfg->ca_dir);
	add_path(paths, cfg->intermediates_dir);
	add_path(paths, cfg->crl_dir);
	if (cfg->revocation != CA_SOURCES_CRL)
		add_path(paths, cfg->ocsp_dir);
	add_path(paths, cfg->users);
	add_path(paths, ca_buf_text(&o->index)); /* its index */
	add_path(paths, cfg->users_dir);
	if (cfg->directory == CA_DIRECTORY_LDAP)
		add_path(paths, cfg->directory_index);
	if (o->op != CA_OP_REQUEST)
		return;
	/* this operation sees no byte that a client sent in answer; only it may
	 * have the host's key */
	add_path(paths, cfg->host_cert);
	add_path(paths, cfg->host_key);
}

/* A list has at most as many values as a field of a message. */
static void
put_list(const struct ca_list *list, struct ca_op_texts *out)
{
	for (size_t i = 0; i < list->n && i < CA_OP_LIST_MAX; i++)
		out->v[out->n++] = list->v[i];
}

/* What a helper of root, or of the host, may do. */
static void
put_confinement(const struct ca_config *cfg, struct ca_op_ready *r)
{
	put_list(&cfg->helper_write, &r->helper_write);
	r->helper_network = cfg->helper_confine == CA_CONFINED_NETWORK;
	r->helper_free = cfg->helper_confine == CA_CONFINED_NO;
}

void
ca_operation_ready(const struct ca_operation *o,
    const struct ca_op_texts *paths, struct ca_op_ready *r)
{
	const struct ca_config *cfg = o->cfg;

	*r = (struct ca_op_ready){.id = o->args.id, .grant = *paths};
	if (cfg == NULL) {
		r->err =
		    o->cfg_err == CA_ERR_MEMORY ? CA_ERR_MEMORY : CA_ERR_CONFIG;
		return;
	}
	r->audit = cfg->mode == CA_MODE_AUDIT;
	r->account = cfg->require_account;
	r->debug = cfg->debug;
	r->ignore_silent = cfg->silent == CA_SILENT_IGNORE;
	r->proof1 = (uint64_t)cfg->proof[0];
	r->proof2 = (uint64_t)cfg->proof[1];
	r->max_answer = cfg->max_answer;
	r->lifetime = cfg->lifetime;
	r->helper = cfg->helper;
	r->helper_timeout = cfg->helper_timeout;
	r->wait_for_token = cfg->wait_for_token;
	r->pkcs11 = cfg->pkcs11;
	r->require_pin = cfg->require_pin;
	r->ssh_agent = cfg->ssh_agent;
	r->user_certificates = cfg->user_certificates;
	r->token_uri = cfg->token_uri;
	r->key_file = cfg->key_file;
	r->host_key = cfg->host_key;
	put_confinement(cfg, r);
	put_list(&cfg->helper_env, &r->helper_env);
	r->sessions = cfg->sessions;
	r->first_answer = cfg->first_answer == CA_FIRST_IGNORE;
	r->language = cfg->language;
	r->min_uid = cfg->min_uid;
	r->max_uid = cfg->max_uid;
}

void
ca_operation_clear(struct ca_operation *o)
{
	ca_config_free(o->cfg);
	ca_buf_free(&o->request);
	ca_buf_free(&o->der);
	ca_buf_free(&o->kept);
	ca_buf_free(&o->text);
	ca_buf_free(&o->index);
}

/* ---- one operation ---- */

/* This worker has seen nothing of a client but the name of the login. */
static enum ca_err
confirm(const struct ca_operation *o, const struct ca_op_body *body)
{
	const struct ca_context ctx = ca_operation_context(o, body);

	return body->user != NULL ? ca_map_names(&ctx, body->user)
				  : CA_ERR_FORMAT;
}

static enum ca_err
carry_out(struct ca_operation *o, const struct ca_op_body *body,
    struct ca_report *report)
{
	const struct ca_auth_peer peer = ca_operation_peer(o, body);

	ca_auth_facts(&peer, report);
	switch (o->op) {
	case CA_OP_REQUEST:
		return ca_operation_request(o, body, report);
	case CA_OP_JUDGE:
		return ca_operation_judge(o, body, report);
	case CA_OP_RECHECK:
		return ca_operation_recheck(o, body, report);
	case CA_OP_CONFIRM:
		return confirm(o, body);
	case CA_OP_SESSION:
		return ca_operation_session(o, body, report);
	}
	return CA_ERR_USAGE;
}

void
ca_operation_run(struct ca_operation *o, const struct ca_op_body *body)
{
	struct ca_report *report = ca_report_new();

	o->answer.id = o->args.id;
	o->answer.err = (uint64_t)(report != NULL ? carry_out(o, body, report)
						  : CA_ERR_MEMORY);
	ca_operation_finish(o);
	ca_report_free(report);
}
