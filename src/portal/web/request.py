"""The request as handlers get it: bodies, forms and cookies are read in our own way."""

from __future__ import annotations

from typing import Any

from litestar.datastructures.multi_dicts import FormMultiDict

from portal.errors import Invalid
from portal.web.fields import read_fields
from portal.web.json_body import NO_BODY, read_json
from portal.web.site import Req


class PortalRequest(Req):
    """A request whose JSON body is decoded into the type that its handler asks for: what the type
    does not name is skipped, not built, and only `true` and `false` are truth values."""

    async def body(self) -> bytes:
        body = await super().body()
        if not body and "data" in self.route_handler.parsed_fn_signature.parameters:
            raise Invalid(NO_BODY)
        return body

    async def form(self) -> FormMultiDict:
        """The fields of a form. Litestar would read any number of them, and keep what everybody
        sent."""
        if not isinstance(self._form, FormMultiDict):
            self._form = FormMultiDict(read_fields(await self.body(), *self.content_type))
        return self._form

    async def json(self) -> Any:
        wanted = self.route_handler.parsed_fn_signature.parameters["data"].annotation
        return read_json(await self.body(), wanted)

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies by name; as with forms, Litestar would keep them."""
        pairs = (part.partition("=") for part in self.headers.get("cookie", "").split(";"))
        return {name.strip(): value.strip().strip('"') for name, _, value in pairs}
