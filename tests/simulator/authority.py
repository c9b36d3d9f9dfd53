"""A certificate authority for tests: it vouches for controllers and stations."""

from datetime import UTC, datetime, timedelta
import ipaddress
from pathlib import Path
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM


class Authority:
    """A root, and what it signs."""

    def __init__(self, name: str = "Authority", around: datetime | None = None) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.around = around or datetime.now(UTC)
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.root = self._build(self.name, self.key.public_key(), ca=True).sign(self.key, hashes.SHA256())

    @property
    def pem(self) -> str:
        return self.root.public_bytes(PEM).decode()

    def leaf(self, common_name: str, public: ec.EllipticCurvePublicKey, *names: str) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        built = self._build(subject, public, ca=False)
        if names:
            built = built.add_extension(x509.SubjectAlternativeName([_name(one) for one in names]), critical=False)
        return built.sign(self.key, hashes.SHA256())

    def signed(self, request: str) -> str:
        asked = x509.load_pem_x509_csr(request.encode())
        public = asked.public_key()
        assert isinstance(public, ec.EllipticCurvePublicKey)
        common = asked.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        return self.leaf(str(common), public).public_bytes(PEM).decode()

    def files(self, folder: Path, common_name: str, *names: str) -> tuple[str, str, str]:
        """Write root, certificate and key; tell the three paths."""
        key = ec.generate_private_key(ec.SECP256R1())
        secret = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        texts = {
            "root.pem": self.pem.encode(),
            f"{common_name}.pem": self.leaf(common_name, key.public_key(), *names).public_bytes(PEM),
            f"{common_name}.key": secret,
        }
        for name, text in texts.items():
            (folder / name).write_bytes(text)
        root, leaf, private = (str(folder / name) for name in texts)
        return root, leaf, private

    def server(self, folder: Path, common_name: str, *names: str, clients: bool = False) -> ssl.SSLContext:
        """Build what a controller serves with; with `clients` it wants certificates from its stations."""
        _, leaf, private = self.files(folder, common_name, *names)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(leaf, private)
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=self.pem)
        return context

    def _build(self, subject: x509.Name, public: ec.EllipticCurvePublicKey, *, ca: bool) -> x509.CertificateBuilder:
        identifier = x509.SubjectKeyIdentifier.from_public_key(public)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        usage = x509.KeyUsage(
            digital_signature=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=ca,
            crl_sign=ca,
            encipher_only=False,
            decipher_only=False,
        )
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.around - timedelta(days=1))
            .not_valid_after(self.around + timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(identifier, critical=False)
            .add_extension(issuer, critical=False)
            .add_extension(usage, critical=True)
        )


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)
