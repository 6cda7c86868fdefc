// Which version the image stands in for: `before("4.2")`.

const VERSION = process.env.STANDIN_VERSION ?? "4.7.6";

/** Whether that is earlier than `minor`, as in `4.2`. */
export function before(minor) {
  const [own, other] = [VERSION, minor].map((text) => text.split(".").map((part) => Number.parseInt(part, 10)));
  return own[0] - other[0] < 0 || (own[0] === other[0] && own[1] < other[1]);
}
