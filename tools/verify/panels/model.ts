/** A reference to a datasource: by uid, name or variable; none is the default datasource. */
export type DatasourceReference = string | null | { readonly uid?: string; readonly type?: string };

/** A query of a panel; other fields are passed on unchanged. */
export interface Target {
  readonly refId?: string;
  readonly expr?: string;
  readonly hide?: boolean;
  readonly datasource?: DatasourceReference;
  readonly interval?: string | number | null;
  readonly [field: string]: unknown;
}

/** Text that is shown instead of a value. */
export interface MappingResult {
  readonly text?: string;
  readonly color?: string;
}

/** A value mapping: by value, range, pattern or special value. */
export interface ValueMapping {
  readonly type?: string;
  readonly options?: {
    readonly match?: string;
    readonly pattern?: string;
    readonly from?: number | null;
    readonly to?: number | null;
    readonly result?: MappingResult;
  };
}

/** How a panel displays the values of a field. */
export interface FieldConfig {
  readonly unit?: string;
  readonly decimals?: number | null;
  readonly min?: number | null;
  readonly max?: number | null;
  readonly noValue?: string;
  readonly mappings?: readonly ValueMapping[];
  readonly thresholds?: {
    readonly mode?: string;
    readonly steps?: readonly { readonly value?: number | null; readonly color: string }[];
  };
  readonly color?: { readonly mode?: string };
  readonly custom?: {
    readonly thresholdsStyle?: { readonly mode?: string };
    readonly cellOptions?: { readonly type?: string };
    /** What tables before Grafana 10 have instead of `cellOptions`. */
    readonly displayMode?: string;
  };
}

/** Settings that override the defaults for matching fields. */
export interface FieldOverride {
  readonly matcher: { readonly id: string; readonly options?: unknown };
  readonly properties: readonly { readonly id: string; readonly value?: unknown }[];
}

export interface Panel {
  readonly id?: number;
  readonly type: string;
  readonly title?: string;
  readonly datasource?: DatasourceReference;
  readonly targets?: readonly Target[] | null;
  /** Panels of a collapsed row. */
  readonly panels?: readonly Panel[];
  /** Variable by whose values the panel is repeated. */
  readonly repeat?: string | null;
  /** Set on a copy of a repeated panel that an old Grafana saved. */
  readonly repeatPanelId?: number;
  readonly libraryPanel?: { readonly uid: string };
  readonly gridPos?: { readonly w?: number };
  readonly options?: {
    readonly colorMode?: string;
    readonly reduceOptions?: { readonly calcs?: readonly string[]; readonly values?: boolean };
  };
  readonly fieldConfig?: { readonly defaults?: FieldConfig; readonly overrides?: readonly FieldOverride[] };
  readonly transformations?: readonly { readonly id?: string }[];
  readonly interval?: string | number | null;
  /** Its own range, which ends now. */
  readonly timeFrom?: string | null;
  /** How far it looks back from the dashboard's time range. */
  readonly timeShift?: string | null;
  readonly maxDataPoints?: number | string | null;
}

export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query?: string | { readonly query?: string };
  readonly datasource?: DatasourceReference;
  /** How a custom variable lists its options: `json`, or separated by commas. */
  readonly valuesFormat?: string;
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
  /** Grafana's date math, an ISO date or milliseconds. */
  readonly time?: { readonly from?: string | number; readonly to?: string | number };
  readonly panels?: readonly Panel[];
  /** Panels of a dashboard from before Grafana 5. */
  readonly rows?: readonly { readonly panels?: readonly Panel[] }[];
  readonly templating?: { readonly list?: readonly Variable[] };
}

/** Value of a variable in one place of a dashboard. */
export interface Value {
  readonly values: readonly string[];
  readonly texts: readonly string[];
  /** Whether it may have several values, which become a regular expression. */
  readonly regex: boolean;
  /** The author's custom value for All, used verbatim. */
  readonly allValue?: string;
}

export type Values = ReadonlyMap<string, Value>;

/** A panel in one of the places where Grafana shows it. */
export interface ExpandedPanel {
  readonly panel: Panel;
  readonly values: Values;
}
