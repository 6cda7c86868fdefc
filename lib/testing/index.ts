// For tests of pages and of clouds, ours and users' own.
export { FAKE_CLOUDS, FakeCloud, type FakeCloudOptions } from "./fake-cloud";
export { conformance, RULES, type ConformanceOptions, type MakeCloud } from "./conformance";
export { ROLL_OUTS, rollOuts, type RollOut } from "./roll-outs";
export { differences, renderPage, type RenderedDifferences, type RenderedHost, type RenderedPage } from "./render-page";
export { schemaCheck, type ProvidersSchema } from "./schema-check";
