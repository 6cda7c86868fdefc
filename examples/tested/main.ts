// A page with tests of its own, in streaming.test.ts: it stands in streaming.ts, so that both can make it.

import { App } from "cdktf";
import { local } from "cdktf-mastodon/local";
import { Streaming } from "./streaming";

const app = new App();
new Streaming(app, "tested", { cloud: local(), machines: 2 });

app.synth();
