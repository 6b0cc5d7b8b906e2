import type { Test } from "./shape";

/** Arguments of a command: each up to its `=`, or whole, and the allowed values. */
export type Flags = Readonly<Record<string, Test>>;

/** Permissions of a container, or of each task of a Swarm service, besides those of every container of the lab. */
export interface ContainerAllowance {
  /** Allowed arguments of its image; all others are rejected. */
  readonly command?: Flags;
  /** Required arguments, as the program's default is open. */
  readonly required?: readonly string[];
  /** Required environment variables, for the same reason. */
  readonly requiredEnvs?: readonly string[];
  /** Whether it requires a password if the setting webPassword is set. */
  readonly password?: true;
  /** Variables of its environment, and their allowed values; no secrets, as everybody who may inspect a container can read them. */
  readonly envs?: Readonly<Record<string, Test>>;
  /**
   * `source:target:options` in Docker's format; a source without `/` is a volume, without the setting namePrefix.
   * `ENGINE` and `CONTAINERD` are the sockets of this machine, `SOCKET` is each of them that is directly in `/`.
   */
  readonly mounts?: readonly string[];
  /** Folders of a mount that a tmpfs has to cover. */
  readonly covered?: readonly string[];
  /** Whether one of its mounts may give access to Docker's whole API. */
  readonly engine?: true;
  readonly capabilities?: readonly string[];
  readonly securityOpts?: readonly string[];
  /** The host's network, and the arguments that are required there, with these values. */
  readonly hostNetwork?: Flags;
  /** The host's processes. */
  readonly hostProcesses?: true;
  /** The host's users, if Docker remaps users (`userns-remap`). */
  readonly hostUsers?: true;
  /** `uid:gid` that it runs as, in place of the image's. */
  readonly user?: string;
}

/** A command that runs on the host. */
export interface CommandAllowance {
  readonly name: RegExp;
  readonly create: string;
  readonly delete?: string;
  /** Variables with a script: the files of `assets/` with its text, which a reviewer of a change sees. */
  readonly scripts?: Readonly<Record<string, readonly string[]>>;
  /** The file of `assets/` with its standard input. */
  readonly stdin?: string;
  /** Its other variables, and their allowed values. */
  readonly environment?: Readonly<Record<string, Test>>;
  /** Variables that hold a secret. */
  readonly secrets?: readonly string[];
}
