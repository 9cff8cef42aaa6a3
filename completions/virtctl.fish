# fish completion for virtctl: put it in ~/.config/fish/completions/virtctl.fish
function __virtctl_words
    switch "$argv[1]"
        case ''
            printf '%s\n' \
                'apply'\t'Create or change objects from files.' \
                'get'\t'Show objects.' \
                'delete'\t'Delete objects.' \
                'create'\t'Make manifests from flags.' \
                'template'\t'Machines with parameters.' \
                'expand'\t'Print a machine with its instancetype worked in.' \
                'objectgraph'\t'Print what a machine depends on.' \
                'expose'\t'Make a Service that leads to a machine.' \
                'validate'\t'Check manifests without a cluster.' \
                'why'\t'Say why a machine does not run, and what may help.' \
                'wait'\t'Wait until virtual machines reach a state.' \
                'start'\t'Start virtual machines.' \
                'stop'\t'Stop virtual machines.' \
                'restart'\t'Restart virtual machines.' \
                'pause'\t'Freeze a running machine.' \
                'unpause'\t'Let a frozen machine go on.' \
                'soft-reboot'\t'Ask the guest to reboot itself.' \
                'reset'\t'Press the reset button of a running machine.' \
                'migrate'\t'Move running machines to another node.' \
                'migrate-cancel'\t'Stop a migration under way.' \
                'evacuate-cancel'\t'Keep a machine on its node.' \
                'addvolume'\t'Plug a volume into a running machine.' \
                'removevolume'\t'Take a volume out of a machine.' \
                'vmexport'\t'Export disks or manifests of a machine.' \
                'memory-dump'\t'Dump a machine\'s memory into a claim.' \
                'image-upload'\t'Upload a disk image into the cluster.' \
                'guestfs'\t'Look into a claim with libguestfs.' \
                'console'\t'Connect to the serial console.' \
                'logs'\t'Print what the serial console showed.' \
                'exec'\t'Run a program in the guest by its agent.' \
                'ssh'\t'Log in over SSH.' \
                'scp'\t'Copy files over SSH.' \
                'ssh-config'\t'Print or write machines as hosts of ssh.' \
                'inventory'\t'Print machines as an Ansible inventory.' \
                'port-forward'\t'Forward local ports to a machine.' \
                'vnc'\t'Show the screen.' \
                'usbredir'\t'Give a machine a USB device.' \
                'get-ip'\t'Print addresses: where to reach it, and inside the guest.' \
                'guestosinfo'\t'Print what the guest agent says of its system.' \
                'fslist'\t'List the guest\'s file systems.' \
                'userlist'\t'List the users logged in to the guest.' \
                'credentials'\t'Keys and passwords of users inside the guest.' \
                'net'\t'Networks of machines and of nodes.' \
                'image'\t'Images of the local store.' \
                'local'\t'A KubeVirt that fits on this machine.' \
                'permitted-devices'\t'List devices machines may have.' \
                'adm'\t'What an administrator of KubeVirt may do.' \
                'version'\t'Print the versions of client and server.' \
                'completion'\t'Print a completion script for a shell.'
        case 'adm'
            printf '%s\n' \
                'log-verbosity'\t'Show or set how much is logged.'
        case 'create'
            printf '%s\n' \
                'vm'\t'Make a machine from flags.' \
                'clone'\t'Make a clone of a machine.' \
                'instancetype'\t'Make an instancetype.' \
                'preference'\t'Make a preference.'
        case 'credentials'
            printf '%s\n' \
                'add-ssh-key'\t'Let a user in by a key.' \
                'remove-ssh-key'\t'Take a key away.' \
                'set-password'\t'Set a password.'
        case 'image'
            printf '%s\n' \
                'list'\t'List images of the local store.' \
                'import'\t'Bring an image into the local store.' \
                'build'\t'Build an image out of distribution packages.' \
                'pack'\t'Make a containerDisk out of a disk.' \
                'prune'\t'Remove images that nothing uses.' \
                'rm'\t'Remove images from the local store.'
        case 'local'
            printf '%s\n' \
                'up'\t'Start the control plane on this machine.' \
                'down'\t'Stop it, or remove it with all it made.' \
                'status'\t'Show components, nodes and host changes.' \
                'logs'\t'Print logs of a component or a machine.' \
                'kubeconfig'\t'Print or merge the kubeconfig.' \
                'backup'\t'Save objects and credentials to a file.' \
                'restore'\t'Put a backup in place.' \
                'doctor'\t'Find what would keep it from working.' \
                'render'\t'Print what a manifest would be turned into.'
        case 'net'
            printf '%s\n' \
                'list'\t'Show networks beside the pod network.' \
                'show'\t'Show one network, and who is on it.' \
                'create'\t'Make manifests from flags.' \
                'attach'\t'Give a machine a NIC on a network.' \
                'detach'\t'Take a NIC from a machine.' \
                'capture'\t'Write what passes a hop as pcap.' \
                'policy' \
                'explain'\t'Show the way of a machine\'s frames.' \
                'check'\t'Name the first hop of a network that fails.'
        case 'net create'
            printf '%s\n' \
                'lan'\t'Make a network of the nodes\' LAN.' \
                'vlan'\t'Make a network of one VLAN.' \
                'isolated'\t'Make one without uplink.' \
                'ovn'\t'Make a network of OVN.'
        case 'net policy'
            printf '%s\n' \
                'apply'\t'Apply policies, wait for nodes.' \
                'diff'\t'Show what a policy would change.' \
                'why'\t'Say why a policy failed.' \
                'rollback'\t'Wish what was before.'
        case 'template'
            printf '%s\n' \
                'create'\t'Make a template of a machine.' \
                'list'\t'Show the templates there are.' \
                'process'\t'Make a machine of a template.' \
                'convert'\t'Convert an OpenShift template.'
        case 'vnc'
            printf '%s\n' \
                'screenshot'\t'Save a picture of the screen.'
    end
end
function __virtctl_flags
    switch "$argv[1]"
        case ''
            true
        case 'addvolume'
            printf '%s\n' \
                '--volume-name'\t'Volume: a DataVolume or claim.' \
                '--disk-name'\t'Name of the disk in the machine; the volume\'s by default.' \
                '--disk-type'\t'disk or lun.' \
                '--bus'\t'scsi or virtio; a lun takes scsi only.' \
                '--serial'\t'Serial number that the guest sees; the name by default.' \
                '--cache'\t'none, writethrough or writeback.' \
                '--dry-run'\t'Let the server check the request without doing it.'
        case 'adm'
            true
        case 'adm log-verbosity'
            printf '%s\n' \
                '--virt-api'\t'Show the verbosity of virt-api, or set it with =0 to =9.' \
                '--virt-controller'\t'Show the verbosity of virt-controller, or set it with =0 to =9.' \
                '--virt-handler'\t'Show the verbosity of virt-handler, or set it with =0 to =9.' \
                '--virt-launcher'\t'Show the verbosity of virt-launcher, or set it with =0 to =9.' \
                '--virt-operator'\t'Show the verbosity of virt-operator, or set it with =0 to =9.' \
                '--all'\t'Show the verbosity of all components, or set it with =0 to =9.' \
                '--reset'\t'Back to the default verbosity.' \
                '--output'\t'json or yaml, for showing.'
        case 'apply'
            printf '%s\n' \
                '--filename'\t'File, directory, or `-` for stdin.' \
                '--recursive'\t'Look into directories below.' \
                '--force-conflicts'\t'Take over fields that somebody else manages.' \
                '--validate'\t'What to do about unknown fields: strict, warn or ignore.' \
                '--dry-run'\t'Ask the server without changing anything, or do not even ask.' \
                '--wait'\t'Wait until ready, ip, agent, ssh, cloud-init or stopped.' \
                '--timeout'\t'How long to wait, as in `90s` or `5m`.' \
                '--output'\t'json, yaml or name.'
        case 'completion'
            printf '%s\n' \
                '--no-descriptions'\t'Offer names without descriptions.'
        case 'console'
            printf '%s\n' \
                '--timeout'\t'How long to wait for the machine: minutes, or as in `90s`; 0 tries once.' \
                '--escape'\t'Key that ends the session, as in `^]` or `^x`.' \
                '--wait-for'\t'Only listen until the console shows this, within --timeout.'
        case 'create'
            true
        case 'create clone'
            printf '%s\n' \
                '--name'\t'Name; a random one by default.' \
                '--source-name'\t'What is cloned.' \
                '--source-type'\t'Type of the source: vm or vmsnapshot (vm).' \
                '--target-name'\t'Name of the new machine; the server chooses otherwise.' \
                '--target-type'\t'Type of the target: vm (vm).' \
                '--label-filter'\t'Labels to take along, as in `*` or `!app/*`.' \
                '--annotation-filter'\t'Annotations to take along.' \
                '--template-label-filter'\t'Labels of the template to take along.' \
                '--template-annotation-filter'\t'Annotations of the template to take along.' \
                '--new-mac-address'\t'New address of an interface, with dashes: eth0:02-00-5e-00-53-01.' \
                '--new-smbios-serial'\t'New serial number of the machine.' \
                '--apply'\t'Create it in the cluster instead of printing it.' \
                '--output'\t'json or yaml.'
        case 'create instancetype'
            printf '%s\n' \
                '--name'\t'Name; a random one by default.' \
                '--cpu'\t'Virtual CPUs of the guest.' \
                '--memory'\t'Memory of the guest.' \
                '--namespaced'\t'Make it for one namespace, not for the cluster.' \
                '--gpu'\t'name:N,devicename:RESOURCE.' \
                '--hostdevice'\t'name:N,devicename:RESOURCE.' \
                '--iothreadspolicy'\t'I/O threads of disks: auto or shared.' \
                '--apply'\t'Create it in the cluster instead of printing it.' \
                '--output'\t'json or yaml.'
        case 'create preference'
            printf '%s\n' \
                '--name'\t'Name; a random one by default.' \
                '--namespaced'\t'Make it for one namespace, not for the cluster.' \
                '--cpu-topology'\t'How virtual CPUs are shown: sockets, cores, threads, spread, any.' \
                '--machine-type'\t'Machine type, as in `q35`.' \
                '--volume-storage-class'\t'Storage class of volumes that name none.' \
                '--apply'\t'Create it in the cluster instead of printing it.' \
                '--output'\t'json or yaml.'
        case 'create vm'
            printf '%s\n' \
                '--name'\t'Name; a random one by default.' \
                '--run-strategy'\t'Always, Manual, Halted, Once or RerunOnFailure.' \
                '--termination-grace-period'\t'Seconds the guest gets to shut down.' \
                '--memory'\t'Guest memory (512Mi).' \
                '--instancetype'\t'[KIND/]NAME of an instancetype.' \
                '--infer-instancetype'\t'Infer the instancetype from the boot volume.' \
                '--infer-instancetype-from'\t'Volume to infer it from.' \
                '--preference'\t'[KIND/]NAME of a preference.' \
                '--infer-preference'\t'Infer the preference from the boot volume.' \
                '--infer-preference-from'\t'Volume to infer it from.' \
                '--volume-containerdisk'\t'src:IMAGE,name:N,bootorder:N.' \
                '--volume-pvc'\t'src:CLAIM,name:N,bootorder:N.' \
                '--volume-import'\t'type:T,size:Q,name:N,bootorder:N and what the type takes; types are blank, gcs, http, imageio, pvc, registry, s3, vddk, snapshot and ds.' \
                '--volume-sysprep'\t'src:NAME,type:configmap|secret.' \
                '--image'\t'Boot from a file (uploaded with --apply), a URL, or an image of a registry or of the local store; the first two and, with --size, all are copied to a disk that stays.' \
                '--size'\t'Size of the disk that --image is copied to.' \
                '--network'\t'Network besides the pod network: [NAMESPACE/]NAME[:BINDING][,mac:M][,model:M]; bindings are bridge (the default), masquerade, sriov and passt.' \
                '--lan'\t'Bridge it to the network `lan`, or another.' \
                '--no-pod-network'\t'Leave out the pod network.' \
                '--ip'\t'Fixed address, by cloud-init: [NETWORK=]ADDRESS/PREFIX[,gateway:A][,dns:A;B]; of the last network unless one is named.' \
                '--user'\t'User that cloud-init makes.' \
                '--password-file'\t'File with the user\'s password.' \
                '--ssh-key'\t'Public keys, comma-separated.' \
                '--ga-manage-ssh'\t'Let the guest agent manage SSH keys (SELinux).' \
                '--access-cred'\t'type:ssh|password,src:SECRET,method:ga|nocloud|configdrive,user:U.' \
                '--cloud-init'\t'nocloud, configdrive or none (nocloud).' \
                '--cloud-init-user-data'\t'User data in base64.' \
                '--user-data'\t'File of user data, or `-` for stdin.' \
                '--cloud-init-network-data'\t'Network data in base64.' \
                '--apply'\t'Create it in the cluster instead of printing it.' \
                '--wait'\t'Wait until ready, ip, agent, ssh, cloud-init or stopped.' \
                '--timeout'\t'How long to wait, as in `90s` or `5m`.' \
                '--output'\t'json or yaml.'
        case 'credentials'
            true
        case 'credentials add-ssh-key'
            printf '%s\n' \
                '--user'\t'User inside the guest.' \
                '--file'\t'File with the public key.' \
                '--value'\t'The public key itself.' \
                '--secret'\t'Secret to change, when there are several.' \
                '--create-secret'\t'Put it into a new secret.' \
                '--update-secret'\t'Put it into one assigned.' \
                '--force'\t'Do it though the machine runs, or does not own the secret.'
        case 'credentials remove-ssh-key'
            printf '%s\n' \
                '--user'\t'User inside the guest.' \
                '--file'\t'File with the public key.' \
                '--value'\t'The public key itself.' \
                '--secret'\t'Secret to change, when there are several.' \
                '--force'\t'Do it though the machine runs, or does not own the secret.'
        case 'credentials set-password'
            printf '%s\n' \
                '--user'\t'User inside the guest.' \
                '--password'\t'The new password.' \
                '--secret'\t'Secret to change, when there are several.' \
                '--force'\t'Do it though the machine runs, or does not own the secret.'
        case 'delete'
            printf '%s\n' \
                '--filename'\t'File, directory, or `-` for stdin.' \
                '--recursive'\t'Look into directories below.' \
                '--selector'\t'Choose by labels, as in `app=web,tier!=db`.' \
                '--all'\t'Choose all of the namespace.' \
                '--all-namespaces'\t'Look in all namespaces.' \
                '--ignore-not-found'\t'What is not there is no error.' \
                '--grace-period'\t'Seconds to end in; 0 ends it at once.' \
                '--cascade'\t'What becomes of what it owns.' \
                '--wait'\t'Return when it is gone.' \
                '--timeout'\t'How long to wait, as in `90s` or `5m`.' \
                '--dry-run'\t'Ask the server only.'
        case 'evacuate-cancel'
            printf '%s\n' \
                '--dry-run'\t'Let the server check the request without doing it.'
        case 'exec'
            printf '%s\n' \
                '--timeout'\t'How long to wait, as in `90s` or `5m`.'
        case 'expand'
            printf '%s\n' \
                '--vm'\t'Machine of the cluster.' \
                '--file'\t'Manifest of a machine, or `-` for stdin.' \
                '--output'\t'yaml or json.'
        case 'expose'
            printf '%s\n' \
                '--name'\t'Name of the Service.' \
                '--port'\t'Port of the Service; else those it declares.' \
                '--target-port'\t'Number or name of the machine\'s port (the same).' \
                '--port-name'\t'Name of the Service\'s port.' \
                '--protocol'\t'TCP or UDP.' \
                '--type'\t'ClusterIP, NodePort or LoadBalancer.' \
                '--cluster-ip'\t'Address in the cluster, or `None` for none.' \
                '--external-ip'\t'Address outside of it.' \
                '--ip-family'\t'IPv4, IPv6, or both in order: IPv4,IPv6.' \
                '--ip-family-policy'\t'SingleStack, PreferDualStack or RequireDualStack.'
        case 'fslist'
            printf '%s\n' \
                '--output'\t'Output format: json or yaml.'
        case 'get'
            printf '%s\n' \
                '--output'\t'Format: json, yaml, name, wide, jsonpath=... or custom-columns=...' \
                '--selector'\t'Choose by labels, as in `app=web,tier!=db`.' \
                '--field-selector'\t'Choose by fields, as in `metadata.name=x`.' \
                '--all-namespaces'\t'Look in all namespaces.' \
                '--watch'\t'Go on with changes as they come.' \
                '--no-headers'\t'Print no column titles.' \
                '--show-labels'\t'Add a column of labels.' \
                '--show-managed-fields'\t'Do not leave out managedFields with -o.' \
                '--ignore-not-found'\t'What is not there is no error.'
        case 'get-ip'
            printf '%s\n' \
                '--wait'\t'Wait until there is an address.' \
                '--timeout'\t'How long to wait, as in `90s` or `5m`.' \
                '--interface'\t'Only this interface.' \
                '--family'\t'Only IPv4 or IPv6: 4 or 6.' \
                '--first'\t'Print the one address to reach it at, alone.' \
                '--output'\t'json or yaml.'
        case 'guestfs'
            printf '%s\n' \
                '--image'\t'Image of the tools; KubeVirt\'s own by default.' \
                '--kvm'\t'Let it use KVM.' \
                '--pull-policy'\t'Always, IfNotPresent or Never.' \
                '--root'\t'Run the tools as root.' \
                '--uid'\t'User to run them as.' \
                '--gid'\t'Group, with --uid.' \
                '--fsGroup'\t'Group that the volume\'s files get.' \
                '--vm'\t'Run where this machine would.'
        case 'guestosinfo'
            printf '%s\n' \
                '--output'\t'Output format: json or yaml.'
        case 'image'
            true
        case 'image build'
            printf '%s\n' \
                '--name'\t'Name in the store (default: the recipe\'s).' \
                '--dir'\t'Directory of the instance (default /var/lib/virtctl).' \
                '--output'\t'Output format: json, yaml or name.'
        case 'image import'
            printf '%s\n' \
                '--path'\t'The disk\'s file in an image (default: the one in /disk).' \
                '--dir'\t'Directory of the instance (default /var/lib/virtctl).' \
                '--output'\t'Output format: json, yaml or name.'
        case 'image list'
            printf '%s\n' \
                '--dir'\t'Directory of the instance (default /var/lib/virtctl).' \
                '--output'\t'Output format: json, yaml or name.'
        case 'image pack'
            printf '%s\n' \
                '--push'\t'Push the image as HOST/REPOSITORY[:TAG].' \
                '--layout'\t'Write the image to a directory, as an OCI layout.' \
                '--dir'\t'Directory of the instance (default /var/lib/virtctl).'
        case 'image prune'
            printf '%s\n' \
                '--all'\t'Also images that were imported or built.' \
                '--dir'\t'Directory of the instance (default /var/lib/virtctl).'
        case 'image rm'
            printf '%s\n' \
                '--force'\t'Even images that a machine uses.' \
                '--dir'\t'Directory of the instance (default /var/lib/virtctl).'
        case 'image-upload'
            printf '%s\n' \
                '--image-path'\t'Disk image to upload.' \
                '--archive-path'\t'Tar archive to upload.' \
                '--size'\t'Size of a new volume, as in `10Gi`.' \
                '--storage-class'\t'Storage class of a new volume.' \
                '--access-mode'\t'Access mode of a new volume.' \
                '--volume-mode'\t'block or filesystem, for a new volume.' \
                '--force-bind'\t'Bind the volume before anything uses it.' \
                '--no-create'\t'Upload to what is there; create nothing.' \
                '--datasource'\t'Make a DataSource of the name lead to it.' \
                '--default-instancetype'\t'Instancetype for machines made from it.' \
                '--default-instancetype-kind'\t'Its kind.' \
                '--default-preference'\t'Preference for machines made from it.' \
                '--default-preference-kind'\t'Its kind.' \
                '--uploadproxy-url'\t'URL of CDI\'s upload proxy; else the cluster\'s.' \
                '--insecure'\t'Do not check the upload proxy\'s certificate.' \
                '--wait-secs'\t'Seconds to wait for the upload pod.' \
                '--retry'\t'How often to try the upload.'
        case 'inventory'
            printf '%s\n' \
                '--list'\t'All machines; this is what it does anyway.' \
                '--host'\t'The variables of one host alone.' \
                '--selector'\t'Choose by labels, as in `app=web,tier!=db`.' \
                '--all-namespaces'\t'Look in all namespaces.' \
                '--running'\t'Only machines that run.' \
                '--username'\t'User to log in as; else ssh\'s choice.' \
                '--identity-file'\t'Private key.' \
                '--known-hosts'\t'File of host keys, by the machine\'s UID; empty leaves them to ssh.' \
                '--local-ssh-opts'\t'A further word for ssh; may be repeated.' \
                '--port'\t'Port that sshd listens on.' \
                '--output'\t'json or yaml.'
        case 'local'
            true
        case 'local backup'
            printf '%s\n' \
                '--dir'\t'Directory of the instance (default /var/lib/virtctl).'
        case 'local doctor'
            printf '%s\n' \
                '--dir'\t'Directory of the instance (default /var/lib/virtctl).' \
                '--output'\t'Output format: json or yaml; text for people when left out.'
        case 'local down'
            printf '%s\n' \
                '--dir'\t'Directory of the instance (default /var/lib/virtctl).' \
                '--delete'\t'Remove the instance with its machines, disks and images.' \
                '--grace'\t'How long guests may take to shut down.'
        case 'local kubeconfig'
            printf '%s\n' \
                '--dir'\t'Directory of the instance (default /var/lib/virtctl).' \
                '--merge'\t'Put its context into your kubeconfig instead of printing it.'
        case 'local logs'
            printf '%s\n' \
                '--dir'\t'Directory of the instance (default /var/lib/virtctl).' \
                '--follow'\t'Go on as the log grows.' \
                '--tail'\t'How many of the last lines.' \
                '--serial'\t'A machine\'s serial console instead of its launcher\'s log.'
        case 'local render'
            printf '%s\n' \
                '--filename'\t'File, directory, or `-` for stdin.' \
                '--what'\t'domain (libvirt XML), network, pod, cloud-init or disks.'
        case 'local restore'
            printf '%s\n' \
                '--dir'\t'Directory of the instance (default /var/lib/virtctl).' \
                '--replace'\t'Lose the objects of the instance that is there.'
        case 'local status'
            printf '%s\n' \
                '--dir'\t'Directory of the instance (default /var/lib/virtctl).' \
                '--output'\t'Output format: json or yaml; text for people when left out.'
        case 'local up'
            printf '%s\n' \
                '--dir'\t'Directory of the instance (default /var/lib/virtctl).' \
                '--listen'\t'Address of the API server.' \
                '--nodes'\t'How many nodes to make.' \
                '--pod-cidr'\t'IPv4 network that pods get addresses from.' \
                '--pod-cidr6'\t'IPv6 network that pods get addresses from.' \
                '--emulation'\t'Run guests on plain QEMU: auto (when KVM does not work), always or never.' \
                '--fabric'\t'Network cards that each node gets, joined by a switch of their own.' \
                '--nic'\t'Hand a network card of this machine over to a node, until `local down`.' \
                '--audit-log'\t'Log who asks what of the API: to a file, - (the daemon\'s log), or none.'
        case 'logs'
            printf '%s\n' \
                '--follow'\t'Go on as the log grows.' \
                '--tail'\t'How many of the last lines; -1 is all.' \
                '--since'\t'Only what is younger, as in `10m`.' \
                '--timestamps'\t'When each line was written.' \
                '--launcher'\t'The launcher\'s own log, not the guest\'s.'
        case 'memory-dump'
            printf '%s\n' \
                '--claim-name'\t'Claim to dump to; the one in use by default.' \
                '--create-claim'\t'Create the claim, large enough.' \
                '--storage-class'\t'Storage class of a new claim.' \
                '--access-mode'\t'Access mode of a new claim (ReadWriteOnce).' \
                '--output'\t'File to download the dump to.' \
                '--format'\t'gzip or raw.' \
                '--port-forward'\t'Download through the API server.' \
                '--local-port'\t'Local port of --port-forward; 0 takes a free one.'
        case 'migrate'
            printf '%s\n' \
                '--addedNodeSelector'\t'Labels that the new node must have besides, as in `zone=a`.' \
                '--selector'\t'Choose by labels, as in `app=web,tier!=db`.' \
                '--all'\t'Choose all of the namespace.' \
                '--dry-run'\t'Let the server check the request without doing it.'
        case 'migrate-cancel'
            printf '%s\n' \
                '--dry-run'\t'Let the server check the request without doing it.'
        case 'net'
            true
        case 'net attach'
            printf '%s\n' \
                '--binding'\t'bridge, sriov or masquerade.' \
                '--mac'\t'MAC address; one of the pool by default.' \
                '--name'\t'The NIC\'s name; the network\'s by default.' \
                '--dry-run'\t'Let the server check the request without doing it.'
        case 'net capture'
            printf '%s\n' \
                '--hop'\t'A link of `net explain`, as tap0 or node/br1; the first tap when left out.' \
                '--write'\t'File to write, or `-` for stdout.' \
                '--count'\t'End after so many frames; 0 is never.'
        case 'net check'
            printf '%s\n' \
                '--output'\t'json or yaml.'
        case 'net create'
            true
        case 'net create isolated'
            printf '%s\n' \
                '--bridge'\t'The nodes\' bridge.' \
                '--mtu'\t'Largest packet in bytes.' \
                '--dry-run'\t'Let the server check the request without doing it.' \
                '--output'\t'json or yaml.'
        case 'net create lan'
            printf '%s\n' \
                '--nic'\t'The nodes\' network card that it leads to.' \
                '--bridge'\t'The nodes\' bridge.' \
                '--mtu'\t'Largest packet in bytes.' \
                '--dry-run'\t'Let the server check the request without doing it.' \
                '--output'\t'json or yaml.'
        case 'net create ovn'
            printf '%s\n' \
                '--subnet'\t'Networks that OVN gives addresses of.' \
                '--nic'\t'The nodes\' network card that it leads to.' \
                '--bridge'\t'The nodes\' bridge.' \
                '--vlan'\t'VLAN on the wire, 1 to 4094.' \
                '--mtu'\t'Largest packet in bytes.' \
                '--dry-run'\t'Let the server check the request without doing it.' \
                '--output'\t'json or yaml.'
        case 'net create vlan'
            printf '%s\n' \
                '--vlan'\t'VLAN on the wire, 1 to 4094.' \
                '--nic'\t'The nodes\' network card that it leads to.' \
                '--bridge'\t'The nodes\' bridge.' \
                '--mtu'\t'Largest packet in bytes.' \
                '--dry-run'\t'Let the server check the request without doing it.' \
                '--output'\t'json or yaml.'
        case 'net detach'
            printf '%s\n' \
                '--dry-run'\t'Let the server check the request without doing it.'
        case 'net explain'
            printf '%s\n' \
                '--output'\t'json, yaml or svg.'
        case 'net list'
            printf '%s\n' \
                '--all-namespaces'\t'Look in all namespaces.' \
                '--output'\t'json or yaml.'
        case 'net policy'
            true
        case 'net policy apply'
            printf '%s\n' \
                '--filename'\t'File, directory, or `-` for stdin.' \
                '--timeout'\t'How long to wait, as in `90s` or `5m`.' \
                '--dry-run'\t'Let the server check the request without doing it.'
        case 'net policy diff'
            printf '%s\n' \
                '--filename'\t'File, directory, or `-` for stdin.'
        case 'net policy rollback'
            printf '%s\n' \
                '--timeout'\t'How long to wait, as in `90s` or `5m`.' \
                '--dry-run'\t'Let the server check the request without doing it.'
        case 'net policy why'
            printf '%s\n' \
                '--output'\t'json or yaml.'
        case 'net show'
            printf '%s\n' \
                '--output'\t'json or yaml.'
        case 'objectgraph'
            printf '%s\n' \
                '--vmi'\t'It is a VMI, not a VM.' \
                '--exclude-optional'\t'Leave out what it can do without.' \
                '--selector'\t'Only objects with these labels.' \
                '--output'\t'json or yaml.'
        case 'pause'
            printf '%s\n' \
                '--selector'\t'Choose by labels, as in `app=web,tier!=db`.' \
                '--all'\t'Choose all of the namespace.' \
                '--dry-run'\t'Let the server check the request without doing it.'
        case 'permitted-devices'
            printf '%s\n' \
                '--output'\t'json or yaml.'
        case 'port-forward'
            printf '%s\n' \
                '--address'\t'Local address to listen on.' \
                '--stdio'\t'Use stdin and stdout in place of a port.' \
                '--output'\t'Print what is bound as json lines.'
        case 'removevolume'
            printf '%s\n' \
                '--volume-name'\t'Volume: a DataVolume or claim.' \
                '--dry-run'\t'Let the server check the request without doing it.'
        case 'reset'
            printf '%s\n' \
                '--selector'\t'Choose by labels, as in `app=web,tier!=db`.' \
                '--all'\t'Choose all of the namespace.'
        case 'restart'
            printf '%s\n' \
                '--force'\t'Do not wait for the guest; needs --grace-period.' \
                '--grace-period'\t'Seconds that the guest gets; needs --force.' \
                '--selector'\t'Choose by labels, as in `app=web,tier!=db`.' \
                '--all'\t'Choose all of the namespace.' \
                '--wait'\t'Wait until ready, ip, agent, ssh, cloud-init or stopped.' \
                '--timeout'\t'How long to wait, as in `90s` or `5m`.' \
                '--dry-run'\t'Let the server check the request without doing it.'
        case 'scp'
            printf '%s\n' \
                '--recursive'\t'Copy directories.' \
                '--preserve'\t'Keep times and modes.' \
                '--username'\t'User to log in as.' \
                '--identity-file'\t'Private key.' \
                '--known-hosts'\t'File of host keys, by the machine\'s UID; empty leaves them to ssh.' \
                '--local-ssh-opts'\t'A further word for ssh; may be repeated.' \
                '--port'\t'Port that sshd listens on.'
        case 'soft-reboot'
            printf '%s\n' \
                '--selector'\t'Choose by labels, as in `app=web,tier!=db`.' \
                '--all'\t'Choose all of the namespace.'
        case 'ssh'
            printf '%s\n' \
                '--command'\t'Command to run in place of a shell.' \
                '--username'\t'User to log in as.' \
                '--identity-file'\t'Private key.' \
                '--known-hosts'\t'File of host keys, by the machine\'s UID; empty leaves them to ssh.' \
                '--local-ssh-opts'\t'A further word for ssh; may be repeated.' \
                '--port'\t'Port that sshd listens on.'
        case 'ssh-config'
            printf '%s\n' \
                '--selector'\t'Choose by labels, as in `app=web,tier!=db`.' \
                '--all-namespaces'\t'Look in all namespaces.' \
                '--username'\t'User to log in as; else ssh\'s choice.' \
                '--identity-file'\t'Private key.' \
                '--known-hosts'\t'File of host keys, by the machine\'s UID; empty leaves them to ssh.' \
                '--write'\t'Write it to ~/.ssh/kubevirt_config, included by ~/.ssh/config.'
        case 'start'
            printf '%s\n' \
                '--paused'\t'Start it paused.' \
                '--selector'\t'Choose by labels, as in `app=web,tier!=db`.' \
                '--all'\t'Choose all of the namespace.' \
                '--wait'\t'Wait until ready, ip, agent, ssh, cloud-init or stopped.' \
                '--timeout'\t'How long to wait, as in `90s` or `5m`.' \
                '--dry-run'\t'Let the server check the request without doing it.'
        case 'stop'
            printf '%s\n' \
                '--force'\t'Do not wait for the guest; needs --grace-period.' \
                '--grace-period'\t'Seconds that the guest gets; needs --force.' \
                '--selector'\t'Choose by labels, as in `app=web,tier!=db`.' \
                '--all'\t'Choose all of the namespace.' \
                '--wait'\t'Wait until ready, ip, agent, ssh, cloud-init or stopped.' \
                '--timeout'\t'How long to wait, as in `90s` or `5m`.' \
                '--dry-run'\t'Let the server check the request without doing it.'
        case 'template'
            true
        case 'template convert'
            printf '%s\n' \
                '--name'\t'Name of a template of the cluster.' \
                '--file'\t'File of a template, or `-` for stdin.' \
                '--output'\t'yaml or json.'
        case 'template create'
            printf '%s\n' \
                '--vm-name'\t'The machine.' \
                '--vm-namespace'\t'Namespace of the machine (the same).' \
                '--name'\t'Name of the template; else chosen.'
        case 'template list'
            printf '%s\n' \
                '--selector'\t'Choose by labels, as in `app=web,tier!=db`.' \
                '--all-namespaces'\t'Look in all namespaces.' \
                '--output'\t'Format: json, yaml, name, wide, jsonpath=... or custom-columns=...'
        case 'template process'
            printf '%s\n' \
                '--name'\t'Name of a template of the cluster.' \
                '--file'\t'File of a template, or `-` for stdin.' \
                '--param'\t'Value of a parameter.' \
                '--params-file'\t'File of values, JSON or lines of NAME=VALUE.' \
                '--local'\t'Fill it in here, not on the server.' \
                '--create'\t'Have the server make the machine, too.' \
                '--print-params'\t'Print its parameters only.' \
                '--output'\t'yaml or json.'
        case 'unpause'
            printf '%s\n' \
                '--selector'\t'Choose by labels, as in `app=web,tier!=db`.' \
                '--all'\t'Choose all of the namespace.' \
                '--dry-run'\t'Let the server check the request without doing it.'
        case 'usbredir'
            printf '%s\n' \
                '--no-launch'\t'Start no usbredirect; print where to connect one.'
        case 'userlist'
            printf '%s\n' \
                '--output'\t'Output format: json or yaml.'
        case 'validate'
            printf '%s\n' \
                '--filename'\t'File, directory, or `-` for stdin.' \
                '--recursive'\t'Look into directories below.' \
                '--strict'\t'Count warnings as errors.' \
                '--output'\t'json or yaml.'
        case 'version'
            printf '%s\n' \
                '--client'\t'Print the client\'s version only.' \
                '--output'\t'Output format: json or yaml.'
        case 'vmexport'
            printf '%s\n' \
                '--vm'\t'Export this machine.' \
                '--snapshot'\t'Export this snapshot.' \
                '--pvc'\t'Export this claim.' \
                '--vmtemplate'\t'Export this template.' \
                '--output'\t'File to write, or `-` for stdout.' \
                '--volume'\t'Volume to download, when there are several.' \
                '--format'\t'gzip, raw or oci.' \
                '--manifest'\t'Download manifests instead of a volume.' \
                '--manifest-output-format'\t'yaml or json.' \
                '--include-secret'\t'With --manifest: the Secret with the token, too.' \
                '--insecure'\t'Do not check the export server\'s certificate.' \
                '--keep-vme'\t'Keep the export that was made for this.' \
                '--delete-vme'\t'Delete the export afterwards.' \
                '--port-forward'\t'Reach the export server through the API server.' \
                '--local-port'\t'Local port of --port-forward; 0 takes a free one.' \
                '--service-url'\t'HOST[:PORT] at which the export\'s Service is reached.' \
                '--ttl'\t'How long the export lives, as in `1h30m`.' \
                '--labels'\t'Label KEY=VALUE; may be repeated.' \
                '--annotations'\t'Annotation KEY=VALUE; may be repeated.' \
                '--readiness-timeout'\t'How long to wait for it (2m).' \
                '--retry'\t'How often to try the download again.'
        case 'vnc'
            printf '%s\n' \
                '--proxy-only'\t'Start no viewer; print the port to connect one to.' \
                '--port'\t'Local port; 0 takes a free one.' \
                '--address'\t'Local address, with --proxy-only.' \
                '--preserve-session'\t'Do not push out whoever is connected.' \
                '--vnc-type'\t'Viewer: remote-viewer, tiger, chicken or real.' \
                '--vnc-path'\t'Path of the viewer.' \
                '--timeout'\t'How long to wait for the machine: minutes, or as in `90s`.' \
                '--browser'\t'Serve the screen to a web browser on this machine until Ctrl-C.'
        case 'vnc screenshot'
            printf '%s\n' \
                '--file'\t'File to write, or `-` for stdout.' \
                '--move-cursor'\t'Move the cursor first, to wake the screen.'
        case 'wait'
            printf '%s\n' \
                '--for'\t'State: ready, running, ip, agent, ssh, cloud-init, stopped or deleted.' \
                '--selector'\t'Choose by labels, as in `app=web,tier!=db`.' \
                '--all'\t'Choose all of the namespace.' \
                '--timeout'\t'How long to wait, as in `90s` or `5m`.'
        case 'why'
            printf '%s\n' \
                '--output'\t'json or yaml.'
        case '*'
            return 1
    end
    printf '%s\n' \
                '--kubeconfig'\t'Path of the kubeconfig file.' \
                '--context'\t'Context of the kubeconfig to use.' \
                '--cluster'\t'Cluster of the kubeconfig to use.' \
                '--user'\t'User of the kubeconfig to use.' \
                '--namespace'\t'Namespace.' \
                '--server'\t'URL of the API server; `unix:///path` for a socket.' \
                '--token'\t'Bearer token.' \
                '--username'\t'User name for basic authentication.' \
                '--password'\t'Password for basic authentication.' \
                '--as'\t'User to act as.' \
                '--as-group'\t'Group to act as; may be repeated.' \
                '--as-uid'\t'UID to act as.' \
                '--certificate-authority'\t'File of the server\'s CA.' \
                '--client-certificate'\t'File of the client certificate.' \
                '--client-key'\t'File of the client key.' \
                '--insecure-skip-tls-verify'\t'Do not check the server\'s certificate.' \
                '--tls-server-name'\t'Name that the server\'s certificate must bear.' \
                '--proxy-url'\t'Proxy for all requests.' \
                '--request-timeout'\t'Limit of one request, as in `30s`; 0 is none.' \
                '--disable-compression'\t'Ask for uncompressed answers.' \
                '--v'\t'0 to 9; 6 shows requests, 8 and 9 their bodies.'
end
# what stands here already: commands, and flags behind nothing but words; fails for all else
function __virtctl_static
    set -l tab \t
    set -l place
    set -l args
    for word in (commandline -opc)[2..-1]
        string match -q -- '-*' "$word"; and return 1
        if test -z "$args"; and __virtctl_words "$place" | string split -f 1 $tab | string match -q -- "$word"
            set place (string join ' ' $place $word)
        else
            set args 1
        end
    end
    set -l current (commandline -ct)
    if string match -q -- '-*' "$current"
        string match -q -- '*=*' "$current"; and return 1
        __virtctl_flags "$place"
    else
        switch "$args/$place"
            case '/' '/adm' '/create' '/credentials' '/image' '/local' '/net' '/net create' '/net policy' '/template'
                __virtctl_words "$place"
            case '*'
                return 1
        end
    end
end
function __virtctl_answer
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    $words[1] __complete $words[2..-1] "$current" 2>/dev/null
end
function __virtctl_complete
    __virtctl_static; and return
    string match -v ':*' -- (__virtctl_answer)
end
# the last line says what else may stand here; ":0" is a file
function __virtctl_wants_file
    __virtctl_static >/dev/null; and return 1
    set -l answer (__virtctl_answer)
    test "$answer[-1]" = ':0'
end
complete -c virtctl -f -a '(__virtctl_complete)'
complete -c virtctl -n __virtctl_wants_file -F
