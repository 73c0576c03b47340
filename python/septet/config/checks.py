"""What no single key can show: duplicates, references to nothing, keys that contradict each other.

Each check looks at drafts, so that it runs whatever else is wrong, and fills in the defaults that depend on other keys.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

from septet.codec import normalise
from septet.config.quirk_checks import check_account, check_carrier
from septet.config.reader import Draft, Reader, nearest
from septet.config.tls import TlsFileError, context
from septet.config.values import Listen, Secret, SecretHash
from septet.config.words import digits, is_number

_PASSWORD_OCTETS = 8


def check(root: Draft, reader: Reader) -> None:
    """Run every check on a file."""
    accounts, carriers, numbers = (
        root.get("account"),
        root.get("carrier"),
        root.get("number"),
    )
    for number in numbers:
        if number.get("address"):
            number.values["address"] = digits(number.get("address"))
    for drafts, key in (
        (accounts, "id"),
        (accounts, "system_id"),
        (carriers, "id"),
        (numbers, "address"),
    ):
        _unique(drafts, key, reader)
    _node(root.get("node"), reader)
    _listeners(root, reader)
    _keys(root, accounts, reader)
    known = _Known(root, reader)
    for path in ("smpp", "http"):
        _server_tls(root.get(path), reader)
    for account in accounts:
        _account(account, reader)
        check_account(account, reader)
        _account_tls(account, root.get("smpp"), reader)
    for carrier in carriers:
        _carrier(carrier, reader)
        check_carrier(carrier, reader)
    for number in numbers:
        _number(number, known, reader)
    for route in root.get("route"):
        _route(route, known, reader)
    _keywords(root.get("keyword"), numbers, known, reader)


class _Known:
    """The ids that may be referred to: also those of tables that are refused, so that one error is not told twice."""

    def __init__(self, root: Draft, reader: Reader) -> None:
        self._reader = reader
        self._ids = {
            "account": [str(draft.raw.get("id")) for draft in root.get("account")],
            "carrier": [str(draft.raw.get("id")) for draft in root.get("carrier")],
            "number": [digits(str(draft.raw.get("address"))) for draft in root.get("number")],
        }
        self.receivers = {d.get("id") for d in root.get("carrier") if d.get("bind") == "receiver"}

    def refer(self, section: str, name: Any, path: str) -> None:
        """Note a reference to nothing."""
        if name is None or name in self._ids[section]:
            return
        known = self._ids[section]
        listed = f"there are: {', '.join(known)}" if known else f"there is no [[{section}]] yet"
        self._reader.note(path, f'no {section} "{name}"', nearest(name, known) or listed)

    def send_by(self, name: Any, path: str) -> None:
        """Note a reference to a carrier that does not exist or cannot send."""
        self.refer("carrier", name, path)
        if name in self.receivers:
            self._reader.note(
                path,
                f'carrier "{name}" is bound as a receiver and cannot send',
                'bind = "transceiver"',
            )


def _unique(drafts: Iterable[Draft], key: str, reader: Reader) -> None:
    seen: dict[Any, str] = {}
    for draft in drafts:
        value = draft.get(key)
        if value is None:
            continue
        if value in seen:
            reader.note(
                f"{draft.path}.{key}",
                f'"{value}" is already that of {seen[value]}',
                "give each its own",
            )
        else:
            seen[value] = draft.path


def _node(node: Any, reader: Reader) -> None:
    if isinstance(node, Draft):
        _ordered(node, "validity", "validity_max", reader)


def _ordered(draft: Draft, low: str, high: str, reader: Reader) -> None:
    least, most = draft.get(low), draft.get(high)
    if least is not None and most is not None and least > most:
        reader.note(
            f"{draft.path}.{low}",
            f"{least:g} is more than {high}, {most:g}",
            f"raise {high} or lower {low}",
        )


def _listeners(root: Draft, reader: Reader) -> None:
    seen: dict[Listen, str] = {}
    smpp = root.get("smpp")
    tables = [(section, root.get(section)) for section in ("smpp", "http", "metrics")]
    tables.insert(1, ("smpp.tls", smpp.get("tls") if isinstance(smpp, Draft) else None))
    for section, table in tables:
        if table is None:
            continue
        value = table.get("listen") if isinstance(table, Draft) else table.listen
        for listen in (value,) if isinstance(value, Listen) else value or ():
            path = f"{section}.listen"
            if listen in seen and listen.port:
                reader.note(
                    path,
                    f"{listen} is already that of {seen[listen]}",
                    "give each its own port",
                )
            seen.setdefault(listen, path)


def _keys(root: Draft, accounts: Iterable[Draft], reader: Reader) -> None:
    http = root.get("http")
    admin = http.get("admin_key") if isinstance(http, Draft) else None
    seen: list[tuple[Secret, str]] = [(admin, "http.admin_key")] if admin else []
    for account in accounts:
        for name in ("api_key", "api_key_hash"):
            secret = account.get(name)
            if secret is None:
                continue
            other = next((path for known, path in seen if _same(known, secret)), None)
            if other is not None:
                reader.note(
                    f"{account.path}.{name}",
                    f"the same key as {other}",
                    "give each its own",
                )
            seen.append((secret, f"{account.path}.{name}"))


def _same(one: Secret, other: Secret) -> bool:
    for a, b in ((one, other), (other, one)):
        # Only fast hashes: a check of many accounts must not take Argon2's time for each pair.
        if isinstance(a, SecretHash) and not isinstance(b, SecretHash) and a.reveal().startswith("sha256:"):
            return a.matches(b.reveal())
    return one == other


def _account(account: Draft, reader: Reader) -> None:
    path = account.path
    for plain in ("password", "api_key"):
        if account.get(plain) and account.get(f"{plain}_hash"):
            reader.note(f"{path}.{plain}", f"given beside {plain}_hash", "keep one of them")
    has_password = "password" in account.raw or "password_hash" in account.raw
    if "system_id" in account.raw and not has_password:
        reader.note(
            f"{path}.password",
            "is missing: an account with a system_id needs one",
            "add it, or password_hash",
        )
    if has_password and "system_id" not in account.raw:
        reader.note(
            f"{path}.system_id",
            "is missing: the password has no system_id to go with",
            "add it",
        )
    has_webhook = "webhook" in account.raw
    if "mo" not in account.raw:
        account.values["mo"] = "webhook" if has_webhook else "smpp"
    elif account.get("mo") in ("webhook", "both") and not has_webhook:
        reader.note(
            f"{path}.mo",
            "there is no webhook",
            'add webhook = { url = "https://…", secret = "…" }, or write "smpp"',
        )
    if "burst" not in account.raw and account.get("throughput") is not None:
        account.values["burst"] = account.get("throughput")
    elif account.get("burst") == 0 and account.get("throughput"):
        reader.note(
            f"{path}.burst",
            "must be at least 1 where there is a throughput",
            "leave it out",
        )
    webhook = account.get("webhook")
    if isinstance(webhook, Draft) and not _is_signing_key(webhook.get("secret")):
        reader.note(f"{webhook.path}.secret", "has whsec_ without base64 after it", "copy it whole")


def _is_signing_key(secret: Secret | None) -> bool:
    encoded = "" if secret is None else secret.reveal()
    if not encoded.startswith("whsec_"):
        return True
    encoded = encoded.removeprefix("whsec_")
    try:
        # Standard Webhooks' own libraries drop the padding, so it may be missing.
        return bool(base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True))
    except ValueError:
        return False


def _carrier(carrier: Draft, reader: Reader) -> None:
    password = carrier.get("password")
    if password is not None and len(password.reveal().encode()) > _PASSWORD_OCTETS:
        reader.note(
            f"{carrier.path}.password",
            f"is longer than SMPP's {_PASSWORD_OCTETS} octets",
        )
    for index, place in enumerate(carrier.get("alternates")):
        if place.port == 0:
            reader.note(f"{carrier.path}.alternates[{index}]", "the port must be an integer from 1 to 65535")
    tls = carrier.get("tls")
    if isinstance(tls, Draft):
        if "key" in tls.raw and "cert" not in tls.raw:
            reader.note(f"{tls.path}.key", "given without cert", "add cert")
        if tls.get("verify") is False:
            for name in ("ca", "server_name"):
                if name in tls.raw:
                    reader.note(f"{tls.path}.{name}", "given beside verify = false", "leave one of them out")
        _tls_files(tls, reader)
    _ordered(carrier, "reconnect_min", "reconnect_max", reader)
    _ordered(carrier, "retry_base", "retry_max", reader)


def _server_tls(server: Any, reader: Reader) -> None:
    tls = server.get("tls") if isinstance(server, Draft) else None
    if not isinstance(tls, Draft):
        return
    if tls.raw.get("listen") == []:
        reader.note(f"{tls.path}.listen", "is empty", "name an address, or leave tls out")
    if "client_cert" not in tls.raw and "client_ca" in tls.raw:
        tls.values["client_cert"] = "required"
    elif tls.raw.get("client_cert") in ("optional", "required") and "client_ca" not in tls.raw:
        reader.note(f"{tls.path}.client_ca", "is missing: it verifies the certificates of the clients", "add it")
    elif tls.raw.get("client_cert") == "none" and "client_ca" in tls.raw:
        reader.note(f"{tls.path}.client_ca", 'given beside client_cert = "none"', "leave one of them out")
    _tls_files(tls, reader)


def _tls_files(tls: Draft, reader: Reader) -> None:
    if any(problem.path.startswith(tls.path) for problem in reader.problems):
        return
    try:
        context(tls.build())
    except TlsFileError as error:
        reader.note(f"{tls.path}.{error.key}", str(error))


def _account_tls(account: Draft, smpp: Any, reader: Reader) -> None:
    tls = smpp.get("tls") if isinstance(smpp, Draft) else None
    if account.get("tls_required") and tls is None:
        reader.note(f"{account.path}.tls_required", "there is no smpp.tls", "add it")
    if account.get("tls_subject") is None:
        return
    if tls is None or (isinstance(tls, Draft) and tls.get("client_cert") == "none"):
        reader.note(f"{account.path}.tls_subject", "smpp.tls asks for no client certificates", "add smpp.tls.client_ca")


def _number(number: Draft, known: _Known, reader: Reader) -> None:
    path = number.path
    known.refer("account", number.get("account"), f"{path}.account")
    known.refer("carrier", number.get("carrier"), f"{path}.carrier")
    address, kind = number.get("address"), number.get("kind")
    if address is not None and kind is not None and is_number(address) == (kind == "alphanumeric"):
        better = "alphanumeric" if kind != "alphanumeric" else "short_code"
        reader.note(
            f"{path}.kind",
            f'"{address}" cannot be of kind "{kind}"',
            f'write "{better}"',
        )


def _route(route: Draft, known: _Known, reader: Reader) -> None:
    path = route.path
    known.refer("account", route.get("account"), f"{path}.account")
    if route.get("from_") is not None:
        route.values["from_"] = digits(route.get("from_"))
    prefixes = []
    for index, prefix in enumerate(route.get("to")):
        prefixes.append(digits(prefix))
        if prefixes[-1] and not is_number(prefixes[-1]):
            reader.note(
                f"{path}.to[{index}]",
                f'not supported yet: prefix table "{prefix}"',
                "write the digits",
            )
    if route.get("to"):
        route.values["to"] = tuple(prefixes)
    elif route.raw.get("to") == []:
        reader.note(f"{path}.to", "is empty, so the route matches nothing", 'write [""] for all')
    if route.raw.get("carriers") == []:
        reader.note(f"{path}.carriers", "is empty", "name at least one carrier")
    _unique(route.get("carriers"), "id", reader)
    for share in route.get("carriers"):
        known.send_by(share.get("id"), f"{share.path}.id")
    for index, name in enumerate(route.get("failover")):
        known.send_by(name, f"{path}.failover[{index}]")


def _keywords(keywords: Iterable[Draft], numbers: Iterable[Draft], known: _Known, reader: Reader) -> None:
    owners = {number.get("address"): number for number in numbers}
    seen: dict[tuple[str, str, str], str] = {}
    for keyword in keywords:
        path, number = keyword.path, keyword.get("number")
        if number is not None:
            number = keyword.values["number"] = digits(number)
            known.refer("number", number, f"{path}.number")
        known.refer("account", keyword.get("account"), f"{path}.account")
        owner = owners.get(number)
        if owner is not None and "account" not in owner.raw and "account" not in keyword.raw:
            reader.note(
                f"{path}.account",
                f"is missing: number {number} is shared",
                "name the account",
            )
        if keyword.raw.get("words") == []:
            reader.note(f"{path}.words", "is empty", "name at least one word")
        for index, word in enumerate(keyword.get("words")):
            where, key = (
                f"{path}.words[{index}]",
                (str(number), str(keyword.get("mode")), normalise(word)),
            )
            if not key[2]:
                reader.note(where, f'"{word}" has no letter or digit')
            elif key in seen:
                reader.note(
                    where,
                    f'"{word}" is already in {seen[key]}',
                    "give it to one keyword of this number",
                )
            seen.setdefault(key, f"{path}.words")
        if "id" not in keyword.raw and number is not None and keyword.get("words"):
            keyword.values["id"] = f"{number}/{keyword.get('words')[0]}"
    _unique(keywords, "id", reader)
