# Run after flatten.awk on the files of a seed: prints shell assignments that say who this guest is,
# and writes the keys that root and the first user are known by. With -v root=DIR it does so there.

function assign(name, value) {
  gsub(/'/, "'\\\\''", value)
  printf "%s='%s'\n", name, value
}

function first(a, b, c) {
  if (values[a] != "") return values[a]
  if (values[b] != "") return values[b]
  return values[c]
}

END {
  name = first("user-data/hostname", "meta-data/local-hostname", "meta-data/hostname")
  sub(/\..*/, "", name)
  assign("name", name)
  assign("instance", first("meta-data/instance-id", "meta-data/instance_id"))
  assign("user", first("user-data/user", "user-data/user/name"))
  assign("password", values["user-data/password"])
  # Lists that need the shell, if they are there at all.
  for (i = 1; i <= known; i++) {
    path = paths[i]
    if (path ~ /^(meta-data\/public[-_]keys|user-data\/ssh_authorized_keys)\//) {
      print values[path] > (root "/root/.ssh/authorized_keys")
      print values[path] > (root "/home/fedora/.ssh/authorized_keys")
      keys = 1
    } else if (path ~ /^user-data\/users\/[0-9]+\/name$/) users = 1
    else if (path ~ /^user-data\/chpasswd\/list/) passwords = 1
    else if (path ~ /^network-config\//) network = 1
  }
  assign("keys", keys)
  assign("users", users)
  assign("passwords", passwords)
  assign("network", network)
}
