/* tls_shown.c - what certificates say of a service; see tls.h. */
#include "net/tls_private.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* The first name of a host, or the first address when there is none. */
static void note_name(gnutls_x509_crt_t crt, char out[TLS_NAME_MAX])
{
	char address[TLS_NAME_MAX] = "";

	for (unsigned n = 0;; n++) {
		char san[TLS_NAME_MAX];
		size_t len = sizeof san;
		int type = gnutls_x509_crt_get_subject_alt_name(crt, n, san, &len, NULL);

		if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			break;
		if (type == GNUTLS_SAN_DNSNAME) {
			snprintf(out, TLS_NAME_MAX, "%.*s", (int)MIN(len, sizeof san), san);
			return;
		}
		if (type == GNUTLS_SAN_IPADDRESS && !*address && (len == 4 || len == 16))
			(void)inet_ntop(len == 4 ? AF_INET : AF_INET6, san, address,
					sizeof address);
	}
	memcpy(out, address, TLS_NAME_MAX);
}

int tls_shown_note(gnutls_certificate_credentials_t credentials, unsigned index,
		   struct tls_shown *out)
{
	gnutls_x509_crt_t *chain;
	size_t len = sizeof out->pin;
	unsigned n;
	int status = gnutls_certificate_get_x509_crt(credentials, index, &chain, &n);

	if (status < 0)
		return status;
	out->begins_s = (int64_t)gnutls_x509_crt_get_activation_time(chain[0]);
	out->ends_s = (int64_t)gnutls_x509_crt_get_expiration_time(chain[0]);
	out->self_signed = gnutls_x509_crt_check_issuer(chain[0], chain[0]) != 0;
	note_name(chain[0], out->name);
	status = gnutls_x509_crt_get_key_id(chain[0], GNUTLS_KEYID_USE_SHA256, out->pin, &len);
	for (unsigned i = 0; i < n; i++)
		gnutls_x509_crt_deinit(chain[i]);
	gnutls_free(chain);
	return status;
}

unsigned tls_service_shown(const struct tls_service *service, const struct tls_shown **out)
{
	*out = service->shown;
	return service->shown_n;
}

bool tls_service_is_for(const struct tls_service *service, const char *name)
{
	bool is = false;

	for (unsigned index = 0; index < service->shown_n && !is; index++) {
		gnutls_x509_crt_t *chain;
		unsigned n;

		if (gnutls_certificate_get_x509_crt(service->credentials, index, &chain, &n) < 0)
			continue;
		is = gnutls_x509_crt_check_hostname(chain[0], name) != 0;
		for (unsigned i = 0; i < n; i++)
			gnutls_x509_crt_deinit(chain[i]);
		gnutls_free(chain);
	}
	return is;
}

char *tls_pin_to_text(const uint8_t pin[TLS_PIN_LEN], char out[TLS_PIN_TEXT_MAX])
{
	const gnutls_datum_t octets = {without_const(pin), TLS_PIN_LEN};
	gnutls_datum_t text;

	*out = '\0';
	if (gnutls_base64_encode2(&octets, &text) < 0)
		return out;
	snprintf(out, TLS_PIN_TEXT_MAX, "%.*s", (int)text.size, (const char *)text.data);
	gnutls_free(text.data);
	return out;
}
