"""${message}: why.

Revision ${up_revision}, after ${down_revision}.
"""

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
reprojects = False  # True: build every projection anew from the log, once the new rules are laid


def upgrade() -> None:
    ${upgrades if upgrades else "raise NotImplementedError"}
