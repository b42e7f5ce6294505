import { generalNameText, nameText } from '../checks/text.ts';
import { timeText } from '../checks/time.ts';
import type { Signing } from '../csr/sign.ts';
import { columns, count, printable } from './columns.ts';
import { findingLines } from './findings.ts';
import { certificateJson } from './init.ts';

/** A request with the file that its certificate goes to. `kept`: the certificate that it is signed for is there already. */
export interface PlacedSigning extends Omit<Signing, 'outcome'> {
  readonly outcome: Signing['outcome'] | 'kept';
  readonly path?: string;
}

/** What a run of `certs sign` did or would do. */
export interface SignReport {
  readonly outcome: 'signed' | 'unchanged' | 'planned';
  readonly signings: readonly PlacedSigning[];
}

/** Whether something was refused, or there was nothing to sign. */
export function isPartial({ signings }: SignReport): boolean {
  return signings.length === 0 || signings.some(({ outcome }) => outcome === 'refused');
}

/** Why each request that was not signed was not, and what is odd about those that were. */
export function signMessages({ signings }: SignReport): readonly string[] {
  return signings.flatMap(({ outcome, source, why = 'is refused', findings }) => [
    ...(outcome === 'refused' ? [printable(`error: ${source}: ${why}`)] : []),
    ...findings.flatMap((finding) => findingLines(finding, (path) => path)),
  ]);
}

function summary({ outcome, signings }: SignReport): string {
  const signed = count(signings.filter((signing) => signing.outcome === 'signed').length, 'certificate');
  const others = (['kept', 'refused'] as const).map((which) => {
    const number = signings.filter((signing) => signing.outcome === which).length;
    return number === 0
      ? ''
      : `; ${number} ${which === 'kept' ? 'there already, to be moved away where another is wanted' : which}`;
  });
  const rest = others.join('');
  switch (outcome) {
    case 'signed':
      return `${signed} signed${rest}`;
    case 'planned':
      return `${signed} would be signed${rest}; nothing was written (--dry-run)`;
    case 'unchanged':
      return `nothing was signed${rest}`;
  }
}

/** The report as people read it: a line for each request, with whom its certificate names. */
export function signText(report: SignReport): readonly string[] {
  const rows = report.signings.map(({ outcome, row, signer, certificate, path, source }) => [
    outcome,
    row ?? '-',
    signer ?? '-',
    certificate === undefined ? '-' : timeText(certificate.notAfter).slice(0, 10),
    printable(path ?? source),
    certificate === undefined
      ? ''
      : printable(
          [nameText(certificate.subject), ...(certificate.subjectAltName ?? []).map(generalNameText)].join(
            '; ',
          ),
        ),
  ]);
  const head = ['OUTCOME', 'NAME', 'SIGNER', 'EXPIRES', 'FILE', 'NAMES'];
  return [...columns([head, ...rows]), '', summary(report)];
}

/** The report for programs: `docs/json.md` describes it. */
export function signJson(report: SignReport): object {
  return {
    schema: 'k8s-pki/sign/v1',
    outcome: report.outcome,
    isPartial: isPartial(report),
    requests: report.signings.map(
      ({ source, outcome: of, row, signer, path, why, certificate, findings }) => ({
        source,
        outcome: of,
        ...(row === undefined ? {} : { row }),
        ...(signer === undefined ? {} : { signer }),
        ...(path === undefined ? {} : { path }),
        ...(why === undefined ? {} : { why }),
        ...(certificate === undefined ? {} : { certificate: certificateJson(certificate) }),
        findings,
      }),
    ),
  };
}
