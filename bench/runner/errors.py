"""What can go wrong, each with one line that says what, where and what to do."""


class UsageError(Exception):
    """The command line, or a file that it names, cannot be used. Exit status 2."""


class RunFailed(Exception):
    """One run of one workload failed: a crash, a wrong answer, an allocator that was not in effect."""


class MissingOpponent(Exception):
    """A ratio was asked for whose one side was not measured in this run."""
