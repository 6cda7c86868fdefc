// How boot texts are measured. Those of the examples are measured in test/examples/boot-texts.test.ts.

import { onTheMachine, share, sizesOf } from "../../bench/boot-text";

test("a plan's text is measured as it arrives: with its secrets, and Terraform's marks undone", () => {
  const given = { password: "a/b" };
  expect(onTheMachine("x=${var.password} ${urlencode(var.password)} $${HOME} %%{http_code}", given)).toBe(
    "x=a/b a%2Fb ${HOME} %{http_code}",
  );
  expect(onTheMachine("$${var.password}", given)).toBe("${var.password}");
  expect(() => onTheMachine("${var.other}", given)).toThrow("holds other, and no value");
});

test("sizes are those of the bytes that are sent", () => {
  const sizes = sizesOf("ä".repeat(1000));
  expect(sizes.plain).toBe(2000);
  expect(sizes.gzip).toBeLessThan(100);
  expect(sizes.base64).toBe(Math.ceil(sizes.gzip / 3) * 4);
  expect(share({ plain: 16384, gzip: 4096, base64: 5464 }, { cloud: "any", bytes: 8192, counts: "gzip" })).toBe(0.5);
  expect(share({ plain: 16384, gzip: 4096, base64: 5464 }, { cloud: "any", bytes: 10_928, counts: "base64" })).toBe(0.5);
});
