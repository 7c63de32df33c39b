"""The section of the settings about who does pure work, such as the rules over the parts of a long file."""

from typing import Literal, Self

from pydantic import Field, model_validator

from flows.settings.values import Section


class ScaleSettings(Section):
    """Who judges the parts of a long file; the result is the same whoever does."""

    executor: Literal["local", "dask"] = "local"  # processes of this machine, or a cluster that somebody runs
    workers: int | None = Field(default=None, ge=1, le=64)  # of this machine; None: one for each core, 8 at most
    scheduler: str = ""  # the address of Dask's scheduler: "tcp://10.0.0.5:8786", "tls://..."

    @model_validator(mode="after")
    def _has_a_scheduler(self) -> Self:
        if self.executor == "dask" and not self.scheduler:
            raise ValueError(
                'scale.executor is "dask", which asks for scale.scheduler: the address of the scheduler, such as '
                '"tcp://10.0.0.5:8786"'
            )
        return self
