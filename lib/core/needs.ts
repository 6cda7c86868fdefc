// Outgoing connections that every machine needs: `needs("web", sources, images)`. The table of flows leaves them out, since they are the same
// everywhere.

import { Role } from "./address-plan";
import { Flow } from "./flow";
import { registryOf } from "./image";
import { DNS_PORT, HTTP_PORT, HTTPS_PORT, TIME_PORT } from "./ports";

/** The default registry. */
const DOCKER = "docker.io";

export function needs(role: Role, sources: readonly string[], images: readonly string[]): readonly Flow[] {
  const from = { kind: "role", role } as const;
  const call = (name: string, port: number, why: string, protocol?: "udp"): Flow => ({
    from,
    sources,
    to: { kind: "anywhere", name },
    port,
    ...(protocol !== undefined && { protocol }),
    why,
  });
  const registries = [...new Set(images.map((image) => registryOf(image) ?? DOCKER))].sort();
  return [
    call("name servers", DNS_PORT, "names", "udp"),
    call("name servers", DNS_PORT, "long answers"),
    call("time servers", TIME_PORT, "the time", "udp"),
    call("mirrors of Debian", HTTP_PORT, "packages"),
    ...registries.map((registry) => call(registry, HTTPS_PORT, "container images")),
  ];
}
