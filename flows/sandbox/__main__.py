"""`python -m flows.sandbox`: the sandbox with all its start options; `tieout sandbox` offers the main ones."""

import argparse
import sys
from pathlib import Path

from flows.sandbox.options import BatchAnswer, Options, PostAnswer
from flows.sandbox.server import serve


def main() -> int:
    """Serve as the command line says; 2 for options that cannot be, 3 where the port or the file cannot be had."""
    arguments = _read_arguments()
    options = Options(
        site_id=arguments.site,
        timezone=arguments.timezone,
        batch_answer=BatchAnswer(arguments.batch_answer),
        post_answer=PostAnswer(arguments.post_answer),
        is_strict=arguments.strict,
        shows_whole_seconds=arguments.whole_seconds,
        more_sites=arguments.more_sites,
        extra_clients=arguments.extra_clients,
        extra_rewards=arguments.extra_rewards,
        clock_ahead=arguments.clock_ahead,
        date_ahead=arguments.date_ahead,
    )
    try:
        serve(arguments.port, arguments.state, arguments.faults, options, arguments.stop_with_stdin)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"The sandbox cannot start: {error}\n")
        return 3
    return 0


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m flows.sandbox", description="Stand-in of both services on loopback."
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--state", type=Path, help="file to keep everything beside; forgotten at the end without")
    parser.add_argument("--faults", help="what goes wrong; grammar in flows/sandbox/faults.py")
    parser.add_argument("--site", type=lambda text: str(int(text)), default=Options.site_id, help="a whole number")
    parser.add_argument("--timezone", default=Options.timezone)
    parser.add_argument("--batch-answer", choices=list(BatchAnswer), default=Options.batch_answer)
    parser.add_argument("--post-answer", choices=list(PostAnswer), default=Options.post_answer)
    parser.add_argument("--strict", action="store_true", help="one bad reward refuses its whole batch")
    parser.add_argument("--whole-seconds", action="store_true", help="times of points come back without fractions")
    parser.add_argument("--more-sites", type=int, default=0, help="further sites, 1001 and up, with the same clients")
    parser.add_argument("--extra-clients", type=int, default=0)
    parser.add_argument("--extra-rewards", type=int, default=0)
    parser.add_argument(
        "--clock-ahead", type=float, default=0.0, help="seconds that the services' clock is ahead; negative: behind"
    )
    parser.add_argument(
        "--date-ahead", type=float, default=0.0, help="seconds that the Date header is ahead of the services' clock"
    )
    parser.add_argument("--stop-with-stdin", action="store_true", help="stop when standard input ends")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
