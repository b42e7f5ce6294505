/** A rule that a value breaks. */
export interface Breach {
  /** In one sentence without a full stop; the option is its subject: `must be …`. */
  readonly rule: string;
  /** What to give instead. */
  readonly hint?: string;
}

/** What a text was read as, or the rule that it breaks. */
export type Parsed<T> = { readonly value: T } | Breach;
