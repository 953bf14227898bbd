"""Passkeys (WebAuthn): how a person enrols one, and how it shows later that it is them."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from contracts.approvals.request import DecisionSignature
from contracts.session import Passkey
from memory.authoritative.passkeys import SqlPasskeys

MALFORMED = (WebAuthnException, ValueError, KeyError, TypeError)
"""What the library raises for a browser's answer that is none, or does not verify."""


class PasskeyRefused(PermissionError):
    """A browser's answer opens nothing; the message says why, in words for the person before it."""


@dataclass(frozen=True)
class Site:
    """For whom passkeys are made.

    Attributes:
        origin: scheme, host and port of the console; passkeys are bound to its host.
        name: the office's, as the browser shows it.
    """

    origin: str
    name: str

    @property
    def host(self) -> str:
        """The host alone."""
        return urlsplit(self.origin).hostname or ""


class Passkeys:
    """Asks browsers, and verifies what they answer."""

    def __init__(self, store: SqlPasskeys, site: Site) -> None:
        self._store = store
        self._site = site

    def enrolment(self, person: str, now: datetime) -> str:
        """Return what a browser is asked to make a passkey with, as JSON."""
        known = [PublicKeyCredentialDescriptor(id=base64url_to_bytes(key.id)) for key in self.of(person)]
        options = generate_registration_options(
            rp_id=self._site.host,
            rp_name=self._site.name,
            user_name=person,
            # The same for all passkeys of a person, and no name.
            user_id=hashlib.sha256(f"{self._site.origin}\n{person}".encode()).digest(),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=known,
        )
        self._store.ask(bytes_to_base64url(options.challenge), person, now)
        return options_to_json(options)

    def enrol(self, person: str, answered: str, device: str, now: datetime) -> None:
        """Keep the passkey that a browser made.

        Raises:
            PasskeyRefused: it does not answer what was asked.
        """
        try:
            credential = parse_registration_credential_json(answered)
            made = verify_registration_response(
                credential=credential,
                expected_challenge=self._asked(credential.response.client_data_json, person, now),
                expected_rp_id=self._site.host,
                expected_origin=self._site.origin,
                require_user_verification=True,
            )
        except MALFORMED as refused:
            raise PasskeyRefused(f"this passkey could not be taken: {refused}") from refused
        passkey = Passkey(
            id=bytes_to_base64url(made.credential_id),
            person=person,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            device=device,
            made_at=now,
        )
        self._store.add(passkey)

    def question(self, now: datetime) -> str:
        """Return what a browser is asked to sign in with, whoever is before it, as JSON."""
        options = generate_authentication_options(
            rp_id=self._site.host, user_verification=UserVerificationRequirement.REQUIRED
        )
        self._store.ask(bytes_to_base64url(options.challenge), "", now)
        return options_to_json(options)

    def verified(self, answered: str, now: datetime) -> str:
        """Return the person whose passkey a browser answered with.

        Raises:
            PasskeyRefused: it is nobody's, or does not answer what was asked.
        """
        try:
            credential = parse_authentication_credential_json(answered)
            challenge = self._asked(credential.response.client_data_json, "", now)
            known = self._store.find(bytes_to_base64url(credential.raw_id))
            if known is None:
                raise PasskeyRefused("nobody here has this passkey")
            verified = verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._site.host,
                expected_origin=self._site.origin,
                credential_public_key=known.public_key,
                credential_current_sign_count=known.sign_count,
                require_user_verification=True,
            )
        except MALFORMED as refused:
            raise PasskeyRefused(f"this passkey could not be verified: {refused}") from refused
        self._store.used(known.id, verified.new_sign_count, now)
        return known.person

    def decision(self, person: str, challenge: bytes, now: datetime) -> str:
        """Return what a browser is asked to sign a decision with, as JSON.

        Args:
            person: one of whose passkeys shall sign.
            challenge: what it shall sign.
            now: the moment.
        """
        known = [PublicKeyCredentialDescriptor(id=base64url_to_bytes(key.id)) for key in self.of(person)]
        options = generate_authentication_options(
            rp_id=self._site.host,
            challenge=challenge,
            allow_credentials=known,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        self._store.ask(bytes_to_base64url(challenge), person, now)
        return options_to_json(options)

    def signed(self, person: str, answered: str, challenge: bytes, now: datetime) -> DecisionSignature:
        """Return the signature of a decision that a browser answered with.

        Raises:
            PasskeyRefused: it is another person's, of something else, or was not asked for.
        """
        try:
            credential = parse_authentication_credential_json(answered)
            known = self._store.find(bytes_to_base64url(credential.raw_id))
            if known is None or known.person != person:
                raise PasskeyRefused("this passkey is not yours")
            if self._asked(credential.response.client_data_json, person, now) != challenge:
                raise PasskeyRefused("it signs another decision: answer again")
            verified = verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._site.host,
                expected_origin=self._site.origin,
                credential_public_key=known.public_key,
                credential_current_sign_count=known.sign_count,
                require_user_verification=True,
            )
        except MALFORMED as refused:
            raise PasskeyRefused(f"this signature could not be verified: {refused}") from refused
        self._store.used(known.id, verified.new_sign_count, now)
        return DecisionSignature(
            credential=known.id,
            public_key=bytes_to_base64url(known.public_key),
            authenticator_data=bytes_to_base64url(credential.response.authenticator_data),
            client_data=bytes_to_base64url(credential.response.client_data_json),
            signature=bytes_to_base64url(credential.response.signature),
            origin=self._site.origin,
        )

    def of(self, person: str) -> list[Passkey]:
        """Return a person's passkeys, the oldest first."""
        return self._store.of(person)

    def remove(self, person: str, passkey_id: str, now: datetime) -> None:
        """Let a passkey of a person's own open nothing any more."""
        self._store.remove(person, passkey_id, now)

    def _asked(self, client_data: bytes, person: str, now: datetime) -> bytes:
        """Return the challenge that a browser says it answers, if it was asked and not answered yet."""
        challenge = parse_client_data_json(client_data).challenge
        if not self._store.answered(bytes_to_base64url(challenge), person, now):
            raise PasskeyRefused("it answers nothing that was asked: try again")
        return challenge
