import { columns, count, printable } from './columns.ts';

/** What a run of `import secret` did or would do. */
export interface ImportSecretReport {
  readonly outcome: 'imported' | 'unchanged' | 'planned';
  /** The target directories, the certificate directory first. */
  readonly directories: readonly string[];
  /** Absolute paths. */
  readonly files: readonly { readonly path: string; readonly action: 'create' | 'keep' }[];
  /** What every certificate is told by that came. */
  readonly certificates: readonly {
    readonly path: string;
    readonly subject: string;
    readonly notAfter: string;
    readonly fingerprint: string;
  }[];
  /** What was not there where the Secret was made. */
  readonly absent: readonly string[];
  /** What became, or will become, of runs that were interrupted earlier, a sentence each. */
  readonly recovery: readonly string[];
}

function summary({ outcome, files }: ImportSecretReport): string {
  const created = count(files.filter(({ action }) => action === 'create').length, 'file');
  switch (outcome) {
    case 'imported':
      return `${created} created`;
    case 'planned':
      return `${created} would be created; nothing was changed (--dry-run)`;
    case 'unchanged':
      return `nothing to do: ${count(files.length, 'file')} of the Secret are there`;
  }
}

/** The report as people read it. */
export function importSecretText(report: ImportSecretReport): readonly string[] {
  const rows = report.files.map(({ path, action }) => [action, printable(path)]);
  const certificates = report.certificates.map(({ path, subject, notAfter, fingerprint }) => [
    printable(subject),
    notAfter.slice(0, 10),
    fingerprint,
    printable(path),
  ]);
  return [
    ...columns([['ACTION', 'FILE'], ...rows]),
    '',
    ...columns([['CERTIFICATE', 'EXPIRES', 'FINGERPRINT', 'FILE'], ...certificates]),
    '',
    summary(report),
  ];
}

/** The report for programs: `docs/json.md` describes it. */
export function importSecretJson(report: ImportSecretReport): object {
  return { schema: 'k8s-pki/import-secret/v1', ...report };
}
