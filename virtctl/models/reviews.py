"""Reviews and token requests: what is asked and answered, and never stored."""

from __future__ import annotations

import msgspec

from virtctl.models.base import Int64, Model, Time
from virtctl.models.meta import ObjectMeta


class _Review(Model, frozen=True):
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None


class SelectorRequirement(Model, frozen=True):
    """One condition of a selector."""

    key: str = ""
    operator: str = ""
    values: tuple[str, ...] = ()


class SelectorAttributes(Model, frozen=True):
    """The selector of a list: as it is written, or as conditions."""

    raw_selector: str = ""
    requirements: tuple[SelectorRequirement, ...] = ()


class ResourceAttributes(Model, frozen=True):
    """A request to a resource."""

    field_selector: SelectorAttributes | None = None
    group: str = ""
    label_selector: SelectorAttributes | None = None
    name: str = ""
    namespace: str = ""
    resource: str = ""
    subresource: str = ""
    verb: str = ""
    version: str = ""


class NonResourceAttributes(Model, frozen=True):
    """A request to a path that is no resource."""

    path: str = ""
    verb: str = ""


class SubjectAccessReviewStatus(Model, frozen=True):
    """Whether it is allowed, and by what."""

    allowed: bool = False
    denied: bool = False
    evaluation_error: str = ""
    reason: str = ""


class SelfSubjectAccessReviewSpec(Model, frozen=True):
    """What the caller wants to do."""

    non_resource_attributes: NonResourceAttributes | None = None
    resource_attributes: ResourceAttributes | None = None


class SelfSubjectAccessReview(_Review, frozen=True):
    """Whether the caller may do something."""

    spec: SelfSubjectAccessReviewSpec | None = None
    status: SubjectAccessReviewStatus | None = None


class SubjectAccessReviewSpec(Model, frozen=True):
    """Who wants to do what."""

    extra: dict[str, tuple[str, ...]] = {}
    groups: tuple[str, ...] = ()
    non_resource_attributes: NonResourceAttributes | None = None
    resource_attributes: ResourceAttributes | None = None
    uid: str = ""
    user: str = ""


class SubjectAccessReview(_Review, frozen=True):
    """Whether somebody may do something."""

    spec: SubjectAccessReviewSpec | None = None
    status: SubjectAccessReviewStatus | None = None


class LocalSubjectAccessReview(_Review, frozen=True):
    """Whether somebody may do something in one namespace."""

    spec: SubjectAccessReviewSpec | None = None
    status: SubjectAccessReviewStatus | None = None


class SelfSubjectRulesReviewSpec(Model, frozen=True):
    """The namespace that is meant."""

    namespace: str = ""


class ResourceRule(Model, frozen=True):
    """What may be done to what."""

    verbs: tuple[str, ...] = ()
    api_groups: tuple[str, ...] = ()
    resource_names: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()


class NonResourceRule(Model, frozen=True):
    """What may be done at which paths."""

    verbs: tuple[str, ...] = ()
    non_resource_urls: tuple[str, ...] = msgspec.field(name="nonResourceURLs", default=())


class SubjectRulesReviewStatus(Model, frozen=True):
    """All that is allowed, as far as that can be said."""

    evaluation_error: str = ""
    incomplete: bool = False
    non_resource_rules: tuple[NonResourceRule, ...] = ()
    resource_rules: tuple[ResourceRule, ...] = ()


class SelfSubjectRulesReview(_Review, frozen=True):
    """All that the caller may do in a namespace."""

    spec: SelfSubjectRulesReviewSpec | None = None
    status: SubjectRulesReviewStatus | None = None


class UserInfo(Model, frozen=True):
    """Who somebody is."""

    extra: dict[str, tuple[str, ...]] = {}
    groups: tuple[str, ...] = ()
    uid: str = ""
    username: str = ""


class SelfSubjectReviewStatus(Model, frozen=True):
    """Who the caller is."""

    user_info: UserInfo | None = None


class SelfSubjectReview(_Review, frozen=True):
    """Who the caller is, as the API server sees him."""

    status: SelfSubjectReviewStatus | None = None


class TokenReviewSpec(Model, frozen=True):
    """A token, and for whom it should be."""

    audiences: tuple[str, ...] = ()
    token: str = ""


class TokenReviewStatus(Model, frozen=True):
    """Whose the token is, or why it is no good."""

    audiences: tuple[str, ...] = ()
    authenticated: bool = False
    error: str = ""
    user: UserInfo | None = None


class TokenReview(_Review, frozen=True):
    """Whether a token is good, and whose it is."""

    spec: TokenReviewSpec | None = None
    status: TokenReviewStatus | None = None


class BoundObjectReference(Model, frozen=True):
    """The object without which a token is no good."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""


class TokenRequestSpec(Model, frozen=True):
    """What token is wanted: for whom, for how many seconds, and bound to what."""

    audiences: tuple[str, ...] = ()
    bound_object_ref: BoundObjectReference | None = None
    expiration_seconds: Int64 | None = None


class TokenRequestStatus(Model, frozen=True):
    """The token, and when it expires."""

    expiration_timestamp: Time | None = None
    token: str = ""


class TokenRequest(_Review, frozen=True):
    """A request for a token of a service account."""

    spec: TokenRequestSpec | None = None
    status: TokenRequestStatus | None = None
