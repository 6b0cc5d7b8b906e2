import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { serve } from "../support/servers";
import { UserLab } from "../support/userLab";

/** Something that somebody gets wrong, and what `up` says of it. */
export interface BadInput {
  readonly what: string;
  readonly settings?: (folder: string) => Record<string, unknown>;
  readonly env?: (folder: string) => NodeJS.ProcessEnv;
  /** Breaks something; the function it returns restores it. */
  readonly breaking?: (lab: UserLab) => Promise<() => unknown>;
  /** A whole line of what `up` prints; `<folder>`, `<state>` and `<stack>` stand for the lab's. */
  readonly says: string;
}

/** The file that `make config` writes to. */
export function ownSettings({ stateDir }: UserLab): string {
  const [file = ""] = fs.readdirSync(stateDir).filter((name) => name.startsWith("own."));
  return path.join(stateDir, file);
}

/** Sets a secret; the settings are put back as they were anyway. */
function secret(setting: string, value: string): BadInput["breaking"] {
  return async (lab) => {
    await lab.configureSecrets({ [setting]: value });
    return () => undefined;
  };
}

/** Writes a file, and puts back what was there. */
function writing(file: (lab: UserLab) => string, content: string): BadInput["breaking"] {
  return (it) => {
    const name = file(it);
    const before = fs.existsSync(name) ? fs.readFileSync(name) : undefined;
    fs.mkdirSync(path.dirname(name), { recursive: true });
    fs.writeFileSync(name, content);
    return Promise.resolve(() => {
      if (before === undefined) {
        fs.rmSync(name);
      } else {
        fs.writeFileSync(name, before);
      }
    });
  };
}

/** Mounts a small disk; who may not mount leaves these inputs out. */
function mounting(options: string): BadInput["breaking"] {
  return ({ folder }) => {
    const disk = path.join(folder, "disk");
    fs.mkdirSync(disk, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", disk]);
    return Promise.resolve(() => execFileSync("umount", [disk]));
  };
}

const mayMount = spawnSync("unshare", ["--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;

const DASHBOARD = { id: 4711, revision: 3 };
const FILE = "4711_rev3.json";

const BAD_DISKS: readonly BadInput[] = [
  {
    what: "a state folder on a disk that is read-only",
    env: (folder) => ({ XDG_STATE_HOME: `${folder}/disk` }),
    breaking: mounting("ro"),
    says: '- XDG_STATE_HOME = "<folder>/disk": cannot create files of the lab in <folder>/disk/observability-lab/bad-observability-lab: <folder>/disk is read-only; set XDG_STATE_HOME to a folder that you may write to',
  },
  {
    what: "a state folder on a disk that is full",
    env: (folder) => ({ XDG_STATE_HOME: `${folder}/disk` }),
    breaking: mounting("size=1m"),
    says: '- XDG_STATE_HOME = "<folder>/disk": <folder>/disk has 1 MiB left, which is too little for the lab\'s Python environments; free disk space there, or set XDG_STATE_HOME to a folder on another disk',
  },
];

/** What is wrong outside the settings' values, or for the CLI already; each takes an `up` of its own. */
export const BAD_INPUTS: readonly BadInput[] = [
  {
    what: "a word for a port",
    settings: () => ({ grafanaPort: "three thousand" }),
    says: "error: validating stack config: Stack '<stack>' with configuration key 'grafanaPort' must be of type 'integer'",
  },
  {
    what: "a list for a port",
    settings: () => ({ grafanaPort: [3000] }),
    says: "error: validating stack config: Stack '<stack>' with configuration key 'grafanaPort' must be of type 'integer'",
  },
  {
    what: "a number for a list",
    settings: () => ({ extraScrapeTargets: 8000 }),
    says: "error: validating stack config: Stack '<stack>' with configuration key 'extraScrapeTargets' must be of type 'array<object>'",
  },
  {
    what: "a word for a yes or no",
    settings: () => ({ keepData: "perhaps" }),
    says: "error: validating stack config: Stack '<stack>' with configuration key 'keepData' must be of type 'boolean'",
  },
  {
    what: "a secret that is none",
    breaking: secret("retention", "7d"),
    says: "- retention: must not be a secret; set it without --secret",
  },
  {
    what: "a short password",
    breaking: secret("grafanaAdminPassword", "short"),
    says: "- grafanaAdminPassword: needs at least 8 characters in one line; set a longer one",
  },
  {
    what: "a webhook that is no URL",
    breaking: secret("alertWebhook", "chat.example"),
    says: "- alertWebhook: is not an http or https URL; write it as https://example.org/path, or leave it empty",
  },
  {
    what: "a webhook of a chat with a format of its own",
    breaking: secret("alertWebhook", "https://chat.googleapis.com/v1/spaces/a/messages?key=T0K3N"),
    says: "- alertWebhook: chat.googleapis.com is Google Chat, with a format of its own that the lab does not send; set a webhook of Slack, Discord or Teams, or a relay that accepts Alertmanager's format",
  },
  {
    what: "settings that are no YAML",
    breaking: writing(ownSettings, "config: [1\n"),
    says: "<state>/own.<stack>.yaml has no valid settings: Flow sequence in block collection must be sufficiently indented and end with a ] at line 2, column 1; fix or remove it",
  },
  {
    what: "settings that are a list",
    breaking: writing(ownSettings, "- grafanaPort: 3000\n"),
    says: "<state>/own.<stack>.yaml has no valid settings: it is not a map with a map config in it; fix or remove it",
  },
  {
    what: "a stack that does not exist",
    env: () => ({ STACK: "production" }),
    says: "there is no stack production: Pulumi.production.yaml is missing",
  },
  {
    what: "a wrong passphrase",
    env: () => ({ PULUMI_CONFIG_PASSPHRASE: "wrong" }),
    says: "error: getting stack configuration: get stack secrets manager: incorrect passphrase",
  },
  {
    what: "a passphrase file that is not there",
    env: () => ({ PULUMI_CONFIG_PASSPHRASE_FILE: "/nonexistent" }),
    says: "error: getting stack configuration: get stack secrets manager: unable to read PULUMI_CONFIG_PASSPHRASE_FILE: open /nonexistent: no such file or directory",
  },
  {
    what: "a backend that is not there",
    env: () => ({ PULUMI_BACKEND_URL: "file:///nonexistent" }),
    says: 'error: unable to open state directory "file:///nonexistent": stat /nonexistent: no such file or directory',
  },
  {
    what: "Docker's socket in the wrong place",
    env: () => ({ DOCKER_HOST: "unix:///nonexistent.sock" }),
    says: "error: Docker does not respond at /nonexistent.sock (connect ENOENT /nonexistent.sock); start it, or set DOCKER_HOST to where it listens",
  },
  {
    what: "Docker of another machine",
    env: () => ({ DOCKER_HOST: "tcp://192.0.2.1:2376" }),
    says: "error: DOCKER_HOST is tcp://192.0.2.1:2376, but the lab needs the Docker of this machine: unset DOCKER_HOST, or if it comes from a Docker context, unset DOCKER_CONTEXT and run docker context use default",
  },
  {
    what: "a Docker context that does not exist",
    env: () => ({ DOCKER_CONTEXT: "remote" }),
    says: "Docker's context cannot be read: choose another with docker context use, or unset DOCKER_CONTEXT",
  },
  {
    what: "a socket that is not Docker's",
    env: (folder) => ({ DOCKER_HOST: `unix://${folder}/other.sock` }),
    breaking: async ({ folder }) =>
      (await serve({ "/info": { body: "<html>" } }, path.join(folder, "other.sock"))).close,
    says: "error: Docker does not respond at <folder>/other.sock (/info is not JSON: <html>); start it, or set DOCKER_HOST to where it listens",
  },
  {
    what: "a Python that is not there",
    env: () => ({ PYTHON: "no-such-python" }),
    says: '- PYTHON = "no-such-python": is missing, older than 3.10, or has no venv; install Python with venv (Debian, Ubuntu: apt-get install python3-venv), or set PYTHON to one',
  },
  {
    what: "a relative state folder",
    env: () => ({ XDG_STATE_HOME: "state" }),
    says: '- XDG_STATE_HOME = "state": is not an absolute path; set one that starts with /, or unset it',
  },
  {
    what: "a state folder that is a file",
    env: (folder) => ({ XDG_STATE_HOME: `${folder}/file` }),
    breaking: writing(({ folder }) => path.join(folder, "file"), ""),
    says: '- XDG_STATE_HOME = "<folder>/file": cannot create files of the lab in <folder>/file/observability-lab/bad-observability-lab: <folder>/file is not a folder; set XDG_STATE_HOME to a folder that you may write to',
  },
  ...(mayMount ? BAD_DISKS : []),
  {
    what: "a catalogue folder that is not there",
    settings: () => ({ dashboardCatalogue: "/nonexistent", communityDashboards: [DASHBOARD] }),
    says: `- dashboardCatalogue = "/nonexistent": does not provide dashboard 4711 revision 3 (ENOENT: no such file or directory, open '/nonexistent/${FILE}'); put the file there, or set another folder or URL`,
  },
  {
    what: "a catalogue that is a file",
    settings: (folder) => ({ dashboardCatalogue: `${folder}/file`, communityDashboards: [DASHBOARD] }),
    breaking: writing(({ folder }) => path.join(folder, "file"), ""),
    says: `- dashboardCatalogue = "<folder>/file": does not provide dashboard 4711 revision 3 (ENOTDIR: not a directory, open '<folder>/file/${FILE}'); put the file there, or set another folder or URL`,
  },
  {
    what: "a catalogue whose file is not whole",
    settings: (folder) => ({ dashboardCatalogue: folder, communityDashboards: [DASHBOARD] }),
    breaking: writing(({ folder }) => path.join(folder, FILE), '{"panels": ['),
    says: '- dashboardCatalogue = "<folder>": gives no dashboard for 4711: the file is not JSON with panels; set a catalogue of Grafana dashboards in the classic export format',
  },
  {
    what: "a catalogue whose file was changed",
    settings: (folder) => ({
      dashboardCatalogue: folder,
      communityDashboards: [{ ...DASHBOARD, sha256: "0".repeat(64) }],
    }),
    breaking: writing(({ folder }) => path.join(folder, FILE), '{"panels":[]}'),
    says: `- communityDashboards = {"id":4711,"revision":3,"sha256":"${"0".repeat(64)}"}: the catalogue's file has the sha256 100d7579ca83e45b53d1b04f0a291f5d64978df280d6d7f0d2a43d2c4fd9097b; look at what changed in the file, and set this sum only if you trust it`,
  },
  {
    what: "an address of another machine",
    settings: () => ({ bindAddress: "192.0.2.1" }),
    says: '- bindAddress = "192.0.2.1": is not an address of this machine (EADDRNOTAVAIL); use 127.0.0.1, or an address that ip addr shows',
  },
  {
    what: "a subnet that Docker uses",
    settings: () => ({ subnet: "172.17.0.0/24" }),
    says: '- subnet = "172.17.0.0/24": overlaps with Docker\'s network bridge (172.17.0.0/16); set a private network that nothing else here uses, such as 172.30.91.0/24',
  },
];
