import { hetzner } from "../../lib/clouds/hetzner";
import { local } from "../../lib/clouds/local";
import { Cloud } from "../../lib/core/cloud";
import { conformance } from "../../lib/testing";

test("the local cloud reads every field, but for what a container has no use for", () => {
  const unread = conformance(local(), {
    "network.roles": "a bridge has no subnets",
    "machine.role": "a bridge has no subnets",
    "machine.range": "a bridge has no subnets",
    "machine.size": "containers share the host's memory and processors",
    "machine.openings": "the host firewall inside each machine is the only one",
    "disk.gib": "a disk is a directory of the host",
    "pool.role": "a bridge has no subnets",
    "pool.size": "containers share the host's memory and processors",
    "pool.openings": "the host firewall inside each machine is the only one",
  });
  expect(unread).toEqual([]);
});

test("a cloud that overlooks a field is found out", () => {
  const careless = new Proxy(local(), {
    get: (cloud, name) => (name === "pool" ? () => ({ name: "web" }) : (Reflect.get(cloud, name) as Cloud["pool"])),
  });
  expect(conformance(careless)).toEqual(expect.arrayContaining(["pool.bootText", "pool.machines", "pool.roll"]));
});

test("Hetzner reads every field, but for what stands in the boot text alone", () => {
  const unread = conformance(hetzner({ location: "fsn1" }), {
    "machine.packages": "Debian installs them at boot",
    "machine.images": "podman pulls them",
    "machine.openings": "Hetzner's firewall does not see the private network; the host's own does",
    "pool.packages": "Debian installs them at boot",
    "pool.images": "podman pulls them",
    "pool.openings": "Hetzner's firewall does not see the private network; the host's own does",
    "pool.files": "there is no directory for several servers, and it says so",
    "frontDoor.domain": "named only where a host name is outside the zone",
  });
  expect(unread).toEqual([]);
});
