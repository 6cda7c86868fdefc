// The `login` commands of the inventory.

/** The words of a command, of which some are in double quotes. */
export function splitWords(command: string): readonly string[] {
  return (command.match(/(?:[^\s"]|"[^"]*")+/g) ?? []).map((word) => word.replaceAll('"', ""));
}
