import { uncovered, wrongBucket } from "../../lib/core/bucket";

const AMAZON = ["social-media", "a.b.c", "123", "a".repeat(63), "0-0"];

test.each(AMAZON)("%s is a bucket everywhere", (bucket) => {
  for (const strict of [true, false]) expect(wrongBucket(bucket, strict)).toBeUndefined();
});

test.each(["Mastodon_Media", "media_files", "a..b", "x-s3alias"])("%s is one of some stores, and not of Amazon", (bucket) => {
  expect(wrongBucket(bucket, false)).toBeUndefined();
  expect(wrongBucket(bucket, true)!.wrong).toBe(`bucket of objects is "${bucket}"`);
});

test.each(["ab", "a".repeat(64), "-a-", "a-", ".ab", "a b", "bücher", "192.168.5.4", "s3://media", "media/files", ""])(
  "%j is none",
  (bucket) => {
    for (const strict of [true, false]) expect(wrongBucket(bucket, strict)!.wrong).toBe(`bucket of objects is "${bucket}"`);
  },
);

test("a bucket's own host is covered by a certificate unless the bucket has dots", () => {
  expect(uncovered("social-media", "social-media.store.example", "store.example")).toBeUndefined();
  expect(uncovered("social.media", "files.social.example", "store.example")).toBeUndefined();
  expect(uncovered("social.media", undefined, "store.example")).toBeUndefined();
  expect(uncovered("social.media", "store.example/social.media", "store.example")).toBeUndefined();
  expect(uncovered("social.media", "social.media.store.example", "store.example")).toEqual({
    wrong: 'aliasHost of objects is "social.media.store.example", and no certificate of store.example covers a bucket with dots',
    remedy: 'write aliasHost: "store.example/social.media", give a host of your own, or use a bucket without dots',
  });
});
