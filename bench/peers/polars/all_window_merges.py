"""window_merges of every scope."""

import job
import session
import whole_night
import window_merges


def run(args, _):
    return window_merges.run(args, _, whole_night.SCOPES)


if __name__ == "__main__":
    job.main(session.VERSION, session.start, run)
