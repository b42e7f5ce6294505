import type { Finding } from '../finding.ts';
import { type CheckRow, listText } from './check.ts';
import type { Evidence, PresentDirectory, PresentFile } from './evidence.ts';
import { octal } from './files.ts';
import { AUDIT_INCOMPLETE } from './limits.ts';

const DIRECTORY_WRITABLE: CheckRow = {
  code: 'directory-writable',
  severity: 'error',
  says: 'Nobody but its owner and its group writes to a directory of the PKI: whoever may puts another CA in the place of this one',
  citation: 'kubeadm.md 1.6, path_resolution(7)',
  remedy: 'chmod 755 the directory, and see that every file in it is what it was',
};

const DIRECTORY_MODE: CheckRow = {
  code: 'directory-mode',
  severity: 'warning',
  says: 'Nobody but its owner writes to a directory of the PKI',
  citation: 'kubeadm.md 1.6',
  remedy:
    'chmod 755 the directory; look for an access list first (getfacl), whose entries show in the bits of the group',
};

const DIRECTORY_UNREADABLE: CheckRow = {
  code: 'directory-unreadable',
  severity: 'error',
  says: 'A directory of the PKI can be looked into',
  citation: 'R5',
  remedy: 'run as a user who may read it',
};

const OWNER_DIFFERS: CheckRow = {
  code: 'owner-differs',
  severity: 'warning',
  says: 'A file with a private key or with what is trusted belongs to root or to whom its directory belongs: any other owner reads the key, or trusts whom he likes',
  citation: 'kubeadm.md 1.6',
  remedy:
    'chown the file to the owner of the directory, unless that user is the one who needs the key or is to decide whom to trust',
};

const KUBECONFIGS_ABSENT: CheckRow = {
  code: 'kubeconfigs-absent',
  severity: 'error',
  says: 'Where the kubeconfigs of a host should be there are some: a certificate directory that is named itself may have come without them',
  citation: 'R3',
  remedy:
    'name where they are with --kubeconfig-dir, or the certificate directory itself where it is alone; on the host itself have them made (init makes what is missing)',
};

/** What there is to find about directories, and about whom they and the files in them belong to. */
export const DIRECTORY_CHECKS: readonly CheckRow[] = Object.freeze([
  DIRECTORY_WRITABLE,
  DIRECTORY_MODE,
  DIRECTORY_UNREADABLE,
  AUDIT_INCOMPLETE,
  OWNER_DIFFERS,
  KUBECONFIGS_ABSENT,
]);

/** The directory of the kubeconfigs is one of the PKI only where it holds some: else it is wherever the PKI was put. */
const KUBECONFIGS = '.';

type Found = Omit<Finding, 'code' | 'severity' | 'remedy' | 'path'>;

function judge({
  mode = 0,
  obstacle,
  limits = [],
}: PresentDirectory): readonly (readonly [CheckRow, Found])[] {
  // In a sticky directory nobody takes away the files of others; putting more there is open to all.
  const isReplaceable = (mode & 0o1002) === 0o002;
  const isOpen = (mode & 0o022) !== 0;
  const details = { field: 'mode', expected: '0755', found: octal(mode) };
  return [
    ...(isReplaceable
      ? [[DIRECTORY_WRITABLE, { message: 'can be written by others', ...details }] as const]
      : isOpen
        ? [
            [
              DIRECTORY_MODE,
              {
                message:
                  (mode & 0o002) === 0
                    ? 'can be written by its group'
                    : 'is sticky, and all may put files into it',
                ...details,
              },
            ] as const,
          ]
        : []),
    ...(obstacle === undefined ? [] : [[DIRECTORY_UNREADABLE, { message: obstacle }] as const]),
    ...limits.map((message) => [AUDIT_INCOMPLETE, { message }] as const),
  ];
}

/** The logical path of the directory that a file lies in. */
function directoryOf(path: string): string {
  const [, above] = /^(.*\/)[^/]*$/.exec(path) ?? [];
  if (above === undefined) return KUBECONFIGS;
  return above === 'pki/' || above === 'root-ca/' ? above : above.slice(0, -1);
}

function checkOwners(
  files: readonly PresentFile[],
  directories: readonly PresentDirectory[],
  isCritical: (path: string) => boolean,
): readonly Finding[] {
  const { code, severity, remedy } = OWNER_DIFFERS;
  return files.flatMap(({ path, owner }): readonly Finding[] => {
    const above = directories.find((directory) => directory.path === directoryOf(path))?.owner;
    const isFit = owner === undefined || above === undefined || owner.uid === 0 || owner.uid === above.uid;
    if (isFit || !isCritical(path)) return [];
    return [
      {
        code,
        severity,
        path,
        field: 'owner',
        message: 'belongs to another user than its directory',
        expected: `uid ${above.uid}${above.uid === 0 ? '' : ' or 0'}`,
        found: `uid ${owner.uid}`,
        remedy,
      },
    ];
  });
}

/** The files that say whom a component believes: CAs, bundles, and the keys by which tokens are told. */
function trustedPaths(evidence: Evidence): ReadonlySet<string> {
  const rows = [...evidence.values()].filter(({ desired: { kind } }) => kind !== 'certificate');
  return new Set(rows.flatMap(({ desired }) => desired.files.map(({ path }) => path)));
}

/** What there is to look at, beside the rows. */
export interface PlacesUnderCheck {
  readonly files: readonly PresentFile[];
  readonly directories: readonly PresentDirectory[];
  readonly evidence: Evidence;
  /** Whether a file that no row has holds a private key or a token. */
  readonly isSecretStray: (path: string) => boolean;
  /** Whether their directory was named, itself or with the one of the certificates in it. */
  readonly wantsKubeconfigs: boolean;
}

/** One finding for all: how many there should be depends on the profile, and which that is shows in them. */
function checkKubeconfigs(evidence: Evidence): readonly Finding[] {
  const rows = [...evidence.values()].filter(({ desired }) => desired.kind === 'kubeconfig');
  if (rows.length === 0 || rows.some(({ files }) => files.length > 0)) return [];
  const { code, severity, remedy } = KUBECONFIGS_ABSENT;
  const expected = listText(rows.flatMap(({ desired }) => desired.files.map(({ path }) => path)));
  return [
    {
      code,
      severity,
      path: KUBECONFIGS,
      message: 'holds none of the kubeconfigs of this host',
      expected,
      remedy,
    },
  ];
}

/** Looks at the directories, and whom what lies in them belongs to. */
export function checkDirectories({
  files,
  directories,
  evidence,
  isSecretStray,
  wantsKubeconfigs,
}: PlacesUnderCheck): readonly Finding[] {
  const wanted = [...evidence.values()].flatMap(({ desired }) => desired.files);
  const secrets = new Set(wanted.filter(({ mode }) => (mode & 0o077) === 0).map(({ path }) => path));
  const trusted = trustedPaths(evidence);
  const hasKubeconfigs = files.some(({ path }) => secrets.has(path) && directoryOf(path) === KUBECONFIGS);
  const own = directories.filter(({ path }) => path !== KUBECONFIGS || hasKubeconfigs);
  return [
    ...own.flatMap((directory) =>
      judge(directory).map(([{ code, severity, remedy }, found]) => ({
        code,
        severity,
        path: directory.path,
        ...found,
        remedy,
      })),
    ),
    ...(wantsKubeconfigs ? checkKubeconfigs(evidence) : []),
    ...checkOwners(files, own, (path) => secrets.has(path) || trusted.has(path) || isSecretStray(path)),
  ];
}
