/*
 * A PKCS#11 module between the caller and SoftHSM that misbehaves, or behaves
 * as cards do that SoftHSM cannot play.  The environment variable HOSTILE
 * names how (several, separated by commas):
 *
 *	init-crash init-hang init-fail   in C_Initialize
 *	init-slow                        it takes 8 s
 *	init-stdin                       init-hang, and it holds a stream
 *	slots-hang token-hang session-hang find-hang
 *	no-pss only-hash-pss no-mechanism    what C_SignInit refuses
 *	allowed                          CKA_ALLOWED_MECHANISMS: RSA-PKCS alone, and
 *	                                 C_Sign fails for the others
 *	sign-fail                        C_Sign: CKR_GENERAL_ERROR
 *	private                          certificates are shown after a login only
 *	pin-length pin-openpgp           what C_Login says of a wrong PIN
 *	tpm                              the library is one of a TPM
 *	pulled-after-wrong               a wrong PIN, and the slot is empty
 *	swapped-after-wrong              a wrong PIN, and another token is in the slot
 *	sign-crash sign-hang             in C_Sign
 *	slots-many slots-fail            the list of slots
 *	token-fail token-junk            the token's information
 *	session-fail                     no session is opened
 *	mech-many mech-fail hash-only    the list of mechanisms; hash-only: just
 *	                                 those that hash by themselves
 *	find-many find-fail              the search for objects
 *	attr-huge attr-grow attr-none    sizes of attributes
 *	cert-junk                        certificates are no certificates
 *	sig-long sig-empty sig-junk      signatures
 *	removed                          C_Sign fails: the card was removed
 *	locked last low                  state of the PIN
 *	countdown                        three wrong PINs lock it
 *	pinpad                           the reader asks for the PIN
 *	always                           CKA_ALWAYS_AUTHENTICATE
 *	raw-only                         of RSA just the bare operation
 *	public                           no login is needed: it is made silently
 *	no-login                         and the token says so (with public)
 *	no-login-later                   it says so once certificates were read
 *	shared                           nor can that login be ended
 *	reinserted                       the first session has ended once certificates
 *	                                 were read
 *	swapped                          another token is in the slot then
 *	one-session                      there is one session at a time, in all slots
 *	close-hang                       in C_CloseSession, after a signature
 *	empty                            no slot has a token
 *	blink                            so it is for 150 ms
 *	slots-crash slots-exit           the process ends in C_GetSlotList
 *	wait-event                       C_WaitForSlotEvent returns when `empty' changes
 *	wait-hang wait-crash wait-storm  it never returns, or ends the process, or returns
 *	                                 at once, always
 *	wait-lock                        it never returns, nor C_GetSlotList meanwhile
 *
 * HOSTILE_PIN is the right PIN (pinpad, public), or 1234.  Logins and signatures
 * go into the file $HOME/.hostile-calls, what begins and ends the module and its
 * sessions into $HOME/.hostile-sessions, lists of slots and waits for a change into
 * $HOME/.hostile-looks, if there is such a file.
 */
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define REAL "/usr/lib/softhsm/libsofthsm2.so"

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(
    CK_FUNCTION_LIST_PTR_PTR list);

static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST mine;
static int wrong_pins;
static int logged_in, certs_wanted, forbidden;
static int authenticated; /* for the signature at hand */
static int values;        /* of certificates that were read */
static int sessions, opened, signatures;
static CK_SESSION_HANDLE first; /* session */

static int
mode(const char *name)
{
	const char *at = getenv("HOSTILE");
	char file[256] = "";

	/* the module's helper has no environment of the test's */
	if (at == NULL && getenv("HOME") != NULL) {
		char path[512];
		(void)snprintf(
		    path, sizeof path, "%s/.hostile", getenv("HOME"));
		FILE *f = fopen(path, "re");
		if (f != NULL) {
			if (fgets(file, sizeof file, f) != NULL)
				file[strcspn(file, "\n")] = '\0';
			(void)fclose(f);
		}
		at = file;
	}
	size_t len = strlen(name);

	while (at != NULL && *at != '\0') {
		size_t n = strcspn(at, ",");

		if (n == len && memcmp(at, name, len) == 0)
			return 1;
		at += n + (at[n] == ',');
	}
	return 0;
}

static char *
right_pin(void)
{
	static char usual[] = "1234";
	char *pin = getenv("HOSTILE_PIN");

	return pin != NULL ? pin : usual;
}

static void
note(const char *file, const char *what)
{
	char path[512];
	FILE *f;

	if (getenv("HOME") == NULL)
		return;
	(void)snprintf(path, sizeof path, "%s/%s", getenv("HOME"), file);
	if ((f = fopen(path, "r+e")) == NULL)
		return;
	if (fseek(f, 0, SEEK_END) == 0)
		(void)fprintf(f, "%s\n", what);
	(void)fclose(f);
}

static void
called(const char *what)
{
	note(".hostile-calls", what);
}

static void
in_session(const char *what)
{
	note(".hostile-sessions", what);
}

static void
looked(const char *what)
{
	note(".hostile-looks", what);
}

static void
hang(void)
{
	for (;;)
		pause();
}

static CK_RV
initialize(void *args)
{
	in_session("initialize");
	if (mode("init-crash"))
		abort();
	if (mode("init-hang"))
		hang();
	if (mode("init-stdin")) {
		flockfile(stdin);
		hang();
	}
	if (mode("init-slow"))
		(void)sleep(8);
	return mode("init-fail") ? CKR_GENERAL_ERROR : real->C_Initialize(args);
}

static volatile int waiting;

static CK_RV
wait_for_slot_event(CK_FLAGS flags, CK_SLOT_ID *slot, void *reserved)
{
	const int before = mode("empty");

	looked("wait");
	if (mode("wait-crash"))
		abort();
	if (mode("wait-lock"))
		waiting = 1;
	if (mode("wait-hang") || mode("wait-lock"))
		hang();
	if (mode("wait-storm"))
		return CKR_OK;
	if (!mode("wait-event"))
		return real->C_WaitForSlotEvent(flags, slot, reserved);
	while (mode("empty") == before)
		(void)usleep(20000);
	*slot = 0;
	return CKR_OK;
}

/* For 150 ms since this was asked first. */
static int
blinks(void)
{
	static struct timespec since;
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if (since.tv_sec == 0)
		since = now;
	return (now.tv_sec - since.tv_sec) * 1000 +
		   (now.tv_nsec - since.tv_nsec) / 1000000 <
	       150;
}

static CK_RV
get_slot_list(CK_BBOOL present, CK_SLOT_ID *slot, CK_ULONG *n)
{
	CK_RV rv;

	looked("slots");
	if (mode("slots-crash"))
		abort();
	if (mode("slots-exit"))
		exit(0);
	/* the wait comes first */
	if (mode("wait-lock"))
		(void)usleep(200000);
	if (waiting)
		hang();
	if (mode("empty") || (mode("blink") && blinks())) {
		*n = 0;
		return CKR_OK;
	}
	if (mode("slots-hang")) {
		in_session("slots");
		hang();
	}
	if (mode("slots-fail"))
		return CKR_GENERAL_ERROR;
	rv = real->C_GetSlotList(present, slot, n);
	if (rv == CKR_OK && mode("slots-many"))
		*n = (CK_ULONG)1 << 40;
	return rv;
}

static CK_RV
get_slot_info(CK_SLOT_ID slot, CK_SLOT_INFO *info)
{
	CK_RV rv = real->C_GetSlotInfo(slot, info);

	if (mode("pulled-after-wrong") && wrong_pins > 0)
		info->flags &= ~(CK_FLAGS)CKF_TOKEN_PRESENT;
	return rv;
}

static CK_RV
get_info(CK_INFO *info)
{
	CK_RV rv = real->C_GetInfo(info);

	if (mode("tpm"))
		memcpy(info->libraryDescription,
		    "TPM2.0 Cryptoki                 ",
		    sizeof info->libraryDescription);
	return rv;
}

static CK_RV
get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	CK_RV rv = real->C_GetTokenInfo(slot, info);

	if (mode("token-hang"))
		hang();
	if (mode("token-fail"))
		return CKR_DEVICE_ERROR;
	if (rv != CKR_OK)
		return rv;
	if (mode("token-junk"))
		memset(info->label, 0x1b, sizeof info->label);
	if (mode("locked") || (mode("countdown") && wrong_pins >= 3))
		info->flags |= CKF_USER_PIN_LOCKED;
	if (mode("last") || (mode("countdown") && wrong_pins == 2))
		info->flags |= CKF_USER_PIN_FINAL_TRY;
	if (mode("low") || (mode("countdown") && wrong_pins > 0))
		info->flags |= CKF_USER_PIN_COUNT_LOW;
	if (mode("pinpad"))
		info->flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
	if (mode("no-login") || (mode("no-login-later") && values > 0))
		info->flags &= ~(CK_FLAGS)CKF_LOGIN_REQUIRED;
	if ((mode("swapped") && values > 0) ||
	    (mode("swapped-after-wrong") && wrong_pins > 0))
		memset(info->serialNumber, '7', sizeof info->serialNumber);
	return CKR_OK;
}

static CK_RV
get_mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *n)
{
	CK_RV rv = real->C_GetMechanismList(slot, list, n);

	if (mode("mech-fail"))
		return CKR_FUNCTION_FAILED;
	if (rv == CKR_OK && list != NULL && mode("hash-only"))
		for (CK_ULONG i = 0; i < *n; i++)
			if (list[i] == CKM_RSA_PKCS ||
			    list[i] == CKM_RSA_PKCS_PSS || list[i] == CKM_ECDSA)
				list[i] = CKM_SHA_1;
	if (rv == CKR_OK && list != NULL && mode("raw-only"))
		for (CK_ULONG i = 0; i < *n; i++)
			if (list[i] != CKM_RSA_X_509)
				list[i] = CKM_SHA_1;
	if (rv == CKR_OK && mode("mech-many"))
		*n = (CK_ULONG)-1;
	return rv;
}

static CK_RV
open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *app, CK_NOTIFY notify,
    CK_SESSION_HANDLE *session)
{
	CK_RV rv;
	char *pin = right_pin();

	in_session("open");
	if (mode("session-hang"))
		hang();
	if (mode("session-fail"))
		return CKR_DEVICE_ERROR;
	if (mode("one-session") && sessions > 0)
		return CKR_SESSION_COUNT;
	rv = real->C_OpenSession(slot, flags, app, notify, session);
	if (rv == CKR_OK)
		sessions++;
	if (rv == CKR_OK && opened++ == 0)
		first = *session;
	if (rv == CKR_OK && mode("public"))
		(void)real->C_Login(
		    *session, CKU_USER, (unsigned char *)pin, strlen(pin));
	return rv;
}

static CK_RV
login(CK_SESSION_HANDLE session, CK_USER_TYPE type, unsigned char *pin,
    CK_ULONG len)
{
	CK_RV rv;

	called(type == CKU_CONTEXT_SPECIFIC ? "login for a signature"
	       : pin == NULL                ? "login by the pad"
					    : "login");
	if (mode("locked") || (mode("countdown") && wrong_pins >= 3))
		return CKR_PIN_LOCKED;
	if (mode("pinpad") && pin == NULL) {
		pin = (unsigned char *)right_pin();
		len = strlen((char *)pin);
	}
	if (type == CKU_CONTEXT_SPECIFIC) {
		char *right = right_pin();

		authenticated =
		    strlen(right) == len && memcmp(pin, right, len) == 0;
		return authenticated ? CKR_OK : CKR_PIN_INCORRECT;
	}
	if (mode("pin-length") && len < 4)
		return CKR_PIN_LEN_RANGE;
	rv = real->C_Login(session, type, pin, len);
	if (rv == CKR_OK)
		logged_in = 1;
	if (rv == CKR_PIN_INCORRECT)
		wrong_pins++;
	if (rv == CKR_PIN_INCORRECT && mode("pin-openpgp"))
		rv = CKR_USER_NOT_LOGGED_IN;
	return rv;
}

static CK_RV
close_session(CK_SESSION_HANDLE session)
{
	in_session("close");
	if (mode("close-hang") && signatures > 0)
		hang();
	sessions--;
	return real->C_CloseSession(session);
}

static CK_RV
get_session_info(CK_SESSION_HANDLE session, CK_SESSION_INFO *info)
{
	if (mode("reinserted") && session == first && values > 0)
		return CKR_SESSION_HANDLE_INVALID;
	return real->C_GetSessionInfo(session, info);
}

static CK_RV
finalize(void *args)
{
	in_session("finalize");
	return real->C_Finalize(args);
}

static CK_RV
logout(CK_SESSION_HANDLE session)
{
	called("logout");
	return mode("shared") ? CKR_OK : real->C_Logout(session);
}

static CK_RV
find_objects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *object, CK_ULONG max,
    CK_ULONG *n)
{
	CK_RV rv = real->C_FindObjects(session, object, max, n);

	if (mode("find-hang"))
		hang();
	if (rv == CKR_OK && mode("private") && certs_wanted && !logged_in)
		*n = 0;
	if (mode("find-fail"))
		return CKR_DEVICE_ERROR;
	if (rv == CKR_OK && mode("find-many"))
		*n = max + 1000;
	return rv;
}

static CK_RV
find_objects_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE *attr, CK_ULONG n)
{
	certs_wanted = n > 0 && attr->type == CKA_CLASS &&
		       *(CK_OBJECT_CLASS *)attr->pValue == CKO_CERTIFICATE;
	return real->C_FindObjectsInit(session, attr, n);
}

static CK_RV
get_attribute_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE *attr, CK_ULONG n)
{
	int asks = n > 0 && attr->pValue == NULL;
	CK_RV rv;

	if (n == 1 && attr->type == CKA_ALWAYS_AUTHENTICATE && mode("always")) {
		memset(attr->pValue, CK_TRUE, 1);
		attr->ulValueLen = 1;
		return CKR_OK;
	}
	if (n == 1 && attr->type == CKA_ALLOWED_MECHANISMS && mode("allowed")) {
		static const CK_MECHANISM_TYPE pkcs = CKM_RSA_PKCS;

		if (attr->pValue != NULL)
			memcpy(attr->pValue, &pkcs, sizeof pkcs);
		attr->ulValueLen = sizeof pkcs;
		return CKR_OK;
	}
	rv = real->C_GetAttributeValue(session, object, attr, n);
	if (rv != CKR_OK)
		return rv;
	for (CK_ULONG i = 0; i < n; i++) {
		values += attr[i].type == CKA_VALUE;
		/* several at once are read without asking for lengths first */
		if (mode("attr-huge") && (asks || n > 1))
			attr[i].ulValueLen = (CK_ULONG)1 << 40;
		if (mode("attr-none") && (asks || n > 1))
			attr[i].ulValueLen = (CK_ULONG)-1;
		if (mode("attr-grow") && !asks)
			attr[i].ulValueLen += 4096;
		if (mode("cert-junk") && !asks && attr[i].type == CKA_VALUE)
			memset(attr[i].pValue, 0x30, attr[i].ulValueLen);
	}
	return rv;
}

static CK_RV
sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	const int pss = m->mechanism == CKM_RSA_PKCS_PSS ||
			m->mechanism == CKM_SHA256_RSA_PKCS_PSS ||
			m->mechanism == CKM_SHA384_RSA_PKCS_PSS ||
			m->mechanism == CKM_SHA512_RSA_PKCS_PSS;

	authenticated = 0;
	if ((mode("no-pss") && (pss || m->mechanism == CKM_RSA_X_509)) ||
	    (mode("only-hash-pss") &&
		m->mechanism != CKM_SHA256_RSA_PKCS_PSS) ||
	    mode("no-mechanism"))
		return CKR_MECHANISM_INVALID;
	forbidden = mode("allowed") && m->mechanism != CKM_RSA_PKCS;
	return real->C_SignInit(session, m, key);
}

static CK_RV
sign(CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG len,
    unsigned char *sig, CK_ULONG *siglen)
{
	CK_RV rv;

	called("sign");
	signatures++;
	if (mode("sign-crash"))
		abort();
	if (mode("sign-hang"))
		hang();
	if (mode("sign-fail") || forbidden)
		return CKR_GENERAL_ERROR;
	if (mode("removed"))
		return CKR_DEVICE_REMOVED;
	if (mode("always") && !authenticated)
		return CKR_USER_NOT_LOGGED_IN;
	rv = real->C_Sign(session, data, len, sig, siglen);
	if (rv == CKR_OK && mode("sig-long"))
		*siglen = 1 << 20;
	if (rv == CKR_OK && mode("sig-empty"))
		*siglen = 0;
	if (rv == CKR_OK && mode("sig-junk"))
		memset(sig, 0x5a, *siglen);
	return rv;
}

CK_RV
C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list)
{
	CK_C_GetFunctionList get;
	void *so = dlopen(REAL, RTLD_NOW | RTLD_LOCAL);

	if (so == NULL)
		return CKR_GENERAL_ERROR;
	*(void **)&get = dlsym(so, "C_GetFunctionList");
	if (get == NULL || get(&real) != CKR_OK)
		return CKR_GENERAL_ERROR;
	mine = *real;
	mine.C_GetFunctionList = C_GetFunctionList;
	mine.C_Initialize = initialize;
	mine.C_Finalize = finalize;
	mine.C_GetSlotList = get_slot_list;
	mine.C_GetSlotInfo = get_slot_info;
	mine.C_WaitForSlotEvent = wait_for_slot_event;
	mine.C_GetInfo = get_info;
	mine.C_FindObjectsInit = find_objects_init;
	mine.C_GetTokenInfo = get_token_info;
	mine.C_GetMechanismList = get_mechanism_list;
	mine.C_OpenSession = open_session;
	mine.C_CloseSession = close_session;
	mine.C_GetSessionInfo = get_session_info;
	mine.C_Login = login;
	mine.C_Logout = logout;
	mine.C_FindObjects = find_objects;
	mine.C_GetAttributeValue = get_attribute_value;
	mine.C_SignInit = sign_init;
	mine.C_Sign = sign;
	*list = &mine;
	return CKR_OK;
}
