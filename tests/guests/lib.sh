# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by every command here: where things lie, what a guest is, how to reach one.
#
# A guest is a file recipes/NAME that sets
#   N       its number, 1 to 254: address 10.9.N.2/24 (and 10.9.N.3), fd09:0:0:N::2/64, device dwtN outside, eth0 inside
#   PKGS    the Debian packages it is built from, with commas
#   setup() run once in the chroot when the guest is built, with files/ at /usr/local/lib/dwt
#   ready() exits 0 in the guest once it has booted
#   live()  run out here after the first boot: what people started by hand, through sshto or inside (optional)
#   settled() exits 0 in the guest once what takes its time (a job each minute, say) is there (optional); else it may
#           print what is missing, which boot shows when it gives up
#   HALT    its command to power off, if that is not poweroff
#   NSPAWN  more options for systemd-nspawn; PRESEED: debconf answers
# NAME-K (K a number) is a twin of it: the same recipe, tarball and addresses, in a network of its own, so that several may
# be up at once.
set -euo pipefail
GUESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
DW_TEST_DIR=${DW_TEST_DIR:-/tmp/doorward-test.$UID}
DW_TEST_CACHE=${DW_TEST_CACHE:-/var/cache/doorward-test}
SUITE=${DW_TEST_SUITE:-bookworm}
LOCKS=${DW_TEST_LOCKS:-/run/lock}  # one set for the machine: names of network namespaces and addresses are the machine's too
PATH=$PATH:/usr/sbin:/sbin
COMMON=iproute2,procps,psmisc,lsof,netbase,openssh-server,openssh-client,util-linux
die() { echo "guests: $*" >&2; exit 1; }
[ "$UID" = 0 ] || die "needs root"
mkdir -p "$DW_TEST_DIR"/{root,run,stage} "$DW_TEST_CACHE/debs"
chmod 700 "$DW_TEST_DIR"

names() { local f; for f in "$GUESTS"/recipes/*; do echo "${f##*/}"; done; }
# Those of which the truth is written; the others belong to one test.
truthful() { local f; for f in "$GUESTS"/truth/*.tsv; do basename "$f" .tsv; done; }

load() {
    NAME=${1:-} RECIPE=${1:-} SCAN=dwt-scan
    if [[ $NAME =~ ^([a-z]+)-([0-9]+)$ ]]; then RECIPE=${BASH_REMATCH[1]} SCAN=dwt-scan-$NAME; fi
    [ -f "$GUESTS/recipes/$RECIPE" ] || die "no guest '$NAME'; there are: $(names | xargs)"
    PRESEED='' NSPAWN='' HALT=poweroff
    live() { :; }
    settled() { :; }
    # shellcheck disable=SC1090
    . "$GUESTS/recipes/$RECIPE"
    ROOT=$DW_TEST_DIR/root/$NAME RUN=$DW_TEST_DIR/run/$NAME STAGE=$DW_TEST_DIR/stage/$NAME
    TRUTH=$GUESTS/truth/$RECIPE.tsv
    ADDR=10.9.$N.2
    # What the tarball is made of; a recipe's other functions and the rest of the harness may change without a new build.
    BALL=$DW_TEST_CACHE/$RECIPE-$({
        echo "$SUITE $COMMON $RECIPE $N $PKGS $PRESEED"
        declare -f setup
        cat "$GUESTS/make" "$GUESTS"/files/*
    } | sha256sum | cut -c1-32).tar.zst
}

# One guest belongs to one run at a time: descriptor 9 holds the lock, boot's supervisor keeps it while the guest is up.
# Beside the lock stands who that is, for all runs of the machine, whatever their DW_TEST_DIR: the supervisor (.pid), and
# the run that the guest is for (.owner). A guest that a person booted has no owner, and stays.
lock() {
    [ "${DW_TEST_LOCKED:-}" != "$NAME" ] || return 0
    local end=$((SECONDS + ${1:-0})) said=
    exec 9>"$LOCKS/dwt-$NAME.lock"
    # Asked again each second, not waited for: a signal to a shell that waits would have to wait as well.
    until flock -n 9; do
        left_over && continue
        [ $SECONDS -lt $end ] || die "$NAME is in use by another run ($LOCKS/dwt-$NAME.lock)"
        [ -n "$said" ] || echo "guests: waiting for another run that has $NAME ($LOCKS/dwt-$NAME.lock)" >&2
        said=1
        sleep 1
    done
    rm -f "$LOCKS/dwt-$NAME.owner"
    export DW_TEST_LOCKED=$NAME
}
# The guest is for this process, and of no use without it. Behind lock.
own() { echo "$$ $(started $$)" >"$LOCKS/dwt-$NAME.owner"; }
# A run that was killed leaves its guest up, and the guest's supervisor holds the lock: then it is stopped.
left_over() {
    local pid when mine=$LOCKS/dwt-$NAME.owner.$$
    read -r pid when 2>/dev/null <"$LOCKS/dwt-$NAME.owner" || return 1
    [ "$(started "$pid")" != "$when" ] || return 1
    # of several that wait one stops it
    mv "$LOCKS/dwt-$NAME.owner" "$mine" 2>/dev/null || return 1
    rm -f "$mine"
    echo "guests: $NAME is left over from a run that ended: stopping it" >&2
    DW_TEST_LOCKED=$NAME "$GUESTS/stop" "$NAME" >&2 || return 1
}

started() { tr "\n" " " 2>/dev/null <"/proc/$1/stat" | sed "s/.*) //" | cut -d" " -f20 || :; }     # ticks since boot
# The pid of the guest's supervisor out here, empty when it is not up. A pid alone may have been given out again.
supervisor() {
    local pid when
    read -r pid when 2>/dev/null <"$LOCKS/dwt-$NAME.pid" || return 0
    if [ -n "$when" ] && [ "$(started "$pid")" = "$when" ]; then echo "$pid"; fi
}
# The pid, out here, of the guest's pid 1: the grandchild of the supervisor that has number 1 in the namespace below.
gpid() {
    local sup p c
    sup=$(supervisor)
    [ -n "$sup" ] || return 0
    for p in $(pgrep -P "$sup"); do
        for c in $(pgrep -P "$p"); do
            [ "$(awk '/^NSpid/{print NF, $NF}' "/proc/$c/status" 2>/dev/null)" = '3 1' ] && { echo "$c"; return 0; }
        done
    done
    return 0
}
# Run a command in the guest: all namespaces of its init, a clean environment, a cgroup beside its own processes.
inside() {
    local p
    p=$(gpid)
    [ -n "$p" ] || die "$NAME is not up"
    nsenter -t "$p" -a -- env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        HOME=/root TERM="${TERM:-dumb}" LANG=C.UTF-8 "$@" 9>&-
}
# Log in over ssh from the staff net (10.9.0.1, on the scanner's side), as a person would: a real PAM session.
sshto() {
    local u=$1
    shift
    ip netns exec "$SCAN" ssh -F none -n -b 10.9.0.1 -i "$DW_TEST_DIR/key" -o BatchMode=yes -o StrictHostKeyChecking=no \
        -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=5 "$u@$ADDR" "$(printf '%q ' "$@")" 9>&-
}
# The guest's side of the wire. Again before each boot: sysvinit's halt takes the interfaces down.
addresses() {
    ip netns exec "dwt-$NAME" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.eth0.accept_dad=0
    ip -n "dwt-$NAME" link set lo up
    ip -n "dwt-$NAME" link set eth0 up
    ip -n "dwt-$NAME" addr replace "10.9.$N.2/24" dev eth0
    ip -n "dwt-$NAME" addr replace "10.9.$N.3/24" dev eth0
    ip -n "dwt-$NAME" addr replace "fd09:0:0:$N::2/64" dev eth0 nodad
    ip -n "dwt-$NAME" route replace default via "10.9.$N.1"
}
# The wire: netns dwt-scan, a twin's dwt-scan-NAME (10.9.N.1, and 10.9.0.1 for the staff net) -- netns dwt-NAME (eth0, 10.9.N.2).
wire() {
    unwire
    (
        flock 8
        [ -e "/run/netns/$SCAN" ] || {
            ip netns add "$SCAN"
            ip -n "$SCAN" link set lo up
            ip -n "$SCAN" addr add 10.9.0.1/24 dev lo
        }
    ) 8>"$LOCKS/dwt-scan.lock"
    ip netns add "dwt-$NAME"
    ip -n "$SCAN" link add "dwt$N" type veth peer name eth0 \
        address "$(printf '02:09:00:00:%02x:02' "$N")" netns "dwt-$NAME"
    addresses
    ip -n "$SCAN" addr add "10.9.$N.1/24" dev "dwt$N"
    ip -n "$SCAN" addr add "fd09:0:0:$N::1/64" dev "dwt$N" nodad
    ip -n "$SCAN" link set "dwt$N" up
}
unwire() {
    ip -n "$SCAN" link del "dwt$N" 2>/dev/null || :
    ip netns del "dwt-$NAME" 2>/dev/null || :
    # a twin's is nobody else's
    [ "$SCAN" = dwt-scan ] || ip netns del "$SCAN" 2>/dev/null || :
}
# The harness's ssh key, and its way into the file system under $ROOT, for root and pat.
keys() {
    local h
    (
        flock 8
        [ -f "$DW_TEST_DIR/key" ] || ssh-keygen -q -t ed25519 -N '' -C doorward-test -f "$DW_TEST_DIR/key"
    ) 8>"$DW_TEST_DIR/key.lock"
    for h in /root /home/pat; do
        mkdir -p -m 700 "$ROOT$h/.ssh"
        cp "$DW_TEST_DIR/key.pub" "$ROOT$h/.ssh/authorized_keys"
    done
    chroot "$ROOT" chown -R pat: /home/pat/.ssh
}
# Wait until a function of the recipe, run in the guest, says yes: SECONDS FUNCTION.
await() {
    local end=$((SECONDS + $1))
    until [ -n "$(gpid)" ] && inside bash -c "$(script "$2")" >/dev/null 2>&1 </dev/null; do
        [ $SECONDS -lt $end ] || return 1
        [ -n "$(supervisor)" ] || [ $((end - SECONDS)) -gt $(($1 - 5)) ] || return 1
        sleep 0.2
    done
}
# A boot is over, whatever it started.
booted() {
    if [ -d /run/systemd/system ]; then
        systemctl is-system-running | grep -qE 'running|degraded'
    else
        # "startpar -f" only passes on what a script's children print, and stays as long as one of them has the pipe.
        pgrep -x sshd && ! pgrep -x 'rc|openrc|rcS' && ! pgrep -f '^startpar -p'
    fi
}
script() { declare -f "$1" | sed '1,2d;$d'; }      # a function's body, as a script for bash -c
# The program with its own loader and libraries, so that the guest needs no package for it.
stage() {
    rm -rf "${STAGE:?}"/*
    [ -z "${DW_TEST_FAKE:-}" ] || return 0
    mkdir -p "$STAGE/lib" "$STAGE/bin" "$STAGE/share"
    local lib loader
    cp "$DOORWARD" "$STAGE/bin/doorward.bin"
    ldd "$DOORWARD" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^[[:space:]]*\(\/[^ ]*\).*/\1/p' | sort -u |
        while read -r lib; do cp -L "$lib" "$STAGE/lib/"; done
    [ ! -e "$GUESTS/policies/$RECIPE" ] || cp "$GUESTS/policies/$RECIPE" "$STAGE/policy"
    [ -z "${DOORWARD_SHARE:-}" ] || cp -r "$DOORWARD_SHARE" "$STAGE/share/doorward"
    loader=$(cd "$STAGE/lib" && ls ld-*.so* 2>/dev/null | head -1)
    if [ -n "$loader" ]; then
        printf '#!/bin/sh\nd=/opt/doorward-test\nexec $d/lib/%s --library-path $d/lib $d/bin/doorward.bin "$@"\n' "$loader" >"$STAGE/bin/doorward"
    else
        printf '#!/bin/sh\nexec /opt/doorward-test/bin/doorward.bin "$@"\n' >"$STAGE/bin/doorward"
    fi
    chmod 755 "$STAGE/bin/doorward"
}
# pool COMMAND SUFFIX NAME...: COMMAND --one NAME for each, $DW_TEST_JOBS (2) at a time, what it said in NAME.SUFFIX and, with
# its name in front, here, when it has ended; then what the caller's told() says of all, if there is one; then the sum of their
# "N passed, N failed". 0: nothing failed.
pool() {
    local command=$1 suffix=$2 g p f passed=0 failed=0 logs=$DW_TEST_DIR/run
    local -A alive=()
    shift 2
    reap() {        # wait for the first guest that ends, print what it said
        local name pid rc=0
        wait -n -p pid "${!alive[@]}" || rc=$?
        name=${alive[$pid]}
        unset "alive[$pid]"
        sed "s/^/$name: /" "$logs/$name.$suffix"
        if [ $rc -ne 0 ]; then
            echo "$name: FAILED the run of the guest ended with $rc"
            echo "0 passed, 1 failed" >>"$logs/$name.$suffix"
        fi
        # now: another run may write that file later
        while read -r p _ f _; do passed=$((passed + p)) failed=$((failed + ${f%,})); done \
            < <(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$logs/$name.$suffix")
    }
    trap 'trap "" INT TERM; [ ${#alive[@]} -eq 0 ] || kill "${!alive[@]}" 2>/dev/null; wait; exit 130' INT TERM
    for g; do rm -f "$logs/$g.$suffix"; done
    for g; do
        [ ${#alive[@]} -lt "${DW_TEST_JOBS:-2}" ] || reap
        "$command" --one "$g" >"$logs/$g.$suffix" 2>&1 </dev/null &
        alive[$!]=$g
    done
    while [ ${#alive[@]} -gt 0 ]; do reap; done
    ! declare -F told >/dev/null || told "$@"
    echo "$passed passed, $failed failed"
    [ $failed -eq 0 ]
}
