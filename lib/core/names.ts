// From a construct's id to a host name: `hostName("StreamingPool")` is `streaming-pool`.

/** The id in lower case with dashes, as host names and labels of every cloud allow. */
export function hostName(id: string): string {
  return id
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
}
