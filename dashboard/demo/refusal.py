"""Why a demo does not start: one sentence for the person who typed the command, exit status 2."""


class DemoRefused(Exception):
    """The demo cannot start or go on; the text says what happened and what to do."""
