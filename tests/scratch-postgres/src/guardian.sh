# Makes a Postgres server in a new folder, obeys lines on stdin, and leaves nothing behind when stdin ends: whoever started
# this holds the other end, so a killed test is followed like one that finished.
#
# A line is what to tell pg_ctl ("restart --mode=immediate"). Each is answered by a line on stdout, the start by the folder.
set -eu

for bin in /usr/lib/postgresql/*/bin; do PATH="$bin:$PATH"; done # Debian keeps them off the path
if ! command -v initdb > /dev/null || ! command -v pg_ctl > /dev/null; then
  echo "Postgres is missing: run \`make test\`, or install the package postgresql" >&2
  exit 1
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/postgres.XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# The server refuses to run as root.
postgres() { "$@"; }
if [ "$(id -u)" = 0 ]; then
  chown postgres "$folder"
  postgres() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }
fi

postgres initdb --pgdata=data --username=postgres --auth=trust --encoding=UTF8 --no-locale --no-sync > initdb.log
cat >> data/postgresql.conf << END
fsync = on
synchronous_commit = on
listen_addresses = ''
unix_socket_directories = '$folder'
END

control() { postgres pg_ctl --silent --wait --pgdata=data --log=data/log "$@" > /dev/null || { cat data/log >&2; exit 1; }; }
control start
echo "$folder"
while read -r command; do
  # shellcheck disable=SC2086 # a command has several words
  control $command
  echo done
done
control stop --mode=immediate
