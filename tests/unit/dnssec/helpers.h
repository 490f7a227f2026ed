/*
 * helpers.h - RRsets out of text, and the standards' example keys, for the tests of DNSSEC.
 */
#pragma once

#include "../names.h"

#include <stdlib.h>
#include <string.h>

#include <tern/rdata.h>
#include <tern/rr.h>
#include <tern/rrset.h>
#include <tern/text.h>

#include "base/bytes.h"
#include "base/compiler.h"

/** An RRset being put together; the set's pointers are into the struct. */
struct packed {
	uint8_t owner[TERN_NAME_MAX];
	uint8_t octets[8192];
	struct tern_rrset set;
};

/** Wire form of a name that must be good; one of eight static buffers in turn. */
static inline const uint8_t *wire(const char *text)
{
	static uint8_t names[8][TERN_NAME_MAX];
	static unsigned turn;

	return wire_name(names[turn++ % 8], text);
}

static inline void pack_begin(struct packed *p, const char *owner, uint16_t type)
{
	tern_name_copy(p->owner, wire(owner));
	p->set = (struct tern_rrset){
		.owner = p->owner,
		.rdata = p->octets,
		.ttl_s = 3600,
		.type = type,
		.rclass = TERN_CLASS_IN,
	};
}

static inline void pack_octets(struct packed *p, const void *rdata, size_t len)
{
	assert_true(p->set.rdata_len + 2 + len <= sizeof p->octets);
	put_u16(p->octets + p->set.rdata_len, (uint16_t)len);
	if (len > 0)
		memcpy(p->octets + p->set.rdata_len + 2, rdata, len);
	p->set.rdata_len += (uint32_t)len + 2;
	p->set.rr_n++;
}

/** Rdata of the set's type in presentation format. */
static inline void pack_text(struct packed *p, const char *text)
{
	uint8_t rdata[4096];
	size_t len = 0;

	assert_int_equal(
		tern_rdata_from_text(p->set.type, text, NULL, rdata, sizeof rdata, &len, NULL),
		TERN_OK);
	pack_octets(p, rdata, len);
}

/** A set of one record. */
static inline const struct tern_rrset *pack_one(struct packed *p, const char *owner, uint16_t type,
						const char *text)
{
	pack_begin(p, owner, type);
	pack_text(p, text);
	return &p->set;
}

/** Rdata of @p type into a static buffer; the length in @p len. */
static inline const uint8_t *rdata_of(uint16_t type, const char *text, size_t *len)
{
	static uint8_t buffers[4][4096];
	static unsigned turn;
	uint8_t *out = buffers[turn++ % 4];

	assert_int_equal(tern_rdata_from_text(type, text, NULL, out, sizeof buffers[0], len, NULL),
			 TERN_OK);
	return out;
}

/** A standard's example: a key, its DS, one record and the signature over it. */
struct vector {
	const char *rfc;
	uint8_t algorithm;
	uint16_t tag;
	const char *zone;
	const char *dnskey;
	const char *ds[2]; /* NULL: the standard has none */
	const char *owner;
	uint16_t type;
	const char *rdata; /* NULL: key and DS only */
	const char *rrsig;
};

static const struct vector vectors[] = {
	{"4034 5.4, 4509 2.3",
	 5,
	 60485,
	 "dskey.example.com",
	 "256 3 5 AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZ"
	 "DRD99WYwYqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbt"
	 "G9DMBmADjFDc2w/rljwvFw==",
	 {"60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118",
	  "60485 5 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A"},
	 NULL,
	 0,
	 NULL,
	 NULL},
	{"5702 6.1",
	 8,
	 9033,
	 "example.net",
	 "256 3 8 AwEAAcFcGsaxxdgiuuGmCkVImy4h99CqT7jwY3pexPGcnUFtR2Fh36BponcwtkZ4cAgtvd4Q"
	 "s8PkxUdp6p/DlUmObdk=",
	 {NULL, NULL},
	 "www.example.net",
	 TERN_TYPE_A,
	 "192.0.2.91",
	 "A 8 3 3600 20300101000000 20000101000000 9033 example.net. "
	 "kRCOH6u7l0QGy9qpC9l1sLncJcOKFLJ7GhiUOibu4teYp5VE9RncriShZNz85mwlMgNEacFYK/lPtPiV"
	 "YP4bwg=="},
	{"5702 6.2",
	 10,
	 3740,
	 "example.net",
	 "256 3 10 AwEAAdHoNTOW+et86KuJOWRDp1pndvwb6Y83nSVXXyLA3DLroROUkN6X0O6pnWnjJQujX/Ay"
	 "hqFDxj13tOnD9u/1kTg7cV6rklMrZDtJCQ5PCl/D7QNPsgVsMu1J2Q8gpMpztNFLpPBz1bWXjDtaR7ZQ"
	 "BlZ3PFY12ZTSncorffcGmhOL",
	 {NULL, NULL},
	 "www.example.net",
	 TERN_TYPE_A,
	 "192.0.2.91",
	 "A 10 3 3600 20300101000000 20000101000000 3740 example.net. "
	 "tsb4wnjRUDnB1BUi+t6TMTXThjVnG+eCkWqjvvjhzQL1d0YRoOe0CbxrVDYd0xDtsuJRaeUw1ep94PzE"
	 "Wzr0iGYgZBWm/zpq+9fOuagYJRfDqfReKBzMweOLDiNa8iP5g9vMhpuv6OPlvpXwm9Sa9ZXIbNl1MBGk"
	 "0fthPgxdDLw="},
	{"6605 6.1",
	 13,
	 55648,
	 "example.net",
	 "257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+"
	 "Wi9xMWyQLc8NAA==",
	 {"55648 13 2 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17", NULL},
	 "www.example.net",
	 TERN_TYPE_A,
	 "192.0.2.1",
	 "A 13 3 3600 20100909100439 20100812100439 55648 example.net. "
	 "qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXAyGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep"
	 "666VCw=="},
	{"6605 6.2",
	 14,
	 10771,
	 "example.net",
	 "257 3 14 xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X"
	 "1DRSEkrbYQ+OB+v8/uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40",
	 {"10771 14 4 72d7b62976ce06438e9c0bf319013cf801f09ecc84b8d7e9495f27e305c6a9b0"
	  "563a9b5f4d288405c3008a946df983d6",
	  NULL},
	 "www.example.net",
	 TERN_TYPE_A,
	 "192.0.2.1",
	 "A 14 3 3600 20100909102025 20100812102025 10771 example.net. "
	 "/L5hDKIvGDyI1fcARX3z65qrmPsVz73QD1Mr5CEqOiLP95hxQouuroGCeZOvzFaxsT8Glr74hbavRKay"
	 "JNuydCuzWTSSPdz7wnqXL5bdcJzusdnI0RSMROxxwGipWcJm"},
	{"8080 6.1 a",
	 15,
	 3613,
	 "example.com",
	 "257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=",
	 {"3613 15 2 3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b", NULL},
	 "example.com",
	 TERN_TYPE_MX,
	 "10 mail.example.com.",
	 "MX 15 2 3600 20150819220000 20150729220000 3613 example.com. "
	 "oL9krJun7xfBOIWcGHi7mag5/hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3fx8A4M3e23mRZ9VrbpMngw"
	 "crqNAg=="},
	{"8080 6.1 b",
	 15,
	 35217,
	 "example.com",
	 "257 3 15 zPnZ/QwEe7S8C5SPz2OfS5RR40ATk2/rYnE9xHIEijs=",
	 {"35217 15 2 401781b934e392de492ec77ae2e15d70f6575a1c0bc59c5275c04ebe80c6614c", NULL},
	 "example.com",
	 TERN_TYPE_MX,
	 "10 mail.example.com.",
	 "MX 15 2 3600 20150819220000 20150729220000 35217 example.com. "
	 "zXQ0bkYgQTEFyfLyi9QoiY6D8ZdYo4wyUhVioYZXFdT410QPRITQSqJSnzQoSm5poJ7gD7AQR0O7KuI5"
	 "k2pcBg=="},
	{"8080 6.2 a",
	 16,
	 9713,
	 "example.com",
	 "257 3 16 3kgROaDjrh0H2iuixWBrc8g2EpBBLCdGzHmn+G2MpTPhpj/OiBVHHSfPodx1FYYUcJKm1MDp"
	 "JtIA",
	 {"9713 16 2 6ccf18d5bc5d7fc2fceb1d59d17321402f2aa8d368048db93dd811f5cb2b19c7", NULL},
	 "example.com",
	 TERN_TYPE_MX,
	 "10 mail.example.com.",
	 "MX 16 2 3600 20150819220000 20150729220000 9713 example.com. "
	 "3cPAHkmlnxcDHMyg7vFC34l0blBhuG1qpwLmjInI8w1CMB29FkEAIJUA0amxWndkmnBZ6SKiwZSAxGIL"
	 "n/NBtOXft0+Gj7FSvOKxE/07+4RQvE581N3Aj/JtIyaiYVdnYtyMWbSNyGEY2213WKsJlwEA"},
	{"8080 6.2 b",
	 16,
	 38353,
	 "example.com",
	 "257 3 16 kkreGWoccSDmUBGAe7+zsbG6ZAFQp+syPmYUurBRQc3tDjeMCJcVMRDmgcNLp5HlHAMy12Vo"
	 "ISsA",
	 {"38353 16 2 645ff078b3568f5852b70cb60e8e696cc77b75bfaaffc118cf79cbda1ba28af4", NULL},
	 "example.com",
	 TERN_TYPE_MX,
	 "10 mail.example.com.",
	 "MX 16 2 3600 20150819220000 20150729220000 38353 example.com. "
	 "E1/oLjSGIbmLny/4fcgM1z4oL6aqo+izT3urCyHyvEp4Sp8Syg1eI+lJ57CSnZqjJP41O/9l4m0AsQ4f"
	 "7qI1gVnML8vWWiyW2KXhT9kuAICUSxv5OWbf81Rq7Yu60npabODB0QFPb/rkW3kUZmQ0YQUA"},
};
