import { FaultResult, record } from "../support/results";
import { lostUserData, UserData } from "../support/userData";
import { expectOk, UserLab } from "../support/userLab";

/** The lab's dashboards, by the names of their resources. */
export const DASHBOARDS: readonly string[] = [
  "ansible-playbooks-dashboard",
  "community-1860-dashboard",
  "community-14282-dashboard",
  "flask-app-dashboard",
  "jobs-dashboard",
  "lab-overview-dashboard",
];

/** A lab that is up and holds what people have put into it; faults share it. */
export interface Fixture {
  readonly lab: UserLab;
  /** Undefined for a lab that was not up before. */
  readonly userData?: UserData;
}

/** A fault that the next up repairs. */
export interface InjectedFault extends Pick<FaultResult, "part" | "fault"> {
  /** What is lost for good; nothing, unless said otherwise. */
  readonly lost?: string;
  readonly cause: () => unknown;
  /** The resources that a preview names. */
  readonly shows: readonly string[];
  /** Resources that it may name besides, as what a fault does there is a matter of moments. */
  readonly mayShow?: readonly string[];
}

/** Causes a fault, and expects a preview to name just that and the next up to repair it. */
export async function expectRepaired({ lab, userData }: Fixture, fault: InjectedFault): Promise<void> {
  const { mayShow = [] } = fault;
  await fault.cause();
  const shown = await lab.preview();
  expect(shown.filter((name) => !mayShow.includes(name))).toEqual([...fault.shows].sort());
  const changes = await expectGreen({ lab, userData }, fault);
  expect(changes.filter((name) => !mayShow.includes(name))).toEqual([...fault.shows].sort());
}

/** Sees that the next up ends green with everything that was there before; returns what it changed. */
export async function expectGreen(
  { lab, userData }: Fixture,
  { part, fault, lost = "nothing" }: Pick<InjectedFault, "part" | "fault" | "lost">,
): Promise<readonly string[]> {
  const start = Date.now();
  const { changes } = await expectOk(lab.up());
  expect(await lab.failedChecks()).toEqual([]);
  const seconds = (Date.now() - start) / 1000;
  await expectKept({ lab, userData });
  expect(await lab.preview()).toEqual([]);
  record({ part, fault, lost, seconds });
  return changes;
}

/** Sees that everything is there which people have put into the lab. */
export async function expectKept({ lab, userData }: Fixture): Promise<void> {
  expect(userData === undefined ? [] : await lostUserData(lab, userData)).toEqual([]);
}
