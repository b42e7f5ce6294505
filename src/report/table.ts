import { choose, type Ruling } from '../resolve/choose.ts';
import { pathsOf } from '../resolve/paths.ts';
import type { Holding, HostRole, Row } from '../table/row.ts';
import { ROWS } from '../table/rows.ts';
import { USAGES } from '../table/usages.ts';
import { columns } from './columns.ts';

/** A row of the table as one profile and release has it; texts still hold their placeholders. */
export interface ShownRow {
  readonly id: string;
  readonly kind: Row['kind'];
  readonly purpose: string;
  readonly per: Row['per'];
  readonly hosts: Readonly<Record<HostRole, Holding>>;
  readonly when: string;
  readonly signer: string;
  readonly commonName: string;
  readonly organization: readonly string[];
  readonly keyUsage: { readonly rsa: readonly string[]; readonly other: readonly string[] };
  readonly extKeyUsage: readonly string[];
  readonly subjectAltName: readonly string[];
  readonly files: readonly string[];
  readonly server: string;
  readonly otherServer: string;
  readonly arguments: readonly string[];
  readonly requirements: readonly string[];
  readonly because: string;
}

function signerText(row: Row): string {
  if (row.kind === 'certificate' || row.kind === 'kubeconfig') return row.signer;
  if (row.kind !== 'ca') return '';
  return row.signerUnderRoot === undefined ? 'itself' : `itself, or ${row.signerUnderRoot} under --root-ca`;
}

function showRow(row: Row, ruling: Ruling): ShownRow {
  const usage = 'usage' in row ? USAGES[row.usage] : undefined;
  const keyUsage = usage === undefined ? { rsa: [], other: [] } : choose(usage.keyUsage, ruling);
  return {
    id: row.id,
    kind: row.kind,
    purpose: row.purpose,
    per: row.per,
    hosts: { 'control-plane': 'has', ...row.hosts },
    when: row.when ?? 'always',
    signer: signerText(row),
    commonName: 'commonName' in row ? choose(row.commonName, ruling) : '',
    organization:
      'organization' in row && row.organization !== undefined ? choose(row.organization, ruling) : [],
    keyUsage,
    extKeyUsage: usage?.extKeyUsage ?? [],
    subjectAltName: row.kind === 'certificate' ? choose(row.sans, ruling) : [],
    files: pathsOf(row),
    server: row.kind === 'kubeconfig' ? choose(row.server, ruling) : '',
    otherServer:
      row.kind === 'kubeconfig' && row.otherServer !== undefined
        ? (choose(row.otherServer, ruling) ?? '')
        : '',
    arguments: row.arguments.map(({ component, flag }) => `${component} ${flag}`),
    requirements: row.requirements,
    because: row.because ?? '',
  };
}

/** Every row that a profile and release knows, those among them that only some clusters have. */
export function shownRows(ruling: Ruling): readonly ShownRow[] {
  return ROWS.filter((row) => row.has === undefined || choose(row.has, ruling)).map((row) =>
    showRow(row, ruling),
  );
}

const HEADERS = ['NAME', 'SIGNER', 'CN', 'O', 'USAGES', 'SAN', 'FILES'] as const;

function cells(row: ShownRow): readonly string[] {
  const usages = [...row.keyUsage.rsa, ...row.extKeyUsage];
  return [
    row.id,
    row.signer,
    row.commonName,
    row.organization.join(' '),
    usages.join(' '),
    row.subjectAltName.join(' '),
    row.files.join(' '),
  ].map((cell) => (cell === '' ? '-' : cell));
}

/** The table for a terminal. */
export function tableText(ruling: Ruling): readonly string[] {
  return columns([HEADERS, ...shownRows(ruling).map(cells)]);
}

const markdownCell = (text: string): string => text.replaceAll('|', '\\|') || '–';
const markdownRow = (values: readonly string[]): string => `| ${values.map(markdownCell).join(' | ')} |`;
const code = (values: readonly string[]): string => values.map((value) => `\`${value}\``).join(' ');

/** A table in Markdown. */
export function markdownTable(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  return [markdownRow(headers), markdownRow(headers.map(() => '---')), ...rows.map(markdownRow)];
}

/** The table in Markdown, with everything a reviewer needs to see. */
export function tableMarkdown(ruling: Ruling): readonly string[] {
  return markdownTable(
    [
      'name',
      'purpose',
      'answers',
      'signer',
      'CN',
      'O',
      'key usage',
      'extended key usage',
      'SAN',
      'files',
      'arguments',
      'why',
    ],
    shownRows(ruling).map((row) => [
      code([row.id]) + (row.when === 'always' ? '' : ` (${row.when})`),
      row.purpose,
      row.requirements.join(', '),
      row.signer,
      row.commonName === '' ? '' : code([row.commonName]),
      code(row.organization),
      row.keyUsage.rsa.join(', ') +
        (row.keyUsage.rsa.length === row.keyUsage.other.length
          ? ''
          : ` (not RSA: ${row.keyUsage.other.join(', ')})`),
      row.extKeyUsage.join(', '),
      code(row.subjectAltName),
      code(row.files) +
        (row.server === '' ? '' : ` server: ${row.server}`) +
        (row.otherServer === '' ? '' : ` or, where it is there, ${row.otherServer}`),
      code(row.arguments),
      row.because,
    ]),
  );
}
