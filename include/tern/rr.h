/*
 * rr.h - types, classes, opcodes and response codes, and the one table that
 * says how each type's rdata is laid out.
 *
 * Standards  IANA "DNS Parameters"; RFC 3597 (unknown types and the list of
 *            types whose names may be compressed or are lower-cased),
 *            RFC 4034 6.2 with RFC 6840 5.1 (canonical form).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tern/status.h>

TERN_DECLS_BEGIN

enum tern_type {
	TERN_TYPE_A = 1,
	TERN_TYPE_NS = 2,
	TERN_TYPE_MD = 3,
	TERN_TYPE_MF = 4,
	TERN_TYPE_CNAME = 5,
	TERN_TYPE_SOA = 6,
	TERN_TYPE_MB = 7,
	TERN_TYPE_MG = 8,
	TERN_TYPE_MR = 9,
	TERN_TYPE_NULL = 10,
	TERN_TYPE_WKS = 11,
	TERN_TYPE_PTR = 12,
	TERN_TYPE_HINFO = 13,
	TERN_TYPE_MINFO = 14,
	TERN_TYPE_MX = 15,
	TERN_TYPE_TXT = 16,
	TERN_TYPE_RP = 17,
	TERN_TYPE_AFSDB = 18,
	TERN_TYPE_X25 = 19,
	TERN_TYPE_ISDN = 20,
	TERN_TYPE_RT = 21,
	TERN_TYPE_NSAP = 22,
	TERN_TYPE_SIG = 24,
	TERN_TYPE_KEY = 25,
	TERN_TYPE_PX = 26,
	TERN_TYPE_GPOS = 27,
	TERN_TYPE_AAAA = 28,
	TERN_TYPE_LOC = 29,
	TERN_TYPE_NXT = 30,
	TERN_TYPE_EID = 31,
	TERN_TYPE_NIMLOC = 32,
	TERN_TYPE_SRV = 33,
	TERN_TYPE_NAPTR = 35,
	TERN_TYPE_KX = 36,
	TERN_TYPE_CERT = 37,
	TERN_TYPE_DNAME = 39,
	TERN_TYPE_OPT = 41,
	TERN_TYPE_APL = 42,
	TERN_TYPE_DS = 43,
	TERN_TYPE_SSHFP = 44,
	TERN_TYPE_IPSECKEY = 45,
	TERN_TYPE_RRSIG = 46,
	TERN_TYPE_NSEC = 47,
	TERN_TYPE_DNSKEY = 48,
	TERN_TYPE_DHCID = 49,
	TERN_TYPE_NSEC3 = 50,
	TERN_TYPE_NSEC3PARAM = 51,
	TERN_TYPE_TLSA = 52,
	TERN_TYPE_SMIMEA = 53,
	TERN_TYPE_HIP = 55,
	TERN_TYPE_NINFO = 56,
	TERN_TYPE_RKEY = 57,
	TERN_TYPE_TALINK = 58,
	TERN_TYPE_CDS = 59,
	TERN_TYPE_CDNSKEY = 60,
	TERN_TYPE_OPENPGPKEY = 61,
	TERN_TYPE_CSYNC = 62,
	TERN_TYPE_ZONEMD = 63,
	TERN_TYPE_SVCB = 64,
	TERN_TYPE_HTTPS = 65,
	TERN_TYPE_DSYNC = 66, /**< RFC 9859 */
	TERN_TYPE_HHIT = 67,  /**< RFC 9886, as BRID */
	TERN_TYPE_BRID = 68,
	TERN_TYPE_SPF = 99,
	TERN_TYPE_NID = 104,
	TERN_TYPE_L32 = 105,
	TERN_TYPE_L64 = 106,
	TERN_TYPE_LP = 107,
	TERN_TYPE_EUI48 = 108,
	TERN_TYPE_EUI64 = 109,
	TERN_TYPE_NXNAME = 128, /**< RFC 9824: only in type bitmaps */
	TERN_TYPE_TKEY = 249,
	TERN_TYPE_TSIG = 250,
	TERN_TYPE_IXFR = 251,
	TERN_TYPE_AXFR = 252,
	TERN_TYPE_MAILB = 253,
	TERN_TYPE_MAILA = 254,
	TERN_TYPE_ANY = 255,
	TERN_TYPE_URI = 256,
	TERN_TYPE_CAA = 257,
	TERN_TYPE_AVC = 258,
	TERN_TYPE_AMTRELAY = 260, /**< RFC 8777 */
	TERN_TYPE_RESINFO = 261,  /**< RFC 9606 */
	TERN_TYPE_WALLET = 262,
	TERN_TYPE_CLA = 263,
	TERN_TYPE_IPN = 264,
	TERN_TYPE_TA = 32768,
	TERN_TYPE_DLV = 32769,
};

enum tern_class {
	TERN_CLASS_IN = 1,
	TERN_CLASS_CH = 3,
	TERN_CLASS_HS = 4,
	TERN_CLASS_NONE = 254,
	TERN_CLASS_ANY = 255,
};

enum tern_opcode {
	TERN_OPCODE_QUERY = 0,
	TERN_OPCODE_IQUERY = 1,
	TERN_OPCODE_STATUS = 2,
	TERN_OPCODE_NOTIFY = 4,
	TERN_OPCODE_UPDATE = 5,
	TERN_OPCODE_DSO = 6,
};

/** Response codes; values above 15 need an OPT to be told (RFC 6891 6.1.3). */
enum tern_rcode {
	TERN_RCODE_NOERROR = 0,
	TERN_RCODE_FORMERR = 1,
	TERN_RCODE_SERVFAIL = 2,
	TERN_RCODE_NXDOMAIN = 3,
	TERN_RCODE_NOTIMP = 4,
	TERN_RCODE_REFUSED = 5,
	TERN_RCODE_YXDOMAIN = 6,
	TERN_RCODE_YXRRSET = 7,
	TERN_RCODE_NXRRSET = 8,
	TERN_RCODE_NOTAUTH = 9,
	TERN_RCODE_NOTZONE = 10,
	TERN_RCODE_DSOTYPENI = 11,
	TERN_RCODE_BADVERS = 16,
	TERN_RCODE_BADCOOKIE = 23,
};

/** One piece of rdata, in the order it stands on the wire. */
enum tern_field {
	TERN_FIELD_END = 0,
	TERN_FIELD_NAME_COMPRESSED, /**< may be compressed, lower-cased canonically (RFC 1035 types)
				     */
	TERN_FIELD_NAME,         /**< not compressed when sent, expanded when read, lower-cased */
	TERN_FIELD_NAME_LITERAL, /**< neither compressed nor lower-cased (SVCB, IPSECKEY, HIP) */
	TERN_FIELD_U8,
	TERN_FIELD_U16,
	TERN_FIELD_U32,
	TERN_FIELD_PERIOD,    /**< u32 seconds (SOA) */
	TERN_FIELD_TIME,      /**< u32 as YYYYMMDDHHmmSS (RRSIG) */
	TERN_FIELD_TYPE,      /**< u16 shown as an RR type mnemonic */
	TERN_FIELD_CERT_TYPE, /**< u16 with the mnemonics of RFC 4398 2.1 */
	TERN_FIELD_A,         /**< 4 octets */
	TERN_FIELD_AAAA,      /**< 16 octets */
	TERN_FIELD_NODE64,    /**< 8 octets as four hex groups (RFC 6742) */
	TERN_FIELD_EUI48,
	TERN_FIELD_EUI64,
	TERN_FIELD_STRING,      /**< one character-string */
	TERN_FIELD_STRINGS,     /**< one or more character-strings to the end */
	TERN_FIELD_TEXT,        /**< octets to the end as one quoted string (URI, CAA value) */
	TERN_FIELD_TAG,         /**< one character-string, printed unquoted (CAA tag) */
	TERN_FIELD_BASE64,      /**< to the end */
	TERN_FIELD_HEX,         /**< to the end, may be empty */
	TERN_FIELD_HEX_LEN8,    /**< u8 length, then octets; "-" when empty (NSEC3 salt) */
	TERN_FIELD_BASE32_LEN8, /**< u8 length, then octets in base32hex (NSEC3 next hash) */
	TERN_FIELD_BITMAP,      /**< type bitmap to the end (RFC 4034 4.1.2) */
	TERN_FIELD_SVC_PARAMS,  /**< to the end (RFC 9460) */
	TERN_FIELD_APL,         /**< to the end (RFC 3123) */
	TERN_FIELD_LOC,         /**< 16 octets (RFC 1876) */
	TERN_FIELD_WKS,         /**< protocol and bitmap after the address (RFC 1035 3.4.2) */
	TERN_FIELD_HIP,         /**< the whole rdata (RFC 8005) */
	TERN_FIELD_IPSECKEY,    /**< the whole rdata (RFC 4025) */
	TERN_FIELD_GENERIC,     /**< octets to the end in RFC 3597 form */
	TERN_FIELD_ALGORITHM,   /**< u8; DNSSEC algorithm mnemonics are read, numbers written */
	TERN_FIELD_NSAP,        /**< octets to the end as 0x and hex (RFC 1706) */
	TERN_FIELD_U64,
	TERN_FIELD_SCHEME,   /**< u8 with the mnemonics of RFC 9859 */
	TERN_FIELD_AMTRELAY, /**< the whole rdata (RFC 8777) */
};

#define TERN_FIELDS_MAX 10

struct tern_type_info {
	uint16_t type;
	const char *mnemonic;
	uint8_t fields[TERN_FIELDS_MAX]; /**< enum tern_field, ends with TERN_FIELD_END */
};

/** Layout of @p type; never NULL (unknown types get one TERN_FIELD_GENERIC and mnemonic NULL). */
const struct tern_type_info *tern_type_info(uint16_t type);

/** True for types that exist only in questions or as pseudo-RRs: OPT, TKEY, TSIG, 128..255 (RFC
 * 6895). */
bool tern_type_is_meta(uint16_t type);

/** Mnemonic or "TYPE123" into @p out (at least 12 octets); returns @p out. */
char *tern_type_to_text(uint16_t type, char *out, size_t out_len);

/** Mnemonic in any case or "TYPE123". @return TERN_OK or TERN_ETEXT */
TERN_MUST_USE enum tern_status tern_type_from_text(const char *text, size_t len, uint16_t *type);

/** "IN", "CH", "HS", "NONE", "ANY" or "CLASS123" into @p out (at least 12 octets). */
char *tern_class_to_text(uint16_t rclass, char *out, size_t out_len);

/** @return TERN_OK or TERN_ETEXT */
TERN_MUST_USE enum tern_status tern_class_from_text(const char *text, size_t len, uint16_t *rclass);

/** "NOERROR", "SERVFAIL", ... or "RCODE123" into @p out (at least 12 octets). */
char *tern_rcode_to_text(unsigned rcode, char *out, size_t out_len);

/** "QUERY", "NOTIFY", ... or "OPCODE9" into @p out (at least 12 octets). */
char *tern_opcode_to_text(unsigned opcode, char *out, size_t out_len);

TERN_DECLS_END
