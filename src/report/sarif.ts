import { CATALOGUE } from '../catalogue.ts';
import { timeText } from '../checks/time.ts';
import type { AuditFinding, Severity } from '../finding.ts';
import { printable } from './columns.ts';
import { type VerifyReport, waivedOf } from './verify.ts';

const LEVELS: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  notice: 'note',
};

/** Every check of an audit as a rule, whether it found something or not. Its help is in it: no address has to be trusted. */
function rules(): readonly object[] {
  const rows = CATALOGUE.filter(({ only }) => only !== 'plan');
  return rows.map(({ code, severity, says, citation, remedy }) => ({
    id: code,
    shortDescription: { text: says },
    fullDescription: { text: says },
    help: {
      text: `${says}. Remedy: ${remedy}. Citation: ${citation}.`,
      markdown: `${says}.\n\n**Remedy:** ${remedy}.\n\n**Citation:** ${citation}.`,
    },
    defaultConfiguration: { level: LEVELS[severity] },
  }));
}

const encodePath = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

/** The directories that lie in no other, each with the name under which SARIF knows it. */
function basesOf(
  directories: readonly string[],
): readonly { readonly id: string; readonly prefix: string }[] {
  return (
    directories
      // What came on stdin, or in Secrets, is nowhere on this host.
      .filter((directory) => directory.startsWith('/'))
      .map((directory) => `${directory}/`.replace('//', '/'))
      .filter((prefix, _, all) => !all.some((other) => other !== prefix && prefix.startsWith(other)))
      .map((prefix, index) => ({ id: `AUDITED${index === 0 ? '' : index + 1}`, prefix }))
  );
}

function suppressionOf({ reason, until }: NonNullable<AuditFinding['waiver']>): object {
  return { kind: 'external', status: 'accepted', justification: reason, properties: { until } };
}

/** The report in SARIF 2.1.0, with what the consumers of code scanning ask for beyond what the standard does. */
export function verifySarif({ verification, directories, at, pathOf, version }: VerifyReport): object {
  const { spec, role, findings, leftOut, baseline } = verification;
  const bases = basesOf(directories);
  // SARIF 2.1.0, 3.27.23: where one result says whether it is suppressed, all do.
  const hasWaived = waivedOf(verification).length > 0;
  const resultOf = ({
    code,
    severity,
    path,
    row,
    field,
    message,
    expected,
    found,
    remedy,
    fingerprint,
    waiver,
  }: AuditFinding): object => {
    const place = pathOf(path);
    const base = bases.find(({ prefix }) => `${place}/`.startsWith(prefix));
    const relative = place.slice(base?.prefix.length ?? 0) || '.';
    const details = [
      expected === undefined ? [] : `expected: ${expected}`,
      found === undefined ? [] : `found: ${found}`,
    ].flat();
    return {
      ruleId: code,
      level: LEVELS[severity],
      message: { text: printable([`${relative} ${message}`, ...details].join('; ')) },
      locations: [
        {
          physicalLocation: {
            artifactLocation: {
              uri: encodePath(relative),
              ...(base === undefined ? {} : { uriBaseId: base.id }),
            },
            // The file as a whole; code scanning shows nothing that has no line.
            region: { startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 },
          },
        },
      ],
      partialFingerprints: { primaryLocationLineHash: fingerprint },
      ...(hasWaived ? { suppressions: waiver === undefined ? [] : [suppressionOf(waiver)] } : {}),
      properties: { row, field, expected, found, remedy },
    };
  };
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'k8s-pki',
            semanticVersion: version,
            rules: rules(),
          },
        },
        originalUriBaseIds: Object.fromEntries(
          bases.map(({ id, prefix }) => [id, { uri: `file://${encodePath(prefix)}` }]),
        ),
        results: findings.map(resultOf),
        properties: {
          at: timeText(at),
          profile: spec.profile,
          kubernetesVersion: spec.kubernetesVersion.text,
          role,
          leftOut,
          ...(baseline === undefined ? {} : { baseline }),
        },
      },
    ],
  };
}
