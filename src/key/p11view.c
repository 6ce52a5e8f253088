#include "key/p11view.h"
#include "base/tr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "key/p11conf.h"

/* Room for one more of n elements of the given size; NULL: no memory, and the old
 * array stays. */
static void *
grow(void **array, size_t n, size_t size)
{
	void *more = reallocarray(*array, n + 1, size);

	if (more == NULL)
		return NULL;
	*array = more;
	return memset((char *)more + n * size, 0, size);
}

static char *
printable(const void *p, size_t len)
{
	struct ca_buf b = CA_BUF_INIT(65536);

	ca_buf_printable(&b, p, len < 512 ? len : 512);
	char *text = ca_buf_take(&b, NULL);
	ca_buf_free(&b);
	return text;
}

/* A field of PKCS#11, padded with blanks. */
static char *
field(const unsigned char *p, size_t len)
{
	return printable(p, p11_kit_space_strlen(p, len));
}

static char *
hex(const struct ca_buf *bytes)
{
	struct ca_buf b = CA_BUF_INIT(1024);

	for (size_t i = 0; i < bytes->len && i < 64; i++)
		ca_buf_fmt(&b, "%02x", bytes->p[i]);
	char *text = ca_buf_take(&b, NULL);
	ca_buf_free(&b);
	return text;
}

/* ---- modules and slots ---- */

struct ca_view_module *
ca_p11_view_module(struct ca_view *v, const char *name)
{
	struct ca_view_module *one =
	    grow((void **)&v->module, v->nmodules, sizeof *one);

	if (one == NULL)
		return NULL;
	v->nmodules++;
	one->name = printable(name, strlen(name));
	return one;
}

void
ca_p11_view_library(struct ca_view_module *m, CK_FUNCTION_LIST *f)
{
	struct ca_buf b = CA_BUF_INIT(1024);
	CK_INFO info;

	if (CA_P11_CALL(CA_P11_SECONDS_BEGIN, f->C_GetInfo(&info)) != CKR_OK)
		return;
	ca_buf_printable(&b, info.libraryDescription,
	    p11_kit_space_strlen(
		info.libraryDescription, sizeof info.libraryDescription));
	ca_buf_fmt(
	    &b, " %u.%u", info.libraryVersion.major, info.libraryVersion.minor);
	m->library = ca_buf_take(&b, NULL);
	ca_buf_free(&b);
}

static struct ca_view_slot *
add_slot(struct ca_view_module *m, CK_SLOT_ID slot, const char *problem)
{
	struct ca_view_slot *one =
	    grow((void **)&m->slot, m->nslots, sizeof *one);

	if (one == NULL)
		return NULL;
	m->nslots++;
	one->id = slot;
	one->problem = problem != NULL ? strdup(problem) : NULL;
	return one;
}

void
ca_p11_view_slot(struct ca_view_module *m, CK_FUNCTION_LIST *f, CK_SLOT_ID slot,
    const char *problem)
{
	struct ca_view_slot *one = add_slot(m, slot, problem);
	CK_SLOT_INFO info;

	if (one != NULL && CA_P11_CALL(CA_P11_SECONDS,
			       f->C_GetSlotInfo(slot, &info)) == CKR_OK)
		one->reader =
		    field(info.slotDescription, sizeof info.slotDescription);
}

/* ---- a token ---- */

static char *
pin_state(const CK_TOKEN_INFO *info)
{
	const CK_FLAGS f = info->flags;
	struct ca_buf b = CA_BUF_INIT(256);

	ca_buf_str(&b, (f & CKF_LOGIN_REQUIRED) == 0         ? P_("not needed")
		       : (f & CKF_USER_PIN_INITIALIZED) == 0 ? P_("not set")
		       : (f & CKF_USER_PIN_LOCKED) != 0      ? P_("locked")
		       : (f & CKF_USER_PIN_FINAL_TRY) != 0
			   ? P_("set, one try is left")
		       : (f & CKF_USER_PIN_COUNT_LOW) != 0
			   ? P_("set, a wrong one was entered")
			   : P_("set"));
	if ((f & CKF_USER_PIN_TO_BE_CHANGED) != 0)
		ca_buf_str(&b, P_(", to be changed"));
	if ((f & CKF_PROTECTED_AUTHENTICATION_PATH) != 0)
		ca_buf_str(&b, P_(", entered on the reader's keypad"));
	char *text = ca_buf_take(&b, NULL);
	ca_buf_free(&b);
	return text;
}

/* A URI that names one object of the current token by its ID, or its label. */
static char *
object_uri(const struct ca_p11_scan *s, const struct ca_p11_object *o)
{
	P11KitUri *uri = p11_kit_uri_new();
	const struct ca_buf *by = o->id.len > 0 ? &o->id : &o->label;
	CK_ATTRIBUTE attr = {
	    o->id.len > 0 ? CKA_ID : CKA_LABEL, by->p, by->len};
	char *text = NULL;

	if (uri == NULL)
		return NULL;
	CK_TOKEN_INFO *t = p11_kit_uri_get_token_info(uri);
	memcpy(t->label, s->at.token.info.label, sizeof t->label);
	memcpy(t->serialNumber, s->at.token.info.serialNumber,
	    sizeof t->serialNumber);
	if (by->len > 0)
		(void)p11_kit_uri_set_attribute(uri, &attr);
	if (p11_kit_uri_format(uri, P11_KIT_URI_FOR_OBJECT_ON_TOKEN, &text) !=
	    P11_KIT_URI_OK)
		text = NULL;
	p11_kit_uri_free(uri);
	return text;
}

static void
add_certs(struct ca_p11_scan *s, struct ca_view_slot *slot)
{
	for (size_t i = 0; i < s->certs.n; i++) {
		const struct ca_p11_object *o = &s->certs.v[i];
		X509 *cert = (int)i < sk_X509_num(s->parsed)
				 ? sk_X509_value(s->parsed, (int)i)
				 : NULL;
		struct ca_view_cert *one =
		    grow((void **)&slot->cert, slot->ncerts, sizeof *one);

		if (one == NULL)
			return;
		slot->ncerts++;
		if (cert != NULL && X509_up_ref(cert) == 1)
			one->cert = cert;
		one->ca = cert != NULL && ca_p11_is_ca(cert);
		one->label = printable(o->label.p, o->label.len);
		one->id = hex(&o->id);
		one->uri = object_uri(s, o);
	}
}

static void
key_type(
    const struct ca_p11_scan *s, CK_OBJECT_HANDLE key, char *out, size_t room)
{
	struct ca_buf attr = CA_BUF_INIT(CA_P11_ATTRIBUTE_MAX);
	CK_KEY_TYPE type = CKK_VENDOR_DEFINED;

	if (ca_p11_attribute(&s->at, key, CKA_KEY_TYPE, &attr) == CA_OK &&
	    attr.len == sizeof type)
		memcpy(&type, attr.p, sizeof type);
	ca_buf_reset(&attr);
	if (type == CKK_RSA &&
	    ca_p11_attribute(&s->at, key, CKA_MODULUS, &attr) == CA_OK)
		(void)snprintf(out, room, "RSA %zu", 8 * attr.len);
	else
		(void)snprintf(out, room, "%s",
		    type == CKK_RSA          ? "RSA"
		    : type == CKK_EC         ? "EC"
		    : type == CKK_EC_EDWARDS ? P_("Ed25519 or Ed448")
					     : P_("other"));
	ca_buf_free(&attr);
}

static void
add_keys(struct ca_p11_scan *s, const struct ca_p11_objects *keys, bool private,
    struct ca_view_slot *slot)
{
	for (size_t i = 0; i < keys->n; i++) {
		struct ca_view_key *one =
		    grow((void **)&slot->key, slot->nkeys, sizeof *one);

		if (one == NULL)
			return;
		slot->nkeys++;
		one->private = private;
		key_type(s, keys->v[i].handle, one->type, sizeof one->type);
		one->label =
		    printable(keys->v[i].label.p, keys->v[i].label.len);
		one->id = hex(&keys->v[i].id);
	}
}

void
ca_p11_view_token(struct ca_p11_scan *s, const char *problem)
{
	const struct ca_p11_token *t = &s->at.token;
	struct ca_view_slot *slot;

	if (s->view == NULL ||
	    (slot = add_slot(s->view, t->slot, problem)) == NULL)
		return;
	slot->token = true;
	slot->reader = strdup(t->reader);
	slot->label = field(t->info.label, sizeof t->info.label);
	slot->serial = strdup(t->serial);
	slot->manufacturer =
	    field(t->info.manufacturerID, sizeof t->info.manufacturerID);
	slot->model = field(t->info.model, sizeof t->info.model);
	slot->pin = pin_state(&t->info);
	slot->mechanisms = ca_p11_ways_text(t->ways);
	add_certs(s, slot);
	add_keys(s, &s->keys, true, slot);
	add_keys(s, &s->public_keys, false, slot);
}

/* The module of that name, or NULL. */
static struct ca_view_module *
named(const struct ca_view *v, const char *name)
{
	for (size_t i = 0; i < v->nmodules; i++)
		if (v->module[i].name != NULL &&
		    strcmp(v->module[i].name, name) == 0)
			return &v->module[i];
	return NULL;
}

static void
add_unloaded(struct ca_view *v, const struct ca_p11 *p11,
    const struct ca_p11_config *c, const char *file)
{
	struct ca_view_module *one = ca_p11_view_module(v, c->name);
	struct ca_buf why = CA_BUF_INIT(8192);

	if (one == NULL)
		return;
	ca_buf_str(&why, P_("is not loaded: "));
	ca_p11_config_why(c, p11 != NULL ? p11->said : NULL, &why);
	one->file = strdup(file);
	one->problem = printable(why.p, why.len);
	ca_buf_free(&why);
}

void
ca_p11_view_configs(struct ca_view *v, const struct ca_p11 *p11)
{
	struct ca_p11_configs configs;

	if (ca_p11_configs_read(&configs) != CA_OK)
		configs.n = 0;
	for (size_t i = 0; i < configs.n; i++) {
		const struct ca_p11_config *c = &configs.v[i];
		struct ca_view_module *one = named(v, c->name);
		char *file = printable(c->file, strlen(c->file));

		if (one != NULL && one->file == NULL)
			one->file = strdup(file != NULL ? file : "?");
		else if (!ca_p11_has(p11, c->name))
			add_unloaded(v, p11, c, file != NULL ? file : "?");
		free(file);
	}
	ca_p11_configs_free(&configs);
}
