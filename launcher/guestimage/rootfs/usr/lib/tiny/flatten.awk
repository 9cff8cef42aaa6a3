# Reads the YAML that people write into seeds (block and flow collections, quoted and block scalars)
# and JSON, and prints one line per scalar: PATH<TAB>VALUE, with /0, /1 for the items of a list.
# In values a backslash is doubled and a newline is \n, so that printf %b gives them back.
# Paths begin with the name of the file that the document is in, if it has one. With -v flat=FILE
# the lines go there. Values are also kept in `values` by path, paths in their order in `paths`.

function emit(path, value) {
  if (document != "") path = join_path(document, path)
  values[path] = value
  paths[++known] = path
  gsub(/\\/, "\\\\\\\\", value)
  gsub(/\n/, "\\\\n", value)
  printf "%s\t%s\n", path, value > flat
}

function join_path(path, key) { return path == "" ? key : path "/" key }

function trim(text) { sub(/^[ \t]+/, "", text); sub(/[ \t]+$/, "", text); return text }

function indent_of(line) { match(line, /^ */); return RLENGTH }

# A scalar as written: quotes taken off, or a comment after a plain one.
function scalar(text,   quote) {
  text = trim(text)
  quote = substr(text, 1, 1)
  if (quote == "\"" || quote == "'") { at = 1; flow = text; return quoted() }
  if (substr(text, 1, 1) == "#") return ""
  if ((at = index(text, " #")) > 0) text = trim(substr(text, 1, at - 1))
  if (text == "~" || text == "null") return ""
  return text
}

# The quoted string at `at` of `flow`; leaves `at` behind it.
function quoted(   quote, out, c) {
  quote = substr(flow, at++, 1)
  out = ""
  while (at <= length(flow)) {
    c = substr(flow, at++, 1)
    if (c == quote) {
      if (quote == "'" && substr(flow, at, 1) == "'") { out = out "'"; at++; continue }
      return out
    }
    if (c == "\\" && quote == "\"") {
      c = substr(flow, at++, 1)
      if (c == "n") c = "\n"
      else if (c == "t") c = "\t"
      else if (c == "r") c = "\r"
    }
    out = out c
  }
  return out
}

function blanks() { while (substr(flow, at, 1) ~ /[ \t\n,]/) at++ }

# The value at `at` of `flow`, printed below `path`.
function value_at(path,   c, out, key, n) {
  blanks()
  c = substr(flow, at, 1)
  if (c == "[") {
    at++; n = 0
    for (blanks(); at <= length(flow) && substr(flow, at, 1) != "]"; blanks()) value_at(join_path(path, n++))
    at++
  } else if (c == "{") {
    at++
    for (blanks(); at <= length(flow) && substr(flow, at, 1) != "}"; blanks()) {
      c = substr(flow, at, 1)
      if (c == "\"" || c == "'") { key = quoted(); blanks(); if (substr(flow, at, 1) == ":") at++ }
      else { key = plain(1); at++ }
      value_at(join_path(path, trim(key)))
    }
    at++
  } else if (c == "\"" || c == "'") {
    out = quoted()
    emit(path, out)
  } else {
    out = trim(plain(0))
    if (out == "~" || out == "null") out = ""
    emit(path, out)
  }
}

# Plain text up to a comma or bracket, or (for a key) a colon.
function plain(key,   out, c) {
  out = ""
  while (at <= length(flow)) {
    c = substr(flow, at, 1)
    if (c ~ /[],}[{\n]/ || (key && c == ":")) break
    out = out c
    at++
  }
  if (out == "") at++
  return out
}

# How many brackets stay open at the end of a text; those inside quotes do not count.
function open_brackets(text,   i, c, depth, quote) {
  depth = 0; quote = ""
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (quote != "") { if (c == "\\" && quote == "\"") i++; else if (c == quote) quote = "" }
    else if (c == "\"" || c == "'") quote = c
    else if (c ~ /[[{]/) depth++
    else if (c ~ /[]}]/) depth--
  }
  return depth
}

# Takes a flow collection that begins with `text` and may go on over lines.
function take_flow(path, text) {
  flow = text
  while (open_brackets(flow) > 0 && now < count) flow = flow "\n" line[++now]
  at = 1
  value_at(path)
}

# Takes a block scalar; `style` is what stood after the key, `outer` the key's indent.
function take_block(path, style, outer,   out, inner, i, text, gap) {
  out = ""; inner = -1; gap = ""
  while (now < count) {
    text = line[now + 1]
    if (text ~ /^[ \t]*$/) { gap = gap "\n"; now++; continue }
    i = indent_of(text)
    if (i <= outer) break
    if (inner < 0) inner = i
    now++
    if (out != "") out = out (style ~ /^>/ && gap == "" ? " " : "\n")
    out = out gap substr(text, inner + 1)
    gap = ""
  }
  emit(path, style ~ /-/ ? out : out "\n")
}

function value_of(path, text, outer) {
  text = trim(text)
  if (text == "" || text ~ /^#/) pending = path
  else if (text ~ /^[|>][-+0-9]*( +#.*)?$/) take_block(path, text, outer)
  else if (text ~ /^[[{]/) take_flow(path, text)
  else emit(path, scalar(text))
}

# Levels of block nesting: indent, path, and the number of items for a list (-1 for a map).
function pop_to(indent, is_list) {
  while (depth > 0 && (level_indent[depth] > indent || (!is_list && level_items[depth] >= 0 && level_indent[depth] == indent))) depth--
}

function push(indent, items) {
  depth++
  level_indent[depth] = indent; level_path[depth] = pending; level_items[depth] = items
}

function block(text, indent,   rest, key, gap) {
  if (text ~ /^-( |$)/) {
    pop_to(indent, 1)
    if (depth == 0 || level_indent[depth] != indent || level_items[depth] < 0) push(indent, 0)
    pending = join_path(level_path[depth], level_items[depth]++)
    rest = substr(text, 2)
    gap = indent_of(rest)
    rest = trim(rest)
    if (rest == "") return
    if (rest !~ /^-( |$)/ && (rest ~ /^[[{|>]/ || !match(rest, KEY))) value_of(pending, rest, indent)
    else block(rest, indent + 1 + gap)
    return
  }
  if (!match(text, KEY)) { if (pending != "") emit(pending, scalar(text)); return }
  key = substr(text, 1, RLENGTH)
  rest = substr(text, RLENGTH + 1)
  sub(/: ?$/, "", key)
  pop_to(indent, 0)
  if (depth == 0 || level_indent[depth] != indent) push(indent, -1)
  value_of(join_path(level_path[depth], scalar(key)), rest, indent)
}

BEGIN {
  KEY = "^(\"[^\"]*\"|'[^']*'|[^]\"'{}[#:][^:]*)[ ]*:( |$)"
  if (flat == "") flat = "/dev/stdout"
}

FNR == 1 { finish(); document = FILENAME; sub(/.*\//, "", document); if (document == "-") document = "" }
{ sub(/\r$/, ""); line[++count] = $0 }
END { finish() }

# Prints the document whose lines were read, and makes ready for the next.
function finish(   text) {
  depth = 0; pending = ""
  for (now = 1; now <= count; now++) {
    text = line[now]
    if (text ~ /^[ \t]*(#.*)?$/ || text ~ /^(---|\.\.\.)/) continue
    if (depth == 0 && text ~ /^[[{]/) { take_flow("", text); continue }
    block(trim(text), indent_of(text))
  }
  count = 0
}
