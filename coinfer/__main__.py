"""`python -m coinfer`: what there is to do."""

import sys

from coinfer import __version__

COMMANDS = f"""coinfer {__version__}: which part of a neural network should sit on the device, and when should it stop and send?

import coinfer                        plan in five lines of Python: see README.md
python -m coinfer.study --help        run the notebooks, into figures/ or on a scenario of your own (make figures)
python -m coinfer.study.explorer_page open the explorer as a page on this machine (make explore)
python -m coinfer.derivations --help  check every derivation (make verify)
python -m coinfer.site --help         write notebooks, findings and proofs as pages (make site)

scenarios: coinfer.scenario_names(); networks: coinfer.dnn_names(); devices, servers, links: coinfer.catalogue("devices"), ...
In a clone, `make` lists the rest. The commands need the extras study, pages and verify: pip install 'coinfer[all]'."""

if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1:] not in (["-h"], ["--help"]):
        sys.exit(f"coinfer: {sys.argv[1]!r} is no command; `python -m coinfer` lists what there is")
    print(COMMANDS)
