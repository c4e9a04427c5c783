"""For the guards: what one further task of a batch adds to a count."""

import shutil
import subprocess
import sys

NOT_OPTIMISED = 77  # run_batch.cc


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(0)


def tool(name):
    """The program, where the machine has it."""
    path = shutil.which(name)
    if path is None:
        skip(f"no {name} here: apt-get install {name}")
    return path


def run(command):
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    if done.returncode == NOT_OPTIMISED:
        skip("built without optimisation")
    return done


def per_task(count, few, many):
    """`count(tasks)` is what that many take, the pool's own start and end included."""
    return (count(many) - count(few)) / (many - few)
