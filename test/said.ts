// What a command says and how it ends: `said(() => main(["secrets", "check", file]))`.

export function said(command: () => number): { readonly status: number; readonly said: string } {
  const lines: string[] = [];
  const spies = (["log", "error"] as const).map((name) =>
    jest.spyOn(console, name).mockImplementation((...line: unknown[]) => void lines.push(line.join(" "))),
  );
  try {
    const status = command();
    return { status, said: lines.map((line) => `${line}\n`).join("") };
  } finally {
    spies.forEach((spy) => spy.mockRestore());
  }
}
