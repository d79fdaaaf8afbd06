#!/usr/bin/env bash
# Write one list of exact versions per environment: what `uv run` resolves today, for people who
# install with pip or conda instead. The lists name no download address, so they may be committed.
set -euo pipefail
cd "$(dirname "$0")/.."

export_pins() {
    uv export --quiet --no-hashes --no-annotate --no-header --no-emit-project \
        --no-emit-package mmm-data-generator "$@"
}

export_pins --no-dev >pins/base.txt
export_pins >pins/dev.txt
export_pins --no-dev --group docs >pins/docs.txt
for extra in numpyro pymc meridian diffusion ray remote; do
    export_pins --no-dev --extra "$extra" >"pins/$extra.txt"
done
