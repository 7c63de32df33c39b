"""The options and arguments that more than one command takes."""

import os
from pathlib import Path
from typing import Annotated

import typer

from flows.runtime.errors import WrongUsage


def _use_config(path: Path | None) -> Path | None:
    if path is not None:
        os.environ["TIEOUT_CONFIG"] = str(path.resolve())  # flow runs in other processes find it there too
    return path


def a_site(named: str | list[str] | None) -> str | list[str] | None:
    """Refuse an empty ID, for `typer.Option`: a script whose variable is not set means no site, and surely not all.

    Below here "" is every site, or Referral Rock, which has none.
    """
    told = named if isinstance(named, list) else [named]
    if any(one is not None and not one.strip() for one in told):
        raise WrongUsage("--site needs the ID of a site; it is empty.")
    return named


Config = Annotated[
    Path | None,
    typer.Option(
        "--config", help="The settings file; by default TIEOUT_CONFIG or ./tieout.toml.", callback=_use_config
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else there.")]
OnlyBad = Annotated[
    bool, typer.Option("--only-bad", help="The marked copy holds the rows that are to be mended alone.")
]
Plain = Annotated[bool, typer.Option("--plain", help="Run the same steps without Prefect.")]
Pdf = Annotated[Path | None, typer.Option("--pdf", metavar="PATH", help="Write two pages for the binder as PDF, too.")]
CsvFolder = Annotated[Path | None, typer.Option("--csv", metavar="FOLDER", help="Write each table as a CSV file, too.")]
Site = Annotated[str | None, typer.Option("--site", help="The Mindbody site of rows that name none.", callback=a_site)]
ReferralRock = Annotated[bool, typer.Option("--referral-rock", help="Referral Rock as a whole, which has no sites.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides.")]
Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for whoever asks later.")]
ByUser = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who decides; the system's user otherwise.")]


def whole_place(site_id: str | None, *, is_referral_rock: bool) -> str | None:
    """Return the site that a person names, as events have it, "" for Referral Rock; None where nothing is named.

    `WrongUsage` where both are named: it is one decision about one place.
    """
    if site_id is not None and is_referral_rock:
        raise WrongUsage("Name either --site ID or --referral-rock.")
    return "" if is_referral_rock else site_id


def config_text(config: Path | None) -> str | None:
    """Return the settings file as a flow takes it: absolute, since a flow may run in another folder."""
    return None if config is None else str(config.resolve())
