#!/bin/sh
# Brings up a real Slurm of one node on this computer, for tests, and takes it down again. Whatever it writes is below FOLDER;
# what a start finds there of an earlier one is stopped and removed. Needs root, and Debian's packages, which it installs.
# usage: Scripts/slurm-loopback.sh start FOLDER [CPUS]     prints what the clients need: eval "$(... start FOLDER)"
#        Scripts/slurm-loopback.sh stop FOLDER             cancels all jobs and ends the daemons
set -eu
usage() { sed -n 's/^# usage: /usage: /p; s/^#   *Scripts/       Scripts/p' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
action=$1 folder=${2%/} cpus="${3:-40}"
case "$folder" in /*) ;; *) echo "not an absolute path: $folder" >&2; exit 2 ;; esac
case "$folder" in *[!A-Za-z0-9/._-]*) echo "slurm.conf takes no such path: $folder" >&2; exit 2 ;; esac
# The path of a socket has at most 107 characters.
[ ${#folder} -le 70 ] || { echo "too long for the sockets in it: $folder" >&2; exit 2; }
export SLURM_CONF="$folder/slurm.conf"
# Standard output is for the line that is evaluated, and a daemon that held it open would keep the caller waiting.
exec 3>&1 1>&2

alive() { # DAEMON: sets pid; a number in an old file may be that of another process by now, and nobody may have buried the dead
  pid=$(cat "$folder/$1.pid" 2>/dev/null) && [ -n "$pid" ] || return 1
  case "$(cat "/proc/$pid/stat" 2>/dev/null)" in "$pid ($1) Z"*) return 1 ;; "$pid ($1) "*) return 0 ;; *) return 1 ;; esac
}

waits() { # SECONDS COMMAND ...: until the command succeeds
  end=$(($(date +%s) + $1))
  shift
  until "$@"; do
    [ "$(date +%s)" -lt "$end" ] || return 1
    sleep 0.2
  done
}

gone() { ! alive "$1"; }

no_jobs() { jobs=$(squeue -h -t all -o %T 2>/dev/null) && ! echo "$jobs" | grep -qE 'PENDING|RUNNING|SUSPENDED|COMPLETING'; }

stop() {
  if alive slurmctld && alive munged; then
    # A filter is asked for, and there is one partition.
    scancel --partition=loopback || true
    waits 30 no_jobs || echo "there are jobs that did not end" >&2
  fi
  for daemon in slurmd slurmctld munged; do
    alive "$daemon" || continue
    kill "$pid"
    waits 20 gone "$daemon" || { kill -KILL "$pid"; waits 5 gone "$daemon" || return 1; }
  done
  # A process that its parent started while the parent was being killed escapes from linuxproc: its environment tells it.
  grep -lzFx "SLURM_CONF=$SLURM_CONF" /proc/[0-9]*/environ 2>/dev/null | xargs -r grep -lz '^SLURMD_NODENAME=' 2>/dev/null |
    cut -d / -f 3 | xargs -r kill -KILL 2>/dev/null || true
}

install() {
  for command in slurmctld slurmd munged sinfo; do
    command -v "$command" >/dev/null || missing=1
  done
  [ -n "${missing:-}" ] || return 0
  # The packages would start the services of a whole computer: none are wanted, and without systemd that fails.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
  fi
  export DEBIAN_FRONTEND=noninteractive
  log=$(mktemp)
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends slurmctld slurmd munge slurm-client; } >"$log" 2>&1 ||
    cat "$log"
  rm -f "$log"
  for command in slurmctld slurmd munged sinfo; do
    command -v "$command" >/dev/null || { echo "could not be installed: $command"; exit 1; }
  done
}

free_ports() { # COUNT: the first ones from 26817 that nobody has, all below those that outgoing connections get
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v count="$1" '
    { split($2, part, ":"); taken[part[2]] = 1 }
    END { for (port = 26817; count > 0; port++) if (!(sprintf("%04X", port) in taken)) { print port; count-- } }'
}

idle() { [ "$(sinfo -h -o %T 2>/dev/null)" = idle ]; }

start() {
  install
  stop
  # Of a folder that somebody named, only what is ours goes.
  mkdir -p "$folder"
  for name in munged slurmctld slurmd; do rm -f "$folder/$name.pid" "$folder/$name.log"; done
  rm -rf "$folder/state" "$folder/spool" "$folder/munge" "$SLURM_CONF" "$folder/cgroup.conf"
  mkdir "$folder/state" "$folder/spool" "$folder/munge"
  # Clients of other users would have to reach the socket, and munged insists on that.
  chmod 755 "$folder" "$folder/munge"
  (umask 077 && head -c 1024 /dev/urandom >"$folder/munge/key")
  host=$(uname -n | cut -d. -f1)
  memory=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
  # shellcheck disable=SC2046 # one word each
  set -- $(free_ports 2)
  cat >"$SLURM_CONF" <<END
ClusterName=loopback
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$1
SlurmdPort=$2
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
# What is put in the queue again may only start when its old credential has expired: 120 s if it is not said.
AuthInfo=socket=$folder/munge/socket,cred_expire=5
CryptoType=crypto/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
MailProg=/bin/true
# Nothing that a container may not do: no cgroups, no binding to processors.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobRequeue=1
MaxArraySize=10001
MaxJobCount=20000
KillWait=3
MinJobAge=30
ReturnToService=2
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
# So many processors as are asked for, whatever there are.
SlurmdParameters=config_overrides
NodeName=localhost NodeHostname=$host NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=$memory State=UNKNOWN
PartitionName=loopback Nodes=localhost Default=YES MaxTime=INFINITE State=UP
END
  # slurmd would look for cgroups and fail where a container has none to write to; this plugin does nothing until it is used.
  echo CgroupPlugin=cgroup/v1 >"$folder/cgroup.conf"
  # Each goes to the background by itself. The folder may be below one that others may write to: hence the force.
  if ! { munged --force --origin=127.0.0.1 --key-file="$folder/munge/key" --socket="$folder/munge/socket" \
    --seed-file="$folder/munge/seed" --pid-file="$folder/munged.pid" --log-file="$folder/munged.log" &&
    slurmctld -c && slurmd -c && waits 60 idle; } 3>&-; then
    tail -n 20 "$folder"/*.log
    stop
    exit 1
  fi
  echo "export SLURM_CONF=$SLURM_CONF" >&3
}

case "$action" in
start) start ;;
stop) stop ;;
*) usage ;;
esac
