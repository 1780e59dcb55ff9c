"""The commands of ``wk``: what each takes, and where it is done."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from watchkeeper.embedded import places

PORT = 8000


def run() -> int:
    """Do what the command line asks for; the console command ``watchkeeper``."""
    return main(sys.argv[1:])


def main(arguments: Sequence[str]) -> int:
    """Do what ``arguments`` ask for; answers the exit code: 0 done, 1 could not be done, 2 asked for wrongly."""
    parser = _parser()
    if not arguments or arguments[0] == "help":
        parser.print_help()
        return 0
    # These hand their arguments on as they are, options included.
    handed_on = {"test": _test, "bench": _bench}
    try:
        if arguments[0] in handed_on:
            return handed_on[arguments[0]](list(arguments[1:]))
        options = parser.parse_args(arguments)
        return int(options.do(options))
    except places.NoCloneError as error:
        print(f"wk: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output went
        sys.stderr.close()
        return 1


def default_data() -> Path:
    """The data folder where none is named: in the clone."""
    return places.tools() / "data"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wk", description="Watchkeeper on one machine, and what its developers do.")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.add_argument("--data", type=Path, default=default_data(), help="the data folder (default: %(default)s)")
        return added

    up = command("up", "start everything, and keep it running until Ctrl-C")
    up.add_argument("--port", type=_port, default=PORT, help="port of the pages and the API (default: %(default)s)")
    up.add_argument("--no-browser", action="store_true", help="do not open the page in a browser")
    up.add_argument(
        "--ready-file", type=Path, help="gets one JSON object (url, user, password, keys) when all is ready"
    )
    up.set_defaults(do=_up)
    command("status", "tell what runs").set_defaults(do=_status)
    command("down", "stop what `wk up` started").set_defaults(do=_down)
    topics = command("topics", "Kafka's topics: a list, or one topic's partitions and records")
    topics.add_argument("topic", nargs="?", help="the topic to look at")
    topics.add_argument("--last", type=int, default=5, metavar="N", help="its newest N records (default: %(default)s)")
    topics.add_argument("--follow", action="store_true", help="go on with records as they come")
    topics.set_defaults(do=_topics)
    sql = command("sql", "psql on the database")
    sql.add_argument("-c", dest="statement", help="run this statement and end")
    sql.add_argument("--admin", action="store_true", help="as the superuser")
    sql.set_defaults(do=_sql)
    check = commands.add_parser("check", help="format, lint, types, imports, and the pages' own checks")
    check.set_defaults(do=_check)
    for name, text in (
        ("test", "run pytest with these arguments, after installing what tests need"),
        ("bench", "run the benchmark of this name, or all"),
        ("lock", "pin all packages again in requirements.txt"),
    ):
        commands.add_parser(name, help=text)  # handled before this parser, or by the script itself
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (1 to 65535)")
    return int(text)


def _up(options: argparse.Namespace) -> int:
    from watchkeeper.embedded.up.console import run  # noqa: PLC0415 - each command loads what it needs

    ready_file = None if options.ready_file is None else options.ready_file.absolute()
    return run(options.data, options.port, ready_file, open_browser=not options.no_browser)


def _status(options: argparse.Namespace) -> int:
    from watchkeeper.embedded.up.control import status  # noqa: PLC0415 - the same

    return status(options.data)


def _down(options: argparse.Namespace) -> int:
    from watchkeeper.embedded.up.control import down  # noqa: PLC0415 - the same

    return down(options.data)


def _topics(options: argparse.Namespace) -> int:
    from watchkeeper.embedded.topics_console import topics  # noqa: PLC0415 - the same

    return topics(options.data, options.topic, options.last, follow=options.follow)


def _sql(options: argparse.Namespace) -> int:
    from watchkeeper.embedded.sql_console import sql  # noqa: PLC0415 - the same

    return sql(options.data, options.statement, admin=options.admin)


def _check(_options: argparse.Namespace) -> int:
    from watchkeeper.embedded.development.checks import check  # noqa: PLC0415 - the same

    return check()


def _test(arguments: list[str]) -> int:
    from watchkeeper.embedded.development.tests import test  # noqa: PLC0415 - the same

    return test(arguments)


def _bench(arguments: list[str]) -> int:
    from watchkeeper.embedded.development.benches import bench  # noqa: PLC0415 - the same

    return bench(arguments)
