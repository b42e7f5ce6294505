import type { Policy } from '../cluster/policy.ts';
import type { DesiredCertificate, DesiredRow } from '../resolve/desired.ts';
import type { Certificate } from '../x509/model.ts';
import type { Evidence, RowEvidence } from './evidence.ts';
import type { Severity } from '../finding.ts';

/** What a check found wrong with one row; its code and severity come from the check's own row. */
export interface Hit {
  readonly path: string;
  readonly field?: string;
  /** One sentence, lower case, without a full stop. */
  readonly message: string;
  readonly expected?: string;
  readonly found?: string;
}

/** What a check may look at beside its row. */
export interface CheckContext {
  readonly now: Date;
  readonly evidence: Evidence;
  /** The ids of CAs that can sign although no key of theirs is among the files: a `Signer` stands in. */
  readonly signers: ReadonlySet<string>;
  /** Given where a whole PKI is audited, absent where one is completed. */
  readonly audit?: AuditOptions;
}

/** What an audit looks for beside what completing a PKI looks for. */
export interface AuditOptions {
  /** Of what ends within these seconds from now, the end is reported. */
  readonly warnWithinSeconds: number;
  /** The RSA moduli that have a prime in common with another, with where those keys lie: found once, for all together. */
  readonly sharedModuli?: ReadonlyMap<bigint, readonly string[]>;
  /** The keys that are known to be weak, as `parseWeakKeyList` gives them. */
  readonly weakKeys?: ReadonlySet<string>;
  readonly policy?: Policy;
  /** A logical path of each row that is missed where nothing of it is there; absent: of all rows. */
  readonly expected?: readonly string[] | undefined;
  /** Whether some of the files are lost. */
  readonly isPartial?: boolean | undefined;
}

/** What there is to say about a check, whatever it looks at. */
export interface CheckRow {
  /** Stable across releases. */
  readonly code: string;
  readonly severity: Severity;
  /** The rule in a sentence. */
  readonly says: string;
  readonly citation: string;
  readonly remedy: string;
}

/** One rule. Checks are rows: `docs/findings.md`, the tests and every report read them. */
export interface Check extends CheckRow {
  readonly appliesTo: readonly DesiredRow['kind'][];
  /** It means something only where a PKI is audited, or where one is completed. */
  readonly only?: 'audit' | 'plan';
  /** It finds that something is not there: of files some of which are lost nobody can tell. */
  readonly isOfAbsence?: true;
  readonly run: (row: RowEvidence, context: CheckContext) => readonly Hit[];
}

/** A row that is or holds a certificate, with that certificate: what most checks look at. */
export interface CertificateUnderCheck {
  readonly certificate: Certificate;
  readonly desired: DesiredCertificate;
  readonly path: string;
}

/** The certificate of a row beside what it should be, if there is one. */
function certificateOf(row: RowEvidence): CertificateUnderCheck | undefined {
  const [certificate] = row.certificates;
  if (certificate === undefined || !('certificate' in row.desired)) return undefined;
  const holder = row.files.find((file) => file.path === row.desired.files[0]?.path) ?? row.files[0];
  return holder === undefined
    ? undefined
    : { certificate, desired: row.desired.certificate, path: holder.path };
}

/** A check over certificates alone: `find` sees certificate and wish, and is not called where there is none. */
export function certificateCheck(
  check: Omit<Check, 'run' | 'appliesTo'> & { readonly appliesTo?: Check['appliesTo'] },
  find: (
    subject: CertificateUnderCheck,
    row: RowEvidence,
    context: CheckContext,
  ) => readonly Omit<Hit, 'path'>[],
): Check {
  return {
    appliesTo: ['ca', 'certificate', 'kubeconfig'],
    ...check,
    run: (row, context) => {
      const subject = certificateOf(row);
      return subject === undefined
        ? []
        : find(subject, row, context).map((hit) => ({ path: subject.path, ...hit }));
    },
  };
}

/** Lists as people read them; nothing is `none`. */
export function listText(values: readonly string[]): string {
  return values.length === 0 ? 'none' : values.join(', ');
}

/** A text without the users' names and passwords of URLs in it. */
export function withoutSecrets(text: string): string {
  return text.replaceAll(/\/\/[^/?#\s]*@/g, '//…@');
}

// A file may have ten thousand certificates that are all alike; the first few say what is wrong with it.
const MAXIMUM_ALIKE = 10;

/** The first few of what was found alike in one file, and how many more there are. */
export function bounded<T extends { readonly path: string; readonly message: string }>(
  hits: readonly T[],
  path: string,
): readonly (T | Pick<Hit, 'path' | 'message'>)[] {
  const left = hits.length - MAXIMUM_ALIKE;
  if (left <= 0) return hits;
  return [
    ...hits.slice(0, MAXIMUM_ALIKE),
    { path, message: `has ${left} further certificates of which the same is so` },
  ];
}
