#include "resolver/classify.h"

#include <tern/name.h>
#include <tern/rr.h>

#include "resolver/reply.h"

static bool has_answer(const struct tern_message *m, const struct reply_context *asked)
{
	if (asked->type != TERN_TYPE_ANY)
		return reply_find(m, TERN_ANSWER, asked->name, asked->type) != NULL;
	for (unsigned i = 0; i < m->section_n[TERN_ANSWER]; i++) {
		const struct tern_rr_ref *rr = tern_message_rr(m, TERN_ANSWER, i);

		if (rr->rclass == TERN_CLASS_IN && rr_is_owned_by(m, rr, asked->name))
			return true;
	}
	return false;
}

static bool has_alias(const struct tern_message *m, const struct reply_context *asked)
{
	uint8_t name[TERN_NAME_MAX];

	if (reply_alias_first(m, asked->name, asked->type))
		return true;
	return reply_dname(m, asked->name, asked->zone, name) != NULL;
}

/* A SOA that may speak for the name: at or above it, at or below the zone cut. */
static bool has_own_soa(const struct tern_message *m, const struct reply_context *asked)
{
	uint8_t owner[TERN_NAME_MAX];
	const struct tern_rr_ref *rr = reply_find(m, TERN_AUTHORITY, NULL, TERN_TYPE_SOA);

	return rr && rr_owner(m, rr, owner) && tern_name_is_below_or_equal(asked->name, owner) &&
	       tern_name_is_below_or_equal(owner, asked->zone);
}

/* A DS is the parent's to deny (RFC 4035 3.1.4.1); a server of the child only denies it, too. */
static bool speaks_for_child(const struct tern_message *m, const struct reply_context *asked)
{
	return tern_name_len(asked->name) > 1 &&
	       reply_find(m, TERN_AUTHORITY, asked->name, TERN_TYPE_SOA) != NULL;
}

static bool is_empty(const struct tern_message *m)
{
	return m->section_n[TERN_ANSWER] == 0 && m->section_n[TERN_AUTHORITY] == 0;
}

static bool leads_down(const uint8_t *zone, const struct reply_context *asked)
{
	return tern_name_is_below(zone, asked->zone) &&
	       tern_name_is_below_or_equal(asked->name, zone);
}

/* Whose NS the authority section has: of several the first that leads down. False for none. */
static bool find_delegation(const struct tern_message *m, const struct reply_context *asked,
			    uint8_t zone[TERN_NAME_MAX])
{
	uint8_t owner[TERN_NAME_MAX];
	bool found = false;

	for (unsigned i = 0; i < m->section_n[TERN_AUTHORITY]; i++) {
		const struct tern_rr_ref *rr = tern_message_rr(m, TERN_AUTHORITY, i);

		if (rr->type != TERN_TYPE_NS || rr->rclass != TERN_CLASS_IN ||
		    !rr_owner(m, rr, owner))
			continue;
		bool down = leads_down(owner, asked);

		if (down || !found)
			tern_name_copy(zone, owner);
		if (down)
			return true;
		found = true;
	}
	return found;
}

/*
 * Without AA and SOA it is a poor NODATA, or the server doesn't serve the zone. Those that
 * know of nothing but addresses answer like this to other types; lame ones to A as well.
 */
static bool may_be_poor(const struct reply_context *asked)
{
	return asked->type != TERN_TYPE_A;
}

/* No answer, no SOA: a referral, or one of the broken forms of NODATA, or lame. */
static enum reply_kind classify_unanswered(const struct tern_message *m,
					   const struct reply_context *asked,
					   struct reply_view *view)
{
	bool authoritative = m->flags & TERN_FLAG_AA;

	if (find_delegation(m, asked, view->zone)) {
		if (leads_down(view->zone, asked))
			return REPLY_REFERRAL;
		/* Its own NS set where a SOA should be. */
		if (tern_name_equal(view->zone, asked->zone) &&
		    (authoritative || may_be_poor(asked))) {
			view->doubtful = !authoritative;
			return REPLY_NODATA;
		}
		view->why = tern_name_is_below_or_equal(asked->zone, view->zone)
				    ? "upward referral"
				    : "sideways referral";
		return REPLY_LAME;
	}
	view->doubtful = authoritative || (is_empty(m) && (asked->stub || may_be_poor(asked)));
	if (view->doubtful)
		return REPLY_NODATA;
	view->why = is_empty(m) ? "empty answer without authority" : "answer to something else";
	return REPLY_LAME;
}

static enum reply_kind classify_noerror(const struct tern_message *m,
					const struct reply_context *asked, struct reply_view *view)
{
	if (has_alias(m, asked))
		return REPLY_ALIAS;
	if (has_answer(m, asked))
		return REPLY_ANSWER;
	view->has_soa = has_own_soa(m, asked);
	if (view->has_soa) {
		view->doubtful = asked->type == TERN_TYPE_DS && speaks_for_child(m, asked);
		return REPLY_NODATA;
	}
	if (asked->forwarder && find_delegation(m, asked, view->zone) &&
	    (!(m->flags & TERN_FLAG_RA) || leads_down(view->zone, asked))) {
		view->why = "referral: it does not recurse";
		return REPLY_LAME;
	}
	if (asked->forwarder)
		return REPLY_NODATA;
	return classify_unanswered(m, asked, view);
}

static enum reply_kind classify_nxdomain(const struct tern_message *m,
					 const struct reply_context *asked, struct reply_view *view)
{
	/* With an alias the rcode is about the alias's target (RFC 6604), also asked for itself. */
	if (has_alias(m, asked))
		return REPLY_ALIAS;
	if (asked->type == TERN_TYPE_CNAME && has_answer(m, asked))
		return REPLY_ANSWER;
	view->has_soa = has_own_soa(m, asked);
	view->doubtful = !view->has_soa && !asked->forwarder &&
			 reply_find(m, TERN_AUTHORITY, NULL, TERN_TYPE_SOA);
	return REPLY_NXDOMAIN;
}

static enum reply_kind classify_error(const struct tern_message *m,
				      const struct reply_context *asked, struct reply_view *view)
{
	switch (m->rcode) {
	case TERN_RCODE_FORMERR:
		/* With an OPT it may be our own, echoed by a server that knows none. */
		if (asked->had_edns)
			return REPLY_NO_EDNS;
		view->why = "FORMERR";
		return REPLY_REFUSED;
	case TERN_RCODE_NOTIMP:
		if (asked->had_edns && !m->edns.present)
			return REPLY_NO_EDNS;
		view->why = "NOTIMP";
		return REPLY_REFUSED;
	case TERN_RCODE_BADVERS:
		if (asked->had_edns)
			return REPLY_NO_EDNS;
		view->why = "BADVERS";
		return REPLY_REFUSED;
	case TERN_RCODE_BADCOOKIE: return REPLY_BAD_COOKIE;
	case TERN_RCODE_SERVFAIL: view->why = "SERVFAIL"; return REPLY_REFUSED;
	case TERN_RCODE_REFUSED: view->why = "REFUSED"; return REPLY_REFUSED;
	case TERN_RCODE_NOTAUTH: view->why = "NOTAUTH"; return REPLY_REFUSED;
	default: view->why = "unexpected rcode"; return REPLY_REFUSED;
	}
}

enum reply_kind reply_classify(const struct tern_message *m, const struct reply_context *asked,
			       struct reply_view *view)
{
	view->why = NULL;
	view->has_soa = false;
	view->doubtful = false;
	view->recursive = !asked->forwarder && !asked->stub && !(m->flags & TERN_FLAG_AA) &&
			  (m->flags & TERN_FLAG_RA);
	if (m->flags & TERN_FLAG_TC) {
		view->why = "truncated over TCP";
		return asked->by_udp ? REPLY_TRUNCATED : REPLY_BROKEN;
	}
	switch (m->rcode) {
	case TERN_RCODE_NOERROR: return classify_noerror(m, asked, view);
	case TERN_RCODE_NXDOMAIN: return classify_nxdomain(m, asked, view);
	case TERN_RCODE_YXDOMAIN:
		if (has_alias(m, asked))
			return REPLY_ALIAS;
		return classify_error(m, asked, view);
	default: return classify_error(m, asked, view);
	}
}
