"""KubeVirt's subresource verbs, without sockets."""
