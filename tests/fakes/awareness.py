"""A service with application-aware quotas, and their controller, turned by hand."""

from tests.fakes.service import make_service
from virtctl.local.api.admission import Admission
from virtctl.local.api.schema import ModelSchemas
from virtctl.local.api.service import Hooks
from virtctl.local.controllers.awarequota.controller import AwareQuotaController
from virtctl.local.runtime.queue import Key, WorkQueue
from virtctl.local.runtime.reconcile import turn
from virtctl.models.kinds import AAQ, AWARE_QUOTA, NAMESPACE, POD, VIRTUAL_MACHINE_INSTANCE


class Still:
    """A clock that stands."""

    def now(self):
        return 1_767_225_600.0


class QuotaWorld:
    """Namespace ``default`` is watched over by AAQ, ``other`` is not."""

    def __init__(self, method="DedicatedVirtualResources", *, clusters=False):
        admission = Admission()
        self.service = make_service(Hooks(ModelSchemas(), admission))
        admission.attach(self._list, self.service.find)
        self.controller = AwareQuotaController("1.0")
        self.enable("default")
        calculator = {"vmiCalculatorConfiguration": {"configName": method}}
        allowed = {"allowApplicationAwareClusterResourceQuota": clusters}
        spec = {"configuration": calculator | allowed}
        self.service.create(AAQ, None, {"metadata": {"name": "aaq"}, "spec": spec})

    def _list(self, kind):
        return self.service.list(kind).items

    def enable(self, name, **labels):
        namespace = self.service.get(NAMESPACE, None, name)
        given = {"application-aware-quota/enable-gating": "", **labels}
        namespace["metadata"].setdefault("labels", {}).update(given)
        self.service.update(NAMESPACE, None, name, namespace)

    def quota(self, name, **hard):
        document = {"metadata": {"name": name}, "spec": {"hard": hard}}
        return self.service.create(AWARE_QUOTA, "default", document)

    def machine(self, name, cores=1, namespace="default"):
        """An instance and its launcher pod."""
        domain = {"cpu": {"cores": cores}, "memory": {"guest": "1Gi"}, "devices": {}}
        vmi = {"metadata": {"name": name}, "spec": {"domain": domain}}
        self.service.create(VIRTUAL_MACHINE_INSTANCE, namespace, vmi)
        requests = {"cpu": "100m", "memory": "1200Mi"}
        container = {"name": "compute", "image": "x", "resources": {"requests": requests}}
        metadata = {
            "name": f"virt-launcher-{name}",
            "labels": {"kubevirt.io": "virt-launcher"},
            "annotations": {"kubevirt.io/domain": name},
        }
        pod = {"metadata": metadata, "spec": {"containers": [container]}}
        return self.service.create(POD, namespace, pod)

    def waiting(self, namespace="default"):
        pods = self.service.list(POD, namespace).items
        return [
            pod["metadata"]["name"].removeprefix("virt-launcher-")
            for pod in pods
            if pod["spec"].get("schedulingGates")
        ]

    def used(self, name):
        return self.service.get(AWARE_QUOTA, "default", name)["status"]["used"]

    def turn(self):
        turn(self.controller, self.service, Still(), WorkQueue(), Key("", "all"))
