/* What to do with a file that is not of the kind that a command takes. */
#include "base/tr.h"
#include "crypto/filekind.h"

#define LINK                                                                    \
	N_("link it to a PKCS#11 token (tpm2-pkcs11): tpm2_ptool link --label " \
	   "TOKEN --userpin PIN --key-label NAME FILE; then use --key "         \
	   "pkcs11:token=TOKEN (`key =' in the configuration)")
#define JAVA                                                                      \
	N_("convert it: keytool -importkeystore -srckeystore FILE -destkeystore " \
	   "NEW.p12 -deststoretype PKCS12; then use --p12 NEW.p12")
#define USE_P12                                                                   \
	N_("use --p12 FILE (`p12 =' in the configuration) instead of --cert and " \
	   "--key")
#define UNTRUST N_("write it without them: openssl x509 -in FILE -out NEW.pem")
#define SWAPPED N_("use --key FILE for it, and --cert for its certificate")
#define LOG_IN N_("to log in, use --key FILE and --cert for its certificate")
#define AGENT                                                                  \
	N_("add it to the ssh-agent (ssh-add FILE) and use --key agent, or "   \
	   "convert a copy of it: ssh-keygen -p -m PKCS8 -f COPY")
#define PUTTY                                                                  \
	N_("convert it: puttygen FILE -O private-openssh-new -o NEW; then "    \
	   "ssh-add NEW, and use --key agent")
#define CSR                                                                     \
	N_("a CA has to issue the certificate of it; use the certificate that " \
	   "the CA returns")
#define PRIVATE N_("give the file of the private key")
#define ISSUED N_("give the certificate that the CA issued for it")
#define CRLS                                                                    \
	N_("hosts read it: certauth setup --crl FILE; certauth crl list shows " \
	   "those of crl_dir")

static const char *const next[CA_FILE_KINDS][CA_WANTS] = {
    [CA_FILE_CERT] = {[CA_WANT_KEY] =
			  N_("it contains no private key; use --key "
			     "with the file of its private key"),
	[CA_WANT_P12] = N_("use --cert FILE for it, and --key for its "
			   "private key, instead of --p12")},
    [CA_FILE_TRUSTED_CERT] = {UNTRUST, UNTRUST, UNTRUST, UNTRUST},
    [CA_FILE_CSR] = {CSR, PRIVATE, CSR, CSR},
    [CA_FILE_CRL] = {N_("give your certificate"), PRIVATE,
	N_("give your certificate and its key"), CRLS},
    [CA_FILE_PKCS7] =
	{N_("write its certificates as PEM: openssl pkcs7 -print_certs -in FILE -out NEW.pem"),
	    N_("it contains no private key; give the file of the private key"),
	    N_("it contains no private key; write its certificates as PEM "
	       "for --cert: openssl pkcs7 -print_certs -in FILE -out NEW.pem"),
	    N_("write its certificates as PEM: openssl pkcs7 -print_certs -in FILE -out NEW.pem"
	       "; certauth setup --ca FILE imports those of CAs")},
    [CA_FILE_P12] = {USE_P12, USE_P12, NULL,
	N_("to log in, use --p12 FILE; to see its certificate: openssl pkcs12 "
	   "-in FILE -clcerts -nokeys -out NEW.pem (-legacy if it is old)")},
    [CA_FILE_KEY] = {SWAPPED, NULL,
	N_("use --key FILE for it, and --cert for its certificate, instead "
	   "of --p12"),
	LOG_IN},
    [CA_FILE_SEALED] = {SWAPPED,
	N_("write it as PEM: openssl pkcs8 -inform DER -in FILE | openssl pkcs8 "
	   "-topk8 -out NEW.pem"),
	N_("use --key FILE for it, and --cert for its certificate, instead "
	   "of --p12"),
	LOG_IN},
    [CA_FILE_OPENSSH] = {AGENT, AGENT, AGENT, AGENT},
    [CA_FILE_PUTTY] = {PUTTY, PUTTY, PUTTY, PUTTY},
    [CA_FILE_TPM] = {LINK, LINK, LINK, LINK},
    [CA_FILE_PUBLIC] = {ISSUED, PRIVATE, PRIVATE, ISSUED},
    [CA_FILE_SSH] = {N_("give an X.509 certificate"), PRIVATE, PRIVATE,
	N_("give an X.509 certificate; ssh-keygen -L -f FILE shows an SSH "
	   "certificate")},
    [CA_FILE_PGP] = {N_("give an X.509 certificate"), PRIVATE, PRIVATE,
	N_("give an X.509 certificate")},
    [CA_FILE_JAVA] = {JAVA, JAVA, JAVA, JAVA},
    [CA_FILE_PARAMETERS] = {N_("give a certificate"), PRIVATE, PRIVATE,
	N_("give a certificate")},
};

const char *
ca_file_kind_next(enum ca_file_kind kind, enum ca_file_want want, bool pem)
{
	if (kind == CA_FILE_P12 && pem && want == CA_WANT_SHOW)
		return N_(
		    "to log in, use --p12 FILE; to see its certificate: sed "
		    "'/^-----/d' FILE | base64 -d | openssl pkcs12 -clcerts "
		    "-nokeys -out NEW.pem (-legacy if it is old)");
	if (kind == CA_FILE_PKCS7 && !pem && want == CA_WANT_CERT)
		return N_(
		    "write its certificates as PEM: openssl pkcs7 -inform DER -print_certs -in FILE -out NEW.pem");
	if (kind == CA_FILE_PKCS7 && !pem && want == CA_WANT_P12)
		return N_(
		    "it contains no private key; write its certificates as "
		    "PEM for --cert: openssl pkcs7 -inform DER -print_certs -in FILE -out NEW.pem");
	if (kind == CA_FILE_PKCS7 && !pem && want == CA_WANT_SHOW)
		return N_(
		    "write its certificates as PEM: openssl pkcs7 -inform DER -print_certs -in FILE -out NEW.pem"
		    "; certauth setup --ca FILE imports those of CAs");
	return next[kind][want];
}
