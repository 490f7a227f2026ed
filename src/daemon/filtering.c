/* filtering.c - who fills the sets of the packet filter: begun when a configuration names one. */
#include "daemon/privilege.h"
#include "daemon/server_private.h"
#include "keeper/firewall.h"

void filtering_begin(struct server *s, const struct rules *rules)
{
	if (rules->nft.n == 0 || s->firewall)
		return;
	if (!privilege_may_filter()) {
		log_warning(&s->log,
			    "nft-sets: no address gets into a set: ternd may not change the packet "
			    "filter (CAP_NET_ADMIN, kept only from a start with nft-sets)");
		return;
	}
	s->firewall = firewall_start(&s->log);
	if (!s->firewall) {
		log_error(&s->log,
			  "nft-sets: no address gets into a set: out of memory or threads");
		return;
	}
	/* Workers look for it only by rules that name a set, which are published after this. */
	s->shared.firewall = firewall_box(s->firewall);
}
