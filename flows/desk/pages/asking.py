"""Ask the service about the clients of a sheet before anything of it is posted."""

from starlette.responses import Response

from flows.desk.clients_to_see import ask_service
from flows.desk.pages.checking import look_of
from flows.desk.visit import Visit, go


def do_ask(visit: Visit) -> Response:
    """Ask within the calls of the day, and show what came of it."""
    ask_service(visit.desk, visit.sheet, look_of(visit))
    return go(f"/sheets/{visit.sheet.sheet_id}/check?tab=again")
