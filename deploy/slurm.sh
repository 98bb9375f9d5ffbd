#!/usr/bin/env bash
# A sweep on a SLURM cluster, with one Ray node per machine and the sweep on the first of them. Submit it again to continue a stopped sweep.
#
#   sbatch --nodes 4 deploy/slurm.sh search_spaces/digits.yaml --results /shared/results
#
#SBATCH --job-name=landscape
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --exclusive
#SBATCH --time=24:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
# Two minutes before the end (and when the job is preempted) the sweep is asked to stop. Trials then save their state, and nothing is lost.
#SBATCH --signal=B:TERM@120
set -euo pipefail

cd "${LANDSCAPE_HOME:-$SLURM_SUBMIT_DIR}"
ray=.venv/bin/ray
port=6379
head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
address=$(srun --nodes=1 --ntasks=1 --nodelist="$head" hostname --ip-address | tr ' ' '\n' | grep -m 1 '\.')

# Whoever reaches Ray's ports could run code, so Ray accepts only those who know a token.
export RAY_AUTH_MODE=token RAY_AUTH_TOKEN RAY_USAGE_STATS_ENABLED=0
RAY_AUTH_TOKEN=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')

srun --nodes=1 --ntasks=1 --nodelist="$head" "$ray" start --head --node-ip-address="$address" --port=$port \
    --include-dashboard=false --block &
until "$ray" status --address "$address:$port" >/dev/null 2>&1; do sleep 2; done
if [ "$SLURM_JOB_NUM_NODES" -gt 1 ]; then
    srun --nodes=$((SLURM_JOB_NUM_NODES - 1)) --ntasks=$((SLURM_JOB_NUM_NODES - 1)) --exclude="$head" \
        "$ray" start --address="$address:$port" --block &
fi

# The sweep runs on the head's machine, so that its Ray node is the driver's.
srun --overlap --nodes=1 --ntasks=1 --nodelist="$head" .venv/bin/landscape sweep "$@" --ray-address "$address:$port" &
sweep=$!
trap 'kill -TERM $sweep' TERM INT
code=0
wait $sweep || code=$?
# `wait` also returns when the signal arrives, so it is called again until the sweep has ended.
if kill -0 $sweep 2>/dev/null; then wait $sweep || code=$?; fi
kill $(jobs -p) 2>/dev/null || true
exit "$code"
