"""The home's own certificates: its root, what the server shows, what stations get signed.

Pure cryptography without files; all of it blocks, so call it from a worker. Times are UTC.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ROOT_DAYS: Final = 20 * 365 + 5
LEAF_DAYS: Final = 397
RENEW_BEFORE: Final = timedelta(days=30)
_EARLY: Final = timedelta(days=1)  # stations with a slow clock shall not refuse a fresh certificate
_COMMON_NAME_LIMIT: Final = 64
_REQUEST_LIMIT: Final = 5500
_LEAST_RSA_BITS: Final = 2048
_MOST_RSA_BITS: Final = 4096
_LEAST_EC_BITS: Final = 256

type Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
type PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


class BadRequest(Exception):
    """A certificate signing request cannot be signed; the text names the rule it breaks, nothing of its content."""


@dataclass(frozen=True, slots=True)
class Authority:
    """Hold the root of a home: what it signs with."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    @property
    def pem(self) -> str:
        """Return the root certificate, which anybody may see."""
        return _pem(self.certificate)


@dataclass(frozen=True, slots=True)
class Issued:
    """Hold a certificate as a station gets it: leaf and root in PEM, and how the leaf is recognised."""

    chain: str
    fingerprint: str
    serial: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class Shown:
    """Hold a certificate that was shown at the door."""

    fingerprint: str
    common_name: str | None
    expires: datetime


def new_authority(site: str, now: datetime) -> Authority:
    """Make the root of a home; takes up to some seconds."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    name = _name(f"{site} charging stations", "Mobilize Flex")
    certificate = (
        _builder(name, name, key.public_key(), now, ROOT_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def read_authority(certificate: bytes, key: bytes) -> Authority:
    """Return the root that was kept.

    Raises:
        ValueError: one of the two cannot be read, or they do not belong together.
    """
    root = x509.load_pem_x509_certificate(certificate)
    private = serialization.load_pem_private_key(key, None)
    if not isinstance(private, rsa.RSAPrivateKey) or private.public_key() != root.public_key():
        raise ValueError("the root and its key do not belong together")
    return Authority(root, private)


def new_server_key(*, elliptic: bool) -> Key:
    """Return a key for the server: on the curve P-256, or RSA for stations that know nothing else."""
    if elliptic:
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def server_certificate(authority: Authority, key: Key, names: Sequence[str], now: datetime) -> str:
    """Return the server's certificate in PEM; the first name is its common name, all are alternative names."""
    public = key.public_key()
    certificate = (
        _builder(_name(names[0]), authority.certificate.subject, public, now, LEAF_DAYS)
        .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(encrypts_keys=isinstance(key, rsa.RSAPrivateKey)), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_authority_key(authority), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    return _pem(certificate)


def names_in(certificate: bytes) -> tuple[tuple[str, ...], datetime]:
    """Return the names a server certificate holds, its common name first, and when it ends.

    Raises:
        ValueError: it cannot be read.
    """
    leaf = x509.load_pem_x509_certificate(certificate)
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        raise ValueError("no alternative names") from None
    return tuple(str(name.value) for name in found), leaf.not_valid_after_utc


def sign_request(authority: Authority, request: str, names: Sequence[str], now: datetime) -> Issued:
    """Sign what a station asks for: its key, under the name it wrote if that is one of its names, else the first.

    Raises:
        BadRequest: it is malformed, not signed by its own key, or the key is too weak.
    """
    asked, key = _read_request(request)
    wanted = _common_name(asked.subject)
    return _issue(authority, key, wanted if wanted is not None and wanted in names else names[0], now)


def issue_certificate(authority: Authority, common_name: str, now: datetime) -> tuple[Issued, str]:
    """Make a key and a certificate for a station that takes files; return both, the key in PEM."""
    key = new_server_key(elliptic=True)
    return _issue(authority, key.public_key(), common_name, now), private_pem(key)


def shown_certificate(der: bytes) -> Shown:
    """Return what matters of a certificate shown at the door.

    Raises:
        ValueError: it cannot be read.
    """
    leaf = x509.load_der_x509_certificate(der)
    return Shown(_fingerprint(leaf), _common_name(leaf.subject), leaf.not_valid_after_utc)


def private_pem(key: Key) -> str:
    """Return a key as text; it is a secret."""
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def root_fingerprint(authority: Authority) -> str:
    """Return the root's SHA-256 as people compare it: pairs of digits between colons."""
    return authority.certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _issue(authority: Authority, public: PublicKey, common_name: str, now: datetime) -> Issued:
    certificate = (
        _builder(_name(common_name, "Mobilize Flex"), authority.certificate.subject, public, now, LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(_authority_key(authority), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    return Issued(
        chain=_pem(certificate) + authority.pem,
        fingerprint=_fingerprint(certificate),
        serial=f"{certificate.serial_number:x}",
        expires=certificate.not_valid_after_utc,
    )


def _read_request(request: str) -> tuple[x509.CertificateSigningRequest, PublicKey]:
    if len(request) > _REQUEST_LIMIT:
        raise BadRequest("too long")
    try:
        asked = x509.load_pem_x509_csr(request.strip().encode())
        signed, key = asked.is_signature_valid, asked.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature) as error:
        raise BadRequest("malformed") from error
    if not signed:
        raise BadRequest("not signed by its own key")
    match key:
        case rsa.RSAPublicKey() if _LEAST_RSA_BITS <= key.key_size <= _MOST_RSA_BITS:
            return asked, key
        case ec.EllipticCurvePublicKey() if key.key_size >= _LEAST_EC_BITS:
            return asked, key
        case _:
            raise BadRequest("key too weak, or of a kind that is not allowed")


def _builder(
    subject: x509.Name, issuer: x509.Name, public: PublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    begins = (now - _EARLY).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
    )


def _common_name(subject: x509.Name) -> str | None:
    names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if len(names) == 1 else None


def _name(common_name: str, organisation: str | None = None) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common_name[:_COMMON_NAME_LIMIT])]
    if organisation is not None:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(parts)


def _alternative(name: str) -> x509.GeneralName:
    address = _address(name)
    return x509.DNSName(name) if address is None else x509.IPAddress(address)


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None


def _usage(*, signs_certificates: bool = False, encrypts_keys: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=encrypts_keys,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _authority_key(authority: Authority) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())


def _fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
