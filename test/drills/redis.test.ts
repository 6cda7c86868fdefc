import { promised } from "../../drills/redis";
import { REDIS_PORTS } from "../../lib/mastodon/ports";
import { silentMs } from "../../lib/mastodon/programs/sentinel";

test.each(Object.entries(REDIS_PORTS))(
  "a drill holds the Redis for %s to downAfterSeconds, not to what its sentinels are told",
  (_use, port) => {
    const seconds = Array.from({ length: 60 }, (_, n) => n + 1);
    expect(seconds.map((one) => promised(silentMs(one, port)))).toEqual(seconds);
  },
);

test("times that no page makes are told", () => {
  expect(() => promised(4200)).toThrow("the sentinels wait 4200 ms, which no downAfterSeconds of the page makes");
});
