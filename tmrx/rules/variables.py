"""The variables that rules refer to as $NAME."""

from __future__ import annotations

import msgspec

_ADDRESSES = (
    "HOME_NET EXTERNAL_NET HTTP_SERVERS SMTP_SERVERS SQL_SERVERS DNS_SERVERS TELNET_SERVERS AIM_SERVERS DC_SERVERS "
    "DNP3_SERVER DNP3_CLIENT MODBUS_CLIENT MODBUS_SERVER ENIP_CLIENT ENIP_SERVER"
)
_PORTS = {
    "HTTP_PORTS": "80",
    "SHELLCODE_PORTS": "!80",
    "ORACLE_PORTS": "1521",
    "SSH_PORTS": "22",
    "DNP3_PORTS": "20000",
    "MODBUS_PORTS": "502",
    "FILE_DATA_PORTS": "[$HTTP_PORTS,110,143]",
    "FTP_PORTS": "21",
    "GENEVE_PORTS": "6081",
    "VXLAN_PORTS": "4789",
    "TEREDO_PORTS": "3544",
    "SIP_PORTS": "[5060, 5061]",
}


class Variables(msgspec.Struct, frozen=True, kw_only=True):
    """Address and port variables by name, without the `$`; a value is written as in a rule's header.

    The defaults are those of tmrx's own commands: addresses `any`, since a mirror shows many networks, and ports
    Suricata's stock values.
    """

    addresses: dict[str, str] = msgspec.field(default_factory=lambda: dict.fromkeys(_ADDRESSES.split(), "any"))
    ports: dict[str, str] = msgspec.field(default_factory=lambda: dict(_PORTS))
