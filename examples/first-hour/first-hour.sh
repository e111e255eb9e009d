#!/bin/sh
# The first hour: from nothing to green claims about an nginx, an sshd and a PostgreSQL. Two people, each with a folder and a key of their own:
# Petra runs the log and declares what should run, Olaf owns the servers, approves what is declared about them, and runs the agent
# beside them. Then a gate, as CI runs it.
#
# Usage: first-hour.sh FOLDER LOG WEB SSH DB [stay]: an empty folder, and four free ports: of the log, of nginx, sshd and PostgreSQL. They
# and openssl must be installed; PostgreSQL runs as the user postgres where this is root. The program is that of this clone. Ends with 0
# only if the gate lets the release through. With `stay`, all keeps running then until Ctrl-C.
set -eu
PATH=$(cd "$(dirname "$0")/../bin" && pwd):$PATH:/usr/sbin
cd "$1"
mkdir petra olaf servers
log=http://127.0.0.1:$2
web=127.0.0.1:$3
ssh=127.0.0.1:$4
db=127.0.0.1:$5
started=$(date +%s)
step() { echo "== $(($(date +%s) - started)) s: $*"; }

# The servers are there before anybody hears of Tallystick.
servers=$PWD/servers
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout servers/web.key -out servers/web.crt -days 90 \
  -subj /CN=shop.example -addext subjectAltName=IP:127.0.0.1 2>servers/openssl.said
cat >servers/nginx.conf <<END
pid $servers/nginx.pid;
error_log $servers/nginx.log;
events {}
http {
  access_log off;
  client_body_temp_path $servers/body;
  proxy_temp_path $servers/proxy;
  fastcgi_temp_path $servers/fastcgi;
  uwsgi_temp_path $servers/uwsgi;
  scgi_temp_path $servers/scgi;
  server {
    listen $web ssl;
    server_name shop.example;
    ssl_certificate $servers/web.crt;
    ssl_certificate_key $servers/web.key;
    ssl_protocols TLSv1.3;
  }
}
END
ssh-keygen -q -t ed25519 -N '' -f servers/host
cat >servers/sshd_config <<END
ListenAddress $ssh
HostKey $servers/host
PidFile $servers/sshd.pid
PermitRootLogin no
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
END
data=$servers/pg
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)
PATH=$PATH${bin:+:$bin}
as=
mkdir "$data"
[ "$(id -u)" != 0 ] || as='setpriv --reuid postgres --regid postgres --clear-groups env HOME=/'
trap 'kill ${nginx_pid:-} ${sshd_pid:-} ${log_pid:-} ${agent_pid:-} ${db_pid:-} 2>/dev/null || true; wait' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
nginx -c "$servers/nginx.conf" -g 'daemon off;' 2>>servers/openssl.said &
nginx_pid=$!
$(command -v sshd) -D -f "$servers/sshd_config" 2>servers/sshd.said &
sshd_pid=$!
openssl rand -hex 16 >servers/admin.password
cp servers/web.crt servers/web.key "$data"
chmod 755 . servers
chmod 600 servers/admin.password
[ -z "$as" ] || chown -R postgres "$data" servers/admin.password
chmod 700 "$data"
$as initdb -D "$data/main" -U admin -A scram-sha-256 --pwfile="$servers/admin.password" -N --no-instructions >servers/initdb.said
cat >servers/db.conf <<END
listen_addresses = '127.0.0.1'
port = $5
unix_socket_directories = '$data'
ssl = on
ssl_cert_file = '$data/web.crt'
ssl_key_file = '$data/web.key'
ssl_min_protocol_version = 'TLSv1.3'
password_encryption = 'scram-sha-256'
fsync = off
END
cat >servers/hba.conf <<END
local all all scram-sha-256
hostssl all all 127.0.0.1/32 scram-sha-256
END
cp servers/db.conf "$data/main/postgresql.conf"
cp servers/hba.conf "$data/main/pg_hba.conf"
chmod 600 "$data/web.key"
$as postgres -D "$data/main" >servers/db.said 2>&1 &
db_pid=$!
# The database as its administrator.
admin() { PGPASSWORD=$(cat "$servers/admin.password") psql -q -h "$data" -p "${db##*:}" -U admin -d postgres "$@"; }

step 'Petra starts a log'
cd petra
tallystick serve --port "$2" --log-level error >log.log 2>log.said &
log_pid=$!
tries=0
until grep -q URL log.said; do
  tries=$((tries + 1))
  if [ $tries -ge 300 ] || ! kill -0 $log_pid 2>/dev/null; then
    echo 'the log did not start; it said:' >&2
    cat log.said log.log >&2
    exit 1
  fi
  sleep 0.2
done

step 'Olaf makes a key; he gets the trust policy of the log from Petra, and sends her the line that keygen printed'
cd ../olaf
cp ../petra/tallystick-data/trust.policy .
cat >settings <<END
export TALLYSTICK_LOG='$log' TALLYSTICK_POLICY='$PWD/trust.policy' PATH='$PATH'
END
. ./settings
tallystick keygen --out olaf.pem 2>line.txt
tallystick agent key 2>agent.said >agent.pub

step 'Petra enrols both keys: Olaf approves, his agent proves'
cd ../petra
tallystick policy enrol ../olaf/olaf.pub --name Olaf --role approver
tallystick policy enrol ../olaf/agent.pub --name "Olaf's agent" --role agent

step 'Petra declares what should run, line by line, with claims about it'
cat >web.yaml <<END
approvals: 1
target: { locators: ['$web'] }
claims:
  - pack: https-tls
END
cat >ssh.yaml <<END
approvals: 1
target: { locators: ['$ssh'] }
claims:
  - pack: ssh-no-passwords
END
cat >db.yaml <<END
approvals: 1
target: { locators: ['$db'] }
claims:
  - pack: postgres-settings
END
tallystick commit nginx "$servers/nginx.conf" --subject web/shop --claims web.yaml --pin
tallystick commit sshd "$servers/sshd_config" --subject web/ssh --claims ssh.yaml --pin
tallystick commit postgresql "$servers/db.conf" --subject web/db --claims db.yaml --pin

step 'Olaf looks at what waits for him, and approves it'
cd ../olaf
for subject in web/shop web/ssh web/db; do
  tallystick approve $subject --key olaf.pem --yes
done

step 'Olaf makes a role of the database for his agent; the grants that it needs are printed'
openssl rand -hex 16 >role.password
admin -c "CREATE ROLE tally LOGIN PASSWORD '$(cat role.password)'"
tallystick agent profile --grants --probe postgres@1 --role tally | tee grants.txt
grep '^GRANT' grants.txt | admin
(umask 077 && echo "postgresql://tally:$(cat role.password)@$db/postgres?sslmode=require" >db.dsn)

step 'Olaf proves it: his agent asks first to whom it may talk'
tallystick prove --subject web/shop --subject web/ssh --subject web/db 2>refused.txt || [ $? = 5 ]
cat refused.txt
grep '^ *tallystick agent enrol' refused.txt | sed 's|postgres@1 .*|& --secret dsn=db.dsn|' >enrol.sh
sh enrol.sh

step 'Petra marks what is deployed: from here on proofs count'
cd ../petra
for subject in web/shop web/ssh web/db; do
  tallystick deploy mark --subject $subject
done

step 'The agent runs, and proves all three'
cd ../olaf
tallystick agent run >agent.log 2>agent.said &
agent_pid=$!

step 'CI waits for the proofs, and lets the release through if every claim is PROVEN'
tallystick wait web/shop web/ssh web/db --within 60s
tallystick gate web/shop web/ssh web/db
tallystick status web/shop web/ssh web/db
step 'green'
[ "${6:-}" = stay ] || exit 0
echo "All keeps running until Ctrl-C. The settings for another terminal: . $PWD/settings"
wait $db_pid
