/*
 * quic_front.c - datagrams find their connection, or what to do without one; see quic.h.
 *
 * A connection ID of ours is eight random octets and, encrypted by a hash of these, the worker's
 * number and three octets that nobody else can make. So a datagram that the kernel gives to
 * another worker, because its client has moved or a worker rests, is handed on; and nobody but us
 * can make workers write to each other. Nobody on the way learns from two IDs that they belong
 * together (RFC 9000 5.1).
 */
#include "net/quic_private.h"

#include <stdlib.h>
#include <string.h>

#define RANDOM_LEN   8
#define RESETS_MAX   100 /* per second: each answers a datagram of nobody's */
#define RESET_MIN    43  /* octets of a datagram that gets one: a shorter one could be a reset */
#define RESET_RANDOM 22  /* octets before its token */
#define INITIAL_MIN  1200
#define LONG_HEADER  0x80
#define CIDS_SALT    1
#define BUCKETS_SALT 2

void quic_secret_draw(struct quic_secret *secret, struct random *random)
{
	random_bytes(random, secret, sizeof *secret);
}

/* --- connection IDs ---------------------------------------------------------------------- */

static uint32_t mask_of(const struct quic_front *f, const uint8_t *octets)
{
	return (uint32_t)hash_bytes(&f->secret->ids, CIDS_SALT, octets, RANDOM_LEN);
}

void quic_draw_cid(struct quic_front *f, ngtcp2_cid *out)
{
	uint8_t octets[QUIC_CID_LEN];

	random_bytes(f->random, octets, RANDOM_LEN);
	uint32_t mask = mask_of(f, octets);

	octets[8] = (uint8_t)(f->index ^ mask);
	octets[9] = (uint8_t)(mask >> 8);
	octets[10] = (uint8_t)(mask >> 16);
	octets[11] = (uint8_t)(mask >> 24);
	ngtcp2_cid_init(out, octets, QUIC_CID_LEN);
}

/* The worker that has drawn it; our own for one that nobody has. */
static unsigned worker_of(const struct quic_front *f, const uint8_t *id, size_t len)
{
	if (len != QUIC_CID_LEN)
		return f->index;
	uint32_t mask = mask_of(f, id);
	unsigned index = id[8] ^ (mask & 255);
	bool ours = id[9] == (uint8_t)(mask >> 8) && id[10] == (uint8_t)(mask >> 16) &&
		    id[11] == (uint8_t)(mask >> 24);

	return ours ? index : f->index;
}

static struct cds_hlist_head *bucket_of(const struct quic_front *f, const uint8_t *id, size_t len)
{
	return &f->buckets[hash_bytes(&f->secret->ids, BUCKETS_SALT, id, len) % QUIC_BUCKETS];
}

bool quic_add_cid(struct quic_connection *c, const ngtcp2_cid *id)
{
	for (unsigned i = 0; i < QUIC_CIDS_MAX; i++) {
		struct quic_cid *cid = &c->cids[i];

		if (cid->connection)
			continue;
		cid->connection = c;
		cid->id = *id;
		cds_hlist_add_head(&cid->node, bucket_of(c->front, id->data, id->datalen));
		return true;
	}
	return false;
}

static void remove_cid(struct quic_cid *cid)
{
	cds_hlist_del(&cid->node);
	cid->connection = NULL;
}

void quic_remove_cid(struct quic_connection *c, const ngtcp2_cid *id)
{
	for (unsigned i = 0; i < QUIC_CIDS_MAX; i++) {
		if (c->cids[i].connection && ngtcp2_cid_eq(&c->cids[i].id, id))
			remove_cid(&c->cids[i]);
	}
}

void quic_remove_cids(struct quic_connection *c)
{
	for (unsigned i = 0; i < QUIC_CIDS_MAX; i++) {
		if (c->cids[i].connection)
			remove_cid(&c->cids[i]);
	}
}

static struct quic_connection *find(const struct quic_front *f, const uint8_t *id, size_t len)
{
	struct quic_cid *cid;

	cds_hlist_for_each_entry_2(cid, bucket_of(f, id, len), node)
	{
		if (cid->id.datalen == len && memcmp(cid->id.data, id, len) == 0)
			return cid->connection;
	}
	return NULL;
}

bool quic_reset_token(const struct quic_front *f, const ngtcp2_cid *id,
		      uint8_t out[NGTCP2_STATELESS_RESET_TOKENLEN])
{
	return ngtcp2_crypto_generate_stateless_reset_token(out, f->secret->resets, QUIC_SECRET_LEN,
							    id) == 0;
}

/* --- answers without a connection ---------------------------------------------------------- */

static void send_versions(struct quic_front *f, const struct quic_arrival *a,
			  const ngtcp2_version_cid *v)
{
	static const uint32_t versions[] = {QUIC_VERSION};
	uint8_t *buffer = a->len >= INITIAL_MIN ? f->owner->buffer(f->context, a->listener) : NULL;
	uint8_t unused;

	if (!buffer)
		return;
	random_bytes(f->random, &unused, 1);
	ngtcp2_ssize n = ngtcp2_pkt_write_version_negotiation(
		buffer, QUIC_SENT_MAX, unused, v->scid, v->scidlen, v->dcid, v->dcidlen, versions,
		ARRAY_LEN(versions));

	if (n > 0)
		f->owner->send(f->context, a->listener, (size_t)n, a->peer);
}

static bool may_reset(struct quic_front *f)
{
	uint64_t now_ms = loop_ms(f->loop);

	if (now_ms - f->resets_ms >= 1000) {
		f->resets_ms = now_ms;
		f->resets_n = 0;
	}
	return f->resets_n++ < RESETS_MAX;
}

/* The connection is not known any more: its client should hear of that (RFC 9000 10.3). */
static void send_reset(struct quic_front *f, const struct quic_arrival *a,
		       const ngtcp2_version_cid *v)
{
	uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN], noise[RESET_RANDOM];
	ngtcp2_cid id;

	f->dropped++;
	if (a->len < RESET_MIN || !may_reset(f))
		return;
	uint8_t *buffer = f->owner->buffer(f->context, a->listener);

	ngtcp2_cid_init(&id, v->dcid, v->dcidlen);
	if (!buffer || !quic_reset_token(f, &id, token))
		return;
	random_bytes(f->random, noise, sizeof noise);
	ngtcp2_ssize n =
		ngtcp2_pkt_write_stateless_reset(buffer, QUIC_SENT_MAX, token, noise, sizeof noise);

	if (n > 0)
		f->owner->send(f->context, a->listener, (size_t)n, a->peer);
}

static const ngtcp2_sockaddr *remote_of(const struct quic_arrival *a)
{
	return &a->peer->addr.any;
}

static void send_retry(struct quic_front *f, const struct quic_arrival *a, const ngtcp2_pkt_hd *h)
{
	uint8_t token[NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN];
	uint8_t *buffer = f->owner->buffer(f->context, a->listener);
	ngtcp2_cid id;

	if (!buffer)
		return;
	quic_draw_cid(f, &id);
	ngtcp2_ssize token_len = ngtcp2_crypto_generate_retry_token(
		token, f->secret->tokens, QUIC_SECRET_LEN, h->version, remote_of(a),
		a->peer->addr_len, &id, &h->dcid, quic_now(f));

	if (token_len < 0)
		return;
	ngtcp2_ssize n = ngtcp2_crypto_write_retry(buffer, QUIC_SENT_MAX, h->version, &h->scid, &id,
						   &h->dcid, token, (size_t)token_len);

	if (n <= 0)
		return;
	f->retries++;
	f->owner->send(f->context, a->listener, (size_t)n, a->peer);
}

static void send_invalid_token(struct quic_front *f, const struct quic_arrival *a,
			       const ngtcp2_pkt_hd *h)
{
	uint8_t *buffer = f->owner->buffer(f->context, a->listener);

	if (!buffer)
		return;
	ngtcp2_ssize n =
		ngtcp2_crypto_write_connection_close(buffer, QUIC_SENT_MAX, h->version, &h->scid,
						     &h->dcid, NGTCP2_INVALID_TOKEN, NULL, 0);

	if (n > 0)
		f->owner->send(f->context, a->listener, (size_t)n, a->peer);
}

/* --- new connections ------------------------------------------------------------------------ */

/* What a token says of the client's address; false when it is a forged or an old Retry's. */
static bool read_token(struct quic_front *f, const struct quic_arrival *a, const ngtcp2_pkt_hd *h,
		       struct quic_beginning *b, ngtcp2_cid *original)
{
	const uint8_t *token = h->token.base;
	size_t len = h->token.len;

	if (len == 0)
		return true;
	if (token[0] == NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY) {
		b->retried = b->validated =
			ngtcp2_crypto_verify_retry_token(original, token, len, f->secret->tokens,
							 QUIC_SECRET_LEN, h->version, remote_of(a),
							 a->peer->addr_len, &h->dcid,
							 QUIC_RETRY_LIFE, quic_now(f)) == 0;
		return b->validated;
	}
	/* One of another time or server's is as good as none (RFC 9000 8.1.3). */
	b->validated = token[0] == NGTCP2_CRYPTO_TOKEN_MAGIC_REGULAR &&
		       ngtcp2_crypto_verify_regular_token(
			       token, len, f->secret->tokens, QUIC_SECRET_LEN, remote_of(a),
			       a->peer->addr_len, QUIC_TOKEN_LIFE, quic_now(f)) == 0;
	return true;
}

/*
 * A handshake costs as much as a hundred answers. When there is no time for it, or many are under
 * way, only those get one who receive what is sent to their address (limits.md row 57).
 */
static struct quic_connection *welcome(struct quic_front *f, const struct quic_arrival *a,
				       const ngtcp2_pkt_hd *h)
{
	ngtcp2_cid original = h->dcid;
	struct quic_beginning b = {.header = h, .original = &original, .arrival = a};
	bool has_time = tls_turns_have_time(f->turns);

	if (!read_token(f, a, h, &b, &original)) {
		send_invalid_token(f, a, h);
		return NULL;
	}
	if (!b.validated && (!has_time || f->opening_n >= QUIC_OPENING_MAX)) {
		send_retry(f, a, h);
		return NULL;
	}
	if (!has_time) {
		f->refused += !quic_wait(f, a);
		return NULL;
	}
	struct quic_connection *c = quic_serve(f, &b);

	if (!c)
		f->refused++;
	return c;
}

static struct quic_connection *begin(struct quic_front *f, const struct quic_arrival *a,
				     const ngtcp2_version_cid *v)
{
	unsigned worker = worker_of(f, v->dcid, v->dcidlen);
	ngtcp2_pkt_hd header;

	if (worker != f->index) {
		f->owner->forward(f->context, worker, a);
		return NULL;
	}
	if (!(a->octets[0] & LONG_HEADER)) {
		send_reset(f, a, v);
		return NULL;
	}
	if (a->len < INITIAL_MIN || ngtcp2_accept(&header, a->octets, a->len) != 0) {
		f->dropped++;
		return NULL;
	}
	return welcome(f, a, &header);
}

void quic_receive(struct quic_front *f, const struct quic_arrival *a)
{
	ngtcp2_version_cid v;
	/* ngtcp2 takes no empty one. */
	int status = a->len > 0 ? ngtcp2_pkt_decode_version_cid(&v, a->octets, a->len, QUIC_CID_LEN)
				: NGTCP2_ERR_INVALID_ARGUMENT;

	if (!f->buckets)
		f->buckets = calloc(QUIC_BUCKETS, sizeof *f->buckets);
	if (status == NGTCP2_ERR_VERSION_NEGOTIATION)
		send_versions(f, a, &v);
	if (status != 0 || !f->buckets || v.dcidlen > NGTCP2_MAX_CIDLEN) {
		f->dropped++;
		return;
	}
	struct quic_connection *c = find(f, v.dcid, v.dcidlen);

	if (!c)
		c = begin(f, a, &v);
	if (c)
		quic_take(c, a);
}

/* --- the front ------------------------------------------------------------------------------- */

static void on_timer(struct timer *timer)
{
	quic_serve_waiting(CONTAINER_OF(timer, struct quic_front, timer));
	quic_flush(CONTAINER_OF(timer, struct quic_front, timer));
}

void quic_front_init(struct quic_front *f, const struct quic_owner *owner, void *context,
		     struct loop *loop, struct tls_turns *turns, const struct quic_secret *secret,
		     struct random *random, unsigned index)
{
	*f = (struct quic_front){
		.owner = owner,
		.context = context,
		.loop = loop,
		.turns = turns,
		.secret = secret,
		.random = random,
		.index = index,
	};
	CDS_INIT_LIST_HEAD(&f->ready);
	CDS_INIT_LIST_HEAD(&f->waiting);
	timer_init(&f->timer, on_timer);
}

void quic_front_end(struct quic_front *f)
{
	timer_cancel(&f->loop->wheel, &f->timer);
	quic_drop_waiting(f);
	free(f->buckets);
	f->buckets = NULL;
}

void quic_flush(struct quic_front *f)
{
	CDS_LIST_HEAD(list);

	/* One that has more to say than a turn allows comes again. */
	cds_list_splice(&f->ready, &list);
	CDS_INIT_LIST_HEAD(&f->ready);
	while (!cds_list_empty(&list)) {
		struct quic_connection *c =
			cds_list_first_entry(&list, struct quic_connection, ready);

		cds_list_del_init(&c->ready);
		(void)quic_write(c);
	}
	if (!cds_list_empty(&f->ready) && !timer_is_set(&f->timer))
		loop_timer(f->loop, &f->timer, 1);
}
