/*
 * Everything that a search for tokens saw, for people: `certauth tokens'.
 */
#ifndef CA_KEY_VIEW_H
#define CA_KEY_VIEW_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

/* A key, as far as the token shows it without a PIN.  Texts are printable. */
struct ca_view_key {
	bool private;
	char type[32];    /* "RSA 2048", "EC", "Ed25519 or Ed448" */
	char *label, *id; /* id in hexadecimal */
};

struct ca_view_cert {
	X509 *cert; /* NULL: it cannot be decoded; otherwise the leaf of the
		     * identity that was found with it, if one was */
	bool ca;
	char *label, *id;
	char *uri; /* names this certificate */
};

/* A slot, and the token in it, if problem is NULL or says so. */
struct ca_view_slot {
	unsigned long id;
	char *reader;  /* the slot's description */
	char *problem; /* why nothing of it is used, or NULL */
	bool token;    /* the rest is set */
	char *label, *serial, *manufacturer, *model;
	char *pin;        /* the state of the PIN, a phrase */
	char *mechanisms; /* those that can sign a response, by their names */
	struct ca_view_cert *cert;
	size_t ncerts;
	struct ca_view_key *key;
	size_t nkeys;
};

struct ca_view_module {
	char *name;
	char *file;    /* where it is configured, or NULL */
	char *library; /* its description and version, or NULL */
	char *problem; /* why it is not used, or NULL */
	unsigned ms;   /* the time that it took to begin and to be read */
	struct ca_view_slot *slot;
	size_t nslots;
};

struct ca_view {
	struct ca_view_module *module;
	size_t nmodules;
};

void ca_view_clear(struct ca_view *v);

#endif
