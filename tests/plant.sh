#!/bin/sh
# Whether the random sequences find what they are for: plants faults, one at a time, into a copy of
# the committed tree, and says which sequence found each, and after how many seconds. Most faults let
# something that is kept between calls forget what it was made for, or a call forget to say so. Two
# are others: under foreign_settings a layer obeys settings that are not its kind's; under relu_unit
# the native engine takes relu's slope as 1 in one unit of some rows, as rounding may at the kink.
#
#   tests/plant.sh             every fault
#   tests/plant.sh NAME...     these
#   tests/plant.sh --list      the faults
#
# Works in build-plant/. Runs the sequences of the ordinary tests without a fault first, and stops
# when they fail. Fails when a fault does not compile or is not found by them.
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$top"
work=$top/build-plant

# name | file | what is found there, once, as a basic regular expression | what takes its place
faults='
small_network|src/engine/workspace_ensure.c|key->revision == network->revision|key->revision != 0
objective|src/engine/workspace_ensure.c|dlcore_objective_is_same(&key->objective, objective)|true
sample_weights|src/engine/workspace_ensure.c|(key->objective.weighted .. !objective->weighted)|true
update_plan|src/engine/update_plan.c|a->revision == b->revision|a->revision != 0
update_settings|src/engine/update_plan.c|a->decays == b->decays|true
update_averages|src/engine/update_plan.c|a->averages == b->averages|true
predictor|src/model/predictor_run.c|p->version != dlcore_model_version|p->version > dlcore_model_version
run_of_weights|src/model/run_state.c|key->version != now.version|false
run_of_layers|src/model/run_state.c|key->revision != now.revision|false
run_of_settings|src/model/run_state.c|key->compiles != now.compiles|false
revision|src/engine/network.c|layer.trainable = trainable;|layer.trainable = trainable; network->revision--;
version|src/store/model_load_weights.c|dlcore_model_weights_change(model);|(void)0;
frozen_is_small|src/engine/path.c|node->layer.trainable \&\& *$|true \&\&
foreign_settings|src/engine/network.c|dlcore_layer_settle(layer, \&node->layer);|node->layer = *layer;
relu_unit|src/products/products_native_input_gradient.h|apply_derivative(g, p, row, rows);|{ float whole = dx[1]; apply_derivative(g, p, row, rows); if (g->activation.kind == DLCORE_ACTIVATION_RELU) dx[1] = whole; }
'

# plant NAME FILE BEFORE AFTER: FILE of the tree has the fault; heal FILE: no longer.
plant() {
    places=$(grep -c -- "$3" "$work/tree/$2") || true
    test "$places" = 1 || {
        echo "$1: $places places in $2, wanted 1" >&2
        return 1
    }
    cp "$work/tree/$2" "$work/healthy"
    sed "s|$3|$4|" "$work/healthy" > "$work/tree/$2"
}

heal() {
    cat "$work/healthy" > "$work/tree/$1" # newer than what was built of the fault
}

# The seconds since the epoch, with digits behind the point where date has them.
now() {
    date +%s.%N | sed 's/N$/0/'
}

build() {
    cmake -S "$work/tree" -B "$work/build" -DCMAKE_BUILD_TYPE=Release > "$work/log" 2>&1 &&
        cmake --build "$work/build" --target test_sequences --parallel "$(nproc)" \
            >> "$work/log" 2>&1
}

# The committed tree, without a fault: what fails there says nothing about a fault.
control() {
    build || {
        cat "$work/log" >&2
        echo "the committed tree does not compile" >&2
        return 1
    }
    "$work/build/tests/test_sequences" > "$work/control.log" 2>&1 || {
        echo "the sequences fail without a fault: see $work/control.log" >&2
        return 1
    }
    echo "without a fault: the sequences pass"
}

seek() {
    build || {
        echo "$1: does not compile"
        return 1
    }
    begin=$(now)
    if "$work/build/tests/test_sequences" > "$work/$1.log" 2>&1; then
        echo "$1: not found"
        return 1
    fi
    awk -v name="$1" -v begin="$begin" -v end="$(now)" '
        /^sequence [0-9]+, call/ && !seen {seen = 1; found = $0}
        /^    \{SEQUENCE_/ {calls++}
        END {
            printf "%s: after %.1f s, made short to %d calls: %s\n", name, end - begin, calls,
                   seen ? substr(found, 1, 150) : "by a crash"
        }' "$work/$1.log"
}

if [ "${1:-}" = --list ]; then
    echo "$faults" | grep . | cut -d '|' -f 1,2
    exit 0
fi
rm -rf "$work/tree"
mkdir -p "$work/tree"
git archive HEAD | tar -x -m -C "$work/tree"
control || exit 1
status=0
echo "$faults" | grep . > "$work/faults"
while IFS='|' read -r name file before after; do
    case " $* " in
    "  " | *" $name "*) ;;
    *) continue ;;
    esac
    plant "$name" "$file" "$before" "$after" || exit 1
    seek "$name" || status=1
    heal "$file"
done < "$work/faults"
exit $status
