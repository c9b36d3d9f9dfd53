"""The owner's account in the demo's Home Assistant."""

from typing import Final

from demo.client import Client

OWNER: Final = "owner"
LIFESPAN_DAYS: Final = 3650


async def sign_up(client: Client, password: str, language: str) -> None:
    """Make the owner's account, which only works on a fresh Home Assistant; the client speaks for it then."""
    client_id = f"{client.url}/"
    account = {"name": OWNER.title(), "username": OWNER, "password": password}
    made = await client.post("/api/onboarding/users", {**account, "client_id": client_id, "language": language})
    grant = {"grant_type": "authorization_code", "code": made["auth_code"], "client_id": client_id}
    tokens = await client.post_form("/auth/token", grant)
    client.token = tokens["access_token"]


async def long_lived_token(client: Client) -> str:
    """Return a token that outlives the sign-in; from now on the client uses it."""
    name = "scripts/demo"
    token: str = await client.command("auth/long_lived_access_token", client_name=name, lifespan=LIFESPAN_DAYS)
    client.token = token
    return token
