# shellcheck shell=bash
# A bare Debian 12 in a directory, for the tests that source this file: bare_root [DIRECTORY] makes it, takes it away
# at the end, and sets
#   root      the directory, a new one in /var/tmp unless it is given
#   inside    the words before a command that shall run in it
# bare_tree [DIRECTORY] makes only the files, for who boots them: nothing is mounted, and `inside` is not set.
# BARE_ROOT_FROM names a directory that is copied instead, where one debootstrap shall do for several tests.
# BARE_ROOT_WITH names packages, with commas between, that are there besides.
#
# Packages come from where this machine gets its own. The root shares kernel and network with the machine.

die() { echo "$(basename "$0"): $*" >&2; exit 1; }

# "URI suite" of the first Debian archive in either format of sources, without -updates and -security
archive() {
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
		awk '$1 == "Types:" { uri = "" }
	     $1 == "deb" { i = $2 ~ /^\[/ ? 3 : 2; while ($(i - 1) ~ /^\[/ && $(i - 1) !~ /\]$/) i++; print $i, $(i + 1) }
	     $1 == "URIs:" { uri = $2 } $1 == "Suites:" { print uri, $2 }' |
		grep -m1 -E ' bookworm$'
}

proxy() { apt-config shell value Acquire::http::Proxy | sed -n "s/^value='\(.*\)'$/\1/p"; }

make_root() {
	local uri suite proxy
	if [ -n "${BARE_ROOT_FROM:-}" ]; then
		cp -a "$BARE_ROOT_FROM/." "$root"
		return 0
	fi
	read -r uri suite < <(archive) || die "no bookworm archive in /etc/apt/sources.list*"
	proxy=$(proxy)
	echo "== debootstrap $suite from $uri"
	${proxy:+env http_proxy="$proxy"} debootstrap --variant=minbase --include="ca-certificates,git${BARE_ROOT_WITH:+,$BARE_ROOT_WITH}" \
		"$suite" "$root" "$uri" >"$root.log" 2>&1 || { tail -n 20 "$root.log"; die "debootstrap failed"; }
	# security updates as here, so that the same versions are tested
	rm -f "$root/etc/apt/sources.list"
	cp -a /etc/apt/sources.list "$root/etc/apt/" 2>/dev/null || true
	find /etc/apt/sources.list.d -type f -name 'debian*' \
		-exec cp -a {} "$root/etc/apt/sources.list.d/" \;
	[ -s "$root/etc/apt/sources.list" ] || [ -n "$(ls -A "$root/etc/apt/sources.list.d")" ] ||
		echo "deb $uri $suite main" >"$root/etc/apt/sources.list"
	[ -z "$proxy" ] || echo "Acquire::http::Proxy \"$proxy\";" >"$root/etc/apt/apt.conf.d/99proxy"
	cp /etc/resolv.conf "$root/etc/resolv.conf"
}

# The root itself is a mount, so that `ip netns` can set propagation on "/" inside.
mount_root() {
	mount --bind "$root" "$root"
	mount --make-private "$root"
	mount -t proc proc "$root/proc"
	mount -t sysfs sysfs "$root/sys"
	mount --rbind --make-rslave /dev "$root/dev"
	mount -t tmpfs -o mode=755 tmpfs "$root/run"
}

unmount_root() {
	local at
	for at in run dev sys proc; do
		if mountpoint -q "$root/$at"; then
			umount -R "$root/$at" || umount -R -l "$root/$at"
		fi
	done
	if mountpoint -q "$root"; then
		umount "$root" || umount -l "$root"
	fi
	# never walk into a mount that stayed
	if grep -qE " $root(/| )" /proc/mounts; then
		echo "$(basename "$0"): still mounted below $root, left as it is" >&2
	else
		rm -rf --one-file-system "$root" "$root.log"
	fi
}

bare_tree() {
	[ "$(id -u)" = 0 ] || die "needs root"
	command -v debootstrap >/dev/null || die "needs the package debootstrap"
	root=${1:-$(mktemp -d "/var/tmp/tern-$(basename "$0")-XXXXXX")}
	mkdir -p "$root"
	[ -z "$(ls -A "$root")" ] || die "$root is not empty"
	root=$(readlink -f "$root")
	chmod 755 "$root" # it becomes a "/", which everybody has to get through
	trap unmount_root EXIT
	trap 'exit 130' INT TERM
	make_root
}

bare_root() {
	bare_tree "$@"
	mount_root
	inside=(chroot "$root" env -i HOME=/root TERM="${TERM:-dumb}" LANG=C.UTF-8
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
}

# clone_into_root CHECKOUT: its last commit becomes /root/tern
clone_into_root() {
	git -c safe.directory="$1" clone -q --no-hardlinks "$1" "$root/root/tern"
}
