"""Field numbers of the messages that kubectl sends as protobuf, from the public API definitions.

A field is spelled ``name type``: the type is a message of this table, ``bytes``, ``int``, ``bool``
or, by default, a string; ``[]`` marks lists, ``map`` and ``map:bytes`` string-keyed maps, and ``?``
a field whose zero value counts (a pointer in Go).
"""

from __future__ import annotations

from virtctl.wire import podfields

_PLAIN_REVIEW = {1: "metadata ObjectMeta"}

MESSAGES: dict[str, dict[int, str]] = {
    **podfields.MESSAGES,
    "ObjectMeta": {
        1: "name", 2: "generateName", 3: "namespace", 5: "uid", 6: "resourceVersion",
        7: "generation int", 8: "creationTimestamp Time", 9: "deletionTimestamp Time",
        10: "deletionGracePeriodSeconds int?", 11: "labels map", 12: "annotations map",
        13: "ownerReferences []OwnerReference", 14: "finalizers []",
    },
    "OwnerReference": {
        1: "kind", 3: "name", 4: "uid", 5: "apiVersion", 6: "controller bool?",
        7: "blockOwnerDeletion bool?",
    },
    "Namespace": {1: "metadata ObjectMeta", 2: "spec NamespaceSpec", 3: "status NamespaceStatus"},
    "NamespaceSpec": {1: "finalizers []"},
    "NamespaceStatus": {1: "phase"},
    "Secret": {
        1: "metadata ObjectMeta", 2: "data map:bytes", 3: "type", 4: "stringData map",
        5: "immutable bool?",
    },
    "ConfigMap": {
        1: "metadata ObjectMeta", 2: "data map", 3: "binaryData map:bytes", 4: "immutable bool?",
    },
    "ServiceAccount": {
        1: "metadata ObjectMeta", 2: "secrets []ObjectReference",
        3: "imagePullSecrets []LocalObjectReference", 4: "automountServiceAccountToken bool?",
    },
    "ObjectReference": {
        1: "kind", 2: "namespace", 3: "name", 4: "uid", 5: "apiVersion", 6: "resourceVersion",
        7: "fieldPath",
    },
    "LocalObjectReference": {1: "name"},
    "Service": {1: "metadata ObjectMeta", 2: "spec ServiceSpec"},
    "ServiceSpec": {
        1: "ports []ServicePort", 2: "selector map", 3: "clusterIP", 4: "type", 5: "externalIPs []",
        7: "sessionAffinity", 8: "loadBalancerIP", 9: "loadBalancerSourceRanges []",
        10: "externalName", 11: "externalTrafficPolicy", 12: "healthCheckNodePort int",
        13: "publishNotReadyAddresses bool", 17: "ipFamilyPolicy", 18: "clusterIPs []",
        19: "ipFamilies []", 20: "allocateLoadBalancerNodePorts bool?", 21: "loadBalancerClass",
        22: "internalTrafficPolicy",
    },
    "ServicePort": {
        1: "name", 2: "protocol", 3: "port int", 4: "targetPort IntOrString", 5: "nodePort int",
        6: "appProtocol",
    },
    "ResourceQuota": {1: "metadata ObjectMeta", 2: "spec ResourceQuotaSpec"},
    "ResourceQuotaSpec": {1: "hard map:Quantity", 2: "scopes []", 3: "scopeSelector ScopeSelector"},
    "ScopeSelector": {1: "matchExpressions []ScopeExpression"},
    "ScopeExpression": {1: "scopeName", 2: "operator", 3: "values []"},
    "PriorityClass": {
        1: "metadata ObjectMeta", 2: "value int?", 3: "globalDefault bool", 4: "description",
        5: "preemptionPolicy",
    },
    "PodDisruptionBudget": {1: "metadata ObjectMeta", 2: "spec PodDisruptionBudgetSpec"},
    "PodDisruptionBudgetSpec": {
        1: "minAvailable IntOrString?", 2: "selector LabelSelector",
        3: "maxUnavailable IntOrString?", 4: "unhealthyPodEvictionPolicy",
    },
    "LabelSelector": {1: "matchLabels map", 2: "matchExpressions []LabelExpression"},
    "LabelExpression": {1: "key", 2: "operator", 3: "values []"},
    "TokenRequest": {1: "metadata ObjectMeta", 2: "spec TokenRequestSpec"},
    "TokenRequestSpec": {
        1: "audiences []", 3: "boundObjectRef BoundObjectReference", 4: "expirationSeconds int?",
    },
    "BoundObjectReference": {1: "kind", 2: "apiVersion", 3: "name", 4: "uid"},
    "Role": {1: "metadata ObjectMeta", 2: "rules []PolicyRule"},
    "ClusterRole": {1: "metadata ObjectMeta", 2: "rules []PolicyRule"},
    "PolicyRule": {
        1: "verbs []", 2: "apiGroups []", 3: "resources []", 4: "resourceNames []",
        5: "nonResourceURLs []",
    },
    "RoleBinding": {1: "metadata ObjectMeta", 2: "subjects []Subject", 3: "roleRef RoleRef"},
    "ClusterRoleBinding": {1: "metadata ObjectMeta", 2: "subjects []Subject", 3: "roleRef RoleRef"},
    "Subject": {1: "kind", 2: "apiGroup", 3: "name", 4: "namespace"},
    "RoleRef": {1: "apiGroup", 2: "kind", 3: "name"},
    "SelfSubjectAccessReview": {**_PLAIN_REVIEW, 2: "spec AccessReviewSpec"},
    "SubjectAccessReview": {**_PLAIN_REVIEW, 2: "spec AccessReviewSpec"},
    "AccessReviewSpec": {
        1: "resourceAttributes ResourceAttributes",
        2: "nonResourceAttributes NonResourceAttributes", 3: "user", 4: "groups []", 6: "uid",
    },
    "ResourceAttributes": {
        1: "namespace", 2: "verb", 3: "group", 4: "version", 5: "resource", 6: "subresource",
        7: "name",
    },
    "NonResourceAttributes": {1: "path", 2: "verb"},
    "SelfSubjectRulesReview": {**_PLAIN_REVIEW, 2: "spec RulesReviewSpec"},
    "RulesReviewSpec": {1: "namespace"},
    "SelfSubjectReview": _PLAIN_REVIEW,
    "TokenReview": {**_PLAIN_REVIEW, 2: "spec TokenReviewSpec"},
    "TokenReviewSpec": {1: "token", 2: "audiences []"},
    "Eviction": {**_PLAIN_REVIEW, 2: "deleteOptions DeleteOptions"},
    "DeleteOptions": {
        1: "gracePeriodSeconds int?", 2: "preconditions Preconditions", 3: "orphanDependents bool?",
        4: "propagationPolicy", 5: "dryRun []",
    },
    "Preconditions": {1: "uid", 2: "resourceVersion"},
}  # fmt: skip
