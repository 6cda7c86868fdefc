import { planOf } from "./plan";

test("the page of a fork makes a plan that runs both its images, and none of Mastodon's own", () => {
  const images = [...new Set(planOf("fork", "local").match(/ghcr\.io\/[\w.\/-]+:v[\w.-]+/g))].sort();
  expect(images).toEqual(["ghcr.io/glitch-soc/mastodon-streaming:v4.5.3", "ghcr.io/glitch-soc/mastodon:v4.5.3"]);
});
