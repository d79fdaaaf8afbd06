"""From options to jobs: datasets made and checked, fitters found and asked, the grid laid out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmm_benchmark.environments import find as environments
from mmm_benchmark.environments.claims import Claims, on_device, stated
from mmm_benchmark.environments.find import Environment
from mmm_benchmark.environments.interview import describe, describe_in
from mmm_benchmark.environments.load import is_file_target, split_file_target
from mmm_benchmark.environments.needs import Needs, extra_needs, file_needs
from mmm_benchmark.errors import UserError
from mmm_benchmark.plan.choose import file_entry, registered, select
from mmm_benchmark.plan.experiments import experiments_on
from mmm_benchmark.plan.holdout import hold_out
from mmm_benchmark.plan.jobs import DatasetRef, Job
from mmm_benchmark.plan.options import Options
from mmm_benchmark.plan.registry import FitterEntry
from mmm_benchmark.priors.beliefs import check_beliefs
from mmm_benchmark.priors.prior import check_channels, prior_of
from mmm_benchmark.suite.fingerprint import fingerprint
from mmm_benchmark.suite.tasks import check_unchanged

if TYPE_CHECKING:
    from mmm_data_generator import MMMDataset

DEFAULT_DATASETS = ("small_business",)
EnvironmentOf = Callable[[Needs], Environment | None]


@dataclass(frozen=True)
class Made:
    """A dataset in memory, what jobs know of it, and the seed its fits use."""

    dataset: MMMDataset
    ref: DatasetRef
    fit_seed: int
    experiments: list[dict[str, Any]] | None = None  # what fits to it are told


@dataclass(frozen=True)
class Contender:
    """A fitter as it will run: its entry, its interpreter, what it says of itself."""

    entry: FitterEntry
    needs: Needs
    python: Path | None  # None: its environment is still to be made
    answer: dict[str, Any] = field(default_factory=dict)

    @property
    def claims(self) -> Claims:
        """What one of its fits asks of a machine: by its own word, else by the registry's."""
        own = self.answer.get("claims")
        claims = self.entry.claims if own is None else stated(own)
        return on_device(claims, self.answer.get("arguments", {}))


def make_datasets(options: Options) -> list[Made]:
    """Generate or read every dataset of the run, once for each seed it takes.

    Raises
    ------
    UserError
        For the first dataset that cannot be made or fitted, before anything else happens.
    """
    from mmm_benchmark.plan import datasets as ds

    made: dict[tuple[str, int], Made] = {}
    for spec in options.all_datasets or DEFAULT_DATASETS:
        source = ds.source_of(spec)
        own = source.fixed or source.seed is not None
        for seed in options.replicates[:1] if own else options.replicates:
            try:
                dataset = source.make(seed if source.seed is None else source.seed)
            except ValueError as error:  # the generator's own errors for people
                raise UserError(f"dataset '{source.name}': {error}") from error
            ref = ds.reference_to(dataset)
            if options.suite is not None:
                check_unchanged(ref.label, fingerprint(dataset.observed))
            if options.holdout:
                dataset = hold_out(dataset, options.holdout)
                ref = ds.reference_to(dataset)
            named = next((each.ref for each in made.values() if each.ref.label == ref.label), ref)
            if named.id != ref.id:
                raise UserError(f"two different datasets are called '{ref.label}'; rename one")
            if options.beliefs is not None:
                check_beliefs(options.beliefs, [str(c) for c in dataset.observed["channel"].values])
            if options.prior is not None:
                names = [str(c) for c in dataset.observed["channel"].values]
                check_channels(prior_of(options.prior), names)
            told = experiments_on(dataset, options.experiments)
            made[ref.id, seed] = Made(dataset, ref, seed, told)
    return list(made.values())


def check_names(options: Options) -> list[FitterEntry]:
    """The registered fitters that the options name, before anything slow is done."""
    if options.fitter and not options.samplers and not options.libraries:
        return []
    return select(registered(), options.samplers, options.libraries)


def find_contenders(options: Options, environment_of: EnvironmentOf) -> list[Contender]:
    """Every fitter of the run, asked in its own environment for its version and settings."""
    entries = registered()
    contenders = [_ask(entry, options, environment_of) for entry in check_names(options)]
    for target in options.fitter:
        contender = _ask_file(target, options, environment_of)
        name = contender.entry.name
        if name in entries or name in (each.entry.name for each in contenders):
            raise UserError(f"fitter file '{target}': its name '{name}' is taken; choose another")
        contenders.append(contender)
    for option, value in options.fitter_options.items():
        takers = [each for each in contenders if option in each.answer.get("arguments", {})]
        if not takers and all(each.answer for each in contenders):
            names = ", ".join(each.entry.name for each in contenders)
            raise UserError(f"--{option} {value}: none of the chosen fitters ({names}) takes it")
    return contenders


def _ask(entry: FitterEntry, options: Options, environment_of: EnvironmentOf) -> Contender:
    needs = extra_needs(entry.extra)
    environment = environment_of(needs)
    if environment is None:
        return Contender(entry, needs, None)
    python = environment.python
    question = (entry.target, entry.settings, options.fitter_options)
    if entry.target.startswith("mmm_benchmark."):
        # our own modules import nothing heavy when loaded, so they can be asked right here
        answer = describe(*question, ())
        answer["versions"] = _versions(environment, entry.packages)
    else:
        answer = describe_in(python, *question, entry.packages)
    return Contender(entry, needs, python, answer)


def _versions(environment: Environment, packages: Sequence[str]) -> dict[str, str | None]:
    from mmm_benchmark.environments.installed import installed

    if environment.origin == environments.RUNNING:
        return installed(packages)
    found = environments.probe(environment.python, tuple(packages))
    return {name: found.get(name) for name in packages}


def _ask_file(target: str, options: Options, environment_of: EnvironmentOf) -> Contender:
    from packaging.requirements import Requirement

    if not is_file_target(target):
        raise UserError(f"fitter file '{target}': must be a Python file, FILE.py or FILE.py:CLASS")
    needs = file_needs(split_file_target(target)[0].expanduser())
    packages = [Requirement(line).name for line in needs.requirements]
    environment = environment_of(needs)
    if environment is None:
        return Contender(file_entry(target, Path(target).stem, packages), needs, None)
    entry = file_entry(target, "", packages)
    answer = describe_in(environment.python, entry.target, {}, options.fitter_options, packages)
    entry = file_entry(target, answer["name"], packages)
    return Contender(entry, needs, environment.python, answer)


def _told(given: dict[str, Any], made: Made) -> dict[str, Any]:
    """A fitter's settings with the experiments of this dataset, where it takes any."""
    return given | {"experiments": made.experiments} if "experiments" in given else given


def grid(made: Sequence[Made], contenders: Sequence[Contender], options: Options) -> list[Job]:
    """Every dataset with every fitter whose environment is there."""
    return [
        Job(
            dataset=each.ref,
            fitter=contender.entry.name,
            fitter_version=str(contender.answer["version"]),
            target=contender.entry.target,
            arguments=_told(contender.answer["arguments"], each),
            settings=_told(contender.answer["settings"], each),
            library=contender.entry.group,
            extra=contender.entry.extra,
            reference=contender.entry.reference,
            budget=options.budget,
            seed=each.fit_seed,
            versions=contender.answer["versions"],
        )
        for each in made
        for contender in contenders
        if contender.python is not None
    ]
