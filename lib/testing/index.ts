// For tests of pages and of clouds, ours and users' own.
export { FakeCloud, type FakeCloudOptions } from "./fake-cloud";
export { conformance } from "./conformance";
export { differences, renderPage, type RenderedDifferences, type RenderedHost, type RenderedPage } from "./render-page";
export { schemaCheck, type ProvidersSchema } from "./schema-check";
