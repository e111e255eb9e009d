#!/bin/sh
# A gate in CI: the pipeline goes on only where every claim of a subject is proven and fresh.
#
#     examples/gate.sh https://log.example.com trust.policy web/shop
#
# Ends with 0 to go on, 3 when a claim is violated, 5 when one is stale or unknown, 2 when the log is away. Before it,
# `tallystick deploy mark --subject web/shop` tells agents that something was deployed, and
# `tallystick wait web/shop --within 5m` waits for their proofs. It takes the `tallystick` that is installed, else that of this clone.
set -eu
PATH=$PATH:$(cd "$(dirname "$0")" && pwd)/bin
exec tallystick gate "$3" --require fresh --log "$1" --policy "$2"
