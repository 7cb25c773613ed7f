"""The certificates of the recorded network: an authority, the server's, and one that nobody has signed."""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAMES = ["localhost", "example.com", "*.example.com", "*.test"]


def _certificate(subject: str, names: list[str], issuer: tuple[Any, Any] | None, authority: bool) -> tuple[Any, Any]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    begins = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer[0].subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if names:
        import ipaddress

        alternatives: list[Any] = [x509.DNSName(one) for one in names]
        alternatives.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256()), key


def _context(made: tuple[Any, Any], folder: Path, name: str) -> ssl.SSLContext:
    certificate, key = made
    path = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def contexts(folder: Path) -> tuple[ssl.SSLContext, str]:
    """Makes what the server shows, `selfsigned.test` aside a valid one, and the file with the authority."""
    authority = _certificate("recorded authority", [], None, True)
    valid = _context(_certificate("recorded", NAMES, authority, False), folder, "server")
    alone = _context(_certificate("selfsigned.test", ["selfsigned.test"], None, False), folder, "alone")

    def chosen(stream: ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
        if name == "selfsigned.test":
            stream.context = alone

    valid.sni_callback = chosen
    bundle = folder / "ca.pem"
    bundle.write_bytes(authority[0].public_bytes(serialization.Encoding.PEM))
    return valid, str(bundle)
