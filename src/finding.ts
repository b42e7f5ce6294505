/**
 * The worst first. error: contradicts what the row says. warning: works, but look at it. notice: differs, and that is known
 * to be fine.
 */
export const SEVERITIES = ['error', 'warning', 'notice'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** One way in which what is there is not what it should be. */
export interface Finding {
  /** Stable across releases; the catalogue of checks has a row for each. */
  readonly code: string;
  readonly severity: Severity;
  /** The id of the table row concerned: `apiserver`, `admin.conf`; absent for what belongs to none. */
  readonly row?: string;
  /** The logical path of the file concerned: `pki/apiserver.crt`, `admin.conf`; of what starts a component its own. */
  readonly path: string;
  /** Which part of the file: `subjectAltName`, `server`, `--client-ca-file`. */
  readonly field?: string;
  /** One sentence in plain words, without a full stop. */
  readonly message: string;
  readonly expected?: string;
  readonly found?: string;
  /** How to mend it. */
  readonly remedy?: string;
}

/** A finding of a whole audit. */
export interface AuditFinding extends Finding {
  /** What it is known by when the same is audited again, also after a renewal. */
  readonly fingerprint: string;
  /** Why it does not count, and the last day on which it does not; absent: it counts. */
  readonly waiver?: { readonly reason: string; readonly until: string };
}
