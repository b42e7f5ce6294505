import type { Finding } from './finding.ts';

/** One thing wrong with what was asked for. All of a request's issues are reported together. */
export interface SpecIssue {
  /** The option at fault as the command line spells it, without dashes: `host-ip`. */
  readonly option: string;
  /** The value as it was given; absent where the problem is that there is none. */
  readonly value?: string;
  /** Where in the file that was given, both from 1 on. */
  readonly line?: number;
  readonly column?: number;
  /** What the value is held against, in one sentence without a full stop. */
  readonly rule: string;
  /** What to give instead. */
  readonly hint?: string;
}

/** What each code carries beside its message. */
export interface PkiErrorDetail {
  /** The words of the command line are wrong, before anything is made of their values. Exit code 2. */
  ERR_USAGE: Record<string, never>;
  /** The request itself is wrong: nothing was read or changed. Exit code 2. */
  ERR_CONFIG: { readonly issues: readonly SpecIssue[] };
  /** What is present contradicts the request: nothing was changed. Exit code 3. */
  ERR_REFUSED: {
    readonly findings: readonly Finding[];
    /** Requests that would keep everything that is there, as arguments: `--profile kubeadm …`. */
    readonly wouldKeep: readonly string[];
  };
  /** A PEM text that cannot be read as what it should hold. Exit code 3. */
  ERR_PEM: { readonly expected: string; readonly found: string };
  /** Bytes that are no certificate by RFC 5280. Exit code 3. */
  ERR_CERTIFICATE: { readonly field: string };
  /** A private or public key that cannot be read or is of a kind not known here. Exit code 3. */
  ERR_KEY: { readonly expected: string; readonly found: string };
  /** A text that cannot be read as a kubeconfig. Exit code 3. */
  ERR_KUBECONFIG: { readonly field: string };
  /** The file system refused, or holds something that is in the way. Exit code 3. */
  ERR_STORE: { readonly path: string; readonly operation: string; readonly errno?: string };
  /**
   * An archive or a list of Secrets in which there is nothing to audit, too much, or more than one PKI: `choices` are what
   * can be named then. Exit code 3.
   */
  ERR_SOURCE: { readonly source: string; readonly choices: readonly string[] };
  /**
   * What is encrypted in the Secret kubeadm-certs cannot be opened: another key, or damaged. `entries` are the keys of its
   * data that do not open. Exit code 3.
   */
  ERR_SEALED: { readonly entries: readonly string[] };
  /** Something stands where files are to be written; all of it is listed, nothing was changed. Exit code 3. */
  ERR_OBSTACLE: {
    readonly obstacles: readonly {
      readonly path: string;
      readonly expected: string;
      readonly found: string;
    }[];
  };
  /** Another run holds the target directories, or it cannot be told whether it does. Exit code 3. */
  ERR_LOCKED: { readonly path: string; readonly holder: string };
  /** The clock shows a time before this program was released. Exit code 3. */
  ERR_CLOCK: { readonly now: string; readonly released: string };
  /** The run was stopped from outside before anything was put in place. Exit code 130 or 143. */
  ERR_INTERRUPTED: { readonly signal: string };
  /** What was signed is not what its row says: a defect of this program. Exit code 70. */
  ERR_SELF_CHECK: { readonly findings: readonly Finding[] };
}

/** Stable across releases: switch on this, never on the message. */
export type PkiErrorCode = keyof PkiErrorDetail;

/** Where an error comes from and what to do, beside the message. */
export interface PkiErrorOptions<C extends PkiErrorCode> {
  readonly detail: PkiErrorDetail[C];
  /** What the operator can type or do next. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * The one error class of this library. `code` says which, `detail` is typed by it. The message is one line, lower
 * case, without a full stop, and never holds key material.
 */
export class PkiError<C extends PkiErrorCode = PkiErrorCode> extends Error {
  override readonly name = 'PkiError';
  readonly code: C;
  readonly detail: PkiErrorDetail[C];
  readonly hint: string | undefined;

  constructor(code: C, message: string, options: PkiErrorOptions<C>) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.detail = options.detail;
    this.hint = options.hint;
  }
}

/** Whether `error` is a {@link PkiError} of the given code, with its detail typed accordingly. */
export function isPkiError<C extends PkiErrorCode>(error: unknown, code: C): error is PkiError<C> {
  return error instanceof PkiError && error.code === code;
}

/**
 * What `run` gives; what it throws of a text is said of the file that the text is from.
 *
 * @param path Absent: nobody knows.
 */
export async function inFile<T>(path: string | undefined, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (path === undefined || !(error instanceof PkiError)) throw error;
    throw new PkiError(error.code, `${path}: ${error.message}`, {
      detail: error.detail,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    });
  }
}
