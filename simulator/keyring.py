"""The station's certificates: whom it trusts, and who it is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
import ssl
import tempfile

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from simulator.payload import Payload

CSMS_ROOT = "CSMSRootCertificate"
MANY = 20
PEM = serialization.Encoding.PEM


@dataclass(frozen=True, slots=True)
class Installed:
    """A certificate the station keeps, and what for."""

    use: str
    certificate: x509.Certificate

    @property
    def hashes(self) -> Payload:
        """Name the certificate as messages do, by hashes of its issuer and its serial number."""
        key = self.certificate.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return {
            "hashAlgorithm": "SHA256",
            "issuerNameHash": _digest(self.certificate.issuer.public_bytes()),
            "issuerKeyHash": _digest(_key_bits(key)),
            "serialNumber": f"{self.certificate.serial_number:x}",
        }


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate chain with its private key, both as PEM."""

    chain: bytes
    key: bytes


class Keyring:
    """What the station trusts and what it shows; files are read when they are needed."""

    def __init__(
        self,
        ca_file: str | None,
        client_cert_file: str | None,
        client_key_file: str | None,
        now: Callable[[], datetime],
    ) -> None:
        """Begin with what the factory put in."""
        self._ca_file = ca_file
        self._files = None if client_cert_file is None else (client_cert_file, client_key_file or client_cert_file)
        self._now = now
        self._installed: list[Installed] = []
        self._forgotten: set[str] = set()
        self._own: Pair | None = None
        self._asked: ec.EllipticCurvePrivateKey | None = None

    # -- whom it trusts -------------------------------------------------------------------------

    @property
    def installed(self) -> list[Installed]:
        """List the certificates in the store, those of the factory first."""
        return [*self._factory(), *self._installed]

    @property
    def roots(self) -> list[x509.Certificate]:
        """List the roots a controller may come from."""
        return [one.certificate for one in self.installed if one.use == CSMS_ROOT]

    def install(self, use: str, pem: str) -> str:
        """Keep a certificate; tell the status word."""
        try:
            certificate = x509.load_pem_x509_certificate(pem.encode())
        except ValueError:
            return "Rejected"
        if certificate.not_valid_after_utc < self._now():
            return "Rejected"
        if len(self.installed) >= MANY:
            return "Failed"
        one = Installed(use, certificate)
        self._forgotten.discard(_mark(one))
        if all(_mark(one) != _mark(other) for other in self.installed):
            self._installed.append(one)
        return "Accepted"

    def delete(self, wanted: Payload) -> str:
        """Forget a certificate; the last root of the controller stays."""
        wanted = {name: str(value).lower() for name, value in wanted.items() if name != "customData"}
        found = [one for one in self.installed if {name: text.lower() for name, text in one.hashes.items()} == wanted]
        if not found:
            return "NotFound"
        if any(one.use == CSMS_ROOT for one in found) and len(self.roots) == len(found):
            return "Failed"
        gone = {_mark(one) for one in found}
        self._forgotten |= gone
        self._installed = [one for one in self._installed if _mark(one) not in gone]
        return "Accepted"

    def context(self, *, shows_itself: bool) -> ssl.SSLContext:
        """Build what a secured connection needs; raise OSError when a file is not there (yet)."""
        if self._ca_file is not None and not self.roots:
            raise FileNotFoundError(self._ca_file)
        context = ssl.create_default_context(cadata=_text(self.roots) or None)
        if shows_itself:
            self._load_own(context)
        return context

    # -- who it is ------------------------------------------------------------------------------

    @property
    def has_own(self) -> bool:
        """Tell whether the station has a certificate to show."""
        return self._own is not None or self._files is not None

    def request(self, serial: str, organization: str) -> str:
        """Make a fresh key; write the request for its certificate."""
        self._asked = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, serial),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            ]
        )
        request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(self._asked, hashes.SHA256())
        return request.public_bytes(PEM).decode()

    def take_own(self, pem: str) -> bool:
        """Take the signed certificate, if it is for the key we made, in time, and from one of our roots."""
        try:
            chain = x509.load_pem_x509_certificates(pem.encode())
        except ValueError:
            return False
        key, leaf = self._asked, chain[0]
        if key is None or leaf.public_key() != key.public_key() or not self._is_sound(chain):
            return False
        private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        self._own, self._asked = Pair(pem.encode(), private), None
        return True

    def _is_sound(self, chain: list[x509.Certificate]) -> bool:
        now, leaf = self._now(), chain[0]
        in_time = leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc
        issuers = [*chain[1:], *self.roots]
        return in_time and (not self.roots or any(_issued(leaf, by) for by in issuers))

    def _load_own(self, context: ssl.SSLContext) -> None:
        if self._own is None:
            if self._files is not None:
                context.load_cert_chain(*self._files)
            return
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            file.write(self._own.key + self._own.chain)
            file.flush()
            context.load_cert_chain(file.name)

    def _factory(self) -> list[Installed]:
        if self._ca_file is None or not Path(self._ca_file).is_file():
            return []
        try:
            found = x509.load_pem_x509_certificates(Path(self._ca_file).read_bytes())
        except ValueError:
            return []
        return [one for one in (Installed(CSMS_ROOT, root) for root in found) if _mark(one) not in self._forgotten]


def _issued(leaf: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(by)
    except ValueError, TypeError, InvalidSignature:
        return False
    return True


def _mark(one: Installed) -> str:
    return f"{one.use} {one.certificate.fingerprint(hashes.SHA256()).hex()}"


def _text(roots: list[x509.Certificate]) -> str:
    return "".join(root.public_bytes(PEM).decode() for root in roots)


def _digest(data: bytes) -> str:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(data)
    return digest.finalize().hex()


def _key_bits(info: bytes) -> bytes:
    """Cut the bits of the key out of its DER wrapping: the last element, less its length and its unused-bits byte."""
    at = 1 + _length_size(info[1:])
    at += 1 + _length_size(info[at + 1 :]) + _length(info[at + 1 :])
    return info[at + 2 + _length_size(info[at + 1 :]) :]


def _length(data: bytes) -> int:
    return data[0] if data[0] < 0x80 else int.from_bytes(data[1 : 1 + (data[0] & 0x7F)])


def _length_size(data: bytes) -> int:
    return 1 if data[0] < 0x80 else 1 + (data[0] & 0x7F)
