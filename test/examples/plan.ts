// The page of an example, on its own cloud or on another in its place: `stackOf("local", () => new FakeCloud())`.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as cdktf from "cdktf";
import * as constructs from "constructs";
import * as ownCloud from "../../examples/own-cloud/cloud";
import * as library from "../../lib";
import * as awsCloud from "../../lib/clouds/aws";
import * as digitalOceanCloud from "../../lib/clouds/digitalocean";
import * as hetznerCloud from "../../lib/clouds/hetzner";
import * as localCloud from "../../lib/clouds/local";

interface Plan {
  readonly locals: Record<string, unknown>;
}

/** What a page gives its site on a cloud that has neither an object store nor a mail server of its own. */
export interface Given {
  readonly objects: () => library.ObjectStore;
  readonly settings: () => readonly library.Setting[];
}

/** The library for a page that is given more than it says itself. */
function giving({ objects, settings }: Given): typeof library {
  const more = <Props extends Pick<library.SiteProps, "objects" | "settings">>(props: Props): Props => ({
    ...props,
    objects: objects(),
    settings: [...(props.settings ?? []), ...settings()],
  });
  class Site extends library.Site {
    constructor(scope: constructs.Construct, id: string, props: library.SiteProps) {
      super(scope, id, more(props));
    }
  }
  class Mastodon extends library.Mastodon {
    constructor(scope: constructs.Construct, id: string, props: library.MastodonProps) {
      super(scope, id, more(props));
    }
  }
  return { ...library, Site, Mastodon };
}

/** Runs an example, which makes its page and has the app synthesize it. An example is a file that its user pastes, so it takes no arguments. */
function run(example: string, App: typeof cdktf.App, cloud?: () => library.Cloud, given?: Given): void {
  const modules = {
    cdktf: { ...cdktf, App },
    constructs,
    "cdktf-mastodon": given === undefined ? library : giving(given),
    "cdktf-mastodon/aws": cloud === undefined ? awsCloud : { ...awsCloud, aws: cloud },
    "cdktf-mastodon/local": cloud === undefined ? localCloud : { ...localCloud, local: cloud },
    "cdktf-mastodon/hetzner": cloud === undefined ? hetznerCloud : { ...hetznerCloud, hetzner: cloud },
    "cdktf-mastodon/digitalocean": cloud === undefined ? digitalOceanCloud : { ...digitalOceanCloud, digitalocean: cloud },
    // A cloud that stands beside its page is put aside like the others.
    [join(__dirname, "../../examples/own-cloud/cloud")]: cloud === undefined ? ownCloud : { ownCloud: cloud },
  };
  jest.isolateModules(() => {
    for (const [name, module] of Object.entries(modules)) jest.doMock(name, () => module);
    try {
      require(`../../examples/${example}/main`);
    } finally {
      for (const name of Object.keys(modules)) jest.dontMock(name);
    }
  });
}

/** The stack of an example. Nothing is written. */
export function stackOf(example: string, cloud?: () => library.Cloud, given?: Given): cdktf.TerraformStack {
  const made: cdktf.App[] = [];
  class KeptApp extends cdktf.App {
    override synth(): void {
      made.push(this);
    }
  }
  run(example, KeptApp, cloud, given);
  return made[0]!.node.children.find((node) => node instanceof cdktf.TerraformStack)!;
}

/** The text of the plan that an example writes for one of its stacks. */
export function planOf(example: string, stack: string): string {
  const directory = mkdtempSync(join(tmpdir(), "plan-"));
  class WritingApp extends cdktf.App {
    constructor() {
      super({ outdir: directory });
    }
  }
  try {
    run(example, WritingApp);
    return readFileSync(join(directory, "stacks", stack, "cdk.tf.json"), "utf8");
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The boot text of each host in a plan, by the host's name on the page; and what fetches it there, as in `Web-user-data`, if the cloud stores it. */
export function bootTexts(plan: string): Readonly<Record<string, string>> {
  const { locals } = JSON.parse(plan) as Plan;
  return Object.fromEntries(
    Object.entries(locals).flatMap(([name, text]) => {
      const [, host, , kind] = /^Social_(.+?)(_Hosts_Pool|_Door|_Machine)?(Boot|UserData)_[0-9A-F]{8}$/.exec(name) ?? [];
      return host === undefined || typeof text !== "string" ? [] : [[kind === "Boot" ? host : `${host}-user-data`, text]];
    }),
  );
}
