"""Publish a report's summary, small tables and links as artifacts of the flow run, where Prefect shows them."""

from collections.abc import Sequence

import flows.runtime.prefect_quiet  # noqa: F401 - before Prefect, which reads its settings as it is imported

# isort: split
from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact

from flows.ledger.summary import Artifact


def publish(artifacts: Sequence[Artifact]) -> None:
    """Create each artifact; called inside a flow run."""
    for key, kind, payload in artifacts:
        match kind, payload:
            case "markdown", str():
                create_markdown_artifact(markdown=payload, key=key)
            case "table", list():
                create_table_artifact(table=payload, key=key)
            case "link", (str() as address, str() as text):
                create_link_artifact(link=address, link_text=text, key=key)
            case _:
                raise ValueError(f"The artifact {key} is of no known kind: {kind}.")
