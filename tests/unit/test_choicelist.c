/*
 * GDM's list to choose from: when an application has it, what it is given, and which
 * answers of it count.  The layout of the messages is compared with GDM's own header
 * where that is installed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <endian.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "module/choicelist.h"

#ifdef __has_include
#if __has_include(<gdm/gdm-pam-extensions.h>)
#include <gdm/gdm-pam-extensions.h>
#define HAVE_GDM 1
#endif
#endif

#define NAME "org.gnome.DisplayManager.UserVerifier.ChoiceList"
#define VARIABLE "GDM_SUPPORTED_PAM_EXTENSIONS"

/* ---- who has it ---- */

static void
test_type(void **state)
{
	static const struct {
		const char *service, *variable;
		int type; /* -1: none */
	} c[] = {
	    {"gdm-smartcard", NAME, 0},
	    {"gdm-password", NAME, 0},
	    {"gdm-", NAME, 0},
	    {"gdm-smartcard", "a " NAME, 1},
	    {"gdm-smartcard", "a b  c " NAME " d", 3},
	    {"gdm-smartcard", "  " NAME " ", 0},
	    {"gdm-smartcard", NAME " " NAME, 0},
	    /* a name that begins as it, or that it begins as */
	    {"gdm-smartcard", NAME "2", -1},
	    {"gdm-smartcard", "org.gnome " NAME, 1},
	    {"gdm-smartcard", "org.gnome", -1},
	    {"gdm-smartcard", NAME "2 x " NAME, 2},
	    {"gdm-smartcard", "\t" NAME, -1},
	    {"gdm-smartcard", "", -1},
	    {"gdm-smartcard", " ", -1},
	    {"gdm-smartcard", NULL, -1},
	    {NULL, NAME, -1},
	    {"", NAME, -1},
	    {"gdm", NAME, -1},
	    {"gdm3-password", NAME, -1},
	    {"xgdm-smartcard", NAME, -1},
	    {"GDM-smartcard", NAME, -1},
	    {"sshd", NAME, -1},
	    {"su", NAME, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
		unsigned char type = 77;
		bool has =
		    ca_choicelist_type(c[i].service, c[i].variable, &type);

		assert_int_equal(has ? type : -1, c[i].type);
	}
}

/* The type is one byte. */
static void
test_many_types(void **state)
{
	char text[2 * 260 + sizeof NAME];

	(void)state;
	for (unsigned n = 250; n < 260; n++) {
		unsigned char type = 0;

		for (unsigned i = 0; i < n; i++)
			memcpy(text + 2 * i, "a ", 2);
		memcpy(text + 2 * n, NAME, sizeof NAME);
		bool has = ca_choicelist_type("gdm-x", text, &type);
		assert_int_equal(has, n <= 255);
		assert_int_equal(has ? type : 0, has ? n : 0);
	}
}

static void
start(struct ca_choicelist *l, const char *service, struct pam_conv *conv)
{
	*l = (struct ca_choicelist){NULL, 0};
	assert_int_equal(
	    pam_start(service, "root", conv, &l->pamh), PAM_SUCCESS);
}

static void
test_shown(void **state)
{
	struct pam_conv conv = {NULL, NULL};
	struct ca_choicelist l;

	(void)state;
	start(&l, "gdm-smartcard", &conv);
	assert_int_equal(unsetenv(VARIABLE), 0);
	assert_false(ca_choicelist_shown(&l));
	assert_int_equal(setenv(VARIABLE, "x " NAME, 1), 0);
	assert_true(ca_choicelist_shown(&l));
	assert_int_equal(l.type, 1);
	/* by the service as it is now */
	assert_int_equal(
	    pam_set_item(l.pamh, PAM_SERVICE, "sshd"), PAM_SUCCESS);
	assert_false(ca_choicelist_shown(&l));
	assert_int_equal(pam_end(l.pamh, PAM_SUCCESS), PAM_SUCCESS);
	assert_int_equal(unsetenv(VARIABLE), 0);
}

/* ---- what it is given, and what it answers ---- */

static const struct answer {
	const char *key;  /* NULL: none */
	unsigned length;  /* in the header; 0: as it must be */
	int type;         /* added to what it must be */
	const char *text; /* instead: a text */
	int code;         /* instead: what the conversation returns, if not 0 */
	enum ca_err rc;
	const char *chosen;
} answers[] = {
    {.key = "1", .rc = CA_OK, .chosen = "1"},
    {.key = "3", .rc = CA_OK, .chosen = "3"},
    {.key = NULL, .rc = CA_OK},
    {.key = "0", .rc = CA_ERR_CONV},
    {.key = "4", .rc = CA_ERR_CONV},
    {.key = "", .rc = CA_ERR_CONV},
    {.key = " 1", .rc = CA_ERR_CONV},
    {.key = "1 ", .rc = CA_ERR_CONV},
    {.key = "01", .rc = CA_ERR_CONV},
    {.key = "A", .rc = CA_ERR_CONV},
    {.key = "1", .type = 1, .rc = CA_ERR_CONV},
    {.key = "1", .type = -1, .rc = CA_ERR_CONV},
    {.key = "1", .length = 1, .rc = CA_ERR_CONV},
    {.key = "1", .length = 8, .rc = CA_ERR_CONV},
    {.key = "1",
	.length = sizeof(struct ca_choicelist_response) + 8,
	.rc = CA_ERR_CONV},
    {.key = "1", .length = UINT32_MAX, .rc = CA_ERR_CONV},
    {.text = "", .rc = CA_ERR_CONV},
    {.text = "1", .rc = CA_ERR_CONV},
    {.text = "a text that is longer than the message", .rc = CA_ERR_CONV},
    {.code = PAM_CONV_ERR, .rc = CA_ERR_CONV},
    {.code = PAM_CONV_AGAIN, .rc = CA_ERR_CONV},
    {.code = PAM_BUF_ERR, .rc = CA_ERR_CONV},
};

struct application {
	const struct answer *answer;
	unsigned calls;
	bool no_array, no_text;
	struct ca_choicelist_request seen;
	char text[4096]; /* title and lines */
};

static char *
binary(const struct answer *a, unsigned char type)
{
	struct ca_choicelist_response *r = calloc(1, sizeof *r);

	assert_non_null(r);
	r->header.length =
	    htobe32(a->length != 0 ? a->length : (uint32_t)sizeof *r);
	r->header.type = (unsigned char)(type + a->type);
	r->key = NULL;
	if (a->key != NULL) {
		/* what is not taken for the message is not freed */
		static char kept[16];

		if (a->length == 0 && a->type == 0) {
			assert_non_null(r->key = strdup(a->key));
		} else {
			(void)snprintf(kept, sizeof kept, "%s", a->key);
			r->key = kept;
		}
	}
	return (char *)r;
}

static int
converse(int n, const struct pam_message **msg, struct pam_response **resp,
    void *data)
{
	struct application *app = data;
	const struct ca_choicelist_request *m;

	assert_int_equal(n, 1);
	assert_int_equal(msg[0]->msg_style, PAM_BINARY_PROMPT);
	m = (const void *)msg[0]->msg;
	app->calls++;
	app->seen.header = m->header;
	app->seen.n = m->n;
	assert_int_equal(be32toh(m->header.length),
	    offsetof(struct ca_choicelist_request, item) +
		m->n * sizeof m->item[0]);
	(void)snprintf(app->text, sizeof app->text, "%s\n", m->title);
	for (size_t i = 0; i < m->n; i++) {
		size_t at = strlen(app->text);

		(void)snprintf(app->text + at, sizeof app->text - at, "%s=%s\n",
		    m->item[i].key, m->item[i].text);
	}
	*resp = NULL;
	if (app->answer->code != 0)
		return app->answer->code;
	if (app->no_array)
		return PAM_SUCCESS;
	assert_non_null(*resp = calloc(1, sizeof **resp));
	if (app->answer->text != NULL)
		(*resp)->resp = strdup(app->answer->text);
	else if (!app->no_text)
		(*resp)->resp = binary(app->answer, m->header.type);
	return PAM_SUCCESS;
}

/* Offer n lines A, B, ... */
static enum ca_err
offer(struct application *app, size_t n, char *chosen, size_t size)
{
	struct pam_conv conv = {converse, app};
	struct ca_buf items = CA_BUF_INIT(4096);
	struct ca_secret *answer = NULL;
	struct ca_choicelist l;

	for (size_t i = 0; i < n; i++) {
		ca_buf_u8(&items, (uint8_t)('A' + i % 26));
		ca_buf_u8(&items, 0);
	}
	assert_int_equal(ca_buf_err(&items), CA_OK);
	start(&l, "gdm-smartcard", &conv);
	assert_int_equal(setenv(VARIABLE, "x " NAME, 1), 0);
	assert_true(ca_choicelist_shown(&l));
	/* what the application advertises later has no effect */
	assert_int_equal(unsetenv(VARIABLE), 0);
	enum ca_err rc = ca_choicelist_ask(&l, "Which?", &items, &answer);
	(void)snprintf(
	    chosen, size, "%s", answer != NULL ? ca_secret_get0(answer) : "");
	assert_true(rc == CA_OK || answer == NULL);
	ca_secret_free(answer);
	ca_buf_free(&items);
	assert_int_equal(pam_end(l.pamh, PAM_SUCCESS), PAM_SUCCESS);
	return rc;
}

static void
test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		struct application app = {.answer = &answers[i]};
		const char *chosen = answers[i].chosen;
		char got[8];

		assert_int_equal(
		    offer(&app, 3, got, sizeof got), answers[i].rc);
		assert_string_equal(got, chosen != NULL ? chosen : "");
		assert_int_equal(app.calls, 1);
		assert_int_equal(app.seen.header.type, 1);
		assert_int_equal(app.seen.n, 3);
		assert_string_equal(app.text, "Which?\n1=A\n2=B\n3=C\n");
	}
}

static void
test_no_answer(void **state)
{
	struct application app = {.answer = &answers[0], .no_array = true};
	char got[8];

	(void)state;
	assert_int_equal(offer(&app, 2, got, sizeof got), CA_OK);
	assert_string_equal(got, "");
	app.no_array = false;
	app.no_text = true;
	assert_int_equal(offer(&app, 2, got, sizeof got), CA_OK);
	assert_string_equal(got, "");
}

static void
test_bounds(void **state)
{
	struct answer last = {.key = "64", .rc = CA_OK};
	struct application app = {.answer = &last};
	char got[8];

	(void)state;
	assert_int_equal(offer(&app, 64, got, sizeof got), CA_OK);
	assert_string_equal(got, "64");
	assert_int_equal(app.calls, 1);
	assert_int_equal(offer(&app, 65, got, sizeof got), CA_ERR_LIMIT);
	assert_int_equal(app.calls, 1);
	/* a line that the list before had */
	assert_int_equal(offer(&app, 63, got, sizeof got), CA_ERR_CONV);
	assert_int_equal(app.calls, 2);
}

/* ---- GDM's own header ---- */

static void
test_layout(void **state)
{
	(void)state;
#ifdef HAVE_GDM
#define SAME(ours, theirs, a, b)                                               \
	assert_int_equal(offsetof(struct ours, a), offsetof(theirs, b))
	SAME(ca_choicelist_header, GdmPamExtensionMessage, length, length);
	SAME(ca_choicelist_header, GdmPamExtensionMessage, type, type);
	assert_int_equal(sizeof(struct ca_choicelist_header),
	    sizeof(GdmPamExtensionMessage));
	SAME(ca_choicelist_item, GdmChoiceListItems, key, key);
	SAME(ca_choicelist_item, GdmChoiceListItems, text, text);
	assert_int_equal(
	    sizeof(struct ca_choicelist_item), sizeof(GdmChoiceListItems));
	SAME(ca_choicelist_request, GdmPamExtensionChoiceListRequest, header,
	    header);
	SAME(ca_choicelist_request, GdmPamExtensionChoiceListRequest, title,
	    prompt_message);
	SAME(ca_choicelist_request, GdmPamExtensionChoiceListRequest, n,
	    list.number_of_items);
	assert_int_equal(offsetof(struct ca_choicelist_request, item),
	    GDM_PAM_EXTENSION_CHOICE_LIST_REQUEST_SIZE(0));
	assert_int_equal(offsetof(struct ca_choicelist_request, item) +
			     7 * sizeof(struct ca_choicelist_item),
	    GDM_PAM_EXTENSION_CHOICE_LIST_REQUEST_SIZE(7));
	SAME(ca_choicelist_response, GdmPamExtensionChoiceListResponse, key,
	    key);
	assert_int_equal(sizeof(struct ca_choicelist_response),
	    GDM_PAM_EXTENSION_CHOICE_LIST_RESPONSE_SIZE);
	assert_string_equal(GDM_PAM_EXTENSION_CHOICE_LIST, NAME);
#else
	print_message("# SKIP: gdm/gdm-pam-extensions.h is not installed\n");
	skip();
#endif
}

/* The variable as GDM's header writes and reads it. */
static void
test_advertised(void **state)
{
	(void)state;
/* later versions have functions for them, some of which need GLib */
#if defined(GDM_PAM_EXTENSION_LOOK_UP_TYPE) &&                                 \
    defined(GDM_PAM_EXTENSION_ADVERTISE_SUPPORTED_EXTENSIONS)
	static char block[1024];
	const char *const names[] = {"org.example.Other", "org.example.Third",
	    GDM_PAM_EXTENSION_CHOICE_LIST, NULL};
	unsigned char theirs = 0, ours = 1;

	GDM_PAM_EXTENSION_ADVERTISE_SUPPORTED_EXTENSIONS(block, names);
	assert_true(GDM_PAM_EXTENSION_LOOK_UP_TYPE(
	    GDM_PAM_EXTENSION_CHOICE_LIST, &theirs));
	assert_true(ca_choicelist_type("gdm-x", getenv(VARIABLE), &ours));
	assert_int_equal(ours, theirs);
	assert_int_equal(unsetenv(VARIABLE), 0);
#else
	print_message(
	    "# SKIP: gdm/gdm-pam-extensions.h is not installed, or has "
	    "no such macros\n");
	skip();
#endif
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_type),
	    cmocka_unit_test(test_many_types),
	    cmocka_unit_test(test_shown),
	    cmocka_unit_test(test_answers),
	    cmocka_unit_test(test_no_answer),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_layout),
	    cmocka_unit_test(test_advertised),
	};

	return cmocka_run_group_tests_name("choicelist", tests, NULL, NULL);
}
