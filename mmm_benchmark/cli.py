"""The command line: argv -> one sub-command. Nothing heavy is imported before it is needed."""

from __future__ import annotations

from mmm_benchmark.commands import interrupts  # before anything that takes its time

# isort: split
import errno
import importlib
import itertools
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from mmm_benchmark.commands import (
    board,
    calibrate,
    data,
    inspect,
    pictures,
    prior,
    recoverability,
    report,
    reproduce,
    run,
    suite,
    summary,
    sweep,
)
from mmm_benchmark.commands.typed import several_valued
from mmm_benchmark.errors import UserError

#: Options that take several values, separated by spaces, commas or by being repeated.
SEVERAL = {*several_valued(), "--channels", "--controls", "--fitters", "--make", "--format"}

#: What a disk, a folder or a machine may answer with, whatever the program does.
CIRCUMSTANCES = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE),
    *(errno.EACCES, errno.EPERM, errno.ENOENT, errno.EEXIST, errno.ENOTDIR, errno.EISDIR),
    *(errno.ELOOP, errno.ENAMETOOLONG, errno.ENOTEMPTY, errno.ENOMEM),
}

#: Sub-commands that run in the environment of an extra: name -> (module with ``app``, extra).
FURTHER = {"train": ("mmm_benchmark.diffusion.cli", "diffusion")}
#: Sub-commands of this table whose word after the command decides: the model's own command, which
#: looks inside the model, or the one for any fitter.
OF_MODEL = {("calibrate", "diffusion"): ("mmm_benchmark.diffusion.cli", "diffusion")}


def expand(argv: Sequence[str]) -> list[str]:
    """Turn ``--datasets a b,c`` into ``--datasets a --datasets b --datasets c``."""
    expanded: list[str] = []
    option: str | None = None  # the several-valued one whose values may still follow
    for word in argv:
        name, equals, value = word.partition("=")
        if word.startswith("--"):
            option = name if name in SEVERAL else None
            if option is None:
                expanded.append(word)
            elif equals:
                expanded += _repeated(option, value)
        elif word.startswith("-") and len(word) > 1 and option is None:
            expanded.append(word)
        elif option is not None:
            expanded += _repeated(option, word)
        else:
            expanded.append(word)
    return expanded


def _repeated(option: str, values: str) -> list[str]:
    return [word for value in values.split(",") if value for word in (option, value)]


def further() -> list[str]:
    """Those further sub-commands whose module is there."""
    here = Path(__file__).parent.parent
    return [
        name
        for name, (module, _) in FURTHER.items()
        if (here / (module.replace(".", "/") + ".py")).is_file()
    ]


def home_of(words: Sequence[str]) -> tuple[str, str] | None:
    """Module and extra of a sub-command that is made elsewhere; None for the built-in ones."""
    if words[0] in further():
        return FURTHER[words[0]]
    named = [
        word
        for before, word in itertools.pairwise(words)
        if not before.startswith("--") or before in ("--beliefs", "--help")
    ]
    return next((OF_MODEL[words[0], each] for each in named if (words[0], each) in OF_MODEL), None)


def elsewhere(words: Sequence[str], extra: str) -> int | None:
    """Run a further sub-command by its extra's interpreter; None when the running one will do."""
    from mmm_benchmark.environments import make
    from mmm_benchmark.environments.find import RUNNING
    from mmm_benchmark.environments.needs import extra_needs

    environment = make.ensure(extra_needs(extra), print)
    if environment.origin == RUNNING:
        return None
    command = [str(environment.python), "-m", "mmm_benchmark.cli", *words]
    return subprocess.run(command, check=False).returncode


def make_app() -> typer.Typer:
    """The Typer application with the built-in sub-commands."""
    also = ", ".join(further())
    app = typer.Typer(
        help="Marketing-mix models put to the test on data whose truth is known."
        + (f" Further commands: {also} (each with its own --help)." if also else ""),
        add_completion=False,
        rich_markup_mode=None,  # rich's help costs a quarter of a second to import
        pretty_exceptions_enable=False,
    )
    app.command("run", help="Fit datasets, or find the fits, and compare with the truth.")(run.run)
    app.command("list", help="Fitters, datasets and stored fits.")(inspect.list_)
    app.command("show", help="One stored fit.")(inspect.show)
    app.command("summary", help="The script's table and pictures of one stored fit.")(
        summary.summary
    )
    app.command("report", help="One page of what is stored: report.html.")(report.report)
    app.command("pictures", help="Pictures for a paper: PDF, SVG or PNG, one or two columns wide.")(
        pictures.pictures
    )
    app.command("prior", help="What a prior says of a dataset before its sales are seen.")(
        prior.prior
    )
    app.command("generate", help="Save a preset's dataset in a directory.")(data.generate)
    app.command("import", help="Make a dataset of a CSV file.")(data.import_)
    app.command("recoverability", help="Which channels can be measured with your spend?")(
        recoverability.recoverability
    )
    tasks = typer.Typer(help="The suite of worlds that the leaderboard is made on.")
    tasks.callback()(lambda: None)  # a group even with one command
    tasks.command("show", help="Its tasks, with the fingerprints of their data.")(suite.show)
    app.add_typer(tasks, name="suite")
    app.command("leaderboard", help="Everyone's scores on the suite; no fit is made.")(
        board.leaderboard
    )
    app.command("submit", help="One fitter's scores on the suite, as a table to hand in.")(
        board.submit
    )
    app.command("verify", help="Fit a sample of a submission again and compare.")(board.verify)
    app.command("calibrate", help="Is a fitter as sure as it should be, over a law of worlds?")(
        calibrate.calibrate
    )
    app.command("reproduce", help="Fit stored results again and say what differs.")(
        reproduce.reproduce
    )
    app.command("sweep", help="Remove what no stored fit needs any more.")(sweep.sweep)
    app.command("envs", help="The environments of the extras, and how to make them.")(inspect.envs)
    return app


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code.

    0 when all went well, 1 when a fit failed, 2 for a mistake of the user's, 130 after Ctrl-C.
    """
    words = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    try:
        home = home_of(words)
        if home is not None:
            module, extra = home
            if "--help" not in words and (code := elsewhere(words, extra)) is not None:
                return code
            app = importlib.import_module(module).app
        else:
            # a study has a count where a run has several names
            app, words = make_app(), words if words[0] == "calibrate" else expand(words)
        return app(args=words, prog_name="mmm-benchmark", standalone_mode=False) or 0
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return run.INTERRUPTED
    except OSError as error:
        if error.errno not in CIRCUMSTANCES:
            raise
        where = f"'{error.filename}': " if error.filename else ""
        print(f"error: {where}{error.strerror}; what was finished is stored", file=sys.stderr)
        return 2
    except Exception as error:
        # typer carries its own copy of click, or not, by version: known by what it can do
        if not hasattr(error, "format_message"):
            raise
        print(f"error: {' '.join(error.format_message().split())}", file=sys.stderr)
        return 2
    finally:
        if argv is None:  # the process is about to end
            interrupts.ends_quietly()


if interrupts.importing:
    interrupts.is_an_exception()

if __name__ == "__main__":
    sys.exit(main())
