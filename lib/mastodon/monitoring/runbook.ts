// Where people read what to do about an alert: `runbookUrl(alerts.runbooks, "WebErrors")`. Each has a paragraph in docs/runbooks.md, whose heading is its name.

import { wrongUrl } from "../../core/address";
import { Problem } from "../../core/problems";

/** In the project of whoever has deployed the page. */
const IN_PACKAGE = "node_modules/cdktf-mastodon/docs/runbooks.md";
const SUCH = "https://git.example/ops/runbooks.md";

/** The paragraph of an alert, as servers of Markdown make anchors of headings. */
export const runbookUrl = (runbooks: string, alert: string): string => `${runbooks}#${alert.toLowerCase()}`;

/** The same in a template of Alertmanager, in a range over alerts. */
export function runbookTemplate(runbooks: string = IN_PACKAGE): string {
  return `${runbooks}#{{ .Labels.alertname | toLower }}`;
}

/** What is wrong with the URL of the runbooks. Prometheus and Alertmanager would take braces for their templates. */
export function wrongRunbooks(runbooks: string | undefined): Problem | undefined {
  if (runbooks === undefined) return undefined;
  const wrong = wrongUrl("runbooks", runbooks, { schemes: ["https", "http"], such: SUCH });
  if (wrong !== undefined || !/[#{}]/.test(runbooks)) return wrong;
  return { wrong: `runbooks is "${runbooks}"`, remedy: `give the URL of the whole page without # and braces, such as ${SUCH}` };
}
