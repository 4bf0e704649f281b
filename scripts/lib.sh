# Shared by the scripts in this folder; sourced, not run.
# shellcheck shell=bash

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# What the set-up fetches for this project alone; ignored by git, safe to delete.
TOOLS=$ROOT/.tools
LOGS=$TOOLS/log
WASM_TARGET=wasm32-unknown-unknown
# One place for the versions that the set-up pins itself. Crates are pinned by Cargo.lock.
BINARYEN_VERSION=132.0.0
SCIM2_SERVER_VERSION=0.8.3
# How the set-up builds the standard library for WebAssembly: raise it when that changes.
WASM_STD_RECIPE=1
mkdir -p "$LOGS"

if [[ -t 1 ]]; then BOLD=$'\e[1m' DIM=$'\e[2m' RESET=$'\e[0m'; else BOLD='' DIM='' RESET=''; fi

say() { printf '%s\n' "$*"; }
note() { printf '  %s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# heading TEXT: what happens next.
heading() { printf '%s== %s%s\n' "$BOLD" "$*" "$RESET"; }

# run_logged LABEL COMMAND...: runs it with its output in a log file, and shows that it lives: the last
# line of the log on a terminal, a line every 20 seconds elsewhere. On failure the end of the log is shown.
run_logged() {
  local label=$1 log started pid status=0 shown=0 line
  shift
  log=$LOGS/$(printf '%s' "$label" | tr -cs 'A-Za-z0-9' '-' | sed 's/^-//; s/-$//').log
  started=$SECONDS
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.5
    if [[ -t 1 ]]; then
      line=$(tail -n 1 "$log" 2>/dev/null | tr -d '\r' | cut -c1-60 || true)
      printf '\r\e[K  %s … %d s %s%s%s' "$label" $((SECONDS - started)) "$DIM" "$line" "$RESET"
    elif ((SECONDS - started >= shown + 20)); then
      shown=$((SECONDS - started))
      line=$(tail -n 1 "$log" 2>/dev/null | tr -d '\r' | cut -c1-90 || true)
      printf '  %s … %d s: %s\n' "$label" "$shown" "$line"
    fi
  done
  wait "$pid" || status=$?
  [[ -t 1 ]] && printf '\r\e[K'
  if ((status == 0)); then
    note "$label: done in $((SECONDS - started)) s"
  else
    note "$label: failed after $((SECONDS - started)) s; the last lines of $log:"
    tail -n 20 "$log" | sed 's/^/    | /'
  fi
  return "$status"
}

# The folder of PostgreSQL's server programs, newest version first; nothing when there is none.
postgres_bin() {
  local dir
  dir=$(find /usr/lib/postgresql /usr/local/opt /opt/homebrew/opt -maxdepth 3 -name initdb -printf '%h\n' 2>/dev/null | sort -V | tail -n 1 || true)
  [[ -z $dir ]] && have initdb && dir=$(dirname "$(command -v initdb)")
  printf '%s' "$dir"
}

slapd_bin() {
  local path
  for path in "$(command -v slapd || true)" /usr/sbin/slapd /usr/libexec/slapd /usr/lib/openldap/slapd; do
    [[ -n $path && -x $path ]] && { printf '%s' "$path"; return; }
  done
  return 0
}

# ---- the compiler for the browser's half ----------------------------------------------------------------
# Two ways lead to it: rustup's target, or Debian's compiler with a standard library that the set-up builds
# from Debian's own source and keeps in $TOOLS (so that nothing is written among the system's files).

# Sets WASM_CARGO, WASM_RUSTC and WASM_SYSROOT (empty: the compiler's own), or returns 1.
find_wasm_compiler() {
  local libdir
  if have rustc && have cargo; then
    libdir=$(cd "$ROOT" && rustc --print target-libdir --target "$WASM_TARGET" 2>/dev/null || true)
    if compgen -G "$libdir/libcore-*.rlib" >/dev/null; then
      WASM_CARGO=$(command -v cargo) WASM_RUSTC=$(command -v rustc) WASM_SYSROOT=
      return 0
    fi
  fi
  if [[ -x /usr/bin/rustc && -x /usr/bin/cargo ]]; then
    WASM_CARGO=/usr/bin/cargo WASM_RUSTC=/usr/bin/rustc
    libdir=$(/usr/bin/rustc --print target-libdir --target "$WASM_TARGET" 2>/dev/null || true)
    if compgen -G "$libdir/libcore-*.rlib" >/dev/null; then
      WASM_SYSROOT=
      return 0
    fi
    WASM_SYSROOT=$(debian_sysroot)
    [[ -e $WASM_SYSROOT/complete ]] && return 0
  fi
  return 1
}

# Where the standard library for Debian's compiler is kept: its name holds the compiler's version, so that
# an upgrade of the compiler builds a new one.
debian_sysroot() {
  printf '%s/wasm-sysroot-%s-%s' "$TOOLS" "$(/usr/bin/rustc --version | cut -d' ' -f2)" "$WASM_STD_RECIPE"
}
