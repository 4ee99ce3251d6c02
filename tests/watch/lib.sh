# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Sourced by booted and contained: the unit doorward-watch.service in a booted guest, with its sandbox as it is installed.
# BUILD is set.
DOORWARD=$BUILD/doorward
DW_TEST_DIR=${DW_TEST_DIR:-/tmp/doorward-watch-booted}
export DOORWARD DW_TEST_DIR
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../guests/lib.sh
. "$HERE/../guests/lib.sh"
set +e
passed=0 failed=0
id=$(sed -n 's/^#define DW_NEWS_MESSAGE_ID "\(.*\)"$/\1/p' "$HERE/../../src/watch/dw_news.h")

good() { echo "$1: ok"; passed=$((passed + 1)); }
bad() { echo "FAILED $1: $(tail -c 500 "$DW_TEST_DIR/last" | tr '\n' ' ')"; failed=$((failed + 1)); }
# once WHAT COMMAND...: it must succeed. check: within three minutes
once() {
    local what=$1
    shift
    if "$@" >"$DW_TEST_DIR/last" 2>&1; then good "$what"; else bad "$what"; fi
}
check() {
    local what=$1 i
    shift
    for ((i = 0; i < 360; i++)); do
        if "$@" >"$DW_TEST_DIR/last" 2>&1; then
            good "$what"
            return
        fi
        sleep 0.5
    done
    bad "$what"
}
doorward() { inside /opt/doorward-test/bin/doorward "$@"; }
active() { [ "$(inside systemctl show -P ActiveState doorward-watch)" = active ]; }
runs() { doorward watch --status | tee "$DW_TEST_DIR/status" | grep -q 'doorward watch runs'; }
well() { [ "$(inside systemctl show -P Result doorward-watch)" = success ] && [ "$(inside systemctl show -P ActiveState doorward-watch)" = inactive ]; }
told() { [ "$(inside journalctl -q -o cat MESSAGE_ID="$id" DOORWARD_PORT="$1" DOORWARD_EVENT="$2" | wc -l)" = 1 ]; }
# told_of PORT WHAT: the object that the journal has of it says so of its door
told_of() {
    inside journalctl -q -a -o json --output-fields=DOORWARD_JSON MESSAGE_ID="$id" DOORWARD_PORT="$1" DOORWARD_EVENT=opened |
        jq -e ".DOORWARD_JSON | fromjson | .door | $2"
}
# The unit as it is installed, but for where the program lies.
unit() {
    sed 's|^ExecStart=[^ ]*|ExecStart=/opt/doorward-test/bin/doorward|' "$BUILD/packaging/systemd/doorward-watch.service"
}
# guest NAME: boots it, with the unit in it
guest() {
    load "$1"
    lock 900
    trap '"$GUESTS/stop" "$NAME" >/dev/null 2>&1' EXIT
    trap 'exit 130' INT TERM
    own
    mkdir -p "$STAGE"
    stage
    "$GUESTS/boot" "$NAME" --fresh --no-live --no-settle || die "$NAME does not boot"
    unit | inside sh -c 'cat >/etc/systemd/system/doorward-watch.service'
    inside systemctl daemon-reload
}
ended() {
    [ "$failed" = 0 ] || inside journalctl -q --no-pager -u doorward-watch | tail -20
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
}
