"""The folder of a home's certificates: made once, renewed in time, private, and who holds which."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
import ssl
import stat

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
import pytest

from custom_components.mobilize_flex.shell.certificate_store import CertificateStore, remove_certificates
from custom_components.mobilize_flex.shell.certificates import BadRequest, Issued, Shown, private_pem, shown_certificate

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
NAMES = ("flex.home.arpa", "127.0.0.1")


class Clock:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "flex" / "home.ca"


@pytest.fixture
def open_store(folder: Path, clock: Clock) -> Callable[[], CertificateStore]:
    return lambda: CertificateStore(folder, "Villa", clock)


@pytest.fixture
def store(open_store: Callable[[], CertificateStore]) -> CertificateStore:
    return open_store()


def asked_for() -> tuple[str, str]:
    """Return a request as a station makes it, and the key it keeps."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "SN-1")])
    key = ec.generate_private_key(ec.SECP256R1())
    asked = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return asked.public_bytes(serialization.Encoding.PEM).decode(), private_pem(key)


def request() -> str:
    return asked_for()[0]


def seen(issued: Issued) -> Shown:
    leaf = x509.load_pem_x509_certificates(issued.chain.encode())[0]
    return shown_certificate(leaf.public_bytes(serialization.Encoding.DER))


def test_the_root_is_made_once_and_stays(open_store: Callable[[], CertificateStore]) -> None:
    first = open_store().root()
    assert first.pem.startswith("-----BEGIN CERTIFICATE-----")
    assert "PRIVATE" not in first.pem
    assert open_store().root() == first


def test_every_file_is_for_this_user_only(store: CertificateStore, folder: Path) -> None:
    store.context(NAMES, rsa_exchange=False)
    store.issue("FLEX-1")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    assert modes == dict.fromkeys(["root.pem", "root.key", "server-ec.pem", "server-rsa.pem", "stations.json"], 0o600)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_root_whose_key_is_gone_is_never_replaced(
    store: CertificateStore, open_store: Callable[[], CertificateStore], folder: Path
) -> None:
    store.root()
    (folder / "root.key").unlink()
    with pytest.raises(OSError, match=r"root\.key"):
        open_store().root()


def test_a_start_cut_short_before_the_root_was_written_begins_anew(store: CertificateStore, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "root.key").write_text("half")
    assert store.root().serial


def test_the_server_certificates_are_renewed_thirty_days_before(store: CertificateStore, clock: Clock) -> None:
    assert store.renew_server(NAMES)
    clock.now += timedelta(days=360)
    assert not store.renew_server(NAMES)
    clock.now += timedelta(days=8)
    assert store.renew_server(NAMES)
    assert not store.renew_server(NAMES)


def test_other_names_need_other_certificates(store: CertificateStore) -> None:
    store.renew_server(NAMES)
    assert store.renew_server((*NAMES, "192.168.1.10"))
    assert not store.renew_server((*NAMES, "192.168.1.10"))


def test_a_broken_server_certificate_is_made_anew(store: CertificateStore, folder: Path) -> None:
    store.renew_server(NAMES)
    (folder / "server-ec.pem").write_text("half")
    assert store.renew_server(NAMES)
    store.context(NAMES, rsa_exchange=False)


def test_nothing_below_tls_12_and_no_old_key_exchange_unless_asked_for(store: CertificateStore) -> None:
    context = store.context(NAMES, rsa_exchange=False)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_OPTIONAL
    modern = {cipher["name"] for cipher in context.get_ciphers()}
    assert {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"} <= modern
    assert not {name for name in modern if not name.startswith(("ECDHE-", "TLS_"))}
    old = {cipher["name"] for cipher in store.context(NAMES, rsa_exchange=True).get_ciphers()}
    assert old - modern == {"AES128-GCM-SHA256", "AES256-GCM-SHA384"}


def test_a_certificate_is_good_for_the_station_it_was_given_to_and_nobody_else(store: CertificateStore) -> None:
    issued, _ = store.issue("FLEX-1")
    assert store.accepts("FLEX-1", seen(issued))
    assert not store.accepts("FLEX-2", seen(issued))


def test_an_older_certificate_is_good_until_a_newer_one_was_shown(
    store: CertificateStore, open_store: Callable[[], CertificateStore]
) -> None:
    old, new = store.sign("FLEX-1", request(), None), store.sign("FLEX-1", request(), None)
    assert store.accepts("FLEX-1", seen(old)), "the station may have refused the new one"
    assert store.accepts("FLEX-1", seen(new))
    assert not store.accepts("FLEX-1", seen(old))
    assert not open_store().accepts("FLEX-1", seen(old)), "kept across restarts"


def test_a_certificate_ends(store: CertificateStore, clock: Clock) -> None:
    issued, _ = store.issue("FLEX-1")
    clock.now += timedelta(days=360)
    assert store.ending(["FLEX-1", "FLEX-2"]) == []
    clock.now += timedelta(days=10)
    assert store.ending(["FLEX-1", "FLEX-2"]) == ["FLEX-1"]
    assert store.accepts("FLEX-1", seen(issued))
    clock.now += timedelta(days=30)
    assert not store.accepts("FLEX-1", seen(issued))


def test_what_is_not_signed_is_not_remembered(store: CertificateStore) -> None:
    with pytest.raises(BadRequest):
        store.sign("FLEX-1", "nothing", None)
    assert store.newest("FLEX-1") is None


def test_a_removed_home_leaves_nothing(store: CertificateStore, folder: Path) -> None:
    store.issue("FLEX-1")
    remove_certificates(folder)
    remove_certificates(folder)
    assert not folder.exists()
