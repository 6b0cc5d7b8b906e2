import { networkProblem } from "../lib/settings/cidr";
import { connectHost, labName, overlayName } from "../lib/shared/names";
import type { PolicyContext } from "./resource";
import { is, type Test } from "./shape";

/** The lab's names, which distinguish its resources from those of another lab. */
type Setting = (context: PolicyContext) => string;

export const LAB_NAME: Setting = ({ namePrefix }) => labName(namePrefix);
export const PREFIX: Setting = ({ namePrefix }) => namePrefix;
/** Address at which this machine reaches published ports. */
export const HOST: Setting = ({ bindAddress }) => connectHost(bindAddress);
export const GATEWAY: Setting = ({ gateway }) => gateway;
export const SUBNET: Setting = ({ subnet }) => subnet;
export const PORT = /:\d+/;

/** A text that consists of exactly these parts. */
export const joined =
  (...parts: readonly (string | RegExp | Setting)[]): Test =>
  (value, context) => {
    const pattern = parts.map((it) =>
      it instanceof RegExp
        ? it.source
        : (typeof it === "string" ? it : it(context)).replace(/[.*+?^${}()|[\]\\]/g, "\\$&"),
    );
    return typeof value === "string" && new RegExp(`^${pattern.join("")}$`).test(value);
  };

export const either =
  (...tests: readonly Test[]): Test =>
  (value, context) =>
    tests.some((test) => test(value, context));

/** A network of the lab. */
export const NETWORK: Test = (value, context) =>
  is(labName(context.namePrefix), overlayName(context.namePrefix))(value, context);
/** A subnet that a lab may have. */
export const PRIVATE_SUBNET: Test = (value) => typeof value === "string" && networkProblem(value) === undefined;
/** A container or a service of the lab. */
export const CONTAINER_NAME = joined(PREFIX, /[a-z_]+/);
export const VOLUME = joined(LAB_NAME, /-[\w-]+/);
/** An address on this machine for the peers that bindAddress allows. */
export const OWN_URL = joined("http://", HOST, PORT);
