/*
 * name.c - wire format of names: reading, comparing, cutting.
 */
#include <tern/name.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "wire/name_private.h"

#define POINTER_HOPS_MAX 64 /* more than any sane encoder makes, RFC 9267 2 */
#define COPY_BLOCK       16 /* octets; most labels fit into one block */

const uint8_t tern_name_root[1] = {0};

/*
 * Copies of a constant size are one instruction, so a short label is copied
 * as a whole block where both buffers have the room; what lies behind the
 * label is overwritten by the next one.
 */
static inline void copy_label(uint8_t *dst, size_t dst_room, const uint8_t *src, size_t src_room,
			      size_t n)
{
	if (likely(n <= COPY_BLOCK && dst_room >= COPY_BLOCK && src_room >= COPY_BLOCK))
		memcpy(dst, src, COPY_BLOCK);
	else
		memcpy(dst, src, n);
}

/* Where a walk along a compressed name stands. */
struct walk {
	const uint8_t *msg;
	size_t msg_len;
	size_t at;
	size_t lowest; /* lowest offset visited: pointers must go below it */
	size_t next;   /* behind the name at its first place, 0 until known */
	unsigned hops;
	size_t steps_left; /* labels and pointers that may still be looked at */
};

static enum tern_status follow_pointer(struct walk *w)
{
	if (unlikely(w->msg_len - w->at < 2))
		return TERN_ETRUNCATED;
	size_t target = get_u16(w->msg + w->at) & 0x3fffu;

	if (w->next == 0)
		w->next = w->at + 2;
	if (unlikely(target >= w->lowest || ++w->hops > POINTER_HOPS_MAX))
		return TERN_EPOINTER;
	w->lowest = target;
	w->at = target;
	return TERN_OK;
}

/* The one loop behind tern_name_parse() and tern_name_verify(); @p out may be NULL. */
static inline enum tern_status walk_name(struct walk *w, uint8_t *out)
{
	size_t n = 0;

	for (;;) {
		if (unlikely(w->at >= w->msg_len))
			return TERN_ETRUNCATED;
		if (unlikely(w->steps_left-- == 0))
			return TERN_EPOINTER;
		uint8_t len = w->msg[w->at];

		if (len > TERN_LABEL_MAX) {
			if (unlikely(!LABEL_IS_POINTER(len)))
				return TERN_ELABEL;
			enum tern_status st = follow_pointer(w);
			if (unlikely(st != TERN_OK))
				return st;
			continue;
		}
		if (unlikely(n + len + 1u > TERN_NAME_MAX - (len != 0)))
			return TERN_ENAME;
		if (out)
			out[n] = len;
		n++;
		w->at++;
		if (len == 0)
			break;
		if (unlikely(w->msg_len - w->at < len))
			return TERN_ETRUNCATED;
		if (out)
			copy_label(out + n, TERN_NAME_MAX - n, w->msg + w->at, w->msg_len - w->at,
				   len);
		n += len;
		w->at += len;
	}
	if (w->next == 0)
		w->next = w->at;
	return TERN_OK;
}

static inline struct walk walk_from(const uint8_t *msg, size_t msg_len, size_t at)
{
	return (struct walk){.msg = msg,
			     .msg_len = msg_len,
			     .at = at,
			     .lowest = at,
			     .steps_left = TERN_NAME_MAX + POINTER_HOPS_MAX};
}

enum tern_status tern_name_parse(const uint8_t *msg, size_t msg_len, size_t at,
				 uint8_t out[TERN_NAME_MAX], size_t *next)
{
	struct walk w = walk_from(msg, msg_len, at);
	enum tern_status st = walk_name(&w, out);

	if (st == TERN_OK && next)
		*next = w.next;
	return st;
}

enum tern_status tern_name_verify(const uint8_t *msg, size_t msg_len, size_t at, size_t *next)
{
	struct walk w = walk_from(msg, msg_len, at);
	enum tern_status st = walk_name(&w, NULL);

	if (st == TERN_OK && next)
		*next = w.next;
	return st;
}

enum tern_status name_verify_within(const uint8_t *msg, size_t msg_len, size_t at, size_t *next,
				    size_t *steps_left)
{
	struct walk w = walk_from(msg, msg_len, at);

	w.steps_left = MIN(w.steps_left, *steps_left);
	size_t steps = w.steps_left;
	enum tern_status st = walk_name(&w, NULL);

	*steps_left -= steps - w.steps_left;
	*next = w.next;
	return st;
}

enum tern_status tern_name_skip(const uint8_t *msg, size_t msg_len, size_t at, size_t *next)
{
	while (at < msg_len) {
		uint8_t len = msg[at];

		if (LABEL_IS_POINTER(len)) {
			if (msg_len - at < 2)
				return TERN_ETRUNCATED;
			*next = at + 2;
			return TERN_OK;
		}
		if (len > TERN_LABEL_MAX)
			return TERN_ELABEL;
		at += len + 1u;
		if (len == 0) {
			*next = at;
			return TERN_OK;
		}
	}
	return TERN_ETRUNCATED;
}

enum tern_status tern_name_check(const uint8_t *name, size_t max, size_t *len)
{
	size_t at = 0;

	while (at < max) {
		uint8_t label = name[at];

		if (label > TERN_LABEL_MAX)
			return TERN_ELABEL;
		at += label + 1u;
		if (at > TERN_NAME_MAX - (label != 0))
			return TERN_ENAME;
		if (label == 0) {
			*len = at;
			return TERN_OK;
		}
	}
	return TERN_ETRUNCATED;
}

size_t tern_name_len(const uint8_t *name)
{
	const uint8_t *p = name;

	while (*p)
		p += *p + 1;
	return (size_t)(p - name) + 1;
}

unsigned tern_name_labels(const uint8_t *name)
{
	unsigned n = 0;

	for (; *name; name += *name + 1)
		n++;
	return n;
}

size_t tern_name_lower(uint8_t *dst, const uint8_t *src)
{
	size_t len = tern_name_len(src);
	size_t i = 0;
	uint64_t x;

	for (; len - i >= 8; i += 8) {
		memcpy(&x, src + i, 8);
		x = lower_u64(x);
		memcpy(dst + i, &x, 8);
	}
	for (; i < len; i++)
		dst[i] = lower_u8(src[i]);
	return len;
}

size_t tern_name_copy(uint8_t *dst, const uint8_t *src)
{
	size_t len = tern_name_len(src);

	memmove(dst, src, len);
	return len;
}

bool tern_name_equal(const uint8_t *a, const uint8_t *b)
{
	size_t len = tern_name_len(a);

	return len == tern_name_len(b) && octets_equal_nocase(a, b, len);
}

/* One label against another as RFC 4034 6.1 orders them. */
static int compare_labels(const uint8_t *a, const uint8_t *b)
{
	unsigned shorter = MIN(a[0], b[0]);

	for (unsigned i = 1; i <= shorter; i++) {
		int difference = lower_u8(a[i]) - lower_u8(b[i]);
		if (difference != 0)
			return difference;
	}
	return a[0] - b[0];
}

int tern_name_compare(const uint8_t *a, const uint8_t *b)
{
	uint8_t a_at[TERN_LABELS_MAX], b_at[TERN_LABELS_MAX];
	unsigned len;
	unsigned a_n = label_offsets(a, a_at, &len);
	unsigned b_n = label_offsets(b, b_at, &len);

	while (a_n > 0 && b_n > 0) {
		int order = compare_labels(a + a_at[--a_n], b + b_at[--b_n]);
		if (order != 0)
			return order;
	}
	return (int)a_n - (int)b_n;
}

unsigned tern_name_common_labels(const uint8_t *a, const uint8_t *b)
{
	uint8_t a_at[TERN_LABELS_MAX], b_at[TERN_LABELS_MAX];
	unsigned len;
	unsigned a_n = label_offsets(a, a_at, &len);
	unsigned b_n = label_offsets(b, b_at, &len);
	unsigned common = 0;

	while (a_n > 0 && b_n > 0 && compare_labels(a + a_at[--a_n], b + b_at[--b_n]) == 0)
		common++;
	return common;
}

/* Does @p name end in @p zone_len octets that begin at a label? Gives where, or NULL. */
static const uint8_t *tail_of_len(const uint8_t *name, size_t zone_len)
{
	size_t len = tern_name_len(name);

	while (len > zone_len) {
		len -= *name + 1u;
		name += *name + 1;
	}
	return len == zone_len ? name : NULL;
}

bool tern_name_is_below_or_equal(const uint8_t *name, const uint8_t *zone)
{
	size_t zone_len = tern_name_len(zone);
	const uint8_t *tail = tail_of_len(name, zone_len);

	return tail && octets_equal_nocase(tail, zone, zone_len);
}

bool tern_name_is_below(const uint8_t *name, const uint8_t *zone)
{
	size_t zone_len = tern_name_len(zone);
	const uint8_t *tail = tail_of_len(name, zone_len);

	return tail && tail != name && octets_equal_nocase(tail, zone, zone_len);
}

const uint8_t *tern_name_suffix(const uint8_t *name, unsigned labels)
{
	for (unsigned n = tern_name_labels(name); n > labels; n--)
		name += *name + 1;
	return name;
}

const uint8_t *tern_name_parent(const uint8_t *name)
{
	return *name ? name + *name + 1 : name;
}

bool tern_name_is_wildcard(const uint8_t *name)
{
	return name[0] == 1 && name[1] == '*';
}

enum tern_status tern_name_replace_suffix(const uint8_t *name, const uint8_t *from,
					  const uint8_t *to, uint8_t out[TERN_NAME_MAX])
{
	size_t kept = tern_name_len(name) - tern_name_len(from);
	size_t to_len = tern_name_len(to);

	if (kept + to_len > TERN_NAME_MAX)
		return TERN_ENAME;
	memmove(out, name, kept);
	memcpy(out + kept, to, to_len);
	return TERN_OK;
}
