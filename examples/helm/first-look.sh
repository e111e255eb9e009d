#!/bin/sh
# A release of a Helm chart against the cluster: declares what the chart renders, with what the API server adds by itself, looks
# once, and says how it stands.
#
#     examples/helm/first-look.sh https://log.example.com trust.policy https://10.0.0.10:6443 ci.kubeconfig agent.kubeconfig
#
# The chart is installed by `helm install shop examples/helm/chart --namespace shop --values examples/helm/values.yaml`.
# ci.kubeconfig may create and patch the kinds of the chart: its dry runs store nothing. agent.kubeconfig needs no more than the Role
# that the last line of README.md prints. Both are files of mode 0600. HELM names the program if it is not on the PATH. Ends with 0 if
# the release is as declared, and with 3 if it is not.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PATH=$here/../bin:$PATH
subject=shop/release
work=helm-agent

mkdir -p "$work"
case $5 in /*) agent=$5 ;; *) agent=$(pwd)/$5 ;; esac
cat >"$work/claims.yaml" <<CLAIMS
target: { owner: shop, locators: ['$3'] }
tier: compliance-boundary
claims:
  - pack: kubernetes-as-declared
  - pack: network-policies-as-declared
    params: { namespaces: [shop] }
CLAIMS
cat >"$work/targets.yaml" <<TARGETS
- subject: $subject
  probe: kubernetes
  targets: ['$3']
  secrets: { kubeconfig: '$agent' }
TARGETS

tallystick commit helm "$here/chart" --release shop --namespace shop --values "$here/values.yaml" \
  ${HELM:+--helm "$HELM"} --subject "$subject" --claims "$work/claims.yaml" \
  --defaults --kubeconfig "$4" --log "$1" --policy "$2"
exec tallystick prove --subject "$subject" --agent-dir "$work" --log "$1" --policy "$2"
