"""The protocol between `bench_peers.py` and its workers, from the other side: see sampling.py."""
import json
import os
import subprocess
import sys
import tempfile


class WorkerFailed(Exception):
    """A worker did not start or ended; the message is the last thing it said."""


class Worker:
    """A process that takes a sample whenever it is asked to."""

    def __init__(self, command, environment):
        # Tools beside this Python (ninja, for libraries that build themselves) are found as in its environment.
        path = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])
        self.messages = tempfile.TemporaryFile(mode="w+")
        try:
            self.process = subprocess.Popen(
                command, env={**os.environ, **environment, "PATH": path}, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.messages,
            )
        except OSError as error:
            raise WorkerFailed(f"{command[0]}: {error.strerror}") from error
        self.description = json.loads(self._line())

    def sample(self):
        """Seconds of one run, measured now."""
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        return float(self._line())

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.messages.close()

    def _line(self):
        line = self.process.stdout.readline()
        if line:
            return line
        self.process.wait()
        self.messages.seek(0)
        said = self.messages.read().strip().splitlines()
        raise WorkerFailed(said[-1] if said else f"ended with status {self.process.returncode}")


def interleave(workers, rounds):
    """Samples of all workers in turn, one list per round; who goes first changes from round to round."""
    table = []
    for number in range(rounds):
        order = list(range(len(workers)))
        first = number % len(order)
        samples = [None] * len(workers)
        for index in order[first:] + order[:first]:
            samples[index] = workers[index].sample()
        table.append(samples)
    return table
