import { describeMisfits, isMisfit } from "../../tools/pull-request/report/planFit";

const PARENT = "urn:pulumi:preview::observability-lab::observability-lab:components:Lab";
const GRAFANA = `${PARENT}$docker:index/container:Container::grafana-container`;
const FLASK = `${PARENT}$command:local:Command::flask-process`;
const VALUES = "[{[{map[label:{a} value:{512}]}]}!={[{map[label:{a} value:{520}]}]}]";

/** The engine's log of an update with these errors, as the engine words them. */
function logOf(...errors: readonly { message: string; urn?: string }[]): string {
  return errors
    .map((it, sequence) => JSON.stringify({ sequence, diagnosticEvent: { severity: "error", ...it } }))
    .join("\n");
}

/** The lines about resources. */
function linesOf(message: string, urn = GRAFANA): readonly string[] {
  return describeMisfits(logOf({ message, urn })).slice(1, -1);
}

describe("an update that does not fit the saved plan", () => {
  it("is described by its resources, with what to do", () => {
    const message = `error: resource ${GRAFANA} violates plan: properties changed: ~~labels${VALUES}, ~~memory[{512}!={520}]`;
    const other = {
      message: "create is not allowed by the plan: no steps were expected for this resource",
      urn: FLASK,
    };
    expect(describeMisfits(logOf({ message, urn: GRAFANA }, other, other))).toStrictEqual([
      "the saved plan no longer fits:",
      "- container `grafana-container`: differs from the preview: labels, memory",
      "- app `flask-process`: create, previewed: nothing",
      "these resources were not changed, but earlier changes remain: run it again for a new preview",
    ]);
  });

  it.each([
    [
      `resource ${GRAFANA} violates plan: properties changed: =~stdin[{a\nb}]`,
      "- container `grafana-container`: differs from the preview: stdin",
    ],
    [
      `resource ${GRAFANA} violates plan: ignoreChanges changed: deleted labels[1].value`,
      "- container `grafana-container`: it drifted, or was restored, after the preview",
    ],
    [
      `resource ${GRAFANA} violates plan: parent changed (expected ${PARENT})`,
      `- container \`grafana-container\`: parent changed (expected ${PARENT})`,
    ],
    [
      "delete-replaced is not allowed by the plan: this resource is constrained to create",
      "- container `grafana-container`: delete-replaced, previewed: create",
    ],
    [
      "update is not allowed by the plan: no more steps were expected for this resource",
      "- container `grafana-container`: update, previewed: nothing",
    ],
    [
      `expected resource operations for ${FLASK} but none were seen`,
      "- app `flask-process`: the preview changes it, the update does not",
    ],
  ])("%s", (message, expected) => {
    expect(isMisfit(message)).toBe(true);
    expect(linesOf(message)).toStrictEqual([expected]);
  });
});

it("does not include other failures", () => {
  const message = "the container grafana was not healthy within 120 s";
  expect(isMisfit(message)).toBe(false);
  expect(describeMisfits(logOf({ message }))).toStrictEqual([]);
});
