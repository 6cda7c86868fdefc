import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { script } from "../../lib/core/script";

test("a script gets its values below its first comment, and the shell reads each as it was given", () => {
  const directory = mkdtempSync(join(tmpdir(), "script-"));
  try {
    const file = join(directory, "say.sh");
    writeFileSync(
      file,
      '#!/bin/bash\n# Says what it was given.\nset -eu\n  # Why.\nprintf "%s|%s\\n" "$WORDS" "$SECONDS_MOST"\n',
    );
    const text = script(file, { WORDS: `it's $HOME "here"`, SECONDS_MOST: 40 });
    expect(text.split("\n").slice(0, 4)).toEqual([
      "#!/bin/bash",
      "# Says what it was given.",
      `WORDS='it'\\''s $HOME "here"'`,
      "SECONDS_MOST='40'",
    ]);
    expect(text).not.toContain("Why");
    expect(execFileSync("bash", ["-c", text], { encoding: "utf8" })).toBe(`it's $HOME "here"|40\n`);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
