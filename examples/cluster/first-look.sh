#!/bin/sh
# A cluster against its manifests: declares them with what the API server adds by itself, looks once, and says how it stands.
#
#     examples/cluster/first-look.sh https://log.example.com trust.policy https://10.0.0.10:6443 ci.kubeconfig agent.kubeconfig
#
# ci.kubeconfig may create and patch these kinds: its dry runs store nothing. agent.kubeconfig needs no more than the Roles that
# `tallystick agent profile --kubernetes examples/cluster/manifests` prints. Both are files of mode 0600. Ends with 0 if the
# cluster is as declared, and with 3 if it is not, or if two of its answers contradict each other.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PATH=$here/../bin:$PATH
subject=shop/cluster
work=kubernetes-agent

mkdir -p "$work"
case $5 in /*) agent=$5 ;; *) agent=$(pwd)/$5 ;; esac
cat >"$work/claims.yaml" <<CLAIMS
target: { owner: shop, locators: ['$3'] }
tier: compliance-boundary
claims:
  - pack: kubernetes-as-declared
    params: { namespaces: [shop] }
  - pack: network-policies-as-declared
    params: { namespaces: [shop] }
CLAIMS
cat >"$work/targets.yaml" <<TARGETS
- subject: $subject
  probe: kubernetes
  targets: ['$3']
  secrets: { kubeconfig: '$agent' }
TARGETS

tallystick commit kubernetes "$here/manifests" --subject "$subject" --claims "$work/claims.yaml" \
  --defaults --kubeconfig "$4" --log "$1" --policy "$2"
exec tallystick prove --subject "$subject" --agent-dir "$work" --log "$1" --policy "$2"
