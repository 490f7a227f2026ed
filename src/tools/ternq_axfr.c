/*
 * ternq_axfr.c - transfers as dig prints them.
 *
 *   banner, records, and at the end the time, the server and the size;
 *   or "; Transfer failed." behind what came.
 */
#include "tools/ternq_axfr.h"

#include <stdio.h>

#include <tern/rr.h>

#include "tools/ternq_print.h"
#include "tools/ternq_record.h"
#include "tools/ternq_transfer.h"

#define LIMIT_MS (6ull * 3600 * 1000) /* for a whole transfer */

struct axfr {
	struct net_sink sink;
	const struct lookup *lookup;
	struct query query;
	struct reply *reply;
	struct transfer transfer;
	enum transfer_step step;
	bool good; /* what was to be printed was printed */
};

/* The SOA at the end only tells that it is the end. */
static bool is_wanted(const struct axfr *a, unsigned i)
{
	const struct transfer *t = &a->transfer;
	bool last = a->step == TRANSFER_DONE && i + 1 == t->fresh_n;

	return !(a->lookup->show.one_soa && last && t->records_n > 1);
}

static void print_lines(const struct axfr *a)
{
	const struct show *show = &a->lookup->show;
	const struct tern_message *m = &a->reply->m;

	for (unsigned i = 0; show->answer && i < a->transfer.fresh_n; i++) {
		const struct tern_rr_ref *rr = tern_message_rr(m, TERN_ANSWER, i);

		if (!is_wanted(a, i))
			continue;
		if (show->brief) {
			record_print_data(show, m, rr);
			putchar('\n');
		} else {
			record_print(show, m, rr);
		}
	}
}

/* One message of the stream; true when no other is wanted. */
static bool take(struct net_sink *sink, size_t len)
{
	struct axfr *a = CONTAINER_OF(sink, struct axfr, sink);
	const struct show *show = &a->lookup->show;
	struct reply *r = a->reply;

	if (a->transfer.messages_n == 0)
		print_query(a->lookup, &a->query);
	transfer_expect_id(&a->transfer, a->query.id);
	a->step = transfer_take(&a->transfer, r->octets, len, r->rrs, REPLY_RRS, &r->m);
	if (show->json)
		a->good = a->transfer.fresh_n == 0 || print_json(r, NULL);
	else if (show->yaml)
		a->good = a->transfer.fresh_n == 0 || print_yaml(a->lookup, &a->query, r, NULL);
	else
		print_lines(a);
	return a->step != TRANSFER_MORE || !a->good;
}

static enum exit_code tell_failure(const struct axfr *a, const struct net *net,
				   enum net_result result)
{
	if (result == NET_INTERNAL || !a->good)
		return EXIT_INTERNAL;
	if (a->step == TRANSFER_FAILED)
		net_say(net, ";; %s: %s", a->reply->server, a->transfer.why);
	else if (a->transfer.messages_n > 0)
		net_say(net, ";; %s: the end is missing", a->reply->server);
	else
		net_say(net, ";; no servers could be reached");
	net_say(net, "; Transfer failed.");
	return EXIT_NO_REPLY;
}

static enum exit_code run(struct axfr *a, struct options *o, const struct net *net,
			  const struct servers *servers)
{
	const struct show *show = &a->lookup->show;
	struct transfer *t = &a->transfer;
	enum net_result result = net_stream(net, a->lookup, t->zone, servers, &a->query, a->reply,
					    &a->sink, LIMIT_MS);

	if (t->outside_n > 0)
		net_say(net, ";; WARNING: %llu records are not in the zone",
			(unsigned long long)t->outside_n);
	if (result != NET_REPLY || a->step != TRANSFER_DONE || !a->good)
		return tell_failure(a, net, result);
	const struct xfr_size size = {t->records_n, t->messages_n, t->octets_n};

	if (show->stats && !show->brief && !print_is_for_programs(show))
		print_transfer_stats(o, a->reply, &size);
	return EXIT_REPLY;
}

enum exit_code axfr_run(struct options *o, const struct net *net, const struct lookup *l,
			const uint8_t *qname, struct reply *r)
{
	struct axfr a = {
		.sink = {take},
		.lookup = l,
		.reply = r,
		.step = TRANSFER_MORE,
		.good = true,
	};
	struct servers servers;

	if (l->validate || l->trace) {
		fprintf(stderr, "ternq: +validate and +trace are not for transfers\n");
		return EXIT_USAGE;
	}
	if (!net_servers(o, l, &servers))
		return EXIT_USAGE;
	print_banner(o, l, &servers);
	r->odd = (struct odd){.n = 0};
	r->tcp = true;
	transfer_begin(&a.transfer, qname, l->type, l->rclass, l->serial);
	return run(&a, o, net, &servers);
}
