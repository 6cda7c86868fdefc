import { App } from "cdktf";
import { local } from "cdktf-mastodon/local";
import { differences, renderPage } from "cdktf-mastodon/testing";
import { Streaming } from "./streaming";

const page = (machines: number) => renderPage(new Streaming(new App(), "streaming", { cloud: local(), machines }));

test("nothing of the page changes unseen", () => {
  expect(differences(page(2))).toMatchSnapshot();
});

test("one machine more changes no machine that is there", () => {
  expect(differences(page(3), page(2)).hosts).toEqual({
    streaming: "as streaming\n",
    FrontDoor: "as FrontDoor\n",
  });
});

test("who may reach the machines", () => {
  expect(page(2).flows["social"]!["streaming:80"]).toEqual([
    "front door: requests for live.social.example, and the health check /api/v1/streaming/health",
  ]);
});
