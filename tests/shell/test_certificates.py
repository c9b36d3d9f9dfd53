"""The home's own certificates: what they say, how long, what is signed and what is not."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
import pytest

from custom_components.mobilize_flex.shell.certificates import (
    Authority,
    BadRequest,
    issue_certificate,
    names_in,
    new_authority,
    new_server_key,
    private_pem,
    read_authority,
    root_fingerprint,
    server_certificate,
    shown_certificate,
    sign_request,
)

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
PEM = serialization.Encoding.PEM


@pytest.fixture(scope="module")
def authority() -> Authority:
    return new_authority("Villa", NOW)


def request(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey, name: str = "SN-1") -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    asked = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, algorithm)
    return asked.public_bytes(PEM).decode()


def chain_of(pem: str) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(pem.encode())


def common_name(certificate: x509.Certificate) -> str:
    (found,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found.value)


def test_the_root_names_the_home_and_signs_for_twenty_years(authority: Authority) -> None:
    root = authority.certificate
    assert "Villa" in common_name(root)
    assert isinstance(authority.key, rsa.RSAPrivateKey)
    assert authority.key.key_size == 3072
    assert timedelta(days=20 * 365) < root.not_valid_after_utc - NOW < timedelta(days=20 * 366)
    root.verify_directly_issued_by(root)
    limits = root.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (limits.critical, limits.value.ca, limits.value.path_length) == (True, True, 0)
    usage = root.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.digital_signature) == (True, False)


def test_the_root_comes_back_from_its_files_with_the_key_that_is_its_own(authority: Authority) -> None:
    certificate, key = authority.pem.encode(), private_pem(authority.key).encode()
    assert read_authority(certificate, key).certificate == authority.certificate
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(ValueError, match="belong"):
        read_authority(certificate, private_pem(other).encode())


def test_the_fingerprint_is_what_people_compare(authority: Authority) -> None:
    shown = root_fingerprint(authority)
    assert bytes.fromhex(shown.replace(":", "")) == authority.certificate.fingerprint(hashes.SHA256())
    assert len(shown.split(":")) == 32


@pytest.mark.parametrize("elliptic", [True, False])
def test_the_server_certificate_holds_its_name_twice_and_every_address(authority: Authority, elliptic: bool) -> None:
    names = ["flex.home.arpa", "192.168.1.10", "fd00::10"]
    pem = server_certificate(authority, new_server_key(elliptic=elliptic), names, NOW)
    (leaf,) = chain_of(pem)
    leaf.verify_directly_issued_by(authority.certificate)
    assert common_name(leaf) == "flex.home.arpa"
    held = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert held.get_values_for_type(x509.DNSName) == ["flex.home.arpa"]
    assert held.get_values_for_type(x509.IPAddress) == [ip_address("192.168.1.10"), ip_address("fd00::10")]
    uses = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert leaf.not_valid_before_utc <= NOW
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == timedelta(days=397)
    assert names_in(pem.encode()) == (tuple(names), leaf.not_valid_after_utc)


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP384R1()),
        rsa.generate_private_key(public_exponent=65537, key_size=2048),
    ],
    ids=["P-256", "P-384", "RSA-2048"],
)
def test_a_sound_request_is_signed_for_its_key(
    authority: Authority, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
) -> None:
    issued = sign_request(authority, request(key), ["FLEX-1", "SN-1"], NOW)
    leaf, root = chain_of(issued.chain)
    assert root == authority.certificate
    leaf.verify_directly_issued_by(root)
    assert leaf.public_key() == key.public_key()
    assert list(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.CLIENT_AUTH
    ]
    assert (issued.serial, issued.expires) == (f"{leaf.serial_number:x}", leaf.not_valid_after_utc)
    assert len(issued.chain) < 5500, "some stations take no more"


@pytest.mark.parametrize(
    ("written", "names", "given"),
    [
        ("SN-1", ["FLEX-1", "SN-1"], "SN-1"),
        ("FLEX-1", ["FLEX-1", "SN-1"], "FLEX-1"),
        ("FLEX-2", ["FLEX-1", "SN-1"], "FLEX-1"),
        ("SN-1", ["FLEX-1"], "FLEX-1"),
    ],
)
def test_a_station_gets_no_name_but_its_own(authority: Authority, written: str, names: list[str], given: str) -> None:
    asked = request(ec.generate_private_key(ec.SECP256R1()), written)
    leaf = chain_of(sign_request(authority, asked, names, NOW).chain)[0]
    assert common_name(leaf) == given


def broken_signature() -> str:
    asked = x509.load_pem_x509_csr(request(ec.generate_private_key(ec.SECP256R1())).encode())
    octets = bytearray(asked.public_bytes(serialization.Encoding.DER))
    octets[octets.index(b"SN-1") + 3] = ord("2")
    return x509.load_der_x509_csr(bytes(octets)).public_bytes(PEM).decode()


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "no request",
        "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
        "-----BEGIN CERTIFICATE REQUEST-----\n\ud800\n-----END CERTIFICATE REQUEST-----\n",
        "x" * 6000,
        broken_signature(),
        request(rsa.generate_private_key(public_exponent=65537, key_size=1024)),
        request(ec.generate_private_key(ec.SECP224R1())),
        request(ed25519.Ed25519PrivateKey.generate()),
    ],
    ids=["empty", "words", "garbage", "surrogate", "long", "forged", "RSA-1024", "P-224", "Ed25519"],
)
def test_what_is_malformed_forged_or_weak_is_not_signed(authority: Authority, asked: str) -> None:
    with pytest.raises(BadRequest) as refused:
        sign_request(authority, asked, ["FLEX-1"], NOW)
    assert "BEGIN" not in str(refused.value)


def test_a_station_that_takes_files_gets_a_key_that_fits(authority: Authority) -> None:
    issued, key = issue_certificate(authority, "FLEX-1", NOW)
    leaf = chain_of(issued.chain)[0]
    private = serialization.load_pem_private_key(key.encode(), None)
    assert private.public_key() == leaf.public_key()
    shown = shown_certificate(leaf.public_bytes(serialization.Encoding.DER))
    assert (shown.common_name, shown.fingerprint) == ("FLEX-1", issued.fingerprint)
