/*
 * What an attempt that failed before its checks means for an administrator.
 */
#include "auth/auth.h"

/* Of a signed password. */
static const char *
password_text(enum ca_reason reason)
{
	switch (reason) {
	case CA_R_PASSWORD_EXPIRED:
		return "the client makes a new signed password with certauth "
		       "password for each use; else compare both clocks, and "
		       "password_lifetime and password_skew in certauth.conf";
	case CA_R_REPLAYED:
		return "somebody, or the service itself, sent the same signed "
		       "password again; for a service that does, set "
		       "password_use = window in certauth.conf";
	case CA_R_RESTARTED:
		return "nobody knows any more whether this signed password was "
		       "used; the client makes a new one with certauth "
		       "password; if new ones are refused for longer than "
		       "password_skew, this host's clock was ahead: stop "
		       "certauth-verifier.socket and "
		       "certauth-verifier.service, and start them again";
	case CA_R_CLAIMS_FULL:
		return "this login, or all logins together, used too many "
		       "signed passwords within password_lifetime; the lines "
		       "before this line show by whom";
	case CA_R_NO_RESIDENT:
		return "only the resident verifier remembers which signed "
		       "passwords were used; run: systemctl enable --now "
		       "certauth-verifier.service";
	default:
		return NULL;
	}
}

const char *
ca_auth_abort_text(enum ca_reason reason)
{
	switch (reason) {
	case CA_R_CONVERSATION:
		return "the client disconnected, or the application cannot ask "
		       "the user; such an application needs proof = command";
	case CA_R_ANSWER_EMPTY:
		return "the client sent no response; certauth tells the user "
		       "why";
	case CA_R_ANSWER_CUT:
		return "the application, the terminal or the client's clipboard "
		       "cut a line; set a smaller max_answer for this service "
		       "in certauth.conf";
	case CA_R_ANSWER_MALFORMED:
		return "the answer differs from what certauth printed, or is "
		       "something else, such as a password";
	case CA_R_ANSWER_REPEATED:
		return "the application shows one prompt and repeats its "
		       "answer; such an application needs proof = command";
	case CA_R_ANSWER_LIMIT:
		return "the response has at most 32,768 characters and 128 "
		       "answers: a long one (ML-DSA, several certificates) "
		       "needs the default max_answer = 500 in certauth.conf; "
		       "with that, the client or the application does not "
		       "follow the protocol, see certauth-protocol(7)";
	case CA_R_REQUEST_EXPIRED:
		return "the client took longer than lifetime in certauth.conf "
		       "allows (a PIN, a person who pastes), or the clock of "
		       "this host was set";
	case CA_R_HELPER:
	case CA_R_HELPER_TIMEOUT:
		return "the line about the helper before this line has the "
		       "cause; `certauth try` runs the helper too";
	case CA_R_HOST_PROOF:
		return "see host_cert and host_key in certauth.conf; "
		       "`certauth doctor` checks both";
	case CA_R_NO_CREDENTIAL:
		return "neither an agent nor a token nor a key file that the "
		       "user's helper may use has a certificate for this host; "
		       "the line about the helper before this line has the "
		       "cause, if there is one";
	case CA_R_USERS_FILE:
		return "the registered certificates cannot be read; the line "
		       "before this line names the file";
	case CA_R_INTERNAL:
		return "the line before this line has the cause";
	default:
		return password_text(reason);
	}
}
