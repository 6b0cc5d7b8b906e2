import * as fs from "node:fs";
import * as path from "node:path";
import { parse, stringify } from "yaml";
import { LAB_LABEL } from "../../lib/shared/names";
import { Commands } from "../pull-request/commands";
import { LabOutputs } from "../verify/lab";
import { benchEnvironment, expectOk, System } from "./system";
import { settingsOf, Workspace } from "./workspace";

/** A lab of this checkout, as `make` works on it. */
export function pulumiLab(place: Workspace): System {
  const room = path.join(place.folder, "room");
  const own = path.join(room, `own.${place.stack}.yaml`);
  const commands = new Commands({ ...benchEnvironment(place), LAB_ROOM: room, STACK: place.stack });
  const runWith =
    (env: NodeJS.ProcessEnv, script: string, ...args: string[]) =>
    async (): Promise<void> => {
      await expectOk(commands, commands.run(script, args, { env }));
    };
  const run = (script: string, ...args: string[]) => runWith({}, script, ...args);
  const configure = (settings: Readonly<Record<string, unknown>>): void => {
    const before = parse(fs.readFileSync(own, "utf8")) as { config?: Record<string, unknown> };
    const named = Object.entries(settings).map(([key, value]) => [`observability-lab:${key}`, value] as const);
    fs.writeFileSync(own, stringify({ ...before, config: { ...before.config, ...Object.fromEntries(named) } }));
  };
  const up = run("pulumi", "up", "--yes", "--skip-preview");
  const outputs = async (): Promise<LabOutputs> => {
    const output = commands.run("pulumi", ["stack", "output", "--json", "--show-secrets"]);
    return JSON.parse((await expectOk(commands, output)).messages) as LabOutputs;
  };
  return {
    name: "lab",
    place,
    commands,
    dockerLabel: `${LAB_LABEL}=${place.lab}`,
    prepare: async (size) => {
      // a stack of its own each time, so that every round starts from nothing
      fs.rmSync(room, { recursive: true, force: true });
      [room, place.stateHome].forEach((folder) => fs.mkdirSync(folder, { recursive: true, mode: 0o700 }));
      await run("pulumi", "stack", "ls")();
      configure(await settingsOf(place, size));
    },
    up,
    verify: run("verify"),
    preview: run("pulumi", "preview", "--expect-no-changes"),
    previewWithoutRules: runWith({ LAB_RULES: "pack" }, "pulumi", "preview", "--expect-no-changes"),
    floor: async () => {
      const { grafanaUrl, grafanaUser, grafanaAdminPassword } = await outputs();
      const env = {
        LAB_CHECKOUT: path.join(__dirname, "floor"),
        LAB_ROOM: path.join(place.folder, "floor"),
        STACK: "floor",
        LAB: place.lab,
        GRAFANA_URL: grafanaUrl,
        GRAFANA_AUTH: `${grafanaUser}:${grafanaAdminPassword}`,
      };
      // what it makes goes with the lab
      fs.rmSync(env.LAB_ROOM, { recursive: true, force: true });
      await runWith(env, "pulumi", "up", "--yes", "--skip-preview")();
      return runWith(env, "pulumi", "preview", "--expect-no-changes");
    },
    upAgain: run("pulumi", "up", "--yes", "--skip-preview", "--expect-no-changes"),
    editInterval: (scrapeInterval) => {
      configure({ scrapeInterval });
      return Promise.resolve(up);
    },
    editDashboards: () => Promise.resolve(up),
    destroy: async () => {
      if (fs.existsSync(own)) {
        const { ok, messages } = await commands.run("pulumi", ["destroy", "--yes", "--skip-preview"]);
        if (!ok) {
          throw new Error(messages);
        }
      }
    },
    outputs,
  };
}
