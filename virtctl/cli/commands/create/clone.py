"""``create clone``: a VirtualMachineClone from flags, printed or sent."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.making import Apply, MadeOutput, finish, suffix
from virtctl.cli.options import Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.manifests.clone import Wish, build

Texts = list[str]


def run(
    session: Session,
    *,
    name: Annotated[str, Option("--name", help="Name; a random one by default.")] = "",
    source_name: Annotated[
        str, Option("--source-name", help="What is cloned.", required=True, complete="vm")
    ] = "",
    source_type: Annotated[
        str, Option("--source-type", help="Type of the source: vm or vmsnapshot (vm).")
    ] = "",
    target_name: Annotated[
        str, Option("--target-name", help="Name of the new machine; the server chooses otherwise.")
    ] = "",
    target_type: Annotated[str, Option("--target-type", help="Type of the target: vm (vm).")] = "",
    label_filter: Annotated[
        Texts, Option("--label-filter", help="Labels to take along, as in `*` or `!app/*`.")
    ] = [],  # noqa: B006 - never changed
    annotation_filter: Annotated[
        Texts, Option("--annotation-filter", help="Annotations to take along.")
    ] = [],  # noqa: B006 - never changed
    template_label_filter: Annotated[
        Texts, Option("--template-label-filter", help="Labels of the template to take along.")
    ] = [],  # noqa: B006 - never changed
    template_annotation_filter: Annotated[
        Texts,
        Option("--template-annotation-filter", help="Annotations of the template to take along."),
    ] = [],  # noqa: B006 - never changed
    new_mac_address: Annotated[
        Texts,
        Option(
            "--new-mac-address",
            help="New address of an interface, with dashes: eth0:02-00-5e-00-53-01.",
            metavar="INTERFACE:MAC",
        ),
    ] = [],  # noqa: B006 - never changed
    new_smbios_serial: Annotated[
        str, Option("--new-smbios-serial", help="New serial number of the machine.")
    ] = "",
    apply: Apply = False,
    output: MadeOutput = "yaml",
) -> Outcome:
    """Print a VirtualMachineClone made from flags; with --apply, create it."""
    wish = Wish(
        source=source_name,
        name=name,
        namespace=session.given_namespace,
        source_type=source_type,
        target=target_name,
        target_type=target_type,
        labels=label_filter,
        annotations=annotation_filter,
        template_labels=template_label_filter,
        template_annotations=template_annotation_filter,
        mac_addresses=new_mac_address,
        serial=new_smbios_serial,
    )
    return finish(session, build(wish, lambda: suffix(session)), output, apply=apply)
