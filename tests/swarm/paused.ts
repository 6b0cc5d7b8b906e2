import { Machines } from "../support/machines";
import { MANAGER, SwarmLab } from "../support/swarmLab";

/** A test of a node that is paused during an update. */
export function pausedNode(current: () => { readonly machines: Machines; readonly lab: SwarmLab }): void {
  it("updates the other nodes while one is paused, which keeps its tasks", () => {
    const { machines, lab } = current();
    const allow = (availability: string): string =>
      machines.docker(MANAGER, "node", "update", "--availability", availability, machines.name(3));
    const tasks = (): readonly string[] =>
      [2, 3].map((node) => machines.docker(node, "ps", "--quiet", "--filter", "name=cadvisor"));
    const before = tasks();
    allow("pause");
    try {
      lab.configure({ cadvisorMemory: 300 });
      lab.apply();
      const [other, paused] = tasks();
      expect(other).not.toBe(before[0]);
      expect(paused).toBe(before[1]);
      expect(lab.verify().failed).toEqual([]);
    } finally {
      allow("active");
    }
  });
}
