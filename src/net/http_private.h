/*
 * http_private.h - the parts of http.h.
 *
 *   http.c          which version it is, and what both have in common
 *   http_request.c  what one request says
 *   http1.c         HTTP/1.1
 *   http2.c         HTTP/2
 *   http3.c         HTTP/3, which is an application of QUIC (quic_private.h)
 */
#pragma once

#include <stddef.h>

#include <urcu/list.h>

#include "base/address.h"
#include "net/http.h"

enum http_method { HTTP_OTHER, HTTP_HEAD, HTTP_GET, HTTP_POST };

/** A request being read, or waiting for its answer. */
struct http_query {
	struct cds_list_head node; /* of its connection's queries */
	uint32_t tag;              /* tells it from others of its connection */
	enum http_method method;
	uint16_t status;       /* why it can't be answered otherwise; 0 for no reason */
	bool path_good;        /* it asks for the path where queries are taken */
	bool type_good;        /* of its body */
	bool in_path;          /* the message stands behind "?dns=" */
	bool whole;            /* nothing more of it comes */
	bool ready;            /* whole, and not delivered yet */
	bool answered;         /* the answer was handed in, or a status */
	bool delivered;        /* HTTP/3: handed to the owner, */
	bool settled;          /* which owes no answer any more; */
	bool over;             /* its stream is closed, */
	bool blocked;          /* or waits for the client's windows */
	uint32_t headers;      /* octets of them */
	uint32_t around;       /* HTTP/3: octets of the stream that are no body */
	uint8_t *message;      /* as far as it has come */
	uint32_t len;          /* octets of it, */
	uint32_t room;         /* and those that it may have before it moves */
	struct address behind; /* the client that a proxy speaks for; family 0 for none */
	uint8_t *answer;       /* HTTP/2 and 3: what is being sent, */
	uint32_t answer_len;   /* octets, */
	uint32_t answer_at;    /* and how many of them are gone; HTTP/3: and have arrived */
};

struct http_version;

/** stream->framing_state. */
struct http_stream {
	struct stream *stream;
	struct http_front *front;
	const struct http_version *version; /* NULL until it is known */
	void *state;                        /* the version's own */
	bool trusted;
	bool taking;      /* octets are being read: what is sent goes out afterwards */
	uint8_t first[4]; /* octets that came before the version was known, */
	uint8_t first_n;  /* and how many */
	uint32_t held;    /* octets of messages that are not answered yet */
};

/** What HTTP/1.1 and HTTP/2 do differently. */
struct http_version {
	/** As stream_framing's. */
	bool (*take)(struct http_stream *h, const uint8_t *octets, size_t n);
	bool (*send)(struct http_stream *h, uint32_t tag, const uint8_t *octets, size_t len);
	void (*settle)(struct http_stream *h, uint32_t tag);
	bool (*go_on)(struct http_stream *h);
	void (*close)(struct http_stream *h);
};

/** Begin to speak it; false when memory is short. */
MUST_USE bool http1_begin(struct http_stream *h);
MUST_USE bool http2_begin(struct http_stream *h);

/* http_request.c */

struct http_query *http_query_new(uint32_t tag);
void http_query_free(struct http_stream *h, struct http_query *q);

/** Read a part of a request; what is wrong with it is kept in q->status. */
void http_query_method(struct http_query *q, const char *text, size_t len);
void http_query_target(struct http_stream *h, struct http_query *q, const char *text, size_t len);
void http_query_header(const struct http_stream *h, struct http_query *q, const char *name,
		       size_t name_len, const char *value, size_t value_len);

/** One field of a request of HTTP/2 or 3, pseudo-header or not; all of them have a limit. */
void http_query_field(struct http_stream *h, struct http_query *q, const char *name,
		      size_t name_len, const char *value, size_t value_len);
void http_query_body(struct http_stream *h, struct http_query *q, const uint8_t *octets, size_t n);

/** All of it has come: 200 when its message can be delivered, else another status. */
unsigned http_query_end(struct http_stream *h, struct http_query *q);

/** Its message, to the owner of the stream. False when the stream has been closed. */
MUST_USE bool http_query_deliver(struct http_stream *h, struct http_query *q);

#define HTTP_ALTERNATIVE_MAX 32 /* octets of it, with a zero */

/** Where the same is to be had by HTTP/3 (RFC 7838 3), into @p out; false for nowhere. */
MUST_USE bool http_alternative(const struct http_stream *h, char out[HTTP_ALTERNATIVE_MAX]);

#define HTTP_FIELDS_MAX 5

/** What stands before the body of an answer of HTTP/2 or 3. */
struct http_head {
	struct http_field {
		const char *name;
		const char *value;
		bool unique; /* the next answer has another one */
	} fields[HTTP_FIELDS_MAX];
	unsigned n;
	char code[4];
	char length[16];
	char age[32];
	char elsewhere[HTTP_ALTERNATIVE_MAX];
};

/** Fill @p out, which points into itself, for an answer of @p len octets. */
void http_head_fill(struct http_head *out, const struct http_stream *h, unsigned status,
		    const uint8_t *body, size_t len);

/** Copy @p body as what is sent; false when memory is short. */
MUST_USE bool http_query_answer(struct http_query *q, const uint8_t *body, size_t len);

/** The words for a status. */
const char *http_reason(unsigned status);

/** How long @p answer may be kept, in seconds: its least TTL (RFC 8484 5.1). */
uint32_t http_max_age(const uint8_t *answer, size_t len);
