#!/bin/sh
# Two ends of a network on one machine: a listener at the target, an agent at the source, and a log between them. Each end has a
# key of its own, both enrol the pair, and a reader comes to the verdicts, at class E2.
#
# Usage: network.sh FOLDER ASKED WATCHED LOG: an empty folder, and three free ports: where the listener is asked, the one that
# it watches, and that of the log. Exits with 3, since one of the two claims is VIOLATED: the port is not denied.
set -eu
PATH=$(cd "$(dirname "$0")/bin" && pwd):$PATH
cd "$1"
asked=127.0.0.1:$2
watched=127.0.0.1:$3

# The owner of the target: a listener that signs what arrives, and the consent to be probed.
tallystick keygen --out listener.pem >keys
tallystick keygen --out owner.pem >>keys
tallystick agent listen --at "$asked" --port "$3" --by canary.example --key listener.pem >listener.log 2>listener.said &
listener=$!
tallystick serve --port "$4" --log-level error >log.log 2>log.said &
log=$!
trap 'kill $listener $log' EXIT
tallystick agent consent --target "$watched" --target "$asked" --subject net/canary --by owner.example --key owner.pem \
  >owner.consent 2>owner.said
tries=0
until grep -q '^listener' listener.said && grep -q URL log.said; do
  tries=$((tries + 1))
  if [ $tries -ge 300 ] || ! kill -0 $listener || ! kill -0 $log; then
    echo 'the listener or the log did not start; they said:' >&2
    cat listener.said log.said log.log >&2
    exit 1
  fi
  sleep 0.2
done
owner=$(sed -n "s/.*vkey: '\(.*\)' }.*/\1/p" owner.said)
key=$(sed -n 's/^listener *//p' listener.said)

# Whoever runs the agent: a rule for what the owner consented to.
mkdir agent
cat >agent/targets.yaml <<END
- subject: net/canary
  probe: net@1
  targets: ['$watched', '$asked']
  consents: [{ file: ../owner.consent, vkey: '$owner' }]
END
tallystick agent profile --net --agent-dir agent

# What is declared, and two claims of which one must fail.
claim() {
  cat <<END
  - id: $1
    expr: '$2'
    probe: net@1
    params: { target: '$watched', answer: listener, control: ${asked#*:}, controlAnswer: listener, listener: '$key' }
    minEvidence: E2
END
}
{
  echo 'claims:'
  claim reachable o.net.reachable
  claim denied '!o.net.reachable'
} >claims.yaml
echo '{ "canary": "the port can be reached from this machine" }' >network.json
tallystick commit json network.json --subject net/canary --claims claims.yaml >commit.said
tallystick prove --subject net/canary --agent-dir agent || true
tallystick status net/canary
