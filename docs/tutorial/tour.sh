#!/bin/sh
# The tutorial's walk, as `make demo` runs it: from a VirtualMachine manifest to a prompt, seen from both sides.
# KEEP=1 leaves the machine running at the end; DIR= chooses another instance directory.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=${DIR:-/var/lib/virtctl}
scratch=$(mktemp -d)
export KUBECONFIG="$scratch/kubeconfig"
say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; }
run() { say "$@"; "$@"; }

finish() {
  code=$?
  if [ "$code" = 0 ] && [ "${KEEP:-}" = 1 ]; then
    printf '\nStill up. Go on with: export KUBECONFIG=%s; virtctl console fedora-0\nEnd it with: virtctl local down --delete --dir %s\n' "$KUBECONFIG" "$dir"
    exit 0
  fi
  [ "$code" = 0 ] || { echo; echo "--- the daemon's last words"; tail -n 20 "$dir/daemon.log" 2>/dev/null || :; }
  say virtctl local down --dir "$dir"
  virtctl local down --dir "$dir" || :
  rm -rf "$scratch"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

virtctl image list --dir "$dir" -o name 2>/dev/null | grep -qx tiny || run virtctl image build tiny --dir "$dir"
run virtctl local up --dir "$dir"
run virtctl local status --dir "$dir"

[ -f "$dir/demo-key" ] || ssh-keygen -q -t ed25519 -N '' -C demo -f "$dir/demo-key"
sed "s|^\( *\)ssh_pwauth: true|&\n\1ssh_authorized_keys: ['$(cat "$dir/demo-key.pub")']|" "$here/templates/vm/fedora-0.yaml" >"$scratch/fedora-0.yaml"
virtctl get vm fedora-0 >/dev/null 2>&1 && run virtctl delete vm fedora-0 --wait
run virtctl apply -f "$scratch/fedora-0.yaml"
run virtctl wait fedora-0 --for ssh --timeout 15m
run virtctl get vm,vmi,pod
run virtctl get-ip fedora-0

pod=$(virtctl get pod -l vm.kubevirt.io/name=fedora-0 -o name | head -n 1)
pod=${pod#pod/}
printf '\nThe pod of fedora-0, from the node:\n'
run ip netns exec "$pod" ip a
run ip netns exec "$pod" ip r
run ip netns exec "$pod" nft list table ip nat
if command -v kubectl >/dev/null; then
  printf '\nThe same pod by kubectl:\n'
  run kubectl get vm,vmi,pod -o wide
  run kubectl exec "$pod" -- ip -br a
fi
printf '\nThe guest, through virtctl ssh:\n'
run virtctl ssh fedora-0 -l root -i "$dir/demo-key" -c 'ip -br a; ip r; uname -a'
