#include "verify/policytext.h"
#include "verify/name.h"

#include <openssl/objects.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#define SHOWN_MAX 8 /* policies of one certificate */

static void
put_oid(const ASN1_OBJECT *oid, struct ca_buf *out)
{
	char text[128];

	if (OBJ_obj2nid(oid) == NID_any_policy) {
		ca_buf_str(out, "anyPolicy");
		return;
	}
	(void)OBJ_obj2txt(text, sizeof text, oid, 1);
	ca_buf_str(out, text);
}

static void
put_name(X509 *cert, int depth, struct ca_buf *out)
{
	ca_name_rfc4514(X509_get_subject_name(cert), out);
	ca_buf_fmt(out, " (depth %d)", depth);
}

/* ---- where the last policy is lost ---- */

/* Has chain from the certificate at depth on up a policy of wanted (NULL: any
 * policy)? */
static bool
has_policy(const STACK_OF(X509) *chain, int depth, const struct ca_config *cfg,
    STACK_OF(ASN1_OBJECT) *wanted)
{
	const unsigned flags =
	    X509_V_FLAG_EXPLICIT_POLICY |
	    (cfg->inhibit_any ? X509_V_FLAG_INHIBIT_ANY : 0) |
	    (cfg->inhibit_map ? X509_V_FLAG_INHIBIT_MAP : 0);
	STACK_OF(X509) *part = sk_X509_new_null();
	X509_POLICY_TREE *tree = NULL;
	int explicit = 0;
	bool yes = true; /* if it cannot be determined, blame another one */

	for (int i = depth; part != NULL && i < sk_X509_num(chain); i++)
		if (sk_X509_push(part, sk_X509_value(chain, i)) <= 0)
			goto out;
	if (part != NULL)
		yes = X509_policy_check(&tree, &explicit, part, wanted,
			  flags) != X509_PCY_TREE_FAILURE;
out:
	X509_policy_tree_free(tree);
	sk_X509_free(part);
	return yes;
}

/* The depth of the certificate that loses the last policy; -1: none does. */
static int
loser(const STACK_OF(X509) *chain, const struct ca_config *cfg)
{
	STACK_OF(ASN1_OBJECT) *any = sk_ASN1_OBJECT_new_null();
	int at = -1;

	if (any != NULL &&
	    sk_ASN1_OBJECT_push(any, OBJ_nid2obj(NID_any_policy)) > 0)
		for (int i = sk_X509_num(chain) - 2; i >= 0 && at < 0; i--)
			if (!has_policy(chain, i, cfg, any))
				at = i;
	sk_ASN1_OBJECT_free(any); /* the objects are static */
	return at;
}

/* ---- what a certificate says ---- */

static void
put_policies(X509 *cert, struct ca_buf *out)
{
	CERTIFICATEPOLICIES *v =
	    X509_get_ext_d2i(cert, NID_certificate_policies, NULL, NULL);
	int n = sk_POLICYINFO_num(v);

	ca_buf_str(out, n > 0 ? "policies " : "no policies");
	for (int i = 0; i < n && i < SHOWN_MAX; i++) {
		ca_buf_str(out, i > 0 ? ", " : "");
		put_oid(sk_POLICYINFO_value(v, i)->policyid, out);
	}
	if (n > SHOWN_MAX)
		ca_buf_fmt(out, " and %d more", n - SHOWN_MAX);
	CERTIFICATEPOLICIES_free(v);
}

static void
put_mappings(X509 *cert, struct ca_buf *out)
{
	POLICY_MAPPINGS *v =
	    X509_get_ext_d2i(cert, NID_policy_mappings, NULL, NULL);
	int n = sk_POLICY_MAPPING_num(v);

	for (int i = 0; i < n && i < SHOWN_MAX; i++) {
		const POLICY_MAPPING *m = sk_POLICY_MAPPING_value(v, i);

		ca_buf_str(out, i > 0 ? ", " : ", maps ");
		put_oid(m->issuerDomainPolicy, out);
		ca_buf_str(out, " to ");
		put_oid(m->subjectDomainPolicy, out);
	}
	if (n > SHOWN_MAX)
		ca_buf_fmt(out, " and %d more", n - SHOWN_MAX);
	sk_POLICY_MAPPING_pop_free(v, POLICY_MAPPING_free);
}

static void
put_number(const char *what, const ASN1_INTEGER *n, struct ca_buf *out)
{
	if (n != NULL)
		ca_buf_fmt(out, ", %s %ld", what, ASN1_INTEGER_get(n));
}

static void
put_limits(X509 *cert, struct ca_buf *out)
{
	POLICY_CONSTRAINTS *c =
	    X509_get_ext_d2i(cert, NID_policy_constraints, NULL, NULL);
	ASN1_INTEGER *any =
	    X509_get_ext_d2i(cert, NID_inhibit_any_policy, NULL, NULL);

	if (c != NULL) {
		put_number(
		    "requireExplicitPolicy", c->requireExplicitPolicy, out);
		put_number(
		    "inhibitPolicyMapping", c->inhibitPolicyMapping, out);
	}
	put_number("inhibitAnyPolicy", any, out);
	POLICY_CONSTRAINTS_free(c);
	ASN1_INTEGER_free(any);
}

/* ---- the text ---- */

static bool
requires_policy(X509 *cert)
{
	POLICY_CONSTRAINTS *c =
	    X509_get_ext_d2i(cert, NID_policy_constraints, NULL, NULL);
	bool yes = c != NULL && c->requireExplicitPolicy != NULL;

	POLICY_CONSTRAINTS_free(c);
	return yes;
}

static void
put_demand(const STACK_OF(X509) *chain, const struct ca_config *cfg,
    struct ca_buf *out)
{
	if (cfg->explicit_policy) {
		ca_buf_str(out, "explicit_policy = yes requires");
	} else {
		/* the anchor is not part of the path */
		for (int i = sk_X509_num(chain) - 2; i >= 0; i--)
			if (requires_policy(sk_X509_value(chain, i))) {
				ca_buf_str(out, "the policyConstraints of ");
				put_name(sk_X509_value(chain, i), i, out);
				break;
			}
	}
	if (!cfg->explicit_policy)
		ca_buf_str(
		    out, out->len > 0 ? " require" : "the path requires");
	ca_buf_str(out, " an acceptable policy");
	for (size_t i = 0; i < cfg->policy.n; i++)
		ca_buf_fmt(out, "%s%s",
		    i > 0 ? ", " : " (policy = ", cfg->policy.v[i]);
	if (cfg->policy.n > 0)
		ca_buf_str(out, ")");
}

static void
put_loser(const STACK_OF(X509) *chain, const struct ca_config *cfg,
    struct ca_buf *out)
{
	int at = loser(chain, cfg);

	if (at >= 0) {
		ca_buf_str(out, "; none is left at ");
		put_name(sk_X509_value(chain, at), at, out);
	} else {
		ca_buf_str(out, "; none of the path's policies is in the key "
				"policy of certauth.conf");
	}
	if (cfg->inhibit_any)
		ca_buf_str(out, "; inhibit_any = yes");
	if (cfg->inhibit_map)
		ca_buf_str(out, "; inhibit_map = yes");
}

void
ca_policytext(const STACK_OF(X509) *chain, const struct ca_config *cfg,
    struct ca_report *report)
{
	struct ca_buf out = CA_BUF_INIT(65536);

	put_demand(chain, cfg, &out);
	put_loser(chain, cfg, &out);
	ca_buf_str(&out, "; the path says");
	for (int i = sk_X509_num(chain) - 2; i >= 0; i--) {
		X509 *cert = sk_X509_value(chain, i);

		ca_buf_str(&out, i < sk_X509_num(chain) - 2 ? "; " : ": ");
		put_name(cert, i, &out);
		ca_buf_str(&out, " ");
		put_policies(cert, &out);
		put_mappings(cert, &out);
		put_limits(cert, &out);
	}
	if (ca_buf_text(&out) != NULL)
		ca_report_set(report, CA_CHECK_CHAIN, CA_FAIL,
		    CA_R_CHAIN_POLICY, "%s", ca_buf_text(&out));
	ca_buf_free(&out);
}
