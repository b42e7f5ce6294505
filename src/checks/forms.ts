import { isPrivateKeyBlock } from '../x509/keys.ts';
import { type PemText, readPem } from '../x509/pem.ts';
import type { Check, CheckRow, Hit } from './check.ts';
import type { PresentFile, RowEvidence } from './evidence.ts';

// Each check asks, for each profile that an audit tries.
const PEM_TEXTS = new WeakMap<PresentFile, PemText>();

function pemOf(file: PresentFile, contents: string): PemText {
  const pem = PEM_TEXTS.get(file) ?? readPem(contents);
  PEM_TEXTS.set(file, pem);
  return pem;
}

/** A check over every file of a row that is PEM and can be read. */
function pemCheck(
  check: CheckRow & Pick<Check, 'appliesTo'>,
  find: (pem: PemText, holds: string) => Omit<Hit, 'path'> | undefined,
): Check {
  return {
    ...check,
    only: 'audit',
    run: ({ desired, files }: RowEvidence) =>
      files.flatMap((file): readonly Hit[] => {
        const { path, contents } = file;
        const holds = desired.files.find((wanted) => wanted.path === path)?.holds;
        if (contents === undefined || holds === undefined || holds === 'kubeconfig') return [];
        const hit = find(pemOf(file, contents), holds);
        return hit === undefined ? [] : [{ path, ...hit }];
      }),
  };
}

/** Whether a file that can be read holds what it is for and nothing else. */
export const FORM_CHECKS: readonly Check[] = [
  pemCheck(
    {
      code: 'several-keys',
      severity: 'warning',
      says: 'A key file holds one private key: of several, every component takes the first',
      citation: 'kubeadm.md 1.5',
      remedy: 'take out the keys behind the first: nobody renews them and nobody misses them',
      appliesTo: ['ca', 'certificate', 'keyPair'],
    },
    ({ parts }, holds) => {
      const keys = parts.filter(isPrivateKeyBlock);
      if (holds !== 'key' || keys.length < 2) return undefined;
      return { message: 'holds several private keys', expected: '1', found: String(keys.length) };
    },
  ),
  pemCheck(
    {
      code: 'key-file-mixed',
      severity: 'notice',
      says: 'A key file may hold certificates as well: whoever reads the key passes over them',
      citation: 'kubeadm.md 1.5',
      remedy:
        'take the certificates out: they are closed to whoever may not read keys, and no renewal touches them',
      appliesTo: ['ca', 'certificate', 'keyPair'],
    },
    ({ parts }, holds) =>
      holds === 'key' && parts.some(({ label }) => label === 'CERTIFICATE')
        ? { message: 'holds certificates beside its key' }
        : undefined,
  ),
  pemCheck(
    {
      code: 'pem-garbage',
      severity: 'warning',
      says: 'Around the blocks of a file there is nothing but text',
      citation: 'RFC 7468 2',
      remedy: 'find out what it is, and bring the file back from where it was made',
      appliesTo: ['ca', 'certificate', 'keyPair', 'bundle'],
    },
    ({ parts, around }) =>
      // Without a block there is another finding, which says what it is instead.
      parts.length > 0 && /[^\P{Cc}\s]|\uFFFD/u.test(around)
        ? { message: 'holds binary data beside its blocks' }
        : undefined,
  ),
];
