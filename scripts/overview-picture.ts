// Makes docs/overview.png, the overview page of an invented site: `npx tsx scripts/overview-picture.ts`. It needs the Debian package chromium.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Browser } from "../test/e2e/browser";
import { serve, TROUBLED } from "../test/e2e/overview-site";

/** Wide enough for three columns, and small enough for a page of text. */
const PART = { x: 0, y: 0, width: 1440, height: 860, scale: 0.75 };

async function main(): Promise<void> {
  const server = await serve(() => TROUBLED);
  const browser = await Browser.start();
  try {
    await browser.open(server.url, { width: 1440 });
    await browser.until('document.getElementById("backups") !== null');
    writeFileSync(join(__dirname, "../docs/overview.png"), await browser.picture(PART));
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
}

void main();
