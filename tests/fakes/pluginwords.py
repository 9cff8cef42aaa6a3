"""What programs say when they fail; tests with the real ones hold these words to be theirs."""

NO_VLANS = "failed to setup vlan tag on interface"
NO_ADDRESSES = "no IP addresses available in range set"
NO_PLUGIN = "the CNI plugin `nosuch` is in none of /opt/cni/bin, /usr/lib/cni, /usr/libexec/cni"
NO_FILTER = "does not filter VLANs"
OVERLAY_FULL = "has no free one left"
NO_GATEWAY = "there is no default gateway any more"
