import { PkiError } from '../errors.ts';
import type { Finding } from '../finding.ts';
import { CIS_BENCHMARKS, CIS_RULES, type CisBenchmark, type CisRule } from '../table/cis.ts';
import type { CheckRow } from './check.ts';
import type { Evidence, Owner, PresentDirectory, PresentFile } from './evidence.ts';
import { octal } from './files.ts';
import type { Stray } from './strays.ts';

const CIS_FILE_MODE: CheckRow = {
  code: 'cis-file-mode',
  severity: 'warning',
  says: 'With --cis: no file of the PKI is open to more than that version of the benchmark allows; 1.24 and 1.7 to 1.10 ask for 0600 on certificates, which kubeadm itself writes 0644',
  citation: 'CIS Kubernetes Benchmark 1.1.13, 1.1.15, 1.1.17, 1.1.20, 1.1.21, 4.1.5, 4.1.7, kube-bench #1409',
  remedy:
    'chmod the file to the expected mode, once no component runs as a user who needs more; look for an access list first (getfacl), whose entries show in the bits of the group',
};

const CIS_FILE_OWNER: CheckRow = {
  code: 'cis-file-owner',
  severity: 'warning',
  says: 'With --cis: every file and directory of the PKI belongs to root and to its group',
  citation: 'CIS Kubernetes Benchmark 1.1.14, 1.1.16, 1.1.18, 1.1.19, 4.1.6, 4.1.8',
  remedy:
    'chown root:root what is named; a copy belongs to whoever unpacked it, unless tar kept the owners (-p, as root)',
};

/** What there is to find by the benchmark, where one is asked for. */
export const CIS_CHECKS: readonly CheckRow[] = Object.freeze([CIS_FILE_MODE, CIS_FILE_OWNER]);

/**
 * The benchmark of a version, or with `auto` the one for a minor release of Kubernetes: the newest known for what is newer.
 *
 * @throws {PkiError} `ERR_CONFIG` where there is none of that version.
 */
export function cisBenchmarkOf(version: string, minor: number): CisBenchmark {
  const found =
    version === 'auto'
      ? CIS_BENCHMARKS.findLast(({ sinceMinor }) => sinceMinor <= minor)
      : CIS_BENCHMARKS.find((benchmark) => benchmark.version === version);
  if (found !== undefined) return found;
  const issue = {
    option: 'cis',
    value: version,
    rule: 'must be auto or a version of the CIS Kubernetes Benchmark',
    hint: `one of ${CIS_BENCHMARKS.map((benchmark) => benchmark.version).join(', ')}`,
  };
  throw new PkiError('ERR_CONFIG', `cis "${version}": ${issue.rule}`, { detail: { issues: [issue] } });
}

/** A file or a directory as the rules see it. */
interface Held {
  readonly path: string;
  readonly row?: string;
  /** Absent where it is none of what the rules know, and of directories. */
  readonly holds?: CisRule['holds'][number];
  readonly mode?: number;
  readonly owner?: Owner;
}

const HELD = {
  certificate: 'certificate',
  copy: 'certificate',
  bundle: 'certificate',
  key: 'key',
  publicKey: 'publicKey',
  kubeconfig: 'kubeconfig',
} as const;

function heldByRows(evidence: Evidence): readonly Held[] {
  return [...evidence.values()].flatMap(({ desired, files }) =>
    files.flatMap((file: PresentFile): readonly Held[] => {
      const wanted = desired.files.find(({ path }) => path === file.path);
      return wanted === undefined ? [] : [{ ...file, row: desired.id, holds: HELD[wanted.holds] }];
    }),
  );
}

function heldByStray({ file, users, hasSecret, certificates }: Stray): Held {
  if (users !== undefined) return { ...file, holds: 'kubeconfig' };
  if (hasSecret) return { ...file, holds: 'key' };
  return certificates.length > 0 ? { ...file, holds: 'certificate' } : file;
}

function ruleOf({ row, holds }: Held, { knowsSuperAdmin }: CisBenchmark): CisRule | undefined {
  return CIS_RULES.find(
    (rule) =>
      holds !== undefined &&
      rule.holds.includes(holds) &&
      (rule.rows === undefined || (row !== undefined && rule.rows.includes(row))) &&
      (rule.needsSuperAdmin !== true || knowsSuperAdmin),
  );
}

/** The names that the rules go by. */
const NAMED: Readonly<Record<CisRule['holds'][number], RegExp>> = {
  certificate: /\.crt$/,
  key: /\.key$/,
  publicKey: /^/,
  kubeconfig: /^/,
};

/** Of what lies among the certificates and is none of what the rules know, and of directories. */
const OWNER_RULE = '1.1.19';

function checkMode(held: Held, rule: CisRule, { version, limits }: CisBenchmark): readonly Finding[] {
  const limit = limits[rule.subject];
  if (held.mode === undefined || (held.mode & 0o777 & ~limit) === 0) return [];
  const isNamed = rule.isExtension !== true && held.holds !== undefined && NAMED[held.holds].test(held.path);
  const { code, severity, remedy } = CIS_FILE_MODE;
  const message = [
    `is open to more than rule ${rule.mode} of the CIS Kubernetes Benchmark ${version} allows`,
    ...(isNamed ? [] : ['though the rule does not name it']),
    ...(held.holds === 'certificate' && limit === 0o600 ? ['as kubeadm itself has it'] : []),
  ].join(', ');
  return [
    {
      code,
      severity,
      ...(held.row === undefined ? {} : { row: held.row }),
      path: held.path,
      field: 'mode',
      message,
      expected: `${octal(limit)} or less`,
      found: octal(held.mode),
      remedy,
    },
  ];
}

function checkOwner({ path, row, owner }: Held, rule: string, { version }: CisBenchmark): readonly Finding[] {
  if (owner === undefined || (owner.uid === 0 && owner.gid === 0)) return [];
  const { code, severity, remedy } = CIS_FILE_OWNER;
  return [
    {
      code,
      severity,
      ...(row === undefined ? {} : { row }),
      path,
      field: 'owner',
      message: `does not belong to root:root, against rule ${rule} of the CIS Kubernetes Benchmark ${version}`,
      expected: '0:0',
      found: `${owner.uid}:${owner.gid}`,
      remedy,
    },
  ];
}

/** Holds files and directories to a benchmark's rules about the PKI. */
export function checkCis(
  benchmark: CisBenchmark,
  {
    evidence,
    strays,
    directories,
  }: {
    readonly evidence: Evidence;
    readonly strays: readonly Stray[];
    readonly directories: readonly PresentDirectory[];
  },
): readonly Finding[] {
  const files = [...heldByRows(evidence), ...strays.map(heldByStray)].flatMap((held) => {
    const rule = ruleOf(held, benchmark);
    if (rule !== undefined)
      return [...checkMode(held, rule, benchmark), ...checkOwner(held, rule.owner, benchmark)];
    return held.path.includes('/') ? checkOwner(held, OWNER_RULE, benchmark) : [];
  });
  // Beside the kubeconfigs the directory holds what is no part of the PKI.
  const owned = directories.filter(({ path }) => path.includes('/'));
  return [
    ...files,
    ...owned.flatMap(({ path, owner }) =>
      checkOwner({ path, ...(owner === undefined ? {} : { owner }) }, OWNER_RULE, benchmark),
    ),
  ];
}
