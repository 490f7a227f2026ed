/* reporting.c - see reporting.h. */
#include "worker/reporting.h"

#include <tern/rr.h>

#include "resolver/report.h"
#include "worker/worker_private.h"

bool reporting_of(struct worker *w, const struct task *t, struct question *out)
{
	/* Reports themselves are of the daemon: a report of a report could go round. */
	if (!t->job.rules->resolver.error_reporting || t->alone || (t->job.flags & JOB_NO_SERVE))
		return false;
	if (w->reports.second_s != w->loop.now.boot_s)
		w->reports.n = 0;
	w->reports.second_s = w->loop.now.boot_s;
	out->type = TERN_TYPE_TXT;
	return w->reports.n < REPORTS_PER_SECOND && report_name(&t->job, out->name);
}

void reporting_send(struct worker *w, const struct question *q, unsigned view)
{
	w->reports.n++;
	tally_add(&w->tally.reports);
	client_resolve_alone(w, q, view, JOB_NO_SERVE | JOB_UNFILTERED);
}
