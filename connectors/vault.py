"""Secret values from HashiCorp Vault's KV engine, version 2."""

import httpx
from pydantic import SecretStr

from connectors.secrets import SecretsUnavailable

TIMEOUT_SECONDS = 5.0
_NOT_FOUND = 404
_OK = 200


class VaultSecrets:
    """`vendure.password` is the field `password` of the secret `PREFIX/vendure`.

    A name without a dot is the field `value` of a secret of that name.
    """

    waits = True

    def __init__(
        self,
        address: str,
        token: SecretStr,
        *,
        mount: str = "secret",
        prefix: str = "kontor",
        namespace: str = "",
    ) -> None:
        """Keep where Vault is; nothing is read before it is asked for.

        Args:
            address: for instance `https://vault.example:8200`.
            token: a Vault token that may read under the prefix.
            mount: where the KV version 2 engine is mounted.
            prefix: the folder under the mount, empty for none.
            namespace: a Vault Enterprise namespace, empty for none.
        """
        self._address = address.rstrip("/")
        self._token = token
        self._namespace = namespace
        self._folder = "/".join(filter(None, (mount.strip("/"), "data", prefix.strip("/"))))

    def read(self, name: str) -> str:
        """Return the value; it is asked for each time, so that a rotation is seen at once.

        Raises:
            KeyError: Vault has no such secret or field.
            SecretsUnavailable: Vault does not answer, is sealed, or refuses the token.
        """
        folder, dot, field = name.rpartition(".")
        path = f"{self._folder}/{(folder if dot else name).replace('.', '/')}"
        field = field if dot else "value"
        data = self._get(path)
        value = data.get(field)
        if not isinstance(value, str) or not value:
            raise KeyError(f"no secret {name}: Vault has no field {field} in {path}")
        return value

    def _get(self, path: str) -> dict[str, object]:
        headers = {"X-Vault-Token": self._token.get_secret_value()}
        if self._namespace:
            headers["X-Vault-Namespace"] = self._namespace
        try:
            with httpx.Client(timeout=TIMEOUT_SECONDS) as client:
                response = client.get(f"{self._address}/v1/{path}", headers=headers)
            status = response.status_code
            body = response.json() if status == _OK else None
        except (httpx.HTTPError, ValueError) as error:
            # Said anew below: the exception holds the request, and the request holds the token.
            failure = type(error).__name__
        else:
            if status == _NOT_FOUND:
                return {}
            if status == _OK and isinstance(body, dict):
                data = body.get("data")
                found = data.get("data") if isinstance(data, dict) else None
                return found if isinstance(found, dict) else {}
            failure = f"status {status}"
        raise SecretsUnavailable(f"Vault at {self._address} did not give {path}: {failure}")

    def __repr__(self) -> str:
        return f"VaultSecrets({self._address!r})"
