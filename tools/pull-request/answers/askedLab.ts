import { Datasource, GrafanaApi } from "../../verify/panels/grafana";

/** The lab that is asked. */
export interface AskedLab {
  readonly api: GrafanaApi;
  readonly sources: readonly Datasource[];
  /** When the first sample can have been taken, in milliseconds since the epoch. */
  readonly since: number;
  /** Seconds between two scrapes. */
  readonly scrapeSeconds: number;
  /** Waits so many milliseconds, or throws where somebody asks for the end. */
  readonly pause: (milliseconds: number) => Promise<void>;
  /** A text with what the commits declare in the place of the lab's stand-ins. */
  readonly restore: (text: string) => string;
}
