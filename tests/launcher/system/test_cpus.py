from launcher.system.cpus import cpu_facts, host_cpu

DOMAIN = """
<domainCapabilities><arch>x86_64</arch><cpu>
  <mode name='host-passthrough' supported='no'/>
  <mode name='host-model' supported='yes'>
    <model fallback='forbid'>EPYC</model><vendor>AMD</vendor>
    <feature policy='require' name='x2apic'/><feature policy='disable' name='vme'/>
  </mode>
  <mode name='custom' supported='yes'>
    <model usable='no' vendor='Intel'>Haswell</model><model usable='yes'>Penryn</model>
    <model usable='unknown'>max</model>
  </mode>
</cpu></domainCapabilities>
"""
EXPANDED = "<cpu><feature policy='require' name='aes'/><feature policy='disable' name='vmx'/></cpu>"


def test_models_and_features():
    facts = cpu_facts(DOMAIN, EXPANDED)
    assert facts.known == ("Haswell", "Penryn", "max")
    assert facts.usable == ("Penryn", "max")
    assert facts.features == ("aes",)
    assert facts.required == ("x2apic",)
    assert (facts.vendor, facts.host_model) == ("AMD", "EPYC")


def test_the_host_is_a_cpu_of_its_own():
    assert '<model fallback="forbid">EPYC</model>' in host_cpu(DOMAIN)
    assert host_cpu(DOMAIN).startswith("<cpu")


def test_hosts_without_a_model_have_no_features():
    mode = "<mode name='host-model' supported='no'/>"
    bare = f"<domainCapabilities><cpu>{mode}</cpu></domainCapabilities>"
    assert host_cpu(bare) == ""
    assert cpu_facts(bare, "").features == ()
    assert cpu_facts("<domainCapabilities/>", "").known == ()
