"""Why there is no file."""


class Busy(Exception):
    """Others' files are being written: says so to whoever asked."""


class CannotWrite(Exception):
    """The form cannot hold what was asked for: says why, to whoever asked."""


class NotAll(Exception):
    """The rows broke off before they were all there."""


class Died(Exception):
    """A process ended without its file: says what it wrote of that."""
