/* The lists of `certauth tokens'. */
#include "client/tokens.h"
#include "base/tr.h"

#include <string.h>

static const char *
text_of(struct ca_buf *b)
{
	const char *text = ca_buf_text(b);

	return text != NULL ? text : "?";
}

static const char *
or_none(const char *text)
{
	return text != NULL ? text : "";
}

/* ---- text ---- */

static void
text_cert(
    const struct ca_tokens *t, const struct ca_view_cert *c, struct ca_buf *out)
{
	struct ca_tokens_cert j;

	ca_tokens_judge(t, c, &j);
	ca_buf_fmt(out, _("    certificate \"%s\", id %s\n"), or_none(c->label),
	    or_none(c->id));
	if (c->cert != NULL)
		ca_buf_fmt(out,
		    _("      %s\n      issued by %s, until %s\n      for: %s\n"),
		    text_of(&j.subject), text_of(&j.issuer), text_of(&j.until),
		    text_of(&j.uses));
	if (j.scheme != NULL)
		ca_buf_fmt(out, _("      signs by: %s\n"), j.scheme);
	if (j.why.len > 0)
		ca_buf_fmt(out, _("      not taken: %s\n"), text_of(&j.why));
	else
		ca_buf_fmt(out, "      URI: %s\n", or_none(c->uri));
	ca_tokens_cert_clear(&j);
}

static void
text_slot(
    const struct ca_tokens *t, const struct ca_view_slot *s, struct ca_buf *out)
{
	ca_buf_fmt(out, _("  slot %lu: %s\n"), s->id, or_none(s->reader));
	if (s->token) {
		ca_buf_fmt(out,
		    _("    token \"%s\", serial number %s, %s, %s\n"),
		    or_none(s->label), or_none(s->serial),
		    or_none(s->manufacturer), or_none(s->model));
		ca_buf_fmt(out, _("    PIN: %s\n"), or_none(s->pin));
		ca_buf_fmt(out, _("    mechanisms that can be used: %s\n"),
		    s->mechanisms != NULL && s->mechanisms[0] != '\0'
			? s->mechanisms
			: _("none"));
	}
	if (s->problem != NULL)
		ca_buf_fmt(out, _("    not used: %s\n"), s->problem);
	for (size_t i = 0; i < s->ncerts; i++)
		text_cert(t, &s->cert[i], out);
	for (size_t i = 0; i < s->nkeys; i++)
		ca_buf_fmt(out, _("    %s key \"%s\", id %s: %s\n"),
		    s->key[i].private ? _("private") : _("public"),
		    or_none(s->key[i].label), or_none(s->key[i].id),
		    s->key[i].type);
}

void
ca_tokens_text(const struct ca_tokens *t, struct ca_buf *out)
{
	for (size_t i = 0; i < t->view.nmodules; i++) {
		const struct ca_view_module *m = &t->view.module[i];

		ca_buf_fmt(out, _("module %s"), or_none(m->name));
		if (m->library != NULL)
			ca_buf_fmt(out, ": %s", m->library);
		if (m->file != NULL)
			ca_buf_fmt(out, _(", named in %s"), m->file);
		if (m->library != NULL)
			ca_buf_fmt(out, " (%u ms)", m->ms);
		ca_buf_str(out, "\n");
		if (m->problem != NULL)
			ca_buf_fmt(out, _("  not used: %s\n"), m->problem);
		for (size_t k = 0; k < m->nslots; k++)
			text_slot(t, &m->slot[k], out);
	}
	if (t->why != NULL)
		ca_buf_fmt(out, _("No certificate could log in: %s\n"), t->why);
}

/* ---- JSON ---- */

static void
json_cert(
    const struct ca_tokens *t, const struct ca_view_cert *c, struct ca_buf *out)
{
	struct ca_tokens_cert j;

	ca_tokens_judge(t, c, &j);
	ca_buf_member(out, "{", "label", or_none(c->label));
	ca_buf_member(out, ",", "id", or_none(c->id));
	ca_buf_member(out, ",", "uri", c->uri);
	if (c->cert != NULL) {
		ca_buf_member(out, ",", "subject", ca_buf_text(&j.subject));
		ca_buf_member(out, ",", "issuer", ca_buf_text(&j.issuer));
		ca_buf_member(out, ",", "not_after", ca_buf_text(&j.until));
		ca_buf_member(out, ",", "uses", ca_buf_text(&j.uses));
	}
	ca_buf_member(out, ",", "scheme", j.scheme);
	ca_buf_fmt(out, ",\"taken\":%s", j.why.len == 0 ? "true" : "false");
	if (j.why.len > 0)
		ca_buf_member(out, ",", "why", ca_buf_text(&j.why));
	ca_buf_str(out, "}");
	ca_tokens_cert_clear(&j);
}

static void
json_token(
    const struct ca_tokens *t, const struct ca_view_slot *s, struct ca_buf *out)
{
	ca_buf_str(out, ",\"token\":");
	ca_buf_member(out, "{", "label", or_none(s->label));
	ca_buf_member(out, ",", "serial", s->serial);
	ca_buf_member(out, ",", "manufacturer", s->manufacturer);
	ca_buf_member(out, ",", "model", s->model);
	ca_buf_member(out, ",", "pin", s->pin);
	ca_buf_member(out, ",", "mechanisms", or_none(s->mechanisms));
	ca_buf_str(out, ",\"certificates\":[");
	for (size_t i = 0; i < s->ncerts; i++) {
		ca_buf_str(out, i > 0 ? "," : "");
		json_cert(t, &s->cert[i], out);
	}
	ca_buf_str(out, "],\"keys\":[");
	for (size_t i = 0; i < s->nkeys; i++) {
		ca_buf_str(out, i > 0 ? "," : "");
		ca_buf_member(out, "{", "label", or_none(s->key[i].label));
		ca_buf_member(out, ",", "id", or_none(s->key[i].id));
		ca_buf_member(out, ",", "type", s->key[i].type);
		ca_buf_fmt(out, ",\"private\":%s}",
		    s->key[i].private ? "true" : "false");
	}
	ca_buf_str(out, "]}");
}

static void
json_module(const struct ca_tokens *t, const struct ca_view_module *m,
    struct ca_buf *out)
{
	ca_buf_member(out, "{", "name", or_none(m->name));
	ca_buf_member(out, ",", "file", m->file);
	ca_buf_member(out, ",", "library", m->library);
	ca_buf_member(out, ",", "problem", m->problem);
	ca_buf_fmt(out, ",\"milliseconds\":%u,\"slots\":[", m->ms);
	for (size_t i = 0; i < m->nslots; i++) {
		const struct ca_view_slot *s = &m->slot[i];

		ca_buf_fmt(out, "%s{\"id\":%lu", i > 0 ? "," : "", s->id);
		ca_buf_member(out, ",", "reader", s->reader);
		ca_buf_member(out, ",", "problem", s->problem);
		if (s->token)
			json_token(t, s, out);
		ca_buf_str(out, "}");
	}
	ca_buf_str(out, "]}");
}

void
ca_tokens_json(const struct ca_tokens *t, struct ca_buf *out)
{
	ca_buf_str(out, "{\"modules\":[");
	for (size_t i = 0; i < t->view.nmodules; i++) {
		ca_buf_str(out, i > 0 ? "," : "");
		json_module(t, &t->view.module[i], out);
	}
	ca_buf_str(out, "]");
	ca_buf_member(out, ",", "why", t->why);
	ca_buf_str(out, "}\n");
}
