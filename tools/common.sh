# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sourced by tools/demo and tools/test.

top="$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")"
me="$(basename "$0")"

# The packages of tools/packages.list, not what else may be installed under the same names.
PATH="/usr/bin:$PATH"

say() { echo "$me: $*" >&2; }
die() {
    say "$@"
    exit 1
}

# Configures build directory $1 with the remaining arguments as options. Does nothing if that is
# what it was last configured with: meson takes seconds even when nothing changes.
configure() {
    local dir="$1" stamp="$1/.configured-with" setup=(meson setup)
    shift
    if [[ -f "$dir/build.ninja" ]]; then
        [[ "$(cat "$stamp" 2>/dev/null)" != "$*" ]] || return 0
        setup+=(--reconfigure)
    fi
    "${setup[@]}" "$dir" "$top" "$@" || return 1
    echo "$*" >"$stamp"
}

# Makes sure that at least $1 hugepages of 2 MB are free, by reserving more when root may do so;
# fails if there are not enough. release_hugepages puts the old number back.
reserve_hugepages() {
    local wanted="$1" free total knob=/sys/kernel/mm/hugepages/hugepages-2048kB
    [[ -d "$knob" ]] || return 1
    free="$(cat "$knob/free_hugepages")"
    total="$(cat "$knob/nr_hugepages")"
    [[ "$free" -lt "$wanted" ]] || return 0
    [[ $EUID -eq 0 ]] || return 1
    hugepages_before="$total"
    { echo $((total + wanted - free)) >"$knob/nr_hugepages"; } 2>/dev/null || return 1
    [[ "$(cat "$knob/free_hugepages")" -ge "$wanted" ]] || {
        release_hugepages
        return 1
    }
}

release_hugepages() {
    [[ -n "${hugepages_before:-}" ]] || return 0
    echo "$hugepages_before" >/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages 2>/dev/null || true
    hugepages_before=
}

# The first $1 CPUs this process may run on, separated by spaces (fewer if there are fewer).
allowed_cpus() {
    local range ranges cpu count="$1"
    IFS=, read -ra ranges < <(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' "/proc/$$/status")
    for range in "${ranges[@]}"; do
        for ((cpu = ${range%-*}; cpu <= ${range#*-} && count > 0; cpu++, count--)); do
            printf '%d ' "$cpu"
        done
    done
}
