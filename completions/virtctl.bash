# bash completion for virtctl: source it, or put it where bash-completion looks
_virtctl_words() {
    case $1 in
    '') REPLY='apply get delete create template expand objectgraph expose validate why wait start stop restart pause unpause soft-reboot reset migrate migrate-cancel evacuate-cancel addvolume removevolume vmexport memory-dump image-upload guestfs console logs exec ssh scp ssh-config inventory port-forward vnc usbredir get-ip guestosinfo fslist userlist credentials net image local permitted-devices adm version completion' ;;
    'adm') REPLY='log-verbosity' ;;
    'create') REPLY='vm clone instancetype preference' ;;
    'credentials') REPLY='add-ssh-key remove-ssh-key set-password' ;;
    'image') REPLY='list import build pack prune rm' ;;
    'local') REPLY='up down status logs kubeconfig backup restore doctor render' ;;
    'net') REPLY='list show create attach detach capture policy explain check' ;;
    'net create') REPLY='lan vlan isolated ovn' ;;
    'net policy') REPLY='apply diff why rollback' ;;
    'template') REPLY='create list process convert' ;;
    'vnc') REPLY='screenshot' ;;
    *) REPLY= ;;
    esac
}
_virtctl_flags() {
    case $1 in
    '') REPLY='' ;;
    'addvolume') REPLY='--volume-name --disk-name --disk-type --bus --serial --cache --dry-run' ;;
    'adm') REPLY='' ;;
    'adm log-verbosity') REPLY='--virt-api --virt-controller --virt-handler --virt-launcher --virt-operator --all --reset --output' ;;
    'apply') REPLY='--filename --recursive --force-conflicts --validate --dry-run --wait --timeout --output' ;;
    'completion') REPLY='--no-descriptions' ;;
    'console') REPLY='--timeout --escape --wait-for' ;;
    'create') REPLY='' ;;
    'create clone') REPLY='--name --source-name --source-type --target-name --target-type --label-filter --annotation-filter --template-label-filter --template-annotation-filter --new-mac-address --new-smbios-serial --apply --output' ;;
    'create instancetype') REPLY='--name --cpu --memory --namespaced --gpu --hostdevice --iothreadspolicy --apply --output' ;;
    'create preference') REPLY='--name --namespaced --cpu-topology --machine-type --volume-storage-class --apply --output' ;;
    'create vm') REPLY='--name --run-strategy --termination-grace-period --memory --instancetype --infer-instancetype --infer-instancetype-from --preference --infer-preference --infer-preference-from --volume-containerdisk --volume-pvc --volume-import --volume-sysprep --image --size --network --lan --no-pod-network --ip --user --password-file --ssh-key --ga-manage-ssh --access-cred --cloud-init --cloud-init-user-data --user-data --cloud-init-network-data --apply --wait --timeout --output' ;;
    'credentials') REPLY='' ;;
    'credentials add-ssh-key') REPLY='--user --file --value --secret --create-secret --update-secret --force' ;;
    'credentials remove-ssh-key') REPLY='--user --file --value --secret --force' ;;
    'credentials set-password') REPLY='--user --password --secret --force' ;;
    'delete') REPLY='--filename --recursive --selector --all --all-namespaces --ignore-not-found --grace-period --cascade --wait --timeout --dry-run' ;;
    'evacuate-cancel') REPLY='--dry-run' ;;
    'exec') REPLY='--timeout' ;;
    'expand') REPLY='--vm --file --output' ;;
    'expose') REPLY='--name --port --target-port --port-name --protocol --type --cluster-ip --external-ip --ip-family --ip-family-policy' ;;
    'fslist') REPLY='--output' ;;
    'get') REPLY='--output --selector --field-selector --all-namespaces --watch --no-headers --show-labels --show-managed-fields --ignore-not-found' ;;
    'get-ip') REPLY='--wait --timeout --interface --family --first --output' ;;
    'guestfs') REPLY='--image --kvm --pull-policy --root --uid --gid --fsGroup --vm' ;;
    'guestosinfo') REPLY='--output' ;;
    'image') REPLY='' ;;
    'image build') REPLY='--name --dir --output' ;;
    'image import') REPLY='--path --dir --output' ;;
    'image list') REPLY='--dir --output' ;;
    'image pack') REPLY='--push --layout --dir' ;;
    'image prune') REPLY='--all --dir' ;;
    'image rm') REPLY='--force --dir' ;;
    'image-upload') REPLY='--image-path --archive-path --size --storage-class --access-mode --volume-mode --force-bind --no-create --datasource --default-instancetype --default-instancetype-kind --default-preference --default-preference-kind --uploadproxy-url --insecure --wait-secs --retry' ;;
    'inventory') REPLY='--list --host --selector --all-namespaces --running --username --identity-file --known-hosts --local-ssh-opts --port --output' ;;
    'local') REPLY='' ;;
    'local backup') REPLY='--dir' ;;
    'local doctor') REPLY='--dir --output' ;;
    'local down') REPLY='--dir --delete --grace' ;;
    'local kubeconfig') REPLY='--dir --merge' ;;
    'local logs') REPLY='--dir --follow --tail --serial' ;;
    'local render') REPLY='--filename --what' ;;
    'local restore') REPLY='--dir --replace' ;;
    'local status') REPLY='--dir --output' ;;
    'local up') REPLY='--dir --listen --nodes --pod-cidr --pod-cidr6 --emulation --fabric --nic --audit-log' ;;
    'logs') REPLY='--follow --tail --since --timestamps --launcher' ;;
    'memory-dump') REPLY='--claim-name --create-claim --storage-class --access-mode --output --format --port-forward --local-port' ;;
    'migrate') REPLY='--addedNodeSelector --selector --all --dry-run' ;;
    'migrate-cancel') REPLY='--dry-run' ;;
    'net') REPLY='' ;;
    'net attach') REPLY='--binding --mac --name --dry-run' ;;
    'net capture') REPLY='--hop --write --count' ;;
    'net check') REPLY='--output' ;;
    'net create') REPLY='' ;;
    'net create isolated') REPLY='--bridge --mtu --dry-run --output' ;;
    'net create lan') REPLY='--nic --bridge --mtu --dry-run --output' ;;
    'net create ovn') REPLY='--subnet --nic --bridge --vlan --mtu --dry-run --output' ;;
    'net create vlan') REPLY='--vlan --nic --bridge --mtu --dry-run --output' ;;
    'net detach') REPLY='--dry-run' ;;
    'net explain') REPLY='--output' ;;
    'net list') REPLY='--all-namespaces --output' ;;
    'net policy') REPLY='' ;;
    'net policy apply') REPLY='--filename --timeout --dry-run' ;;
    'net policy diff') REPLY='--filename' ;;
    'net policy rollback') REPLY='--timeout --dry-run' ;;
    'net policy why') REPLY='--output' ;;
    'net show') REPLY='--output' ;;
    'objectgraph') REPLY='--vmi --exclude-optional --selector --output' ;;
    'pause') REPLY='--selector --all --dry-run' ;;
    'permitted-devices') REPLY='--output' ;;
    'port-forward') REPLY='--address --stdio --output' ;;
    'removevolume') REPLY='--volume-name --dry-run' ;;
    'reset') REPLY='--selector --all' ;;
    'restart') REPLY='--force --grace-period --selector --all --wait --timeout --dry-run' ;;
    'scp') REPLY='--recursive --preserve --username --identity-file --known-hosts --local-ssh-opts --port' ;;
    'soft-reboot') REPLY='--selector --all' ;;
    'ssh') REPLY='--command --username --identity-file --known-hosts --local-ssh-opts --port' ;;
    'ssh-config') REPLY='--selector --all-namespaces --username --identity-file --known-hosts --write' ;;
    'start') REPLY='--paused --selector --all --wait --timeout --dry-run' ;;
    'stop') REPLY='--force --grace-period --selector --all --wait --timeout --dry-run' ;;
    'template') REPLY='' ;;
    'template convert') REPLY='--name --file --output' ;;
    'template create') REPLY='--vm-name --vm-namespace --name' ;;
    'template list') REPLY='--selector --all-namespaces --output' ;;
    'template process') REPLY='--name --file --param --params-file --local --create --print-params --output' ;;
    'unpause') REPLY='--selector --all --dry-run' ;;
    'usbredir') REPLY='--no-launch' ;;
    'userlist') REPLY='--output' ;;
    'validate') REPLY='--filename --recursive --strict --output' ;;
    'version') REPLY='--client --output' ;;
    'vmexport') REPLY='--vm --snapshot --pvc --vmtemplate --output --volume --format --manifest --manifest-output-format --include-secret --insecure --keep-vme --delete-vme --port-forward --local-port --service-url --ttl --labels --annotations --readiness-timeout --retry' ;;
    'vnc') REPLY='--proxy-only --port --address --preserve-session --vnc-type --vnc-path --timeout --browser' ;;
    'vnc screenshot') REPLY='--file --move-cursor' ;;
    'wait') REPLY='--for --selector --all --timeout' ;;
    'why') REPLY='--output' ;;
    *) return 1 ;;
    esac
    REPLY+=' --kubeconfig --context --cluster --user --namespace --server --token --username --password --as --as-group --as-uid --certificate-authority --client-certificate --client-key --insecure-skip-tls-verify --tls-server-name --proxy-url --request-timeout --disable-compression --v'
}
# what stands here already: commands, and flags behind nothing but words; fails for all else
_virtctl_static() {
    local path= word args= REPLY
    for word in "${words[@]:1}"; do
        [[ $word != -* ]] || return
        _virtctl_words "$path"
        if [[ -z $args && " $REPLY " == *" $word "* ]]; then path+=${path:+ }$word; else args=1; fi
    done
    if [[ $current == -* ]]; then
        [[ $current != *=* ]] && _virtctl_flags "$path" || return
    else
        case $args/$path in '/' | '/adm' | '/create' | '/credentials' | '/image' | '/local' | '/net' | '/net create' | '/net policy' | '/template') ;; *) return 1 ;; esac
        _virtctl_words "$path"
    fi
    COMPREPLY=()
    for word in $REPLY; do
        if [[ $word == "$current"* ]]; then COMPREPLY+=("$word"); fi
    done
}
_virtctl() {
    local current words cword prev answer directive line cut
    if declare -F _get_comp_words_by_ref >/dev/null; then
        _get_comp_words_by_ref -n =: -c current -w words -i cword -p prev
    else
        # bash itself takes words apart at = and :
        current=${COMP_LINE:0:COMP_POINT}
        read -ra words <<<"$current"
        if [[ $current == *[[:space:]] ]]; then words+=(''); fi
        cword=$((${#words[@]} - 1)) current=${words[-1]}
    fi
    words=("${words[@]:0:cword}")
    _virtctl_static && return
    answer=$("${words[0]}" __complete "${words[@]:1}" "$current" 2>/dev/null) || return
    directive=${answer##*:}
    COMPREPLY=()
    while IFS= read -r line; do
        [[ $line == :* || -z $line ]] || COMPREPLY+=("${line%%$'\t'*}")
    done <<<"$answer"
    if ((directive & 2)); then compopt -o nospace; fi
    if ((!(directive & 4) && ${#COMPREPLY[@]} == 0)); then
        compopt -o default
    fi
    # and wants only what follows the last of them
    cut=${current%"${current##*[=:]}"}
    if [[ -n $cut && $COMP_WORDBREAKS == *"${cut: -1}"* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"$cut"}")
    fi
}
complete -F _virtctl virtctl
