/* readers.c - see readers.h. */
#include "base/readers.h"

#include <urcu-qsbr.h>

#include "base/compiler.h"

const char readers_grace;

void readers_enter(void)
{
	rcu_register_thread();
}

void readers_leave(void)
{
	ORDER_RELEASE(without_const(&readers_grace));
	rcu_unregister_thread();
}

void readers_rest(void)
{
	ORDER_RELEASE(without_const(&readers_grace));
	rcu_quiescent_state();
}

void readers_wait(void)
{
	synchronize_rcu();
	ORDER_ACQUIRE(without_const(&readers_grace));
}

void readers_sleep(void)
{
	ORDER_RELEASE(without_const(&readers_grace));
	rcu_thread_offline();
}

void readers_wake(void)
{
	rcu_thread_online();
}
