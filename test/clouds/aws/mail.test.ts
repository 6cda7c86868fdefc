import { mail } from "../../../lib";
import { page, pool, problems } from "./page";

function sends(port: number, mailPort25 = false): readonly string[] {
  const { site } = page(
    { mailPort25 },
    { settings: [mail({ server: "smtp.example.net", port, from: "Social <hello@social.example>" })] },
  );
  const jobs = pool(site, "jobs");
  pool(site, "more");
  jobs.reaches({ kind: "external", name: "smtp.example.net" }, port, "mail");
  return problems(site);
}

test("mail on port 25, which AWS blocks, is refused with what works", () => {
  expect(sends(587)).toEqual([]);
  expect(sends(25)).toEqual([
    "stack/Social/jobs: it sends mail to smtp.example.net on port 25, which AWS blocks / use a port that the mail server offers besides, " +
      "such as 587, or say mailPort25: true once AWS' support has opened it",
  ]);
  expect(sends(25, true)).toEqual([]);
});
