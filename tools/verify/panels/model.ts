/** A reference to a datasource: by uid, by name, by a variable, or none for the default one. */
export type DatasourceReference = string | null | { readonly uid?: string; readonly type?: string };

/** A query of a panel; what is not named here is passed on as it is. */
export interface Target {
  readonly refId?: string;
  readonly expr?: string;
  readonly hide?: boolean;
  readonly datasource?: DatasourceReference;
  readonly interval?: string;
  readonly [field: string]: unknown;
}

export interface Panel {
  readonly type: string;
  readonly title?: string;
  readonly datasource?: DatasourceReference;
  readonly targets?: readonly Target[];
  /** Panels of a collapsed row. */
  readonly panels?: readonly Panel[];
  /** Name of the variable for each value of which the panel is shown once. */
  readonly repeat?: string | null;
  /** Set on a copy that an old Grafana saved of a repeated panel. */
  readonly repeatPanelId?: number;
  readonly libraryPanel?: { readonly uid: string };
  readonly gridPos?: { readonly w?: number };
  readonly fieldConfig?: {
    readonly defaults?: {
      readonly mappings?: readonly { readonly type?: string; readonly options?: { readonly match?: string } }[];
    };
  };
  readonly interval?: string | null;
  readonly maxDataPoints?: number | string | null;
}

export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query?: string | { readonly query?: string };
  readonly datasource?: DatasourceReference;
  readonly regex?: string;
  readonly sort?: number;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  readonly allValue?: string | null;
  readonly current?: { readonly text?: unknown; readonly value?: unknown };
  readonly auto?: boolean;
  readonly auto_count?: number;
  readonly auto_min?: string;
}

/** A dashboard as Grafana stores it. */
export interface StoredDashboard {
  readonly uid: string;
  readonly title: string;
  readonly tags?: readonly string[];
  readonly time?: { readonly from?: string; readonly to?: string };
  readonly panels?: readonly Panel[];
  /** Where dashboards before Grafana 5 keep their panels. */
  readonly rows?: readonly { readonly panels?: readonly Panel[] }[];
  readonly templating?: { readonly list?: readonly Variable[] };
}

/** What a variable stands for in one place of a dashboard. */
export interface Value {
  readonly values: readonly string[];
  readonly texts: readonly string[];
  /** Whether it may stand for several values, which makes it part of a regular expression. */
  readonly regex: boolean;
  /** The author's own text for All, which is taken as it is. */
  readonly allValue?: string;
}

export type Values = ReadonlyMap<string, Value>;

/** A panel in one of the places where Grafana shows it. */
export interface ExpandedPanel {
  readonly panel: Panel;
  readonly values: Values;
}
