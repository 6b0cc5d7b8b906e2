import type { Test } from "./shape";

/** Arguments of a command: each up to its `=`, or all of it, and what may follow. */
export type Flags = Readonly<Record<string, Test>>;

/** What a container, or each task of a Swarm service, may have besides what every container of the lab has. */
export interface ContainerAllowance {
  /** What its image is called with: whatever is not here is refused. */
  readonly command?: Flags;
  /** Those of them that may not be missing, as the program's own default is open. */
  readonly required?: readonly string[];
  /** Whether it asks for a password where the setting webPassword is set. */
  readonly password?: true;
  /** Variables of its environment, and what each may be; nothing secret, as everybody reads it who may inspect one. */
  readonly envs?: Readonly<Record<string, Test>>;
  /**
   * `source:target:options` as Docker has them; a source without `/` is a volume, without the setting namePrefix.
   * `ENGINE` and `CONTAINERD` are the sockets of this machine, `SOCKET` is each of them that is directly in `/`.
   */
  readonly mounts?: readonly string[];
  /** Folders of a mount that files in memory have to cover. */
  readonly covered?: readonly string[];
  /** Whether it may have the engine's whole API by one of its mounts. */
  readonly engine?: true;
  readonly capabilities?: readonly string[];
  readonly securityOpts?: readonly string[];
  /** The host's network, and the arguments that it has to be called with there: all, and with these values. */
  readonly hostNetwork?: Flags;
  /** The host's processes. */
  readonly hostProcesses?: true;
  /** The host's users, where the engine would give it others (`userns-remap`). */
  readonly hostUsers?: true;
  /** `uid:gid` that it runs as, in place of what its image says. */
  readonly user?: string;
}

/** A command that runs on the host. */
export interface CommandAllowance {
  readonly name: RegExp;
  readonly create: string;
  readonly delete?: string;
  /** Variables that hold a script: the files of `assets/` that are its text, which a review of a change sees. */
  readonly scripts?: Readonly<Record<string, readonly string[]>>;
  /** The file of `assets/` that it reads as its standard input. */
  readonly stdin?: string;
  /** Its other variables, and what each may be. */
  readonly environment?: Readonly<Record<string, Test>>;
  /** Variables that hold a secret. */
  readonly secrets?: readonly string[];
}
