import { Datasource, GrafanaApi } from "../../verify/panels/grafana";

/** Access to the preview's lab. */
export interface LabAccess {
  readonly api: GrafanaApi;
  readonly sources: readonly Datasource[];
  /** Earliest time of a sample, in milliseconds since the epoch. */
  readonly since: number;
  /** Seconds between two scrapes. */
  readonly scrapeSeconds: number;
  /** Waits; throws if the run is interrupted. */
  readonly pause: (milliseconds: number) => Promise<void>;
  /** Replaces the lab's stand-ins in a text by the declared values. */
  readonly restore: (text: string) => string;
}
