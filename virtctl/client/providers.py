"""Legacy ``auth-provider`` entries (oidc, gcp, azure), left to the official client's code.

Plugins replaced them in Kubernetes 1.26, so the 150 ms that this import costs are rarely paid.
"""

from __future__ import annotations

from pathlib import Path

from virtctl.client.kubeconfig import Target
from virtctl.errors import ConfigError
from virtctl.models.documents import Document, child, objects, text

_AUTHORITIES = ("idp-certificate-authority", "idp-certificate-authority-data")
_TOKENS = ("id-token", "refresh-token", "access-token", "expiry")
_HINT = "log in again with your provider's tool, or use an exec plugin"


def provider_token(target: Target) -> str:
    """A bearer token of ``target.provider``. Raises ``ConfigError`` when there is none."""
    provider = target.provider or {}
    name = text(provider, "name")
    config = dict(child(provider, "config"))
    held = text(config, "id-token") or text(config, "access-token")
    from kubernetes.config.config_exception import ConfigException
    from kubernetes.config.kube_config import KubeConfigLoader

    document = _document(target, {**provider, "config": _verified(config)})
    try:
        loader = KubeConfigLoader(document)  # type: ignore[no-untyped-call]
        loader._load_auth_provider_token()  # type: ignore[no-untyped-call]  # noqa: SLF001 - the only way to it
        token = str(getattr(loader, "token", "") or "")
    except Exception as error:
        # its libraries for HTTP and OAuth have a dozen families of errors
        if not isinstance(error, ConfigException) and "oauth" in type(error).__module__:
            error = ConfigException(f"the identity provider refused to renew it: {error}")
        raise ConfigError(f"auth-provider `{name}` gave no token: {error}", _HINT) from error
    token = token.removeprefix("Bearer ").strip() or held
    if not token:
        raise ConfigError(f"auth-provider `{name}` gave no token", _HINT)
    _keep(target, config, document)
    return token


def _document(target: Target, provider: Document) -> Document:
    """A kubeconfig with nothing but this user."""
    return {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": target.server}}],
        "users": [{"name": "u", "user": {"auth-provider": provider}}],
    }


def _verified(config: Document) -> Document:
    """``config`` with a CA: without one the package would not check the provider at all."""
    if any(config.get(key) for key in _AUTHORITIES):
        return dict(config)
    import ssl

    found = ssl.get_default_verify_paths()
    return {**config, "idp-certificate-authority": found.cafile or found.openssl_cafile}


def _keep(target: Target, before: Document, document: Document) -> None:
    """Write renewed tokens back: a provider may take a refresh token only once."""
    user = next(objects(document, "users"))
    after = child(user, "user", "auth-provider", "config")
    fresh = {key: after[key] for key in _TOKENS if after.get(key) != before.get(key)}
    if fresh and target.user_file:
        from virtctl.client.kubeconfig_files import keep_provider

        keep_provider(Path(target.user_file), target.user, {**before, **fresh})
