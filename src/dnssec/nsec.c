/* OpenSSL's newer interface to SHA-1 costs six times what the block itself does. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "dnssec/nsec.h"

#include <string.h>

#include <openssl/sha.h>

#include <tern/name.h>
#include <tern/rr.h>

#include "base/bytes.h"

bool bitmap_has(const struct type_bitmap *bitmap, uint16_t type)
{
	struct cursor c = cursor_over(bitmap->octets, bitmap->len);

	while (cursor_left(&c) > 0) {
		uint8_t window = cursor_u8(&c);
		uint8_t len = cursor_u8(&c);
		const uint8_t *bits = cursor_take(&c, len);

		if (c.broken)
			return false;
		if (window == type >> 8) {
			unsigned at = (type & 0xffu) / 8;

			return at < len && (bits[at] & (0x80u >> (type & 7u)));
		}
	}
	return false;
}

static bool has_others(uint8_t window, const uint8_t *bits, uint8_t len)
{
	for (unsigned i = 0; i < len * 8u; i++) {
		unsigned type = (unsigned)window << 8 | i;

		if ((bits[i / 8] & (0x80u >> (i & 7u))) && type != TERN_TYPE_RRSIG &&
		    type != TERN_TYPE_NSEC && type != TERN_TYPE_NXNAME)
			return true;
	}
	return false;
}

bool bitmap_is_bare(const struct type_bitmap *bitmap)
{
	struct cursor c = cursor_over(bitmap->octets, bitmap->len);

	while (cursor_left(&c) > 0) {
		uint8_t window = cursor_u8(&c);
		uint8_t len = cursor_u8(&c);
		const uint8_t *bits = cursor_take(&c, len);

		if (c.broken || has_others(window, bits, len))
			return false;
	}
	return true;
}

static bool first_rdata(const struct tern_rrset *set, struct tern_rdata *out)
{
	struct tern_rdata_iter it = tern_rrset_rdatas(set);

	return tern_rdata_next(&it, out);
}

bool nsec_read(const struct tern_rrset *set, struct nsec *out)
{
	struct tern_rdata rdata;
	size_t len;

	if (!first_rdata(set, &rdata) || tern_name_check(rdata.octets, rdata.len, &len) != TERN_OK)
		return false;
	*out = (struct nsec){set->owner, rdata.octets, {rdata.octets + len, rdata.len - len}};
	return true;
}

bool nsec_covers(const struct nsec *nsec, const uint8_t *name)
{
	bool after_owner = tern_name_compare(nsec->owner, name) < 0;
	bool before_next = tern_name_compare(name, nsec->next) < 0;

	/* The last NSEC of a zone points back to its apex. */
	if (tern_name_compare(nsec->owner, nsec->next) >= 0)
		return after_owner || before_next;
	return after_owner && before_next;
}

static int base32_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'v' ? c - 'a' + 10 : -1;
}

/* 32 characters of base32hex are 20 octets exactly (RFC 4648 7). */
static bool decode_hash_label(const uint8_t *label, uint8_t out[NSEC3_HASH_LEN])
{
	uint64_t bits = 0;
	unsigned have = 0, at = 0;

	if (label[0] != 32)
		return false;
	for (unsigned i = 1; i <= 32; i++) {
		int digit = base32_digit(label[i]);

		if (digit < 0)
			return false;
		bits = bits << 5 | (unsigned)digit;
		have += 5;
		if (have >= 8) {
			have -= 8;
			out[at++] = (uint8_t)(bits >> have);
		}
	}
	return true;
}

bool nsec3_read(const struct tern_rrset *set, struct nsec3 *out)
{
	struct tern_rdata rdata;

	if (!first_rdata(set, &rdata))
		return false;
	struct cursor c = cursor_over(rdata.octets, rdata.len);
	uint8_t algorithm = cursor_u8(&c);

	out->owner = set->owner;
	out->flags = cursor_u8(&c);
	out->iterations = cursor_u16(&c);
	out->salt_len = cursor_u8(&c);
	out->salt = cursor_take(&c, out->salt_len);
	uint8_t hash_len = cursor_u8(&c);

	out->next = cursor_take(&c, hash_len);
	out->types = (struct type_bitmap){c.at, cursor_left(&c)};
	return !c.broken && algorithm == 1 && hash_len == NSEC3_HASH_LEN &&
	       (out->flags & ~NSEC3_OPT_OUT) == 0 && decode_hash_label(set->owner, out->hash);
}

bool nsec3_covers(const struct nsec3 *n, const uint8_t hash[NSEC3_HASH_LEN])
{
	bool after_owner = memcmp(n->hash, hash, NSEC3_HASH_LEN) < 0;
	bool before_next = memcmp(hash, n->next, NSEC3_HASH_LEN) < 0;

	if (memcmp(n->hash, n->next, NSEC3_HASH_LEN) >= 0)
		return after_owner || before_next;
	return after_owner && before_next;
}

void nsec3_hash(const struct nsec3 *like, const uint8_t *name, uint8_t out[NSEC3_HASH_LEN])
{
	uint8_t input[TERN_NAME_MAX + 255];
	size_t len = tern_name_lower(input, name);
	SHA_CTX sha;

	for (unsigned i = 0; i <= like->iterations; i++) {
		if (like->salt_len > 0)
			memcpy(input + len, like->salt, like->salt_len);
		SHA1_Init(&sha);
		SHA1_Update(&sha, input, len + like->salt_len);
		SHA1_Final(out, &sha);
		memcpy(input, out, NSEC3_HASH_LEN);
		len = NSEC3_HASH_LEN;
	}
}

bool nsec_is_minimal(const struct nsec *n)
{
	return n->next[0] == 1 && n->next[1] == 0 && tern_name_equal(n->next + 2, n->owner);
}

bool nsec3_is_minimal(const struct nsec3 *n)
{
	/* No two names that anybody can find have hashes so close. */
	return memcmp(n->hash, n->next, 8) == 0;
}

uint32_t nsec3_blocks(const struct nsec3 *like, const uint8_t *name)
{
	/* SHA-1 works on blocks of 64 octets; one holds 55 of them with its padding. */
	return (uint32_t)(like->iterations + 1) * (1 + (like->salt_len + 40u) / 64) +
	       (uint32_t)tern_name_len(name) / 64;
}

void nsec3_owner(const struct nsec3 *like, const uint8_t *name, const uint8_t *zone,
		 uint8_t out[TERN_NAME_MAX])
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	uint8_t hash[NSEC3_HASH_LEN];

	nsec3_hash(like, name, hash);
	*out++ = NSEC3_HASH_LEN * 8 / 5;
	for (unsigned i = 0; i < NSEC3_HASH_LEN; i += 5) {
		uint64_t bits = (uint64_t)hash[i] << 32 | (uint64_t)hash[i + 1] << 24 |
				(uint64_t)hash[i + 2] << 16 | (uint64_t)hash[i + 3] << 8 |
				hash[i + 4];

		for (int shift = 35; shift >= 0; shift -= 5)
			*out++ = (uint8_t)digits[bits >> shift & 31];
	}
	tern_name_copy(out, zone);
}

static bool is_memo_of(const struct nsec3_memo *m, const struct nsec3 *like, const uint8_t *name)
{
	return m->name[0] && tern_name_equal(m->name, name) && m->iterations == like->iterations &&
	       m->salt_len == like->salt_len &&
	       (m->salt_len == 0 || memcmp(m->salt, like->salt, m->salt_len) == 0);
}

void nsec3_memo_open(struct nsec3_memo *m, const struct nsec3 *like, const uint8_t *name)
{
	if (is_memo_of(m, like, name))
		return;
	memset(m->known, 0, sizeof m->known);
	tern_name_copy(m->name, name);
	m->iterations = like->iterations;
	m->salt_len = like->salt_len;
	if (like->salt_len)
		memcpy(m->salt, like->salt, like->salt_len);
}

uint8_t *nsec3_memo_place(struct nsec3_memo *m, const uint8_t *name, bool **known)
{
	unsigned at = tern_name_labels(name);

	if (!tern_name_is_below_or_equal(m->name, name)) {
		uint8_t labels = (uint8_t)(at - 1);

		at = NSEC3_MEMO_PLACES - 1;
		if (m->wildcard_labels != labels)
			m->known[at] = false;
		m->wildcard_labels = labels;
	}
	*known = &m->known[at];
	return m->hashes[at];
}
