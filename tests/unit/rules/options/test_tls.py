"""What the keywords of TLS that are no buffers compile to."""

from __future__ import annotations

import pytest

from tests.unit.rules.compiling import drafted
from tmrx import plan
from tmrx.rules.diagnostics import Fault

EPOCH = 2**63


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("tls.version:1.2;", plan.Number(op="eq", a=0x0303)),
        ("tls.version:0x7f12;", plan.Number(op="eq", a=0x7F12)),
        ("ssl_version:sslv3,tls1.0;", plan.Number(op="mask_ne", a=0b110, b=0)),
        ("ssl_version:!tls1.0;", plan.Number(op="mask_ne", a=0b111011, b=0)),
        ("ssl_state:client_hello,server_hello;", plan.Number(op="mask_ne", a=3, b=0)),
        ("ssl_state:!client_keyx;", plan.Number(op="mask_ne", a=4, b=4)),
        ("tls.cert_chain_len:>2;", plan.Number(op="gt", a=2)),
        ("tls_cert_notbefore:1970-01-02;", plan.Number(op="eq", a=EPOCH + 86_400)),
        ("tls_cert_notbefore:<1969;", plan.Number(op="lt", a=EPOCH - 365 * 86_400)),
        ("tls_cert_notafter:>1970-01-01T00:01;", plan.Number(op="gt", a=EPOCH + 60)),
        ("tls_cert_notafter:1970<>1971;", plan.Number(op="between", a=EPOCH, b=EPOCH + 365 * 86_400)),
        ("tls_cert_expired;", plan.Number(op="eq", a=1)),
        ("tls_cert_valid;", plan.Number(op="eq", a=1)),
    ],
)
def test_numbers(text: str, number: plan.Number) -> None:
    name = text.partition(":")[0].rstrip(";")
    assert drafted(text).checks == [plan.TransactionValue(value=name, number=number, instances=plan.Instances())]


@pytest.mark.parametrize(
    ("text", "buffer", "pattern", "negated"),
    [
        ('tls.subject:"CN=a";', "tls.cert_subject", b"CN=a", False),
        ('tls.issuerdn:!"CN=a";', "tls.cert_issuer", b"CN=a", True),
        (f'tls.fingerprint:"{":".join(["AB"] * 20)}";', "tls.cert_fingerprint", b":".join([b"ab"] * 20), False),
    ],
)
def test_texts(text: str, buffer: str, pattern: bytes, negated: bool) -> None:
    [made] = [buffer for buffer in drafted(text).buffers if buffer.entries]
    [content] = made.entries
    assert (made.name, content.pattern, content.negated) == (buffer, pattern, negated)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text",
    [
        "tls.version:1.5;",
        "ssl_version:tls2;",
        "ssl_state:hello;",
        "tls_cert_notafter:1970-13;",
        "tls_cert_notafter:1971<>1970;",
        'tls.fingerprint:"ab";',
    ],
)
def test_what_is_wrong(text: str) -> None:
    with pytest.raises(Fault):
        drafted(text)
