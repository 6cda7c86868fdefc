// A page with tests, in streaming.test.ts. The stack is a class in streaming.ts, so that the tests can make it too.

import { App } from "cdktf";
import { local } from "cdktf-mastodon/local";
import { Streaming } from "./streaming";

const app = new App();
new Streaming(app, "tested", { cloud: local(), machines: 2 });

app.synth();
