"""Where a station's vendor is, how we prove who the station is there, whom we believe about it."""

import asyncio
from dataclasses import dataclass, field
import hashlib
import ssl as tls

import aiohttp
from yarl import URL


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorTarget:
    """Hold where a station's calls are forwarded to, as the owner typed it; a password only with a user.

    ``root`` holds the certificates, as PEM, of whoever vouches for it, and nobody else does then.
    """

    url: str
    identity: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    root: str | None = field(default=None, repr=False)

    @property
    def full_url(self) -> URL:
        """Return the address with the identity as its last part, added where the owner left it out."""
        base = URL(self.url)
        return base if base.name == self.identity else base / self.identity

    @property
    def mark(self) -> str:
        """Return what tells this vendor from another, and says nothing else."""
        return hashlib.sha256(f"{self.url}\n{self.identity}".encode()).hexdigest()[:16]

    @property
    def headers(self) -> dict[str, str]:
        """Return how we prove who we are."""
        return {"Authorization": aiohttp.encode_basic_auth(self.user, self.password or "")} if self.user else {}

    async def async_trust(self) -> tls.SSLContext | None:
        """Return whom to believe, read beside the loop; ``None`` where the owner named nobody."""
        return None if self.root is None else await asyncio.to_thread(_trusting, self.root)


def _trusting(root: str) -> tls.SSLContext:
    """Return a context that believes these certificates; an authority of one's own often omits formalities."""
    context = tls.create_default_context(cadata=root)
    context.verify_flags &= ~tls.VERIFY_X509_STRICT
    return context


async def stay_here(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Let nobody send us elsewhere: a redirect is a refusal."""
    response = await handler(request)
    if 300 <= response.status < 400:
        response.close()
        raise aiohttp.ClientError("redirected")
    return response
