#compdef virtctl
# zsh completion for virtctl: put it on $fpath as _virtctl, or source it
_virtctl_words() {
    case $1 in
    ('') offers=(
        'apply:Create or change objects from files.'
        'get:Show objects.'
        'delete:Delete objects.'
        'create:Make manifests from flags.'
        'template:Machines with parameters.'
        'expand:Print a machine with its instancetype worked in.'
        'objectgraph:Print what a machine depends on.'
        'expose:Make a Service that leads to a machine.'
        'validate:Check manifests without a cluster.'
        'why:Say why a machine does not run, and what may help.'
        'wait:Wait until virtual machines reach a state.'
        'start:Start virtual machines.'
        'stop:Stop virtual machines.'
        'restart:Restart virtual machines.'
        'pause:Freeze a running machine.'
        'unpause:Let a frozen machine go on.'
        'soft-reboot:Ask the guest to reboot itself.'
        'reset:Press the reset button of a running machine.'
        'migrate:Move running machines to another node.'
        'migrate-cancel:Stop a migration under way.'
        'evacuate-cancel:Keep a machine on its node.'
        'addvolume:Plug a volume into a running machine.'
        'removevolume:Take a volume out of a machine.'
        'vmexport:Export disks or manifests of a machine.'
        'memory-dump:Dump a machine'\''s memory into a claim.'
        'image-upload:Upload a disk image into the cluster.'
        'guestfs:Look into a claim with libguestfs.'
        'console:Connect to the serial console.'
        'logs:Print what the serial console showed.'
        'exec:Run a program in the guest by its agent.'
        'ssh:Log in over SSH.'
        'scp:Copy files over SSH.'
        'ssh-config:Print or write machines as hosts of ssh.'
        'inventory:Print machines as an Ansible inventory.'
        'port-forward:Forward local ports to a machine.'
        'vnc:Show the screen.'
        'usbredir:Give a machine a USB device.'
        'get-ip:Print addresses: where to reach it, and inside the guest.'
        'guestosinfo:Print what the guest agent says of its system.'
        'fslist:List the guest'\''s file systems.'
        'userlist:List the users logged in to the guest.'
        'credentials:Keys and passwords of users inside the guest.'
        'net:Networks of machines and of nodes.'
        'image:Images of the local store.'
        'local:A KubeVirt that fits on this machine.'
        'permitted-devices:List devices machines may have.'
        'adm:What an administrator of KubeVirt may do.'
        'version:Print the versions of client and server.'
        'completion:Print a completion script for a shell.'
        ) ;;
    ('adm') offers=(
        'log-verbosity:Show or set how much is logged.'
        ) ;;
    ('create') offers=(
        'vm:Make a machine from flags.'
        'clone:Make a clone of a machine.'
        'instancetype:Make an instancetype.'
        'preference:Make a preference.'
        ) ;;
    ('credentials') offers=(
        'add-ssh-key:Let a user in by a key.'
        'remove-ssh-key:Take a key away.'
        'set-password:Set a password.'
        ) ;;
    ('image') offers=(
        'list:List images of the local store.'
        'import:Bring an image into the local store.'
        'build:Build an image out of distribution packages.'
        'pack:Make a containerDisk out of a disk.'
        'prune:Remove images that nothing uses.'
        'rm:Remove images from the local store.'
        ) ;;
    ('local') offers=(
        'up:Start the control plane on this machine.'
        'down:Stop it, or remove it with all it made.'
        'status:Show components, nodes and host changes.'
        'logs:Print logs of a component or a machine.'
        'kubeconfig:Print or merge the kubeconfig.'
        'backup:Save objects and credentials to a file.'
        'restore:Put a backup in place.'
        'doctor:Find what would keep it from working.'
        'render:Print what a manifest would be turned into.'
        ) ;;
    ('net') offers=(
        'list:Show networks beside the pod network.'
        'show:Show one network, and who is on it.'
        'create:Make manifests from flags.'
        'attach:Give a machine a NIC on a network.'
        'detach:Take a NIC from a machine.'
        'capture:Write what passes a hop as pcap.'
        'policy'
        'explain:Show the way of a machine'\''s frames.'
        'check:Name the first hop of a network that fails.'
        ) ;;
    ('net create') offers=(
        'lan:Make a network of the nodes'\'' LAN.'
        'vlan:Make a network of one VLAN.'
        'isolated:Make one without uplink.'
        'ovn:Make a network of OVN.'
        ) ;;
    ('net policy') offers=(
        'apply:Apply policies, wait for nodes.'
        'diff:Show what a policy would change.'
        'why:Say why a policy failed.'
        'rollback:Wish what was before.'
        ) ;;
    ('template') offers=(
        'create:Make a template of a machine.'
        'list:Show the templates there are.'
        'process:Make a machine of a template.'
        'convert:Convert an OpenShift template.'
        ) ;;
    ('vnc') offers=(
        'screenshot:Save a picture of the screen.'
        ) ;;
    (*) offers=() ;;
    esac
}
_virtctl_flags() {
    case $1 in
    ('') offers=(

        ) ;;
    ('addvolume') offers=(
        '--volume-name:Volume: a DataVolume or claim.'
        '--disk-name:Name of the disk in the machine; the volume'\''s by default.'
        '--disk-type:disk or lun.'
        '--bus:scsi or virtio; a lun takes scsi only.'
        '--serial:Serial number that the guest sees; the name by default.'
        '--cache:none, writethrough or writeback.'
        '--dry-run:Let the server check the request without doing it.'
        ) ;;
    ('adm') offers=(

        ) ;;
    ('adm log-verbosity') offers=(
        '--virt-api:Show the verbosity of virt-api, or set it with =0 to =9.'
        '--virt-controller:Show the verbosity of virt-controller, or set it with =0 to =9.'
        '--virt-handler:Show the verbosity of virt-handler, or set it with =0 to =9.'
        '--virt-launcher:Show the verbosity of virt-launcher, or set it with =0 to =9.'
        '--virt-operator:Show the verbosity of virt-operator, or set it with =0 to =9.'
        '--all:Show the verbosity of all components, or set it with =0 to =9.'
        '--reset:Back to the default verbosity.'
        '--output:json or yaml, for showing.'
        ) ;;
    ('apply') offers=(
        '--filename:File, directory, or `-` for stdin.'
        '--recursive:Look into directories below.'
        '--force-conflicts:Take over fields that somebody else manages.'
        '--validate:What to do about unknown fields: strict, warn or ignore.'
        '--dry-run:Ask the server without changing anything, or do not even ask.'
        '--wait:Wait until ready, ip, agent, ssh, cloud-init or stopped.'
        '--timeout:How long to wait, as in `90s` or `5m`.'
        '--output:json, yaml or name.'
        ) ;;
    ('completion') offers=(
        '--no-descriptions:Offer names without descriptions.'
        ) ;;
    ('console') offers=(
        '--timeout:How long to wait for the machine: minutes, or as in `90s`; 0 tries once.'
        '--escape:Key that ends the session, as in `^]` or `^x`.'
        '--wait-for:Only listen until the console shows this, within --timeout.'
        ) ;;
    ('create') offers=(

        ) ;;
    ('create clone') offers=(
        '--name:Name; a random one by default.'
        '--source-name:What is cloned.'
        '--source-type:Type of the source: vm or vmsnapshot (vm).'
        '--target-name:Name of the new machine; the server chooses otherwise.'
        '--target-type:Type of the target: vm (vm).'
        '--label-filter:Labels to take along, as in `*` or `!app/*`.'
        '--annotation-filter:Annotations to take along.'
        '--template-label-filter:Labels of the template to take along.'
        '--template-annotation-filter:Annotations of the template to take along.'
        '--new-mac-address:New address of an interface, with dashes: eth0:02-00-5e-00-53-01.'
        '--new-smbios-serial:New serial number of the machine.'
        '--apply:Create it in the cluster instead of printing it.'
        '--output:json or yaml.'
        ) ;;
    ('create instancetype') offers=(
        '--name:Name; a random one by default.'
        '--cpu:Virtual CPUs of the guest.'
        '--memory:Memory of the guest.'
        '--namespaced:Make it for one namespace, not for the cluster.'
        '--gpu:name:N,devicename:RESOURCE.'
        '--hostdevice:name:N,devicename:RESOURCE.'
        '--iothreadspolicy:I/O threads of disks: auto or shared.'
        '--apply:Create it in the cluster instead of printing it.'
        '--output:json or yaml.'
        ) ;;
    ('create preference') offers=(
        '--name:Name; a random one by default.'
        '--namespaced:Make it for one namespace, not for the cluster.'
        '--cpu-topology:How virtual CPUs are shown: sockets, cores, threads, spread, any.'
        '--machine-type:Machine type, as in `q35`.'
        '--volume-storage-class:Storage class of volumes that name none.'
        '--apply:Create it in the cluster instead of printing it.'
        '--output:json or yaml.'
        ) ;;
    ('create vm') offers=(
        '--name:Name; a random one by default.'
        '--run-strategy:Always, Manual, Halted, Once or RerunOnFailure.'
        '--termination-grace-period:Seconds the guest gets to shut down.'
        '--memory:Guest memory (512Mi).'
        '--instancetype:[KIND/]NAME of an instancetype.'
        '--infer-instancetype:Infer the instancetype from the boot volume.'
        '--infer-instancetype-from:Volume to infer it from.'
        '--preference:[KIND/]NAME of a preference.'
        '--infer-preference:Infer the preference from the boot volume.'
        '--infer-preference-from:Volume to infer it from.'
        '--volume-containerdisk:src:IMAGE,name:N,bootorder:N.'
        '--volume-pvc:src:CLAIM,name:N,bootorder:N.'
        '--volume-import:type:T,size:Q,name:N,bootorder:N and what the type takes; types are blank, gcs, http, imageio, pvc, registry, s3, vddk, snapshot and ds.'
        '--volume-sysprep:src:NAME,type:configmap|secret.'
        '--image:Boot from a file (uploaded with --apply), a URL, or an image of a registry or of the local store; the first two and, with --size, all are copied to a disk that stays.'
        '--size:Size of the disk that --image is copied to.'
        '--network:Network besides the pod network: [NAMESPACE/]NAME[:BINDING][,mac:M][,model:M]; bindings are bridge (the default), masquerade, sriov and passt.'
        '--lan:Bridge it to the network `lan`, or another.'
        '--no-pod-network:Leave out the pod network.'
        '--ip:Fixed address, by cloud-init: [NETWORK=]ADDRESS/PREFIX[,gateway:A][,dns:A;B]; of the last network unless one is named.'
        '--user:User that cloud-init makes.'
        '--password-file:File with the user'\''s password.'
        '--ssh-key:Public keys, comma-separated.'
        '--ga-manage-ssh:Let the guest agent manage SSH keys (SELinux).'
        '--access-cred:type:ssh|password,src:SECRET,method:ga|nocloud|configdrive,user:U.'
        '--cloud-init:nocloud, configdrive or none (nocloud).'
        '--cloud-init-user-data:User data in base64.'
        '--user-data:File of user data, or `-` for stdin.'
        '--cloud-init-network-data:Network data in base64.'
        '--apply:Create it in the cluster instead of printing it.'
        '--wait:Wait until ready, ip, agent, ssh, cloud-init or stopped.'
        '--timeout:How long to wait, as in `90s` or `5m`.'
        '--output:json or yaml.'
        ) ;;
    ('credentials') offers=(

        ) ;;
    ('credentials add-ssh-key') offers=(
        '--user:User inside the guest.'
        '--file:File with the public key.'
        '--value:The public key itself.'
        '--secret:Secret to change, when there are several.'
        '--create-secret:Put it into a new secret.'
        '--update-secret:Put it into one assigned.'
        '--force:Do it though the machine runs, or does not own the secret.'
        ) ;;
    ('credentials remove-ssh-key') offers=(
        '--user:User inside the guest.'
        '--file:File with the public key.'
        '--value:The public key itself.'
        '--secret:Secret to change, when there are several.'
        '--force:Do it though the machine runs, or does not own the secret.'
        ) ;;
    ('credentials set-password') offers=(
        '--user:User inside the guest.'
        '--password:The new password.'
        '--secret:Secret to change, when there are several.'
        '--force:Do it though the machine runs, or does not own the secret.'
        ) ;;
    ('delete') offers=(
        '--filename:File, directory, or `-` for stdin.'
        '--recursive:Look into directories below.'
        '--selector:Choose by labels, as in `app=web,tier!=db`.'
        '--all:Choose all of the namespace.'
        '--all-namespaces:Look in all namespaces.'
        '--ignore-not-found:What is not there is no error.'
        '--grace-period:Seconds to end in; 0 ends it at once.'
        '--cascade:What becomes of what it owns.'
        '--wait:Return when it is gone.'
        '--timeout:How long to wait, as in `90s` or `5m`.'
        '--dry-run:Ask the server only.'
        ) ;;
    ('evacuate-cancel') offers=(
        '--dry-run:Let the server check the request without doing it.'
        ) ;;
    ('exec') offers=(
        '--timeout:How long to wait, as in `90s` or `5m`.'
        ) ;;
    ('expand') offers=(
        '--vm:Machine of the cluster.'
        '--file:Manifest of a machine, or `-` for stdin.'
        '--output:yaml or json.'
        ) ;;
    ('expose') offers=(
        '--name:Name of the Service.'
        '--port:Port of the Service; else those it declares.'
        '--target-port:Number or name of the machine'\''s port (the same).'
        '--port-name:Name of the Service'\''s port.'
        '--protocol:TCP or UDP.'
        '--type:ClusterIP, NodePort or LoadBalancer.'
        '--cluster-ip:Address in the cluster, or `None` for none.'
        '--external-ip:Address outside of it.'
        '--ip-family:IPv4, IPv6, or both in order: IPv4,IPv6.'
        '--ip-family-policy:SingleStack, PreferDualStack or RequireDualStack.'
        ) ;;
    ('fslist') offers=(
        '--output:Output format: json or yaml.'
        ) ;;
    ('get') offers=(
        '--output:Format: json, yaml, name, wide, jsonpath=... or custom-columns=...'
        '--selector:Choose by labels, as in `app=web,tier!=db`.'
        '--field-selector:Choose by fields, as in `metadata.name=x`.'
        '--all-namespaces:Look in all namespaces.'
        '--watch:Go on with changes as they come.'
        '--no-headers:Print no column titles.'
        '--show-labels:Add a column of labels.'
        '--show-managed-fields:Do not leave out managedFields with -o.'
        '--ignore-not-found:What is not there is no error.'
        ) ;;
    ('get-ip') offers=(
        '--wait:Wait until there is an address.'
        '--timeout:How long to wait, as in `90s` or `5m`.'
        '--interface:Only this interface.'
        '--family:Only IPv4 or IPv6: 4 or 6.'
        '--first:Print the one address to reach it at, alone.'
        '--output:json or yaml.'
        ) ;;
    ('guestfs') offers=(
        '--image:Image of the tools; KubeVirt'\''s own by default.'
        '--kvm:Let it use KVM.'
        '--pull-policy:Always, IfNotPresent or Never.'
        '--root:Run the tools as root.'
        '--uid:User to run them as.'
        '--gid:Group, with --uid.'
        '--fsGroup:Group that the volume'\''s files get.'
        '--vm:Run where this machine would.'
        ) ;;
    ('guestosinfo') offers=(
        '--output:Output format: json or yaml.'
        ) ;;
    ('image') offers=(

        ) ;;
    ('image build') offers=(
        '--name:Name in the store (default: the recipe'\''s).'
        '--dir:Directory of the instance (default /var/lib/virtctl).'
        '--output:Output format: json, yaml or name.'
        ) ;;
    ('image import') offers=(
        '--path:The disk'\''s file in an image (default: the one in /disk).'
        '--dir:Directory of the instance (default /var/lib/virtctl).'
        '--output:Output format: json, yaml or name.'
        ) ;;
    ('image list') offers=(
        '--dir:Directory of the instance (default /var/lib/virtctl).'
        '--output:Output format: json, yaml or name.'
        ) ;;
    ('image pack') offers=(
        '--push:Push the image as HOST/REPOSITORY[:TAG].'
        '--layout:Write the image to a directory, as an OCI layout.'
        '--dir:Directory of the instance (default /var/lib/virtctl).'
        ) ;;
    ('image prune') offers=(
        '--all:Also images that were imported or built.'
        '--dir:Directory of the instance (default /var/lib/virtctl).'
        ) ;;
    ('image rm') offers=(
        '--force:Even images that a machine uses.'
        '--dir:Directory of the instance (default /var/lib/virtctl).'
        ) ;;
    ('image-upload') offers=(
        '--image-path:Disk image to upload.'
        '--archive-path:Tar archive to upload.'
        '--size:Size of a new volume, as in `10Gi`.'
        '--storage-class:Storage class of a new volume.'
        '--access-mode:Access mode of a new volume.'
        '--volume-mode:block or filesystem, for a new volume.'
        '--force-bind:Bind the volume before anything uses it.'
        '--no-create:Upload to what is there; create nothing.'
        '--datasource:Make a DataSource of the name lead to it.'
        '--default-instancetype:Instancetype for machines made from it.'
        '--default-instancetype-kind:Its kind.'
        '--default-preference:Preference for machines made from it.'
        '--default-preference-kind:Its kind.'
        '--uploadproxy-url:URL of CDI'\''s upload proxy; else the cluster'\''s.'
        '--insecure:Do not check the upload proxy'\''s certificate.'
        '--wait-secs:Seconds to wait for the upload pod.'
        '--retry:How often to try the upload.'
        ) ;;
    ('inventory') offers=(
        '--list:All machines; this is what it does anyway.'
        '--host:The variables of one host alone.'
        '--selector:Choose by labels, as in `app=web,tier!=db`.'
        '--all-namespaces:Look in all namespaces.'
        '--running:Only machines that run.'
        '--username:User to log in as; else ssh'\''s choice.'
        '--identity-file:Private key.'
        '--known-hosts:File of host keys, by the machine'\''s UID; empty leaves them to ssh.'
        '--local-ssh-opts:A further word for ssh; may be repeated.'
        '--port:Port that sshd listens on.'
        '--output:json or yaml.'
        ) ;;
    ('local') offers=(

        ) ;;
    ('local backup') offers=(
        '--dir:Directory of the instance (default /var/lib/virtctl).'
        ) ;;
    ('local doctor') offers=(
        '--dir:Directory of the instance (default /var/lib/virtctl).'
        '--output:Output format: json or yaml; text for people when left out.'
        ) ;;
    ('local down') offers=(
        '--dir:Directory of the instance (default /var/lib/virtctl).'
        '--delete:Remove the instance with its machines, disks and images.'
        '--grace:How long guests may take to shut down.'
        ) ;;
    ('local kubeconfig') offers=(
        '--dir:Directory of the instance (default /var/lib/virtctl).'
        '--merge:Put its context into your kubeconfig instead of printing it.'
        ) ;;
    ('local logs') offers=(
        '--dir:Directory of the instance (default /var/lib/virtctl).'
        '--follow:Go on as the log grows.'
        '--tail:How many of the last lines.'
        '--serial:A machine'\''s serial console instead of its launcher'\''s log.'
        ) ;;
    ('local render') offers=(
        '--filename:File, directory, or `-` for stdin.'
        '--what:domain (libvirt XML), network, pod, cloud-init or disks.'
        ) ;;
    ('local restore') offers=(
        '--dir:Directory of the instance (default /var/lib/virtctl).'
        '--replace:Lose the objects of the instance that is there.'
        ) ;;
    ('local status') offers=(
        '--dir:Directory of the instance (default /var/lib/virtctl).'
        '--output:Output format: json or yaml; text for people when left out.'
        ) ;;
    ('local up') offers=(
        '--dir:Directory of the instance (default /var/lib/virtctl).'
        '--listen:Address of the API server.'
        '--nodes:How many nodes to make.'
        '--pod-cidr:IPv4 network that pods get addresses from.'
        '--pod-cidr6:IPv6 network that pods get addresses from.'
        '--emulation:Run guests on plain QEMU: auto (when KVM does not work), always or never.'
        '--fabric:Network cards that each node gets, joined by a switch of their own.'
        '--nic:Hand a network card of this machine over to a node, until `local down`.'
        '--audit-log:Log who asks what of the API: to a file, - (the daemon'\''s log), or none.'
        ) ;;
    ('logs') offers=(
        '--follow:Go on as the log grows.'
        '--tail:How many of the last lines; -1 is all.'
        '--since:Only what is younger, as in `10m`.'
        '--timestamps:When each line was written.'
        '--launcher:The launcher'\''s own log, not the guest'\''s.'
        ) ;;
    ('memory-dump') offers=(
        '--claim-name:Claim to dump to; the one in use by default.'
        '--create-claim:Create the claim, large enough.'
        '--storage-class:Storage class of a new claim.'
        '--access-mode:Access mode of a new claim (ReadWriteOnce).'
        '--output:File to download the dump to.'
        '--format:gzip or raw.'
        '--port-forward:Download through the API server.'
        '--local-port:Local port of --port-forward; 0 takes a free one.'
        ) ;;
    ('migrate') offers=(
        '--addedNodeSelector:Labels that the new node must have besides, as in `zone=a`.'
        '--selector:Choose by labels, as in `app=web,tier!=db`.'
        '--all:Choose all of the namespace.'
        '--dry-run:Let the server check the request without doing it.'
        ) ;;
    ('migrate-cancel') offers=(
        '--dry-run:Let the server check the request without doing it.'
        ) ;;
    ('net') offers=(

        ) ;;
    ('net attach') offers=(
        '--binding:bridge, sriov or masquerade.'
        '--mac:MAC address; one of the pool by default.'
        '--name:The NIC'\''s name; the network'\''s by default.'
        '--dry-run:Let the server check the request without doing it.'
        ) ;;
    ('net capture') offers=(
        '--hop:A link of `net explain`, as tap0 or node/br1; the first tap when left out.'
        '--write:File to write, or `-` for stdout.'
        '--count:End after so many frames; 0 is never.'
        ) ;;
    ('net check') offers=(
        '--output:json or yaml.'
        ) ;;
    ('net create') offers=(

        ) ;;
    ('net create isolated') offers=(
        '--bridge:The nodes'\'' bridge.'
        '--mtu:Largest packet in bytes.'
        '--dry-run:Let the server check the request without doing it.'
        '--output:json or yaml.'
        ) ;;
    ('net create lan') offers=(
        '--nic:The nodes'\'' network card that it leads to.'
        '--bridge:The nodes'\'' bridge.'
        '--mtu:Largest packet in bytes.'
        '--dry-run:Let the server check the request without doing it.'
        '--output:json or yaml.'
        ) ;;
    ('net create ovn') offers=(
        '--subnet:Networks that OVN gives addresses of.'
        '--nic:The nodes'\'' network card that it leads to.'
        '--bridge:The nodes'\'' bridge.'
        '--vlan:VLAN on the wire, 1 to 4094.'
        '--mtu:Largest packet in bytes.'
        '--dry-run:Let the server check the request without doing it.'
        '--output:json or yaml.'
        ) ;;
    ('net create vlan') offers=(
        '--vlan:VLAN on the wire, 1 to 4094.'
        '--nic:The nodes'\'' network card that it leads to.'
        '--bridge:The nodes'\'' bridge.'
        '--mtu:Largest packet in bytes.'
        '--dry-run:Let the server check the request without doing it.'
        '--output:json or yaml.'
        ) ;;
    ('net detach') offers=(
        '--dry-run:Let the server check the request without doing it.'
        ) ;;
    ('net explain') offers=(
        '--output:json, yaml or svg.'
        ) ;;
    ('net list') offers=(
        '--all-namespaces:Look in all namespaces.'
        '--output:json or yaml.'
        ) ;;
    ('net policy') offers=(

        ) ;;
    ('net policy apply') offers=(
        '--filename:File, directory, or `-` for stdin.'
        '--timeout:How long to wait, as in `90s` or `5m`.'
        '--dry-run:Let the server check the request without doing it.'
        ) ;;
    ('net policy diff') offers=(
        '--filename:File, directory, or `-` for stdin.'
        ) ;;
    ('net policy rollback') offers=(
        '--timeout:How long to wait, as in `90s` or `5m`.'
        '--dry-run:Let the server check the request without doing it.'
        ) ;;
    ('net policy why') offers=(
        '--output:json or yaml.'
        ) ;;
    ('net show') offers=(
        '--output:json or yaml.'
        ) ;;
    ('objectgraph') offers=(
        '--vmi:It is a VMI, not a VM.'
        '--exclude-optional:Leave out what it can do without.'
        '--selector:Only objects with these labels.'
        '--output:json or yaml.'
        ) ;;
    ('pause') offers=(
        '--selector:Choose by labels, as in `app=web,tier!=db`.'
        '--all:Choose all of the namespace.'
        '--dry-run:Let the server check the request without doing it.'
        ) ;;
    ('permitted-devices') offers=(
        '--output:json or yaml.'
        ) ;;
    ('port-forward') offers=(
        '--address:Local address to listen on.'
        '--stdio:Use stdin and stdout in place of a port.'
        '--output:Print what is bound as json lines.'
        ) ;;
    ('removevolume') offers=(
        '--volume-name:Volume: a DataVolume or claim.'
        '--dry-run:Let the server check the request without doing it.'
        ) ;;
    ('reset') offers=(
        '--selector:Choose by labels, as in `app=web,tier!=db`.'
        '--all:Choose all of the namespace.'
        ) ;;
    ('restart') offers=(
        '--force:Do not wait for the guest; needs --grace-period.'
        '--grace-period:Seconds that the guest gets; needs --force.'
        '--selector:Choose by labels, as in `app=web,tier!=db`.'
        '--all:Choose all of the namespace.'
        '--wait:Wait until ready, ip, agent, ssh, cloud-init or stopped.'
        '--timeout:How long to wait, as in `90s` or `5m`.'
        '--dry-run:Let the server check the request without doing it.'
        ) ;;
    ('scp') offers=(
        '--recursive:Copy directories.'
        '--preserve:Keep times and modes.'
        '--username:User to log in as.'
        '--identity-file:Private key.'
        '--known-hosts:File of host keys, by the machine'\''s UID; empty leaves them to ssh.'
        '--local-ssh-opts:A further word for ssh; may be repeated.'
        '--port:Port that sshd listens on.'
        ) ;;
    ('soft-reboot') offers=(
        '--selector:Choose by labels, as in `app=web,tier!=db`.'
        '--all:Choose all of the namespace.'
        ) ;;
    ('ssh') offers=(
        '--command:Command to run in place of a shell.'
        '--username:User to log in as.'
        '--identity-file:Private key.'
        '--known-hosts:File of host keys, by the machine'\''s UID; empty leaves them to ssh.'
        '--local-ssh-opts:A further word for ssh; may be repeated.'
        '--port:Port that sshd listens on.'
        ) ;;
    ('ssh-config') offers=(
        '--selector:Choose by labels, as in `app=web,tier!=db`.'
        '--all-namespaces:Look in all namespaces.'
        '--username:User to log in as; else ssh'\''s choice.'
        '--identity-file:Private key.'
        '--known-hosts:File of host keys, by the machine'\''s UID; empty leaves them to ssh.'
        '--write:Write it to ~/.ssh/kubevirt_config, included by ~/.ssh/config.'
        ) ;;
    ('start') offers=(
        '--paused:Start it paused.'
        '--selector:Choose by labels, as in `app=web,tier!=db`.'
        '--all:Choose all of the namespace.'
        '--wait:Wait until ready, ip, agent, ssh, cloud-init or stopped.'
        '--timeout:How long to wait, as in `90s` or `5m`.'
        '--dry-run:Let the server check the request without doing it.'
        ) ;;
    ('stop') offers=(
        '--force:Do not wait for the guest; needs --grace-period.'
        '--grace-period:Seconds that the guest gets; needs --force.'
        '--selector:Choose by labels, as in `app=web,tier!=db`.'
        '--all:Choose all of the namespace.'
        '--wait:Wait until ready, ip, agent, ssh, cloud-init or stopped.'
        '--timeout:How long to wait, as in `90s` or `5m`.'
        '--dry-run:Let the server check the request without doing it.'
        ) ;;
    ('template') offers=(

        ) ;;
    ('template convert') offers=(
        '--name:Name of a template of the cluster.'
        '--file:File of a template, or `-` for stdin.'
        '--output:yaml or json.'
        ) ;;
    ('template create') offers=(
        '--vm-name:The machine.'
        '--vm-namespace:Namespace of the machine (the same).'
        '--name:Name of the template; else chosen.'
        ) ;;
    ('template list') offers=(
        '--selector:Choose by labels, as in `app=web,tier!=db`.'
        '--all-namespaces:Look in all namespaces.'
        '--output:Format: json, yaml, name, wide, jsonpath=... or custom-columns=...'
        ) ;;
    ('template process') offers=(
        '--name:Name of a template of the cluster.'
        '--file:File of a template, or `-` for stdin.'
        '--param:Value of a parameter.'
        '--params-file:File of values, JSON or lines of NAME=VALUE.'
        '--local:Fill it in here, not on the server.'
        '--create:Have the server make the machine, too.'
        '--print-params:Print its parameters only.'
        '--output:yaml or json.'
        ) ;;
    ('unpause') offers=(
        '--selector:Choose by labels, as in `app=web,tier!=db`.'
        '--all:Choose all of the namespace.'
        '--dry-run:Let the server check the request without doing it.'
        ) ;;
    ('usbredir') offers=(
        '--no-launch:Start no usbredirect; print where to connect one.'
        ) ;;
    ('userlist') offers=(
        '--output:Output format: json or yaml.'
        ) ;;
    ('validate') offers=(
        '--filename:File, directory, or `-` for stdin.'
        '--recursive:Look into directories below.'
        '--strict:Count warnings as errors.'
        '--output:json or yaml.'
        ) ;;
    ('version') offers=(
        '--client:Print the client'\''s version only.'
        '--output:Output format: json or yaml.'
        ) ;;
    ('vmexport') offers=(
        '--vm:Export this machine.'
        '--snapshot:Export this snapshot.'
        '--pvc:Export this claim.'
        '--vmtemplate:Export this template.'
        '--output:File to write, or `-` for stdout.'
        '--volume:Volume to download, when there are several.'
        '--format:gzip, raw or oci.'
        '--manifest:Download manifests instead of a volume.'
        '--manifest-output-format:yaml or json.'
        '--include-secret:With --manifest: the Secret with the token, too.'
        '--insecure:Do not check the export server'\''s certificate.'
        '--keep-vme:Keep the export that was made for this.'
        '--delete-vme:Delete the export afterwards.'
        '--port-forward:Reach the export server through the API server.'
        '--local-port:Local port of --port-forward; 0 takes a free one.'
        '--service-url:HOST[:PORT] at which the export'\''s Service is reached.'
        '--ttl:How long the export lives, as in `1h30m`.'
        '--labels:Label KEY=VALUE; may be repeated.'
        '--annotations:Annotation KEY=VALUE; may be repeated.'
        '--readiness-timeout:How long to wait for it (2m).'
        '--retry:How often to try the download again.'
        ) ;;
    ('vnc') offers=(
        '--proxy-only:Start no viewer; print the port to connect one to.'
        '--port:Local port; 0 takes a free one.'
        '--address:Local address, with --proxy-only.'
        '--preserve-session:Do not push out whoever is connected.'
        '--vnc-type:Viewer: remote-viewer, tiger, chicken or real.'
        '--vnc-path:Path of the viewer.'
        '--timeout:How long to wait for the machine: minutes, or as in `90s`.'
        '--browser:Serve the screen to a web browser on this machine until Ctrl-C.'
        ) ;;
    ('vnc screenshot') offers=(
        '--file:File to write, or `-` for stdout.'
        '--move-cursor:Move the cursor first, to wake the screen.'
        ) ;;
    ('wait') offers=(
        '--for:State: ready, running, ip, agent, ssh, cloud-init, stopped or deleted.'
        '--selector:Choose by labels, as in `app=web,tier!=db`.'
        '--all:Choose all of the namespace.'
        '--timeout:How long to wait, as in `90s` or `5m`.'
        ) ;;
    ('why') offers=(
        '--output:json or yaml.'
        ) ;;
    (*) return 1 ;;
    esac
    offers+=(
        '--kubeconfig:Path of the kubeconfig file.'
        '--context:Context of the kubeconfig to use.'
        '--cluster:Cluster of the kubeconfig to use.'
        '--user:User of the kubeconfig to use.'
        '--namespace:Namespace.'
        '--server:URL of the API server; `unix:///path` for a socket.'
        '--token:Bearer token.'
        '--username:User name for basic authentication.'
        '--password:Password for basic authentication.'
        '--as:User to act as.'
        '--as-group:Group to act as; may be repeated.'
        '--as-uid:UID to act as.'
        '--certificate-authority:File of the server'\''s CA.'
        '--client-certificate:File of the client certificate.'
        '--client-key:File of the client key.'
        '--insecure-skip-tls-verify:Do not check the server'\''s certificate.'
        '--tls-server-name:Name that the server'\''s certificate must bear.'
        '--proxy-url:Proxy for all requests.'
        '--request-timeout:Limit of one request, as in `30s`; 0 is none.'
        '--disable-compression:Ask for uncompressed answers.'
        '--v:0 to 9; 6 shows requests, 8 and 9 their bodies.'
    )
}
# what stands here already: commands, and flags behind nothing but words; fails for all else
_virtctl_static() {
    local place= word args=
    for word in "${(@)words[2,CURRENT-1]}"; do
        [[ $word != -* ]] || return 1
        _virtctl_words "$place"
        if [[ -z $args && -n ${(M)offers:#${word}(|:*)} ]]; then
            place+=${place:+ }$word
        else
            args=1
        fi
    done
    if [[ $words[CURRENT] == -* ]]; then
        [[ $words[CURRENT] != *=* ]] && _virtctl_flags "$place"
    else
        case $args/$place in ('/' | '/adm' | '/create' | '/credentials' | '/image' | '/local' | '/net' | '/net create' | '/net policy' | '/template') ;; (*) return 1 ;; esac
        _virtctl_words "$place"
    fi
}
_virtctl() {
    local answer directive line name text
    local -a offers
    local -a before
    if _virtctl_static; then
        if [[ $words[CURRENT] == -* ]]; then
            _describe -o virtctl offers
        else
            _describe virtctl offers
        fi
        return
    fi
    offers=()
    before=("${(@)words[2,CURRENT-1]}")
    answer=$("${words[1]}" __complete "${before[@]}" "${words[CURRENT]}" 2>/dev/null) || return
    directive=${answer##*:}
    for line in "${(@f)answer}"; do
        [[ $line == :* || -z $line ]] && continue
        name=${line%%$'\t'*}
        name=${name//:/\\:}
        text=
        [[ $line == *$'\t'* ]] && text=:${line#*$'\t'}
        offers+=("$name$text")
    done
    if ((directive & 2)); then _describe virtctl offers -S ''; else _describe virtctl offers; fi
    if (( !(directive & 4) && ${#offers} == 0 )); then _files; fi
}
if [[ $funcstack[1] == _virtctl ]]; then _virtctl; else compdef _virtctl virtctl; fi
